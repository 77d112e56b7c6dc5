//! Our engine and the crate `rrule` agree on whatever both accept. Left out is what `rrule` 0.14 gets wrong: BYWEEKNO with
//! another week start than Monday, BYSETPOS in the week of DTSTART, BYDAY that mixes numbers and none, and MINUTELY or
//! SECONDLY with BYDAY and BYHOUR (which it reads as nothing).

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rrule::RRuleSet;
use syncline_core::ical::{Context, read_object};
use syncline_core::provider::Content;
use syncline_core::recurrence::expand;

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn part(name: &'static str, numbers: Vec<i32>, most: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        1 => subsequence(numbers, 1..=most).prop_map(move |picked| {
            let picked: Vec<String> = picked.iter().map(ToString::to_string).collect();
            format!(";{name}={}", picked.join(","))
        }),
    ]
}

fn weekdays(numbers: Vec<i32>) -> impl Strategy<Value = String> {
    let plain = subsequence(DAYS.to_vec(), 1..=4).prop_map(|days| format!(";BYDAY={}", days.join(",")));
    // `rrule` reads a mix of numbered and plain weekdays as nothing, so there is none here.
    let numbered = (subsequence(DAYS.to_vec(), 1..=2), subsequence(numbers, 1..=2)).prop_map(|(days, numbers)| {
        format!(
            ";BYDAY={}",
            days.iter().flat_map(|day| numbers.iter().map(move |number| format!("{number}{day}"))).collect::<Vec<_>>().join(",")
        )
    });
    prop_oneof![2 => Just(String::new()), 2 => plain, 1 => numbered]
}

fn plain_weekdays() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 2 => subsequence(DAYS.to_vec(), 1..=4).prop_map(|days| format!(";BYDAY={}", days.join(",")))]
}

fn rule() -> impl Strategy<Value = String> {
    let months = || part("BYMONTH", (1..=12).collect(), 4);
    let month_days = || part("BYMONTHDAY", (-31..=31).filter(|day| *day != 0).collect(), 4);
    let hours = || part("BYHOUR", (0..24).collect(), 3);
    let minutes = || part("BYMINUTE", vec![0, 15, 30, 59], 2);
    let yearly = (weekdays(vec![1, 2, 20, 53, -1, -2]), months(), month_days(), part("BYYEARDAY", vec![1, 60, 100, 366, -1, -200], 3))
        .prop_map(|(a, b, c, d)| format!("FREQ=YEARLY{a}{b}{c}{d}"));
    // Without BYDAY the RFC takes the weekday of DTSTART; `rrule` takes all seven. The last week of a year it gets wrong.
    let weeks = (subsequence(DAYS.to_vec(), 1..=3), subsequence(vec![1, 2, 20, 40, 51, -2, -10], 1..=3)).prop_map(|(days, weeks)| {
        let weeks: Vec<String> = weeks.iter().map(ToString::to_string).collect();
        format!("FREQ=YEARLY;BYWEEKNO={};BYDAY={}", weeks.join(","), days.join(","))
    });
    let monthly = (weekdays(vec![1, 2, 5, -1, -5]), months(), month_days()).prop_map(|(a, b, c)| format!("FREQ=MONTHLY{a}{b}{c}"));
    let weekly = (plain_weekdays(), months()).prop_map(|(a, b)| format!("FREQ=WEEKLY{a}{b}"));
    let daily = (plain_weekdays(), months(), month_days()).prop_map(|(a, b, c)| format!("FREQ=DAILY{a}{b}{c}"));
    let hourly = (plain_weekdays(), months()).prop_map(|(a, b)| format!("FREQ=HOURLY{a}{b}"));
    let base = prop_oneof![3 => yearly, 1 => weeks, 4 => monthly, 3 => weekly, 2 => daily, 1 => hourly];
    let position =
        prop_oneof![3 => Just(String::new()), 1 => select(vec![";BYSETPOS=1", ";BYSETPOS=-1", ";BYSETPOS=2,-2"]).prop_map(str::to_owned)];
    let first = select(vec!["", ";WKST=MO", ";WKST=SU", ";WKST=WE"]);
    (base, hours(), minutes(), position, first, 1..=4).prop_map(|(base, hours, minutes, position, first, interval)| {
        // In the week of DTSTART `rrule` counts positions from DTSTART; RFC 5545 §3.3.10 counts them from the week's start.
        let position = if base.starts_with("FREQ=WEEKLY") { String::new() } else { position };
        // With other week starts it takes 2 January 2004 (week 53 from Sunday) for week 52.
        let first = if base.contains("BYWEEKNO") { "" } else { first };
        format!("{base}{hours}{minutes}{position}{first};INTERVAL={interval}")
    })
}

/// The first starts of a rule in seconds, as the oracle has them; `None` when it refuses the rule.
fn oracle(start: &str, rule: &str, to: i64) -> Option<Vec<i64>> {
    let set: RRuleSet = format!("DTSTART:{start}\nRRULE:{rule}").parse().ok()?;
    let set: RRuleSet = set.limit();
    let all: Vec<i64> = set.into_iter().map(|at: rrule_time::At| at.timestamp()).take_while(|at| *at < to).take(300).collect();
    Some(all)
}

/// The time type of `rrule`, without naming the crate that it comes from.
mod rrule_time {
    pub(super) type At = <rrule::RRuleSetIter as Iterator>::Item;
}

fn ours(start: &str, rule: &str, to: i64) -> (Vec<i64>, bool) {
    let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:{start}\nRRULE:{rule}\nEND:VEVENT\nEND:VCALENDAR\n");
    let Content::Present(object) = read_object(text.as_bytes(), &Context::default()) else { panic!("{text}") };
    let found = expand(&object.events, i64::MIN / 4, to * 1000, 300);
    let outside = found.warnings.contains(&"start_outside_rule");
    (found.instances.iter().map(|instance| instance.start_ms / 1000).collect(), outside)
}

fn start() -> impl Strategy<Value = String> {
    (1996..2030_i32, 1..=12_i32, 1..=28_i32, 0..24_i32, select(vec![0, 15, 30]))
        .prop_map(|(year, month, day, hour, minute)| format!("{year}{month:02}{day:02}T{hour:02}{minute:02}00Z"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn rules_agree_with_the_oracle(start in start(), rule in rule(), count in prop_oneof![2 => Just(0_u32), 1 => 1..40_u32]) {
        let rule = if count == 0 { rule } else { format!("{rule};COUNT={count}") };
        let year: i64 = start[..4].parse().expect("a year");
        // Twelve years, which see every leap day and every week 53.
        let to = (year + 12 - 1970) * 31_557_600;
        let Some(expected) = oracle(&start, &rule, to) else { return Ok(()) };
        let (mut found, outside) = ours(&start, &rule, to);
        if outside {
            // The oracle drops a start that the rule does not produce, and does not count it.
            if count != 0 {
                return Ok(());
            }
            found.remove(0);
        }
        let length = expected.len().min(found.len());
        prop_assert!(expected.len().abs_diff(found.len()) <= 1 && (length >= 299 || expected.len() == found.len()), "{} {}: {:?} {:?}", start, rule, expected.len(), found.len());
        let differs = (0..length).find(|index| found[*index] != expected[*index]);
        prop_assert!(differs.is_none(), "{} {} {:?}", start, rule, differs.map(|index| (index, found[index], expected[index])));
    }
}
