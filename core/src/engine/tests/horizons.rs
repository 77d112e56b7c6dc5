//! The task that extends horizons, and series that were postponed.

use super::support::{Bench, SNAPSHOT, Scripted, last, present};
use crate::engine::horizon;
use crate::ical::{self, Context};
use crate::provider::Change;
use crate::store::horizons;

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
async fn a_series_that_changed_leaves_nothing_of_what_it_was() {
    let mut bench = Bench::new().await;
    bench.run(&Scripted::new([vec![last(vec![series("weekly", "20200106", "FREQ=WEEKLY")], SNAPSHOT)]])).await;
    let event = bench.at.texts("SELECT id FROM events").await.remove(0);
    let read = horizons::of_event(bench.at.db(), bench.user.as_str(), &event).await.unwrap().unwrap();
    bench.begin().await;
    bench.run(&Scripted::new([vec![last(vec![series("weekly", "20200107", "FREQ=WEEKLY;INTERVAL=2")], SNAPSHOT)]])).await;
    let mondays = "SELECT COUNT(*) FROM occurrences WHERE (start_at / 86400000 + 3) % 7 = 0";
    assert_eq!(bench.at.number(mondays).await, 0);
    assert!((64..=67).contains(&rows(&bench).await), "every other week of two and a half years: {}", rows(&bench).await);
    // Who computed something from what was read before must not store it.
    let mut tx = bench.at.db().begin().await.unwrap();
    for (from, until) in [(read.from_at, read.until_at), (read.from_at - 1, read.until_at + 1)] {
        assert!(!horizons::move_if_same(&mut tx, &read, from, until).await.unwrap());
    }
    assert!(!horizons::forget_if_same(&mut tx, &read).await.unwrap());
    tx.commit().await.unwrap();
    // As a single event it has no horizon, and one occurrence.
    bench.begin().await;
    let single = present("weekly", "Once");
    bench.run(&Scripted::new([vec![last(vec![single], SNAPSHOT)]])).await;
    assert_eq!((rows(&bench).await, bench.at.number("SELECT COUNT(*) FROM horizons").await), (1, 0));
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
