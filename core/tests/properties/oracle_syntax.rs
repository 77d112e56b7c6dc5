//! Our content lines and the crate `calcard` agree on well-formed text.

use calcard::icalendar::{ICalendar, ICalendarProperty, ICalendarValue};
use proptest::prelude::*;
use syncline_core::ical::{Context, read_feed};
use syncline_core::provider::Content;

/// TEXT as a careful writer escapes it.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Folds after so many characters, at most 75 octets as RFC 5545 §3.1 wants.
fn fold(line: &str, width: usize) -> String {
    let mut out = String::new();
    for (index, c) in line.chars().enumerate() {
        if index > 0 && index % width == 0 {
            out.push_str("\r\n ");
        }
        out.push(c);
    }
    out
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Zäß日0-9;:,\\\\\"^=n]{1,12}([ \n][a-zA-Zäß日0-9;:,\\\\\"^=n]{1,12}){0,8}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn titles_and_descriptions_agree_with_the_oracle(title in words(), description in words(), width in 20..70_usize) {
        let title = title.replace('\n', " ");
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260309T080000Z\r\n{}\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            fold(&format!("SUMMARY;LANGUAGE=de:{}", escape(&title)), width),
            fold(&format!("DESCRIPTION:{}", escape(&description)), width),
        );
        let feed = read_feed(text.as_bytes(), &Context::default()).expect("a calendar");
        let Content::Present(object) = &feed.objects[0].1 else { panic!("{text}") };
        let event = &object.events[0];
        prop_assert_eq!(&event.title, &title);
        prop_assert_eq!(event.description.as_deref(), Some(description.as_str()));

        let parsed = ICalendar::parse(&text).expect("the oracle reads it");
        let value = |name: &ICalendarProperty| {
            parsed.components.iter().flat_map(|component| &component.entries).find(|entry| entry.name == *name).and_then(|entry| match entry.values.first() {
                Some(ICalendarValue::Text(text)) => Some(text.clone()),
                _ => None,
            })
        };
        prop_assert_eq!(value(&ICalendarProperty::Summary), Some(title));
        prop_assert_eq!(value(&ICalendarProperty::Description), Some(description));
    }
}
