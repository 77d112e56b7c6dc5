//! What holds for every series and every window.

use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeSet, HashSet};
use syncline_core::ical::{Context, read_object};
use syncline_core::provider::Content;
use syncline_core::recurrence::{Instance, expand, last_end};
use syncline_domain::event::Event;

const DAY: i64 = 86_400_000;

/// A series with exceptions and overrides in a zone with daylight saving.
fn series() -> impl Strategy<Value = Vec<Event>> {
    let rule = select(vec![
        "FREQ=DAILY",
        "FREQ=DAILY;COUNT=40",
        "FREQ=WEEKLY;BYDAY=MO,WE;WKST=SU;INTERVAL=2",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=HOURLY;BYDAY=SU",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20270101",
    ]);
    let form = select(vec!["DTSTART;TZID=Europe/Berlin:", "DTSTART;TZID=America/New_York:", "DTSTART:", "DTSTART;VALUE=DATE:"]);
    let changes = prop::collection::vec((0..60_i64, 0..20_i64, any::<bool>(), any::<bool>()), 0..4);
    (rule, form, 1..=28_i64, 0..24_i64, 0..72_i64, changes).prop_map(|(rule, form, day, hour, length, changes)| {
        let stamp = |day: i64, hour: i64| {
            let date = jiff::civil::date(2026, 3, 1).saturating_add(jiff::Span::new().days(day));
            let date = date.strftime("%Y%m%d");
            if form.contains("DATE") { date.to_string() } else { format!("{date}T{hour:02}0000") }
        };
        let duration = if form.contains("DATE") { format!("P{}D", length / 24 + 1) } else { format!("P{}DT{}H", length / 24, length % 24) };
        let mut text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{form}{}\nDURATION:{duration}\nRRULE:{rule}\n", stamp(day, hour));
        for (at, _, is_exdate, _) in &changes {
            if *is_exdate {
                text.push_str(&format!("{}{}\n", form.replace("DTSTART", "EXDATE"), stamp(day + at, hour)));
            }
        }
        text.push_str("END:VEVENT\n");
        for (at, by, is_exdate, is_future) in &changes {
            if !is_exdate {
                let range = if *is_future { ";RANGE=THISANDFUTURE" } else { "" };
                let id = form.replace("DTSTART", &format!("RECURRENCE-ID{range}"));
                text.push_str(&format!(
                    "BEGIN:VEVENT\nUID:1\n{id}{}\n{form}{}\nDURATION:{duration}\nEND:VEVENT\n",
                    stamp(day + at, hour),
                    stamp(day + at + by, hour)
                ));
            }
        }
        text.push_str("END:VCALENDAR\n");
        match read_object(text.as_bytes(), &Context::default()) {
            Content::Present(object) => object.events,
            other => panic!("{text} {other:?}"),
        }
    })
}

fn all(events: &[Event], from: i64, to: i64) -> Vec<Instance> {
    let found = expand(events, from, to, 100_000);
    assert!(!found.truncated);
    found.instances
}

fn keys(instances: &[Instance]) -> BTreeSet<(String, i64, i64)> {
    instances.iter().map(|instance| (instance.key.0.clone(), instance.start_ms, instance.end_ms)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn two_windows_side_by_side_hold_what_their_union_holds(events in series(), from in -100..300_i64, first in 1..90_i64, second in 1..90_i64) {
        let epoch = 1_772_323_200_000;
        let (a, b, c) = (epoch + from * DAY, epoch + (from + first) * DAY, epoch + (from + first + second) * DAY);
        let mut halves = keys(&all(&events, a, b));
        halves.extend(keys(&all(&events, b, c)));
        prop_assert_eq!(halves, keys(&all(&events, a, c)));
    }

    #[test]
    fn instances_are_ordered_lie_in_the_window_and_have_keys_of_their_own(events in series(), from in -100..300_i64, length in 1..200_i64) {
        let from = 1_772_323_200_000 + from * DAY;
        let to = from + length * DAY;
        let found = all(&events, from, to);
        prop_assert!(found.windows(2).all(|pair| pair[0].start_ms <= pair[1].start_ms));
        prop_assert!(found.iter().all(|one| one.start_ms < to && one.end_ms >= from && one.end_ms >= one.start_ms && one.event < events.len()));
        let unique: HashSet<&str> = found.iter().map(|one| one.key.as_str()).collect();
        prop_assert_eq!(unique.len(), found.len());
    }

    #[test]
    fn a_limit_gives_the_earliest_instances(events in series(), limit in 1..20_usize) {
        let (from, to) = (1_772_323_200_000, 1_772_323_200_000 + 120 * DAY);
        let everything = all(&events, from, to);
        let some = expand(&events, from, to, limit);
        prop_assert_eq!(some.truncated, everything.len() > limit);
        prop_assert_eq!(&some.instances[..], &everything[..everything.len().min(limit)]);
    }

    #[test]
    fn nothing_takes_place_after_the_last_end(events in series()) {
        if let Some(end) = last_end(&events) {
            let everything = all(&events, i64::MIN / 4, 4_102_444_800_000);
            prop_assert_eq!(everything.iter().map(|one| one.end_ms).max().unwrap_or(end), end);
        }
    }
}
