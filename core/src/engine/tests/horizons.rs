//! The task that extends horizons, and series that were postponed.

use super::support::{Bench, SNAPSHOT, Scripted, last};
use crate::engine::horizon;
use crate::ical::{self, Context};
use crate::provider::Change;

fn series(id: &str, day: &str, rule: &str) -> Change {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:{id}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{day}T090000Z\r\n\
         DTEND:{day}T100000Z\r\nRRULE:{rule}\r\nSUMMARY:{id}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    Change { remote_id: id.to_owned(), version: None, content: ical::read_object(text.as_bytes(), &Context::default()) }
}

async fn rows(bench: &Bench) -> i64 {
    bench.at.number("SELECT COUNT(*) FROM occurrences").await
}

async fn roll(bench: &Bench) -> usize {
    horizon::roll(bench.at.db(), bench.at.now()).await.unwrap()
}

#[tokio::test]
async fn as_time_goes_on_the_horizon_goes_with_it() {
    let bench = Bench::new().await;
    bench.run(&Scripted::new([vec![last(vec![series("weekly", "20200106", "FREQ=WEEKLY")], SNAPSHOT)]])).await;
    let before = rows(&bench).await;
    assert_eq!(roll(&bench).await, 0);
    bench.at.advance(200 * 86_400_000);
    assert_eq!(roll(&bench).await, 1);
    assert!((28..=29).contains(&(rows(&bench).await - before)), "two hundred days of weeks were added");
    assert_eq!(roll(&bench).await, 0, "and no more");
}

#[tokio::test]
async fn a_postponed_series_is_taken_up_later_and_one_that_never_matches_once() {
    let bench = Bench::new().await;
    let changes =
        vec![series("weekly", "20200106", "FREQ=WEEKLY"), series("never", "20260105", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9")];
    bench.run(&Scripted::new([vec![last(changes, SNAPSHOT)]])).await;
    let whole = rows(&bench).await;
    // As a pass leaves them that had no time for them.
    bench.at.execute("DELETE FROM occurrences").await;
    bench.at.execute("DELETE FROM horizons").await;
    bench.at.execute("INSERT INTO horizons SELECT calendar_id, remote_id, 0, 0 FROM mirror").await;
    let now = bench.at.now();
    assert!(horizon::ensure(bench.at.db(), bench.user.as_str(), now, now + 86_400_000, now).await.unwrap());
    assert_eq!(rows(&bench).await, 0, "who looks at the calendar does not wait for them");
    assert_eq!(roll(&bench).await, 2);
    assert_eq!(rows(&bench).await, whole);
    assert_eq!(roll(&bench).await, 0, "neither is postponed any more");
}
