//! The reader never panics, and says the same about the same.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use syncline_core::ical::{Context, read_feed, read_object};
use syncline_core::provider::Content;
use syncline_core::recurrence::{describe, expand, last_end};
use syncline_domain::event::Event;

const SEED: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-TIMEZONE:Europe/Berlin\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:1\r\nDTSTART;TZID=Own:20260309T090000\r\nDTEND;TZID=\"Europe/Berlin\":20260309T100000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,-1FR;UNTIL=20260629T070000Z;WKST=SU\r\nEXDATE;TZID=Own:20260323T090000,20260330T090000\r\nRDATE;VALUE=PERIOD:20260401T090000Z/PT2H\r\nSUMMARY:Stra\r\n \u{df}e\\, \\n\r\nATTENDEE;CN=\"A;^'B\":mailto:a@b.c\r\nLOCATION:https://zoom.us/j/1\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260316\r\nDTSTART;VALUE=DATE:20260317\r\nDURATION:P1DT2H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// What is put in somewhere: separators, numbers out of range, halves of code points, whole lines.
const SPLINTERS: [&[u8]; 24] = [
    b"\r\n",
    b"\n ",
    b"\r",
    b";",
    b":",
    b",",
    b"=",
    b"\"",
    b"\\",
    b"^",
    b"\xC3",
    b"\xE9",
    b"\xFF\xFE",
    b"\0",
    b"99999999999999999999",
    b"-1",
    b"00000000T000000Z",
    b"99991231T235959Z",
    b"FREQ=SECONDLY;INTERVAL=0",
    b"P99999999W",
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"END:VCALENDAR\r\n",
    b"TZOFFSETTO:+9999\r\n",
];

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), 0..40_usize, select(SPLINTERS.to_vec()), 0..3_u8);
    prop::collection::vec(change, 1..12).prop_map(|changes| {
        let mut bytes = SEED.as_bytes().to_vec();
        for (at, length, splinter, kind) in changes {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match kind {
                0 => drop(bytes.splice(at..at, splinter.iter().copied())),
                1 => drop(bytes.splice(at..end, splinter.iter().copied())),
                _ => drop(bytes.drain(at..end)),
            }
            if bytes.is_empty() {
                bytes.push(b'B');
            }
        }
        bytes
    })
}

/// Everything that is done with what was read.
fn use_it(events: &[Event]) {
    let found = expand(events, 1_735_689_600_000, 1_735_689_600_000 + 913 * 86_400_000, 500);
    assert!(found.instances.len() <= 500);
    let _ = last_end(events);
    for event in events {
        if let Some(recurrence) = &event.recurrence {
            assert!(!describe(recurrence, &event.when).is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn broken_input_never_panics(bytes in mutated()) {
        let cx = Context { default_zone: Some("Europe/Berlin"), my_addresses: &[] };
        if let Ok(feed) = read_feed(&bytes, &cx) {
            for (_, content) in &feed.objects {
                if let Content::Present(object) = content {
                    prop_assert!(!object.events.is_empty() && object.hash.len() == 64);
                    use_it(&object.events);
                }
            }
        }
        if let Content::Present(object) = read_object(&bytes, &cx) {
            use_it(&object.events);
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut text = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260309\n".to_vec();
        text.extend(bytes);
        let _ = read_feed(&text, &Context::default());
    }

    #[test]
    fn the_order_of_properties_does_not_change_the_hash(order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle()) {
        let lines = ["UID:1", "DTSTAMP:20260101T000000Z", "DTSTART:20260309T080000Z", "DTEND:20260309T090000Z", "SUMMARY:x", "LOCATION:y", "STATUS:TENTATIVE", "TRANSP:OPAQUE", "RRULE:FREQ=DAILY"];
        let text = |order: &[usize]| {
            let lines: Vec<&str> = order.iter().map(|index| lines[*index]).collect();
            format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR\n", lines.join("\n"))
        };
        let hash = |text: String| match read_object(text.as_bytes(), &Context::default()) {
            Content::Present(object) => object.hash,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(hash(text(&order)), hash(text(&[0, 1, 2, 3, 4, 5, 6, 7, 8])));
    }
}
