//! Reading periods on every database: what overlaps, in which zone, in which order, and whose it is.

use jiff::civil::{Date, date, datetime};
use syncline_core::store_suite;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed::{self, plain, timed};
use syncline_domain::event::{Attendee, Busy, Event, EventStatus, Person, Recurrence, Response};
use syncline_domain::ids::UserId;
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::{InstanceKey, When};
use syncline_domain::view::{Occurrence, Period, Preferences};

store_suite! {
    an_occurrence_belongs_to_every_period_that_it_overlaps,
    all_day_and_floating_times_are_not_shifted_by_the_zone,
    very_long_events_are_found_in_their_middle,
    lines_are_in_order_of_start_and_longer_ones_first,
    a_line_says_what_the_grid_shows,
    cancelled_and_deleted_events_never_appear,
    hidden_and_disabled_calendars_are_left_out,
    a_grid_has_an_end_and_says_so,
    nobody_reads_the_calendar_of_another,
    scripts_get_offsets_that_follow_the_summer_time,
    scripts_get_floating_times_resolved_and_days_as_dates,
    scripts_get_the_instance_of_a_series_and_its_source,
    a_period_that_ends_before_it_begins_or_is_without_end_is_refused,
    the_hours_of_a_second_zone_fit_most_days_of_a_week_in_which_the_clock_is_set,
}

fn day(on: Date, days: i64) -> When {
    When::AllDay { start: on, end: on.saturating_add(jiff::Span::new().days(days)) }
}

async fn look_from(at: &TestHub, user: &UserId, zone: &str) {
    let preferences = Preferences { time_zone: Some(zone.to_owned()), ..Preferences::default() };
    at.set_preferences(user, &preferences).await.unwrap();
}

async fn titles(at: &TestHub, user: &UserId, from: Date, to: Date) -> Vec<String> {
    at.period(user, from, to).await.unwrap().events.into_iter().map(|line| line.title).collect()
}

async fn scripted(at: &TestHub, user: &UserId, from: Date, to: Date, zone: Option<&str>) -> Vec<Occurrence> {
    at.occurrences(user, from, to, zone).await.unwrap()
}

async fn an_occurrence_belongs_to_every_period_that_it_overlaps(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    look_from(&at, &anna, "Europe/Berlin").await;
    let berlin = |from, to| timed(from, to, "Europe/Berlin");
    for (title, when) in [
        ("ends at midnight", berlin(datetime(2026, 3, 9, 23, 0, 0, 0), datetime(2026, 3, 10, 0, 0, 0, 0))),
        ("over midnight", berlin(datetime(2026, 3, 9, 23, 0, 0, 0), datetime(2026, 3, 10, 1, 0, 0, 0))),
        ("a moment at midnight", berlin(datetime(2026, 3, 10, 0, 0, 0, 0), datetime(2026, 3, 10, 0, 0, 0, 0))),
        ("at noon", berlin(datetime(2026, 3, 10, 12, 0, 0, 0), datetime(2026, 3, 10, 13, 0, 0, 0))),
        ("starts at the end", berlin(datetime(2026, 3, 11, 0, 0, 0, 0), datetime(2026, 3, 11, 1, 0, 0, 0))),
    ] {
        seed::event(&at, &anna, &calendar, &plain(title, when)).await;
    }
    let on = |day| date(2026, 3, day);
    assert_eq!(titles(&at, &anna, on(9), on(10)).await, ["over midnight", "ends at midnight"]);
    assert_eq!(titles(&at, &anna, on(10), on(11)).await, ["over midnight", "a moment at midnight", "at noon"]);
    assert_eq!(titles(&at, &anna, on(11), on(12)).await, ["starts at the end"]);
    assert_eq!(titles(&at, &anna, on(12), on(13)).await, [""; 0]);
}

async fn all_day_and_floating_times_are_not_shifted_by_the_zone(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let floating = When::Floating { start: datetime(2026, 3, 10, 0, 30, 0, 0), end: datetime(2026, 3, 10, 1, 0, 0, 0) };
    seed::event(&at, &anna, &calendar, &plain("holiday", day(date(2026, 3, 10), 1))).await;
    seed::event(&at, &anna, &calendar, &plain("pill", floating)).await;
    // 10:30 UTC on the 10th is 00:30 on the 11th in Kiritimati (+14) and 23:30 on the 9th in Pago Pago (-11).
    let utc = timed(datetime(2026, 3, 10, 10, 30, 0, 0), datetime(2026, 3, 10, 10, 45, 0, 0), "UTC");
    seed::event(&at, &anna, &calendar, &plain("call", utc)).await;
    for (zone, call_on) in [("Pacific/Kiritimati", 11), ("Pacific/Pago_Pago", 9), ("UTC", 10)] {
        look_from(&at, &anna, zone).await;
        let on_the_tenth = at.period(&anna, date(2026, 3, 10), date(2026, 3, 11)).await.unwrap();
        assert_eq!(on_the_tenth.zone, zone);
        let mut expected = vec![
            ("holiday", datetime(2026, 3, 10, 0, 0, 0, 0), datetime(2026, 3, 11, 0, 0, 0, 0)),
            ("pill", datetime(2026, 3, 10, 0, 30, 0, 0), datetime(2026, 3, 10, 1, 0, 0, 0)),
        ];
        if call_on == 10 {
            expected.push(("call", datetime(2026, 3, 10, 10, 30, 0, 0), datetime(2026, 3, 10, 10, 45, 0, 0)));
        }
        let found: Vec<_> = on_the_tenth.events.iter().map(|line| (line.title.as_str(), line.start, line.end)).collect();
        assert_eq!(found, expected, "{zone}");
        if call_on != 10 {
            assert_eq!(titles(&at, &anna, date(2026, 3, call_on), date(2026, 3, call_on + 1)).await, ["call"], "{zone}");
        }
    }
}

async fn very_long_events_are_found_in_their_middle(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    for (title, days) in [("8 days", 8), ("9 days", 9), ("2 years", 730)] {
        seed::event(&at, &anna, &calendar, &plain(title, day(date(2026, 1, 1), days))).await;
    }
    let of = async |on: Date| titles(&at, &anna, on, on.tomorrow().unwrap()).await;
    assert_eq!(of(date(2026, 1, 1)).await, ["2 years", "9 days", "8 days"]);
    assert_eq!(of(date(2026, 1, 8)).await, ["2 years", "9 days", "8 days"]);
    assert_eq!(of(date(2026, 1, 9)).await, ["2 years", "9 days"]);
    assert_eq!(of(date(2026, 1, 10)).await, ["2 years"]);
    assert_eq!(of(date(2027, 12, 31)).await, ["2 years"]);
    assert_eq!(of(date(2028, 1, 1)).await, [""; 0]);
    assert_eq!(titles(&at, &anna, date(2025, 12, 1), date(2027, 1, 1)).await.len(), 3, "each once");
}

async fn lines_are_in_order_of_start_and_longer_ones_first(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    look_from(&at, &anna, "America/New_York").await;
    let york = |hour, to| timed(datetime(2026, 3, 10, hour, 0, 0, 0), datetime(2026, 3, 10, to, 0, 0, 0), "America/New_York");
    for (title, when) in [
        ("late", york(22, 23)),
        ("short", york(9, 10)),
        ("long", york(9, 12)),
        ("day", day(date(2026, 3, 10), 1)),
        ("floating", When::Floating { start: datetime(2026, 3, 10, 21, 0, 0, 0), end: datetime(2026, 3, 10, 22, 0, 0, 0) }),
    ] {
        seed::event(&at, &anna, &calendar, &plain(title, when)).await;
    }
    assert_eq!(titles(&at, &anna, date(2026, 3, 10), date(2026, 3, 11)).await, ["day", "long", "short", "floating", "late"]);
}

async fn a_line_says_what_the_grid_shows(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    look_from(&at, &anna, "Europe/Berlin").await;
    let when = timed(datetime(2026, 3, 10, 3, 0, 0, 0), datetime(2026, 3, 10, 3, 45, 0, 0), "America/New_York");
    let me = Attendee { person: Person::default(), response: Response::Declined, optional: false, me: true };
    let event = Event {
        status: EventStatus::Tentative,
        busy: Busy::Free,
        color: Some("#ff0000".to_owned()),
        location: Some("Room \"7\"\n2nd floor".to_owned()),
        attendees: vec![Attendee { me: false, response: Response::Accepted, ..me.clone() }, me],
        ..plain("Déjà vu \"quoted\"", when.clone())
    };
    let id = seed::event(&at, &anna, &calendar, &event).await;
    let untitled = Event { color: Some("none".to_owned()), location: Some(" ".to_owned()), ..plain(" ", when) };
    seed::event(&at, &anna, &calendar, &untitled).await;

    let Period { events, now, zone, truncated, .. } = at.period(&anna, date(2026, 3, 10), date(2026, 3, 11)).await.unwrap();
    assert_eq!((now, zone.as_str(), truncated), (datetime(2026, 3, 10, 13, 0, 0, 0), "Europe/Berlin", false));
    let [bare, line] = events.as_slice() else { panic!("two lines") };
    assert_eq!((line.id.clone(), line.key.as_str(), &line.calendar_id), (id, "20260310T070000Z", &calendar));
    assert_eq!((line.start, line.end), (datetime(2026, 3, 10, 8, 0, 0, 0), datetime(2026, 3, 10, 8, 45, 0, 0)));
    assert_eq!((line.title.as_str(), line.location.as_deref()), ("Déjà vu \"quoted\"", Some("Room \"7\"\n2nd floor")));
    assert_eq!((line.status, line.busy, line.declined, line.color.as_str()), (EventStatus::Tentative, Busy::Free, true, "red"));
    assert!(!line.all_day && !line.recurring);
    assert_eq!((bare.title.as_str(), bare.location.as_deref(), bare.color.as_str()), ("(No title)", None, "blue"));
    assert_eq!((bare.status, bare.busy, bare.declined), (EventStatus::Confirmed, Busy::Busy, false));
}

async fn cancelled_and_deleted_events_never_appear(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let when = day(date(2026, 3, 10), 1);
    let cancelled = Event { status: EventStatus::Cancelled, ..plain("cancelled", when.clone()) };
    let off = seed::event_with(&at, &anna, &calendar, &cancelled, std::slice::from_ref(&when)).await;
    let gone = seed::event(&at, &anna, &calendar, &plain("deleted", when.clone())).await;
    seed::event(&at, &anna, &calendar, &plain("there", when)).await;
    at.execute(&format!("UPDATE events SET deleted_at = 1 WHERE id = '{gone}'")).await;

    let (from, to) = (date(2026, 3, 10), date(2026, 3, 11));
    assert_eq!(titles(&at, &anna, from, to).await, ["there"]);
    assert_eq!(scripted(&at, &anna, from, to, None).await.len(), 1);
    assert_eq!(at.search(&anna, "e", 10).await.unwrap().len(), 1);
    for id in [off, gone] {
        assert_eq!(at.event_details(&anna, &id, "20260310").await.unwrap_err().problem().code, "not_found");
    }
}

async fn hidden_and_disabled_calendars_are_left_out(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::event(&at, &anna, &calendar, &plain("there", day(date(2026, 3, 10), 1))).await;
    let seen = async || {
        let (from, to) = (date(2026, 3, 10), date(2026, 3, 11));
        let grid = titles(&at, &anna, from, to).await.len();
        (grid, scripted(&at, &anna, from, to, None).await.len(), at.search(&anna, "there", 10).await.unwrap().len())
    };
    assert_eq!(seen().await, (1, 1, 1));
    at.execute("UPDATE calendars SET visible = FALSE").await;
    assert_eq!(seen().await, (0, 1, 0), "hidden in the page, there for scripts");
    at.execute("UPDATE calendars SET visible = TRUE, enabled = FALSE").await;
    assert_eq!(seen().await, (0, 0, 0));
}

async fn a_grid_has_an_end_and_says_so(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::many(&at, &anna, &calendar, 5_000, date(2026, 3, 1), 30).await;
    let full = at.period(&anna, date(2026, 2, 1), date(2026, 5, 1)).await.unwrap();
    assert_eq!((full.events.len(), full.truncated), (5_000, false));
    seed::event(&at, &anna, &calendar, &plain("one more", day(date(2026, 4, 10), 1))).await;
    let cut = at.period(&anna, date(2026, 2, 1), date(2026, 5, 1)).await.unwrap();
    assert_eq!((cut.events.len(), cut.truncated), (5_000, true));
    assert!(cut.events.iter().all(|line| line.title != "one more"), "the first ones are shown");
    assert_eq!(scripted(&at, &anna, date(2026, 2, 1), date(2026, 5, 1), None).await.len(), 5_001, "scripts get all");
}

async fn nobody_reads_the_calendar_of_another(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let (berta, _) = seed::user_with_calendar(&at, "berta@example.org").await;
    let id = seed::event(&at, &anna, &calendar, &plain("private", day(date(2026, 3, 10), 1))).await;
    let (from, to) = (date(2026, 3, 10), date(2026, 3, 11));
    assert_eq!(at.event_details(&anna, &id, "20260310").await.unwrap().event.title, "private");
    assert_eq!(titles(&at, &berta, from, to).await, [""; 0]);
    assert_eq!(scripted(&at, &berta, from, to, None).await, []);
    assert_eq!(at.search(&berta, "private", 10).await.unwrap(), []);
    assert_eq!(at.event_details(&berta, &id, "20260310").await.unwrap_err().problem().code, "not_found");
    let nobody = UserId::trusted("018f2f3a-0000-7000-8000-000000000001");
    assert_eq!(at.period(&nobody, from, to).await.unwrap_err().problem().code, "not_found");
}

async fn scripts_get_offsets_that_follow_the_summer_time(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let berlin = |day, hour| timed(datetime(2026, 3, day, hour, 0, 0, 0), datetime(2026, 3, day, hour + 2, 0, 0, 0), "Europe/Berlin");
    seed::event(&at, &anna, &calendar, &plain("winter", berlin(28, 9))).await;
    seed::event(&at, &anna, &calendar, &plain("change", berlin(29, 1))).await;
    seed::event(&at, &anna, &calendar, &plain("summer", berlin(30, 9))).await;
    let (from, to) = (date(2026, 3, 28), date(2026, 3, 31));
    let times = async |zone: &str| {
        let found = scripted(&at, &anna, from, to, Some(zone)).await;
        assert!(found.iter().all(|one| one.timezone.as_deref() == Some("Europe/Berlin")), "the event's own zone");
        found.into_iter().map(|one| (one.start, one.end)).collect::<Vec<_>>()
    };
    let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    assert_eq!(
        times("Europe/Berlin").await,
        [
            pair("2026-03-28T09:00:00+01:00", "2026-03-28T11:00:00+01:00"),
            pair("2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"),
            pair("2026-03-30T09:00:00+02:00", "2026-03-30T11:00:00+02:00"),
        ]
    );
    assert_eq!(times("asia/kolkata").await[0], pair("2026-03-28T13:30:00+05:30", "2026-03-28T15:30:00+05:30"));
    let wrong = at.occurrences(&anna, from, to, Some("Mars/Olympus")).await.unwrap_err();
    assert_eq!(wrong.problem().code, "unknown_zone");
}

async fn scripts_get_floating_times_resolved_and_days_as_dates(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    // 02:30 does not exist in Berlin on that day: the time after the gap.
    let floating = When::Floating { start: datetime(2026, 3, 29, 2, 30, 0, 0), end: datetime(2026, 3, 29, 4, 0, 0, 0) };
    seed::event(&at, &anna, &calendar, &plain("pill", floating)).await;
    seed::event(&at, &anna, &calendar, &plain("days", day(date(2026, 3, 29), 2))).await;
    let (from, to) = (date(2026, 3, 29), date(2026, 3, 30));
    let shape = |found: Vec<Occurrence>| -> Vec<_> {
        found.into_iter().map(|one| (one.summary, one.start, one.end, one.all_day, one.timezone)).collect()
    };
    let line = |title: &str, start: &str, end: &str, all_day| (title.to_owned(), start.to_owned(), end.to_owned(), all_day, None);
    let days = line("days", "2026-03-29", "2026-03-31", true);
    let pill = line("pill", "2026-03-29T03:30:00+02:00", "2026-03-29T04:00:00+02:00", false);
    assert_eq!(shape(scripted(&at, &anna, from, to, Some("Europe/Berlin")).await), [days.clone(), pill]);
    let pill = line("pill", "2026-03-29T02:30:00+00:00", "2026-03-29T04:00:00+00:00", false);
    assert_eq!(shape(scripted(&at, &anna, from, to, None).await), [days.clone(), pill], "UTC until a zone is known");
    look_from(&at, &anna, "Asia/Tokyo").await;
    let pill = line("pill", "2026-03-29T02:30:00+09:00", "2026-03-29T04:00:00+09:00", false);
    assert_eq!(shape(scripted(&at, &anna, from, to, None).await), [days, pill], "the user's zone");
}

async fn scripts_get_the_instance_of_a_series_and_its_source(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let connection = seed::connection(&at, &anna, ProviderKind::Ics, "Club").await;
    let calendar = seed::calendar(&at, &anna, &connection, "Training").await;
    let on = |day| timed(datetime(2026, 3, day, 18, 0, 0, 0), datetime(2026, 3, day, 19, 0, 0, 0), "UTC");
    let rules = Recurrence { rules: vec!["FREQ=WEEKLY".to_owned()], ..Recurrence::default() };
    let master = Event { recurrence: Some(rules), description: Some("<b>Bring</b> shoes".to_owned()), ..plain("Run", on(2)) };
    seed::event_with(&at, &anna, &calendar, &master, &[on(2), on(16)]).await;
    let moved =
        Event { instance: Some(InstanceKey("20260309T180000Z".to_owned())), location: Some("Hall".to_owned()), ..plain("Run", on(10)) };
    seed::event(&at, &anna, &calendar, &moved).await;
    seed::event(&at, &anna, &calendar, &plain("Party", on(20))).await;

    let found = scripted(&at, &anna, date(2026, 3, 1), date(2026, 4, 1), None).await;
    let keys: Vec<_> = found.iter().map(|one| (one.summary.as_str(), one.recurrence_id.as_deref(), &one.start[..10])).collect();
    assert_eq!(
        keys,
        [
            ("Run", Some("20260302T180000Z"), "2026-03-02"),
            ("Run", Some("20260309T180000Z"), "2026-03-10"),
            ("Run", Some("20260316T180000Z"), "2026-03-16"),
            ("Party", None, "2026-03-20"),
        ]
    );
    let first = &found[0];
    assert_eq!((first.calendar_id.clone(), first.calendar_name.as_str()), (calendar, "Training"));
    assert_eq!((first.connection_id.clone(), first.provider), (connection, ProviderKind::Ics));
    assert_eq!(first.description.as_deref(), Some("<b>Bring</b> shoes"), "as the provider gave it");
    assert_eq!(found[1].location.as_deref(), Some("Hall"));
}

async fn a_period_that_ends_before_it_begins_or_is_without_end_is_refused(at: TestHub) {
    let (anna, _) = seed::user_with_calendar(&at, "anna@example.org").await;
    let day = date(2026, 3, 10);
    for (from, to) in [(day, day), (day, day.yesterday().unwrap())] {
        assert_eq!(at.period(&anna, from, to).await.unwrap_err().problem().code, "invalid_period");
        assert_eq!(at.occurrences(&anna, from, to, None).await.unwrap_err().problem().code, "invalid_period");
    }
    for result in
        [at.period(&anna, Date::MIN, Date::MAX).await.map(drop), at.occurrences(&anna, Date::MIN, Date::MAX, None).await.map(drop)]
    {
        assert_eq!(result.unwrap_err().problem().code, "period_too_long", "the widest period of all");
    }
    // At both ends of time.
    for (from, to) in [(Date::MIN, Date::MIN.tomorrow().unwrap()), (Date::MAX.yesterday().unwrap(), Date::MAX)] {
        assert_eq!(titles(&at, &anna, from, to).await, [""; 0]);
    }
}

async fn the_hours_of_a_second_zone_fit_most_days_of_a_week_in_which_the_clock_is_set(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let zones = |own: &str, second: &str| Preferences {
        time_zone: Some(own.to_owned()),
        second_zone: Some(second.to_owned()),
        ..Preferences::default()
    };
    at.set_preferences(&anna, &zones("Europe/Berlin", "America/New_York")).await.unwrap();
    let offsets = async |from, to| {
        let period = at.period(&anna, from, to).await.unwrap();
        (period.offset, period.second.expect("a second zone").offset)
    };
    // New York sets its clock on Sunday, 8 March 2026, and Berlin on the 29th.
    assert_eq!(offsets(date(2026, 3, 7), date(2026, 3, 14)).await, (60, -240), "Saturday to Friday: the clock is set on the second day");
    assert_eq!(offsets(date(2026, 3, 2), date(2026, 3, 9)).await, (60, -300), "Monday to Sunday: on the last");
    assert_eq!(offsets(date(2026, 3, 7), date(2026, 3, 8)).await, (60, -300));
    assert_eq!(offsets(date(2026, 3, 8), date(2026, 3, 9)).await, (60, -240));
}
