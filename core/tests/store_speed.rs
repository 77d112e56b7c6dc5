//! How long reads take in a store of 100,000 events. Not part of the usual run: `cargo test --release -p syncline-core --test
//! store_speed -- --ignored --nocapture` prints the figures.

use jiff::civil::date;
use std::time::Instant;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;

#[tokio::test]
#[ignore = "prints figures; run it with --release"]
async fn a_month_out_of_a_hundred_thousand_events() {
    let at = TestHub::on_file().await;
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let begun = Instant::now();
    seed::many(&at, &anna, &calendar, 100_000, date(2020, 1, 1), 3_652).await;
    println!("seeded in {:.1?}", begun.elapsed());
    for days in [31, 42] {
        let (from, to) = (date(2026, 3, 1), date(2026, 3, 1).saturating_add(jiff::Span::new().days(days)));
        let mut times = Vec::new();
        let mut number = 0;
        for _ in 0..50 {
            let begun = Instant::now();
            number = at.period(&anna, from, to).await.unwrap().events.len();
            times.push(begun.elapsed());
        }
        times.sort();
        println!("{days} days, {number} occurrences: fastest {:.2?}, median {:.2?}, slowest {:.2?}", times[0], times[25], times[49]);
    }
}
