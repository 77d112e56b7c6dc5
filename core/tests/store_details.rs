//! The details of an event, and search, on every database.

use jiff::civil::{date, datetime};
use syncline_core::store_suite;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed::{self, plain, timed};
use syncline_domain::event::{Event, Recurrence};
use syncline_domain::ids::UserId;
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::{InstanceKey, Moment, When, ZoneName, naive_ms};
use syncline_domain::view::{EventDetails, Preferences};

store_suite! {
    details_say_when_in_both_zones,
    details_of_days_and_floating_times_have_one_zone,
    details_have_plain_text_and_safe_links,
    an_instance_and_an_override_tell_the_rule_of_their_series,
    details_need_the_key_of_an_occurrence,
    a_zone_that_nobody_knows_keeps_the_wall_time_of_the_event,
    a_search_needs_all_words_in_any_case_and_field,
    a_search_looks_at_texts_not_at_their_storage,
    a_search_takes_wildcards_literally,
    a_search_gives_the_nearest_first,
    a_search_walks_on_until_it_has_enough,
}

async fn look_from(at: &TestHub, user: &UserId, zone: &str, hour12: bool) {
    let preferences = Preferences { time_zone: Some(zone.to_owned()), hour12, ..Preferences::default() };
    at.set_preferences(user, &preferences).await.unwrap();
}

async fn only(at: &TestHub, user: &UserId) -> EventDetails {
    let line = at.period(user, date(2026, 1, 1), date(2027, 1, 1)).await.unwrap().events.remove(0);
    let details = at.event_details(user, &line.id, &line.key).await.unwrap();
    assert_eq!(details.event, line, "the grid and the details agree");
    details
}

async fn found(at: &TestHub, user: &UserId, text: &str) -> Vec<String> {
    at.search(user, text, 50).await.unwrap().into_iter().map(|line| line.title).collect()
}

async fn details_say_when_in_both_zones(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let connection = seed::connection(&at, &anna, ProviderKind::Caldav, "Fastmail").await;
    let calendar = seed::calendar(&at, &anna, &connection, "Work").await;
    look_from(&at, &anna, "Europe/Berlin", false).await;
    let when = timed(datetime(2026, 3, 10, 3, 0, 0, 0), datetime(2026, 3, 10, 3, 45, 0, 0), "America/New_York");
    let event = Event { updated_at: Some(7), categories: vec!["Team".to_owned()], ..plain("Call", when) };
    seed::event(&at, &anna, &calendar, &event).await;

    let details = only(&at, &anna).await;
    assert_eq!(details.when, "Tuesday, 10 March 2026, 08:00 – 08:45");
    assert_eq!(details.when_own_zone.as_deref(), Some("03:00 – 03:45 (America/New_York)"));
    assert_eq!((details.calendar_name.as_str(), details.connection_name.as_str()), ("Work", "Fastmail"));
    assert_eq!((details.provider, details.synced_at, details.updated_at), (ProviderKind::Caldav, at.now(), Some(7)));
    assert_eq!((details.uid.as_str(), details.categories, details.recurrence), ("call@example.org", vec!["Team".to_owned()], None));

    look_from(&at, &anna, "America/New_York", true).await;
    let details = only(&at, &anna).await;
    assert_eq!((details.when.as_str(), details.when_own_zone), ("Tuesday, 10 March 2026, 3:00 am – 3:45 am", None));
    look_from(&at, &anna, "America/Los_Angeles", false).await;
    assert_eq!(only(&at, &anna).await.when, "Tuesday, 10 March 2026, 00:00 – 00:45");
    look_from(&at, &anna, "Pacific/Honolulu", false).await;
    let own = only(&at, &anna).await.when_own_zone;
    assert_eq!(own.as_deref(), Some("Tuesday, 10 March 2026, 03:00 – 03:45 (America/New_York)"), "another day there");
}

async fn details_of_days_and_floating_times_have_one_zone(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    look_from(&at, &anna, "Asia/Tokyo", false).await;
    let days = When::AllDay { start: date(2026, 3, 10), end: date(2026, 3, 12) };
    seed::event(&at, &anna, &calendar, &plain("Trip", days)).await;
    let details = only(&at, &anna).await;
    assert_eq!((details.when.as_str(), details.when_own_zone), ("Tuesday, 10 March 2026 – Wednesday, 11 March 2026", None));
    at.execute("DELETE FROM events").await;
    let floating = When::Floating { start: datetime(2026, 3, 10, 8, 0, 0, 0), end: datetime(2026, 3, 10, 8, 5, 0, 0) };
    seed::event(&at, &anna, &calendar, &plain("Pill", floating)).await;
    let details = only(&at, &anna).await;
    assert_eq!((details.when.as_str(), details.when_own_zone), ("Tuesday, 10 March 2026, 08:00 – 08:05", None));
}

async fn details_have_plain_text_and_safe_links(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let event = Event {
        description: Some("<p>Agenda &amp; more<script>alert(1)</script></p><a href=\"javascript:x\">x</a>".to_owned()),
        url: Some("javascript:alert(1)".to_owned()),
        conference_url: Some("https://meet.example.org/abc".to_owned()),
        ..plain("Call", When::AllDay { start: date(2026, 3, 10), end: date(2026, 3, 11) })
    };
    seed::event(&at, &anna, &calendar, &event).await;
    let details = only(&at, &anna).await;
    assert_eq!(details.description.as_deref(), Some("Agenda & more\n\nx"));
    assert_eq!((details.url, details.conference_url.as_deref()), (None, Some("https://meet.example.org/abc")));
}

async fn an_instance_and_an_override_tell_the_rule_of_their_series(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let on = |day| timed(datetime(2026, 3, day, 9, 0, 0, 0), datetime(2026, 3, day, 10, 0, 0, 0), "UTC");
    let rules = Recurrence { rules: vec!["FREQ=WEEKLY".to_owned()], ..Recurrence::default() };
    let expected = syncline_core::recurrence::describe(&rules, &on(3));
    let master = Event { recurrence: Some(rules), ..plain("Standup", on(3)) };
    let id = seed::event_with(&at, &anna, &calendar, &master, &[on(3), on(17)]).await;
    let moved = Event { instance: Some(InstanceKey("20260310T090000Z".to_owned())), ..plain("Standup", on(11)) };
    let moved_id = seed::event(&at, &anna, &calendar, &moved).await;
    for (id, key, when) in [
        (&id, "20260317T090000Z", "Tuesday, 17 March 2026, 09:00 – 10:00"),
        (&moved_id, "20260310T090000Z", "Wednesday, 11 March 2026, 09:00 – 10:00"),
    ] {
        let details = at.event_details(&anna, id, key).await.unwrap();
        assert_eq!((details.when.as_str(), details.event.recurring), (when, true));
        assert_eq!(details.recurrence.as_deref(), Some(expected.as_str()));
    }
}

async fn details_need_the_key_of_an_occurrence(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let day = When::AllDay { start: date(2026, 3, 10), end: date(2026, 3, 11) };
    let id = seed::event(&at, &anna, &calendar, &plain("Trip", day)).await;
    assert!(at.event_details(&anna, &id, "20260310").await.is_ok());
    for key in ["", "20260311", "20260310T000000Z", "' OR 1=1 --"] {
        assert_eq!(at.event_details(&anna, &id, key).await.unwrap_err().problem().code, "not_found", "{key}");
    }
}

async fn a_zone_that_nobody_knows_keeps_the_wall_time_of_the_event(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let moment = |hour| {
        let wall = datetime(2026, 3, 10, hour, 0, 0, 0);
        Moment { at: naive_ms(wall) - 5 * 3_600_000, wall, zone: ZoneName("Mars/Olympus".to_owned()) }
    };
    seed::event(&at, &anna, &calendar, &plain("Landing", When::Timed { start: moment(9), end: moment(10) })).await;
    let details = only(&at, &anna).await;
    assert_eq!(details.when, "Tuesday, 10 March 2026, 04:00 – 05:00");
    assert_eq!(details.when_own_zone.as_deref(), Some("09:00 – 10:00 (Mars/Olympus)"));
}

async fn a_search_needs_all_words_in_any_case_and_field(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let day = When::AllDay { start: date(2026, 3, 10), end: date(2026, 3, 11) };
    let event = Event {
        location: Some("Café Größenwahn".to_owned()),
        description: Some("Talk about the <b>Budget</b>.\nWith Ольга".to_owned()),
        ..plain("Lunch with MÜLLER", day.clone())
    };
    seed::event(&at, &anna, &calendar, &event).await;
    seed::event(&at, &anna, &calendar, &plain("Lunch alone", day)).await;
    for text in ["müller", "Lunch müll", "CAFÉ lunch", "größen", "budget. ОЛЬГА", "  talk\tLUNCH ", "üll"] {
        assert_eq!(found(&at, &anna, text).await, ["Lunch with MÜLLER"], "{text}");
    }
    assert_eq!(found(&at, &anna, "lunch").await.len(), 2);
    for text in ["müller alone", "dinner", "lunchmüller"] {
        assert_eq!(found(&at, &anna, text).await, [""; 0], "{text}");
    }
    for text in ["", "  "] {
        assert_eq!(found(&at, &anna, text).await, [""; 0]);
    }
}

async fn a_search_looks_at_texts_not_at_their_storage(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let event = Event {
        description: Some("<div class=\"footer\">one\ttwo \"quoted\" back\\slash</div>".to_owned()),
        ..plain("Lunch", When::AllDay { start: date(2026, 3, 10), end: date(2026, 3, 11) })
    };
    seed::event(&at, &anna, &calendar, &event).await;
    for text in ["description", "confirmed", "all_day", "2026-03-10", "footer", "div", "example.org"] {
        assert_eq!(found(&at, &anna, text).await, [""; 0], "{text}");
    }
    for text in ["\"quoted\"", "back\\slash", "one two", "'lunch'".trim_matches('\'')] {
        assert_eq!(found(&at, &anna, text).await, ["Lunch"], "{text}");
    }
}

async fn a_search_takes_wildcards_literally(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let day = When::AllDay { start: date(2026, 3, 10), end: date(2026, 3, 11) };
    for title in ["100% sure", "1000 sure", "snake_case", "snakeXcase"] {
        seed::event(&at, &anna, &calendar, &plain(title, day.clone())).await;
    }
    assert_eq!(found(&at, &anna, "100%").await, ["100% sure"]);
    assert_eq!(found(&at, &anna, "snake_case").await, ["snake_case"]);
    assert_eq!(found(&at, &anna, "%").await, ["100% sure"]);
    assert_eq!(found(&at, &anna, "_").await, ["snake_case"]);
    assert_eq!(found(&at, &anna, "'; DROP TABLE events; --").await, [""; 0]);
}

async fn a_search_gives_the_nearest_first(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    // The clock stands on 10 March 2026, 12:00 UTC.
    for (title, month, day, hour) in [
        ("call far ahead", 9, 1, 9),
        ("call yesterday", 3, 9, 9),
        ("call tomorrow", 3, 11, 9),
        ("call now", 3, 10, 12),
        ("call long ago", 1, 1, 9),
    ] {
        let start = datetime(2026, month, day, hour, 0, 0, 0);
        seed::event(&at, &anna, &calendar, &plain(title, timed(start, start, "UTC"))).await;
    }
    let order = ["call now", "call tomorrow", "call yesterday", "call long ago", "call far ahead"];
    assert_eq!(found(&at, &anna, "call").await, order);
    let three: Vec<String> = at.search(&anna, "call", 3).await.unwrap().into_iter().map(|line| line.title).collect();
    assert_eq!(three, order[..3]);
    assert_eq!(at.search(&anna, "call", 0).await.unwrap(), []);
}

async fn a_search_walks_on_until_it_has_enough(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    // Every one of these has the field name "when" in its JSON, so that the database lets all of them through.
    seed::many(&at, &anna, &calendar, 1_000, date(2026, 1, 1), 200).await;
    let day = When::AllDay { start: date(2026, 8, 10), end: date(2026, 8, 11) };
    seed::event(&at, &anna, &calendar, &plain("When we were young", day)).await;
    let day = When::AllDay { start: date(2025, 8, 10), end: date(2025, 8, 11) };
    seed::event(&at, &anna, &calendar, &plain("Remember when", day)).await;
    assert_eq!(found(&at, &anna, "when").await, ["When we were young", "Remember when"]);
    let mut all = found(&at, &anna, "meeting").await;
    assert_eq!(all.len(), 50);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 50, "none twice");
}
