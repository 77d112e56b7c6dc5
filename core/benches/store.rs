//! How fast feeds are stored and periods are read, on a SQLite file: `cargo xtask bench store`.
//!
//! Limits: parse + plan + store at least 20,000 events in a second of one core's time; a re-fetch of an unchanged feed that
//! sends no ETag writes no row; a month out of 100,000 events in at most 5 ms.

use jiff::civil::date;
use secrecy::SecretString;
use std::time::{Duration, Instant};
use syncline_core::hub::NewIcs;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_sandbox::ics::{Calendar, Feed, IcsHost};

const EVENTS: usize = 10_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let only = std::env::var("SYNCLINE_BENCH_ONLY").ok();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let beyond: Vec<String> = runtime.block_on(async {
        let feed = if wanted("feed") { feed().await } else { Vec::new() };
        let month = if wanted("month") { month().await } else { Vec::new() };
        [feed, month].concat()
    });
    assert!(beyond.is_empty(), "beyond the limits: {}", beyond.join("; "));
}

async fn feed() -> Vec<String> {
    let host = IcsHost::with(Feed::new(Calendar::many(EVENTS)).without_validators()).await;
    let mut best = Duration::MAX;
    let mut floor = Duration::MAX;
    let mut beyond = Vec::new();
    for round in 0..3 {
        let at = TestHub::on_file().await;
        let user = seed::user(&at.hub, "anna@example.com").await;
        at.add_ics(&user, NewIcs::Address { url: SecretString::from(host.url("feed.ics")), name: None }).await.expect("a feed");
        let (cpu, wall) = (cpu_time(), Instant::now());
        let report = at.sync(&user).await;
        // The host runs in this process: its share is small, and it is counted against us.
        let (cpu, wall) = (cpu_time() - cpu, wall.elapsed());
        assert_eq!(report.counts.synced, EVENTS as u64);
        best = best.min(cpu);
        let before = rows(&at).await;
        let again = Instant::now();
        let report = at.sync(&user).await;
        let again = again.elapsed();
        assert_eq!(report.counts.unchanged, EVENTS as u64);
        if rows(&at).await != before {
            beyond.push("an unchanged feed wrote rows".to_owned());
        }
        let raw = raw_insert(&at).await;
        floor = floor.min(raw);
        println!(
            "round {round}: first sync {wall:.0?} wall, {cpu:.0?} of processor time; unchanged {again:.0?}; raw insert of the rows {raw:.0?}"
        );
    }
    let rate = EVENTS as f64 / best.as_secs_f64();
    println!("ICS, parse + plan + store: {rate:.0} events per second of one core (limit: at least 20000)");
    println!("ICS, ratio to the raw insert of the same number of rows: {:.1}", best.as_secs_f64() / floor.as_secs_f64());
    if rate < 20_000.0 {
        beyond.push(format!("{rate:.0} events/s"));
    }
    beyond
}

async fn month() -> Vec<String> {
    let at = TestHub::on_file().await;
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::many(&at, &anna, &calendar, 100_000, date(2020, 1, 1), 3_652).await;
    let mut times = Vec::new();
    let mut number = 0;
    let cpu = cpu_time();
    for _ in 0..50 {
        let begun = Instant::now();
        number = at.period(&anna, date(2026, 3, 1), date(2026, 4, 1)).await.expect("a period").events.len();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("processor time of one of them: {:.1?}", (cpu_time() - cpu) / 50);
    println!(
        "a month ({number} occurrences) out of 100,000 events: median {:.2?}, slowest of 50 {:.2?} (limit: 5 ms)",
        times[25], times[49]
    );
    if times[25] > Duration::from_millis(5) { vec![format!("a month took {:.2?}", times[25])] } else { Vec::new() }
}

async fn rows(at: &TestHub) -> Vec<i64> {
    let mut numbers = Vec::new();
    for table in ["events", "occurrences", "mirror", "journal", "horizons"] {
        numbers.push(at.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    numbers.push(at.number("SELECT CAST(SUM(updated_at) AS BIGINT) FROM events").await);
    numbers
}

/// The floor: the stored rows once more, copied by the database itself into tables with the same indexes.
async fn raw_insert(at: &TestHub) -> Duration {
    at.execute("CREATE TABLE floor_mirror (calendar_id TEXT, remote_id TEXT, version TEXT, hash TEXT, raw TEXT, PRIMARY KEY (calendar_id, remote_id)) WITHOUT ROWID").await;
    at.execute("CREATE TABLE floor_events (id TEXT PRIMARY KEY, user_id TEXT, calendar_id TEXT, remote_id TEXT, instance TEXT, uid TEXT, title TEXT, content TEXT)").await;
    at.execute("CREATE UNIQUE INDEX floor_by_remote ON floor_events(calendar_id, remote_id, instance)").await;
    at.execute("CREATE TABLE floor_occurrences (event_id TEXT, instance TEXT, user_id TEXT, start_at BIGINT, end_at BIGINT, PRIMARY KEY (event_id, instance)) WITHOUT ROWID").await;
    at.execute("CREATE INDEX floor_by_start ON floor_occurrences(user_id, start_at)").await;
    let begun = cpu_time();
    at.execute("INSERT INTO floor_mirror SELECT calendar_id, remote_id, version, hash, raw FROM mirror").await;
    at.execute("INSERT INTO floor_events SELECT id, user_id, calendar_id, remote_id, instance, uid, title, content FROM events").await;
    at.execute("INSERT INTO floor_occurrences SELECT event_id, instance, user_id, start_at, end_at FROM occurrences").await;
    cpu_time() - begun
}

/// Processor time of this process, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let ticks: u64 = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.split(' ').skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum())
        .unwrap_or(0);
    Duration::from_millis(ticks * 10)
}
