//! How long reading and expanding take. Run with `cargo test --release -p syncline-core --test properties speed -- --ignored --nocapture`.

use std::fmt::Write as _;
use std::time::Instant;
use syncline_core::ical::{Context, read_feed};
use syncline_core::provider::Content;
use syncline_core::recurrence::expand;

const EVENTS: u32 = 10_000;

fn feed() -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".to_owned();
    for index in 0..EVENTS {
        let (month, day, hour) = (index % 12 + 1, index % 28 + 1, index % 20);
        let rule = if index % 10 == 0 { "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270601T000000Z\r\n" } else { "" };
        let _ = write!(
            text,
            "BEGIN:VEVENT\r\nUID:event-{index}@example.com\r\nDTSTAMP:20260101T000000Z\r\nLAST-MODIFIED:20260101T000000Z\r\n\
             DTSTART;TZID=Europe/Berlin:2026{month:02}{day:02}T{hour:02}0000\r\nDTEND;TZID=Europe/Berlin:2026{month:02}{day:02}T{:02}0000\r\n{rule}\
             SUMMARY:Meeting number {index}\r\nLOCATION:Room {index}\\, Building B\r\nDESCRIPTION:Some longer text that is folded \r\n because it is long.\r\n\
             ORGANIZER;CN=Jane Doe:mailto:jane@example.com\r\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\n",
            hour + 1
        );
    }
    text + "END:VCALENDAR\r\n"
}

#[test]
#[ignore = "prints figures; a debug build says little"]
fn reading_and_expanding_ten_thousand_events() {
    let text = feed();
    let began = Instant::now();
    let feed = read_feed(text.as_bytes(), &Context::default()).expect("a calendar");
    let read = began.elapsed();
    println!("read, normalise and hash: {:.0} events/s", f64::from(EVENTS) / read.as_secs_f64());
    assert_eq!(feed.objects.len(), EVENTS as usize);
    let began = Instant::now();
    let mut instances = 0;
    for (_, content) in &feed.objects {
        if let Content::Present(object) = content {
            instances += expand(&object.events, 1_735_689_600_000, 1_735_689_600_000 + 913 * 86_400_000, 1_000).instances.len();
        }
    }
    println!("expand over 30 months: {instances} instances, {:.0} per second", instances as f64 / began.elapsed().as_secs_f64());
}
