//! Beyond the horizon: what is not materialised is there all the same, and nothing asked for is without a bound.

use super::connected;
use jiff::civil::date;
use syncline_core::error::Error;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_domain::ids::EventId;
use syncline_sandbox::ics::{Calendar, Entry, Feed, IcsHost};

syncline_core::store_suite! {
    an_instance_far_beyond_the_horizon_has_its_details,
    a_search_finds_series_that_begin_beyond_the_horizon_or_ended_before_it,
    a_period_of_decades_is_given_and_a_longer_one_refused,
}

fn series(uid: &str, title: &str, day: &str, rule: &str) -> Entry {
    let (start, end) = (format!(";TZID=Europe/Berlin:{day}T090000"), format!(";TZID=Europe/Berlin:{day}T091500"));
    Entry::timed(uid, title, &start, &end).line(&format!("RRULE:{rule}"))
}

async fn feed(entries: impl IntoIterator<Item = Entry>) -> IcsHost {
    IcsHost::with(Feed::new(entries.into_iter().fold(Calendar::named("Work"), Calendar::with))).await
}

async fn an_instance_far_beyond_the_horizon_has_its_details(at: TestHub) {
    let host = feed([series("weekly", "Review", "20150105", "FREQ=WEEKLY"), series("other", "Other", "20150105", "FREQ=DAILY")]).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    let stored = at.number("SELECT COUNT(*) FROM occurrences").await;
    let event = EventId::trusted(at.texts("SELECT id FROM events WHERE uid = 'weekly'").await.remove(0));
    for (key, when) in [("20400102T080000Z", "2040-01-02"), ("20160104T080000Z", "2016-01-04")] {
        let details = at.event_details(&user, &event, key).await.unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(details.event.start.date().to_string(), when);
    }
    let more = at.number("SELECT COUNT(*) FROM occurrences").await - stored;
    assert!((1_100..1_400).contains(&more), "only this series was extended, by a quarter of a century of weeks: {more}");
    for key in ["20400103T080000Z", "29990107T080000Z", "nonsense", "20400102"] {
        assert!(matches!(at.event_details(&user, &event, key).await, Err(Error::NotFound(_))), "{key}");
    }
    let other = seed::user(&at.hub, "bert@example.com").await;
    let before = at.number("SELECT COUNT(*) FROM occurrences").await;
    assert!(matches!(at.event_details(&other, &event, "20450102T080000Z").await, Err(Error::NotFound(_))));
    assert_eq!(at.number("SELECT COUNT(*) FROM occurrences").await, before, "nobody extends what is not theirs");
}

async fn a_search_finds_series_that_begin_beyond_the_horizon_or_ended_before_it(at: TestHub) {
    let host = feed([
        series("later", "Jubilee rehearsal", "20300107", "FREQ=WEEKLY"),
        series("earlier", "Jubilee committee", "20120102", "FREQ=DAILY;COUNT=1000"),
        series("now", "Something else", "20260105", "FREQ=WEEKLY"),
    ])
    .await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    let found = at.search(&user, "jubilee", 500).await.unwrap();
    let mut titles: Vec<&str> = found.iter().map(|line| line.title.as_str()).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles, ["Jubilee committee", "Jubilee rehearsal"]);
    let earliest = found.iter().filter(|line| line.title == "Jubilee rehearsal").map(|line| line.start).min().unwrap();
    assert_eq!(earliest.date(), date(2030, 1, 7), "its first instance");
    let stored = at.number("SELECT COUNT(*) FROM occurrences").await;
    assert_eq!(at.search(&user, "jubilee", 500).await.unwrap().len(), found.len());
    assert_eq!(at.number("SELECT COUNT(*) FROM occurrences").await, stored, "once is enough");
}

async fn a_period_of_decades_is_given_and_a_longer_one_refused(at: TestHub) {
    let host =
        feed([series("weekly", "Review", "20150105", "FREQ=WEEKLY"), series("once", "Once", "20410101", "FREQ=YEARLY;COUNT=2")]).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    let (from, to) = (date(2010, 1, 1), date(2050, 1, 1));
    let given = at.occurrences(&user, from, to, Some("UTC")).await.unwrap();
    let weeks = (date(2050, 1, 1) - date(2015, 1, 5)).get_days() / 7 + 1;
    assert_eq!(given.len(), usize::try_from(weeks).unwrap() + 2);
    assert!(given.is_sorted_by_key(|one| one.start.get(..10).unwrap().to_owned()));
    let stored = at.number("SELECT COUNT(*) FROM occurrences").await;
    assert_eq!(at.occurrences(&user, from, to, Some("UTC")).await.unwrap(), given);
    assert_eq!(at.number("SELECT COUNT(*) FROM occurrences").await, stored, "nothing is written twice");
    let refused = at.occurrences(&user, date(1990, 1, 1), date(2050, 1, 1), None).await.unwrap_err().problem();
    assert_eq!((refused.code.as_str(), refused.message.as_str()), ("period_too_long", "The period is longer than 18263 days."));
    let refused = at.period(&user, date(2026, 1, 1), date(2028, 1, 1)).await.unwrap_err().problem();
    assert_eq!(refused.code, "period_too_long");
    assert!(!at.period(&user, date(2026, 1, 1), date(2027, 1, 1)).await.unwrap().truncated);
}

// Tens of thousands of rows: on one database only.
#[tokio::test]
async fn a_period_with_more_than_one_request_prepares_is_refused_or_marked() {
    let at = TestHub::in_memory().await;
    let host = feed([series("minutely", "Tick", "20200106", "FREQ=MINUTELY"), series("weekly", "Review", "20150105", "FREQ=WEEKLY")]).await;
    let user = connected(&at, &host).await;
    assert!(at.sync(&user).await.success);
    let today = at.period(&user, date(2026, 3, 10), date(2026, 3, 11)).await.unwrap();
    // Fourteen of yesterday are not over yet.
    assert_eq!((today.events.len(), today.truncated), (1_454, false), "today is there, of a series with thousands of instances");
    let year = at.period(&user, date(2026, 3, 1), date(2027, 3, 1)).await.unwrap();
    assert!(year.truncated, "and says so");
    let refused = at.occurrences(&user, date(2026, 3, 1), date(2027, 3, 1), None).await.unwrap_err().problem();
    assert_eq!(refused.code, "period_too_long");
    assert!(at.number("SELECT COUNT(*) FROM occurrences").await < 260_000, "what one request adds is bounded");
}
