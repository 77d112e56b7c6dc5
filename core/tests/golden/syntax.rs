//! How feeds are written (RFC 5545 §3.1), and what they are when they are no feeds.

use super::support::{calendar, event, feed, object, objects, starts};
use syncline_core::ical::{Context, NotACalendar, read_feed, read_object};
use syncline_core::provider::Content;

const NOBODY: Context<'static> = Context { default_zone: None, my_addresses: &[] };

fn title(bytes: &[u8]) -> String {
    match read_feed(bytes, &NOBODY).expect("a calendar").objects.remove(0).1 {
        Content::Present(object) => object.events[0].title.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_line_ending_and_a_byte_order_mark_are_read() {
    let text = event("DTSTART:20260309T080000Z\nSUMMARY:One");
    for (from, to) in [("\r\n", "\r\n"), ("\r\n", "\n"), ("\r\n", "\r"), ("\r\n", "\r\r\n")] {
        let bytes = format!("\u{feff}{}", text.replace(from, to));
        assert_eq!(title(bytes.as_bytes()), "One", "{to:?}");
        assert!(read_feed(bytes.as_bytes(), &NOBODY).expect("a calendar").complete);
    }
}

#[test]
fn folds_with_spaces_and_tabs_are_undone_also_inside_a_code_point() {
    let text = event("DTSTART:20260309T080000Z\nSUMMARY:Straßenfest");
    let eszett = text.find('ß').expect("it is there");
    let mut bytes = text.as_bytes()[..=eszett].to_vec();
    bytes.extend(b"\r\n ");
    bytes.extend(&text.as_bytes()[eszett + 1..]);
    assert!(std::str::from_utf8(&bytes).is_err());
    assert_eq!(title(&bytes), "Straßenfest");
    let folded = text.replace("Straßenfest", "Stra\r\n ßen\n\tfest");
    assert_eq!(title(folded.as_bytes()), "Straßenfest");
}

#[test]
fn latin_1_bytes_do_not_fail_the_feed() {
    let text = event("DTSTART:20260309T080000Z\nSUMMARY:Caf@\nLOCATION:Zürich");
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'@' && text.contains("Caf@") { 0xE9 } else { byte }).collect();
    // The UID has an @ as well; the line with the title is read as Latin-1, the one with the place as UTF-8.
    let feed = read_feed(&bytes, &NOBODY).expect("a calendar");
    let Content::Present(object) = &feed.objects[0].1 else { panic!("present") };
    assert_eq!((object.events[0].title.as_str(), object.events[0].location.as_deref()), ("Café", Some("Zürich")));
}

#[test]
fn escapes_are_undone_in_text_and_kept_in_addresses() {
    let text = event(
        "DTSTART:20260309T080000Z
        SUMMARY:Lunch\\, then\\; coffee
        DESCRIPTION:One\\nTwo\\NThree \\\\ four
        URL:https://example.com/a;b,c?d=%2C",
    );
    let object = object(&text);
    let event = &object.events[0];
    assert_eq!(event.title, "Lunch, then; coffee");
    assert_eq!(event.description.as_deref(), Some("One\nTwo\nThree \\ four"));
    assert_eq!(event.url.as_deref(), Some("https://example.com/a;b,c?d=%2C"));
}

#[test]
fn names_and_parameters_have_no_case() {
    let text =
        calendar("begin:vevent\nuid:1\ndtstart;tzid=Europe/Berlin:20260309T090000\nrrule:freq=daily;count=2\nsummary:x\nend:vevent\n");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00", "2026-03-10 08:00"]);
}

#[test]
fn quoted_parameters_may_hold_what_separates() {
    let text = event(
        "DTSTART;X-NOTE=\"a;b:c,d\";TZID=\"Europe/Berlin\":20260309T090000\nORGANIZER;CN=\"Doe, Jane; CEO: ^'J^'\":mailto:jane@example.com",
    );
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 08:00"]);
    assert_eq!(object(&text).events[0].organizer.as_ref().and_then(|who| who.name.clone()).as_deref(), Some("Doe, Jane; CEO: \"J\""));
}

#[test]
fn several_calendars_in_one_file_are_read() {
    let one = event("UID:a\nDTSTART:20260309T080000Z");
    let two = event("UID:b\nDTSTART:20260310T080000Z");
    let feed = feed(&(one + &two));
    assert_eq!(feed.objects.iter().map(|(uid, _)| uid.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(feed.complete);
}

#[test]
fn tasks_journals_alarms_and_free_times_are_no_events() {
    let text = calendar(
        "BEGIN:VTODO\nUID:t\nDTSTART:20260309T080000Z\nEND:VTODO
        BEGIN:VJOURNAL\nUID:j\nEND:VJOURNAL
        BEGIN:VFREEBUSY\nUID:f\nEND:VFREEBUSY
        BEGIN:VEVENT\nUID:e\nDTSTART:20260309T080000Z\nBEGIN:VALARM\nTRIGGER:-PT15M\nDESCRIPTION:Alarm\nEND:VALARM\nEND:VEVENT\n",
    );
    let object = object(&text);
    assert_eq!((object.events.len(), object.events[0].description.as_deref()), (1, None));
}

#[test]
fn one_broken_event_does_not_stop_the_others() {
    let text = calendar(
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260309T080000Z\nEND:VEVENT
        BEGIN:VEVENT\nUID:b\nSUMMARY:No start\nEND:VEVENT
        BEGIN:VEVENT\nUID:c\nDTSTART:sometime\nEND:VEVENT
        BEGIN:VEVENT\nUID:d\nDTSTART:20260309T080000Z\nRECURRENCE-ID:sometime\nEND:VEVENT
        BEGIN:VEVENT\nUID:e\nDTSTART:20260310T080000Z\nEND:VEVENT\n",
    );
    let feed = feed(&text);
    let found: Vec<(&str, &str)> = feed
        .objects
        .iter()
        .map(|(uid, content)| {
            let reason = match content {
                Content::Present(_) => "present",
                Content::Unreadable { reason, .. } => reason,
                _ => "other",
            };
            (uid.as_str(), reason)
        })
        .collect();
    assert_eq!(found, [("a", "present"), ("b", "no_start"), ("c", "bad_start"), ("d", "bad_recurrence_id"), ("e", "present")]);
}

#[test]
fn a_file_that_was_cut_off_is_incomplete_and_its_last_event_unreadable() {
    let text = calendar(
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260309T080000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nDTSTART:20260310T080000Z\nSUMMARY:Cut here\nEND:VEVENT\n",
    );
    let cut = feed(&text[..text.find(" here").expect("it is there")]);
    assert!(!cut.complete);
    assert!(matches!(cut.objects[0].1, Content::Present(_)));
    assert!(matches!(cut.objects[1].1, Content::Unreadable { reason: "truncated", .. }));
    // Between two events as well.
    let cut = feed(&text[..text.find("BEGIN:VEVENT\r\nUID:b").expect("it is there")]);
    assert!(!cut.complete && cut.objects.len() == 1);
}

#[test]
fn a_missing_end_of_an_event_is_mended() {
    let text = calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20260309T080000Z\nBEGIN:VEVENT\nUID:b\nDTSTART:20260310T080000Z\n");
    let feed = feed(&text);
    assert!(feed.complete && feed.objects.iter().all(|(_, content)| matches!(content, Content::Present(_))));
    assert_eq!((feed.objects.len(), feed.warnings), (2, vec!["missing_end"]));
}

#[test]
fn a_missing_uid_is_made_up_and_stays_the_same() {
    let text = calendar(
        "BEGIN:VEVENT\nDTSTART:20260309T080000Z\nSUMMARY:x\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20260310T080000Z\nSUMMARY:x\nEND:VEVENT\n",
    );
    let uids = |text: &str| feed(text).objects.into_iter().map(|(uid, _)| uid).collect::<Vec<_>>();
    let found = uids(&text);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("nouid-") && found[0] != found[1]);
    assert_eq!(uids(&text.replace("SUMMARY", "DTSTAMP:20260101T000000Z\r\nSUMMARY")), found);
    assert!(objects(&text)[0].warnings.contains(&"missing_uid"));
}

#[test]
fn a_web_page_or_nothing_is_no_calendar() {
    for (bytes, expected) in [
        ("", NotACalendar::Empty),
        (" \r\n", NotACalendar::Empty),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", NotACalendar::WebPage),
        ("\n<HTML>", NotACalendar::WebPage),
        ("{\"error\":1}", NotACalendar::Other),
        ("BEGIN:VCARD\r\nEND:VCARD", NotACalendar::Other),
    ] {
        assert_eq!(read_feed(bytes.as_bytes(), &NOBODY).err(), Some(expected), "{bytes}");
    }
    let empty = feed("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    assert!(empty.complete && empty.objects.is_empty());
}

#[test]
fn an_object_without_a_readable_event_says_why() {
    let reason = |text: &str| match read_object(text.as_bytes(), &NOBODY) {
        Content::Unreadable { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(""), "empty_body");
    assert_eq!(reason("<html>"), "not_a_calendar");
    assert_eq!(reason(&calendar("BEGIN:VTODO\nUID:1\nEND:VTODO\n")), "no_event");
    assert_eq!(reason(&event("SUMMARY:x")), "no_start");
}

#[test]
fn an_object_with_several_uids_keeps_all_events_and_its_whole_text() {
    let text = calendar(
        "BEGIN:VEVENT\nUID:a\nDTSTART:20260309T080000Z\nX-OWN;X-P=1:kept\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nDTSTART:20260310T080000Z\nEND:VEVENT\n",
    );
    let Content::Present(object) = read_object(text.as_bytes(), &NOBODY) else { panic!("present") };
    assert_eq!(object.events.iter().map(|event| event.uid.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(object.raw, text);
}

#[test]
fn the_text_of_each_event_survives_with_what_nobody_understands() {
    let block = "BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260309T080000Z\r\nX-OWN;X-P=\"q\":kept \\, as\r\n  it is\r\nIANA-NEW:1\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n";
    let other = "BEGIN:VEVENT\r\nUID:b\r\nDTSTART:20260309T080000Z\r\nEND:VEVENT\r\n";
    let text = format!("BEGIN:VCALENDAR\r\n{block}{other}END:VCALENDAR\r\n");
    assert_eq!(objects(&text)[0].raw, block);
}

#[test]
fn the_hash_ignores_what_varies_with_every_fetch_and_sees_what_a_user_sees() {
    let base = event(
        "DTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Berlin:20260309T090000\nDTEND;TZID=Europe/Berlin:20260309T100000\nSUMMARY:One\nLOCATION:Here",
    );
    let hash = |text: &str| object(text).hash;
    let same = [
        base.replace("DTSTAMP:20260101T000000Z", "DTSTAMP:20261120T101112Z\r\nLAST-MODIFIED:20261120T101112Z\r\nCREATED:20261120T101112Z"),
        base.replace("-//Test//EN", "-//Other//EN"),
        base.replace("SUMMARY:One\r\nLOCATION:Here", "LOCATION:He\r\n re\r\nSUMMARY:One"),
        base.replace("DTEND;TZID=Europe/Berlin:20260309T100000", "DURATION:PT1H"),
        base.replace("\r\n", "\n"),
    ];
    for text in same {
        assert_eq!(hash(&text), hash(&base), "{text}");
    }
    let other = [
        base.replace("One", "Two"),
        base.replace("T100000", "T103000"),
        base.replace("Europe/Berlin", "Europe/Paris"),
        base.replace("LOCATION:Here", "STATUS:CANCELLED"),
        base.replace("SUMMARY", "RRULE:FREQ=DAILY\r\nSUMMARY"),
    ];
    for text in other {
        assert_ne!(hash(&text), hash(&base), "{text}");
    }
    assert_eq!(hash(&base).len(), 64);
}

#[test]
fn a_ten_megabyte_attachment_is_carried_and_not_looked_at() {
    let data = "QUJD".repeat(2_600_000);
    let text = event(&format!("DTSTART:20260309T080000Z\nATTACH;ENCODING=BASE64;VALUE=BINARY:{data}\nSUMMARY:x"));
    let object = object(&text);
    assert_eq!(object.events[0].title, "x");
    assert!(object.raw.len() > 10_000_000);
}
