//! What feeds hold: broken ones, empty ones, ones that change identities, ones that drop the past.

use crate::user::{NOW, User, policy};
use syncline_core::net::HttpClient;
use syncline_core::provider::Meter;
use syncline_core::provider::ics::{probe, probe_file};
use syncline_sandbox::ics::{Calendar, Entry, Fault, Feed, IcsHost};

const DAY: i64 = 86_400_000;

fn numbered(numbers: impl IntoIterator<Item = u32>) -> Calendar {
    numbers.into_iter().fold(Calendar::named("Numbers"), |calendar, day| {
        let at = |hour: u32| format!(":202611{day:02}T{hour:02}0000Z");
        calendar.with(Entry::timed(&format!("event-{day:02}"), &format!("Number {day}"), &at(9), &at(10)))
    })
}

async fn synced(feed: Feed) -> (IcsHost, User) {
    let host = IcsHost::with(feed).await;
    let mut user = User::of(&host.url("feed.ics"));
    user.sync().await.unwrap();
    (host, user)
}

#[tokio::test]
async fn what_is_no_whole_calendar_is_a_failure_and_deletes_nothing() {
    let whole = numbered(1..=20).text(None, None);
    for (feed, code) in [
        (Feed::raw("").failing(Fault::Html), "feed_is_html"),
        (Feed::raw("<!DOCTYPE html><title>x</title>"), "feed_is_html"),
        (Feed::raw("{\"error\": \"not found\"}"), "feed_is_json"),
        (Feed::raw(""), "feed_empty_body"),
        (Feed::raw("Service unavailable"), "feed_not_calendar"),
        (Feed::raw(whole.clone()).failing(Fault::CutFile(whole.len() / 2)), "feed_truncated"),
        (Feed::raw(whole.clone()).failing(Fault::CutFile(whole.len() - 10)), "feed_truncated"),
        (Feed::raw(whole.clone()).failing(Fault::CutConnection(whole.len() / 2)), "connection_broken"),
    ] {
        let (host, mut user) = synced(Feed::new(numbered(1..=20))).await;
        host.set("feed.ics", feed);
        assert_eq!(user.failure().await, code);
        host.set("feed.ics", Feed::new(numbered(1..=20)));
        assert!(user.sync().await.unwrap().nothing_happened(), "after {code}");
    }
}

#[tokio::test]
async fn a_calendar_without_events_is_a_snapshot_that_the_guard_has_to_judge() {
    let (host, mut user) = synced(Feed::new(numbered(1..=20))).await;
    host.change(|feed| feed.calendar = Calendar::named("Numbers"));
    let report = user.sync().await.unwrap();
    assert_eq!((report.vanished.len(), report.keep_ended_before, report.pages), (20, Some(NOW), 1));
    host.change(|feed| feed.calendar = numbered(1..=20));
    let back = user.sync().await.unwrap();
    assert_eq!((back.written.len(), back.same, back.vanished.len()), (0, 20, 0), "when it comes back, everything is still there");
}

#[tokio::test]
async fn an_event_that_disappears_is_named_by_its_absence() {
    let (host, mut user) = synced(Feed::new(numbered(1..=20))).await;
    host.change(|feed| feed.calendar = numbered((1..=20).filter(|day| *day != 7)));
    let report = user.sync().await.unwrap();
    assert_eq!((report.vanished, report.same, report.written.len()), (vec!["event-07".to_owned()], 19, 0));
}

#[tokio::test]
async fn only_changed_events_are_written_when_a_feed_changes() {
    let (host, mut user) = synced(Feed { restamp: true, ..Feed::new(numbered(1..=20)) }).await;
    host.change(|feed| feed.calendar.entries[4].lines.push("LOCATION:Room 2".to_owned()));
    let report = user.sync().await.unwrap();
    assert_eq!((report.written, report.same), (vec!["event-05".to_owned()], 19));
}

#[tokio::test]
async fn a_feed_that_makes_new_uids_on_each_fetch_loses_and_doubles_nothing() {
    let (host, mut user) = synced(Feed { churn: true, ..Feed::new(numbered(1..=20)) }).await;
    for _ in 0..3 {
        let report = user.sync().await.unwrap();
        assert_eq!((report.written.len(), report.same, report.vanished.len()), (0, 20, 0));
    }
    host.change(|feed| {
        feed.calendar = numbered((2..=20).chain([25]));
        feed.calendar.entries[0].lines.push("DESCRIPTION:Now with a text".to_owned());
    });
    let report = user.sync().await.unwrap();
    assert_eq!((report.written.len(), report.same, report.vanished.len()), (2, 18, 1), "one text, one new, one gone");
    assert_eq!(user.titles().iter().filter(|title| *title == "Number 2").count(), 1);
}

#[tokio::test]
async fn a_feed_that_drops_the_past_reaches_back_to_its_earliest_event_and_no_further() {
    let (host, mut user) = synced(Feed::new(numbered(1..=20))).await;
    host.change(|feed| feed.calendar = numbered(11..=20));
    let report = user.sync().await.unwrap();
    let eleventh_ends = NOW - 20 * DAY + 10 * 3_600_000;
    assert_eq!((report.vanished.len(), report.keep_ended_before), (10, Some(eleventh_ends)), "the ten ended before that, so they stay");
}

#[tokio::test]
async fn a_coming_event_that_disappears_is_not_taken_for_past() {
    let coming =
        |day: u32| Entry::timed(&format!("coming-{day}"), "Coming", &format!(":202612{day}T090000Z"), &format!(":202612{day}T100000Z"));
    let (host, mut user) = synced(Feed::new(Calendar::default().with(coming(10)).with(coming(20)))).await;
    host.change(|feed| feed.calendar = Calendar::default().with(coming(20)));
    let report = user.sync().await.unwrap();
    assert_eq!((report.vanished, report.keep_ended_before), (vec!["coming-10".to_owned()], Some(NOW)));
}

#[tokio::test]
async fn one_broken_event_is_named_and_stops_no_other() {
    let mut calendar = numbered(1..=3);
    calendar.entries[1].lines.retain(|line| !line.starts_with("DTSTART"));
    let host = IcsHost::with(Feed::new(calendar)).await;
    let report = User::of(&host.url("feed.ics")).sync().await.unwrap();
    assert_eq!(report.written, ["event-01", "event-03"]);
    assert_eq!(report.unreadable, [("event-02".to_owned(), "no_start")]);
}

#[tokio::test]
async fn an_event_that_becomes_unreadable_is_not_taken_for_deleted() {
    let (host, mut user) = synced(Feed::new(numbered(1..=3))).await;
    host.change(|feed| feed.calendar.entries[1].lines.retain(|line| !line.starts_with("DTSTART")));
    let report = user.sync().await.unwrap();
    assert_eq!((report.unreadable.len(), report.vanished.len()), (1, 0));
}

#[tokio::test]
async fn latin_1_feeds_are_read_by_their_charset() {
    let text = Calendar::default().with(Entry::all_day("1", "Café", "20261120")).text(None, None);
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let (_host, user) = synced(Feed { content_type: "text/calendar; charset=ISO-8859-1", ..Feed::raw(latin.clone()) }).await;
    assert_eq!(user.titles(), ["Café"]);
    let (_host, user) = synced(Feed { content_type: "text/calendar", ..Feed::raw(latin) }).await;
    assert_eq!(user.titles(), ["Café"], "without a word from the host as well");
}

#[tokio::test]
async fn line_feeds_alone_a_byte_order_mark_and_several_calendars_in_one_file_are_read() {
    let one = |uid: &str| numbered([1]).text(None, None).replace("event-01", uid).replace("\r\n", "\n");
    let (host, mut user) = synced(Feed::raw(format!("\u{feff}\n{}{}", one("a"), one("b")))).await;
    assert_eq!(user.known.len(), 2);
    host.set("feed.ics", Feed::raw(format!("{}{}", one("a"), one("b")).replace('\n', "\r\n")));
    assert!(user.sync().await.unwrap().nothing_happened(), "other line ends are no change");
}

#[tokio::test]
async fn a_large_feed_comes_in_pages_whose_total_is_known() {
    let host = IcsHost::with(Feed::new(Calendar::many(1200))).await;
    let mut user = User::of(&host.url("feed.ics"));
    let report = user.sync().await.unwrap();
    assert_eq!((report.written.len(), report.pages, report.requests), (1200, 3, 1));
}

#[tokio::test]
async fn name_colour_and_zone_of_the_feed_are_those_of_the_calendar_after_the_first_sync() {
    let calendar = numbered(1..=2).line("X-WR-TIMEZONE:Europe/Berlin").line("COLOR:tomato");
    let host = IcsHost::with(Feed::new(calendar)).await;
    let mut user = User::of(&host.url("feed.ics"));
    let before = user.list().await;
    assert_eq!((before.name, before.zone, before.read_only), (host.address().to_string(), None, true));
    user.sync().await.unwrap();
    let after = user.list().await;
    assert_eq!((after.name.as_str(), after.zone.as_deref(), after.color.as_deref()), ("Numbers", Some("Europe/Berlin"), Some("#ff6347")));
    host.change(|feed| feed.calendar.head[0] = "X-WR-CALNAME:Renamed".to_owned());
    user.sync().await.unwrap();
    assert_eq!(user.list().await.name, "Renamed");
}

#[tokio::test]
async fn an_uploaded_file_is_read_once_and_a_new_upload_replaces_it() {
    let mut user = User::with_file(numbered(1..=3).text(None, None), "Team.ics");
    let first = user.sync().await.unwrap();
    assert_eq!((first.written.len(), first.requests), (3, 0));
    let second = user.sync().await.unwrap();
    assert!(second.nothing_happened() && second.requests == 0);
    let mut user = User { ics: User::with_file(numbered(2..=4).text(None, None), "Team.ics").ics, ..user };
    let replaced = user.sync().await.unwrap();
    assert_eq!((replaced.written, replaced.same), (vec!["event-04".to_owned()], 2));
    assert_eq!((replaced.vanished, replaced.keep_ended_before), (vec!["event-01".to_owned()], None), "what the new file leaves out goes");
}

#[tokio::test]
async fn a_probe_tells_what_a_feed_is_before_anything_is_stored() {
    let host = IcsHost::with(Feed::new(numbered(1..=20)).failing(Fault::Redirect(301, "moved.ics".into()))).await;
    host.set("moved.ics", Feed::new(numbered(1..=20).line("X-WR-TIMEZONE:Europe/Berlin")));
    let client = HttpClient::new(policy()).unwrap();
    let meter = Meter::default();
    let found = probe(&client, &format!("  {} ", host.url("feed.ics")), &meter, NOW).await.unwrap();
    assert_eq!((found.name.as_str(), found.events, found.props.zone.as_deref()), ("Numbers", 20, Some("Europe/Berlin")));
    assert_eq!(secrecy::ExposeSecret::expose_secret(&found.url.unwrap()), host.url("moved.ics"));
    assert_eq!(meter.requests(), 2);
    host.set("moved.ics", Feed::raw("").failing(Fault::Html));
    let error = probe(&client, &host.url("feed.ics"), &meter, NOW).await.err().expect("a page is no feed");
    assert_eq!(error.problem.code, "feed_is_html");
}

#[tokio::test]
async fn a_probe_of_a_file_names_it_after_its_content_or_its_file_name() {
    let text = numbered(1..=2).text(None, None);
    assert_eq!(probe_file(text.clone().into(), "x.ics").await.unwrap().name, "Numbers");
    let nameless = text.replace("X-WR-CALNAME:Numbers\r\n", "");
    let found = probe_file(nameless.into(), "C:\\files\\Holidays 2026.ics").await.unwrap();
    assert_eq!((found.name.as_str(), found.events, found.url.is_none()), ("Holidays 2026", 2, true));
    assert_eq!(probe_file("PK\u{3}\u{4}".into(), "x.zip").await.err().unwrap().problem.code, "feed_is_zip");
}
