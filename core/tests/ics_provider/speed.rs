//! Figures, for `cargo test --release -p syncline-core --test ics_provider -- --ignored --nocapture`.

use crate::user::{Report, User};
use std::time::{Duration, Instant};
use syncline_core::provider::Pass;
use syncline_sandbox::ics::{Calendar, Etag, Feed, IcsHost};

const EVENTS: usize = 10_000;

async fn timed(what: &str, user: &mut User, pass: Pass) -> (Report, Duration) {
    let begun = Instant::now();
    let report = user.pull(pass).await.unwrap();
    let took = begun.elapsed();
    println!("{what}: {took:?}, {:.0} events/s", EVENTS as f64 / took.as_secs_f64());
    (report, took)
}

#[tokio::test]
#[ignore = "a measurement, which means something in a release build only"]
async fn ten_thousand_events_pass_through_the_provider_at_twenty_thousand_a_second() {
    let calendar = Calendar::many(EVENTS);
    println!("{} bytes", calendar.text(None, None).len());
    let host = IcsHost::with(Feed { restamp: true, etag: Etag::None, ..Feed::new(calendar) }).await;
    let mut user = User::of(&host.url("feed.ics"));
    let (first, took) = timed("first", &mut user, Pass::Initial).await;
    assert_eq!(first.written.len(), EVENTS);
    let (again, _) = timed("unchanged, stamped anew", &mut user, Pass::Incremental).await;
    assert!(again.nothing_happened());
    let (full, _) = timed("full", &mut user, Pass::Full).await;
    assert_eq!(full.same, EVENTS);
    host.change(|feed| feed.calendar.entries[77].lines.push("LOCATION:elsewhere".to_owned()));
    let (changed, _) = timed("one changed", &mut user, Pass::Incremental).await;
    assert_eq!(changed.written.len(), 1);
    host.change(|feed| feed.churn = true);
    let (churned, _) = timed("all UIDs new", &mut user, Pass::Incremental).await;
    assert_eq!((churned.same, churned.vanished.len()), (EVENTS, 0));
    assert!(took < Duration::from_millis(500), "20,000 events a second");
}
