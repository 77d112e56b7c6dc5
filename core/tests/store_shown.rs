//! What is shown of what is stored.

use jiff::civil::{date, datetime};
use syncline_core::store_suite;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_domain::event::{Attendee, Event, Person, Response, Visibility};
use syncline_domain::event_type::Hidden;
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;

store_suite! {
    a_filter_hides_its_kind_in_the_grid_and_the_search_and_nothing_is_lost,
    a_filter_is_of_one_connection_and_of_its_user,
    the_usual_period_is_three_months_back_and_a_year_ahead_until_the_user_says_otherwise,
    details_say_what_kind_of_event_it_is,
    a_booking_and_its_copy_are_one_card_with_both_sources_while_they_are_at_the_same_time,
}

async fn a_booking_and_its_copy_are_one_card_with_both_sources_while_they_are_at_the_same_time(at: TestHub) {
    let user = seed::user(&at, "anna@example.org").await;
    let (google, calendly) = (
        seed::connection(&at, &user, ProviderKind::Google, "Google").await,
        seed::connection(&at, &user, ProviderKind::Calendly, "Calendly").await,
    );
    let (work, bookings) = (seed::calendar(&at, &user, &google, "Work").await, seed::calendar(&at, &user, &calendly, "Bookings").await);
    let copy = seed::event(&at, &user, &work, &at_nine("Eva and Anna")).await;
    let booking = seed::event(&at, &user, &bookings, &at_nine("Intake call")).await;
    assert_eq!(titles(&at, &user).await, ["Eva and Anna", "Intake call"], "nobody says that they are the same");
    at.execute(&format!("UPDATE events SET copy_id = (SELECT c.remote_id FROM events c WHERE c.id = '{copy}') WHERE id = '{booking}'"))
        .await;
    assert_eq!(titles(&at, &user).await, ["Intake call"]);
    assert!(at.search(&user, "Eva", 10).await.unwrap().len() == 1, "whoever looks for the copy finds it");
    let key = at.period(&user, date(2026, 3, 10), date(2026, 3, 11)).await.unwrap().events.remove(0).key;
    let sources = async |event| at.event_details(&user, event, &key).await.unwrap().calendar_name;
    assert_eq!((sources(&booking).await.as_str(), sources(&copy).await.as_str()), ("Bookings and Work", "Work and Bookings"));
    at.execute("UPDATE calendars SET visible = FALSE WHERE name = 'Bookings'").await;
    assert_eq!(titles(&at, &user).await, ["Eva and Anna"], "the booking is not shown, so its copy is");
    at.execute("UPDATE calendars SET visible = TRUE").await;
    at.execute(&format!("UPDATE occurrences SET start_at = start_at + 3600000, end_at = end_at + 3600000 WHERE event_id = '{copy}'")).await;
    assert_eq!(titles(&at, &user).await, ["Intake call", "Eva and Anna"], "moved by hand, it is another meeting");
}

fn at_nine(title: &str) -> Event {
    seed::plain(title, seed::timed(datetime(2026, 3, 10, 9, 0, 0, 0), datetime(2026, 3, 10, 10, 0, 0, 0), "UTC"))
}

/// A declined, a private, a working location, a focus time, and one more.
async fn mixed(at: &TestHub, name: &str) -> (UserId, ConnectionId, CalendarId) {
    let user = match at.user_by_email("anna@example.org").await.unwrap() {
        Some(known) => known.id,
        None => seed::user(at, "anna@example.org").await,
    };
    let connection = seed::connection(at, &user, ProviderKind::Google, name).await;
    let calendar = seed::calendar(at, &user, &connection, name).await;
    let me = Attendee { person: Person::default(), response: Response::Declined, optional: false, me: true };
    for event in [
        Event { attendees: vec![me], ..at_nine("Party") },
        Event { visibility: Visibility::Private, ..at_nine("Doctor") },
        Event { categories: vec!["Working location".to_owned()], ..at_nine("Berlin") },
        at_nine("Focus: report"),
        at_nine("Planning"),
    ] {
        seed::event(at, &user, &calendar, &event).await;
    }
    (user, connection, calendar)
}

async fn titles(at: &TestHub, user: &UserId) -> Vec<String> {
    let period = at.period(user, date(2026, 3, 10), date(2026, 3, 11)).await.unwrap();
    period.events.into_iter().map(|event| event.title).collect()
}

async fn a_filter_hides_its_kind_in_the_grid_and_the_search_and_nothing_is_lost(at: TestHub) {
    let (user, connection, _) = mixed(&at, "Work").await;
    assert_eq!(titles(&at, &user).await, ["Berlin", "Doctor", "Focus: report", "Party", "Planning"]);
    let none = Hidden::default();
    for (hide, gone) in [
        (Hidden { declined: true, ..none }, "Party"),
        (Hidden { private: true, ..none }, "Doctor"),
        (Hidden { working_location: true, ..none }, "Berlin"),
        (Hidden { focus_time: true, ..none }, "Focus: report"),
    ] {
        at.set_hidden(&user, &connection, hide).await.unwrap();
        let shown = titles(&at, &user).await;
        assert!(shown.len() == 4 && !shown.contains(&gone.to_owned()), "{gone}: {shown:?}");
        assert!(at.search(&user, gone, 10).await.unwrap().is_empty(), "{gone} is not found either");
    }
    at.set_hidden(&user, &connection, none).await.unwrap();
    assert_eq!(titles(&at, &user).await.len(), 5, "it is back without a sync");
    at.set_hidden(&user, &connection, Hidden { declined: true, private: true, ..none }).await.unwrap();
    let all = at.occurrences(&user, date(2026, 3, 10), date(2026, 3, 11), None).await.unwrap();
    assert_eq!(all.len(), 5, "scripts get what is stored");
    assert_eq!(at.shown(&user).await.unwrap()[0].hidden, Hidden { declined: true, private: true, ..none });
}

async fn a_filter_is_of_one_connection_and_of_its_user(at: TestHub) {
    let (user, work, _) = mixed(&at, "Work").await;
    mixed(&at, "Home").await;
    at.set_hidden(&user, &work, Hidden { private: true, ..Hidden::default() }).await.unwrap();
    assert_eq!(titles(&at, &user).await.iter().filter(|title| *title == "Doctor").count(), 1, "that of the other connection");
    let eve = seed::user(&at, "eve@example.org").await;
    let other = at.set_hidden(&eve, &work, Hidden::default()).await.unwrap_err();
    assert_eq!(other.problem().code, "not_found");
    assert!(at.shown(&eve).await.unwrap().is_empty());
}

async fn the_usual_period_is_three_months_back_and_a_year_ahead_until_the_user_says_otherwise(at: TestHub) {
    let user = seed::user(&at, "anna@example.org").await;
    assert_eq!(at.range(&user, None).await.unwrap(), (date(2025, 12, 10), date(2027, 3, 11)), "the clock stands at 10 March 2026, noon");
    at.set_range(&user, 0, 1).await.unwrap();
    assert_eq!(at.range(&user, None).await.unwrap(), (date(2026, 3, 10), date(2026, 4, 11)));
    assert_eq!(at.range(&user, Some("Pacific/Kiritimati")).await.unwrap().0, date(2026, 3, 11), "there it is tomorrow already");
    for (back, ahead) in [(0, 0), (61, 0), (0, 61)] {
        assert_eq!(at.set_range(&user, back, ahead).await.unwrap_err().problem().code, "bad_range");
    }
}

async fn details_say_what_kind_of_event_it_is(at: TestHub) {
    let (user, _, _) = mixed(&at, "Work").await;
    let period = at.period(&user, date(2026, 3, 10), date(2026, 3, 11)).await.unwrap();
    let mut said = Vec::new();
    for event in &period.events {
        let details = at.event_details(&user, &event.id, &event.key).await.unwrap();
        said.push((event.title.as_str(), details.categories.join(", ")));
    }
    let expected = [("Berlin", "Working location"), ("Doctor", ""), ("Focus: report", "Focus time"), ("Party", ""), ("Planning", "")];
    assert_eq!(said, expected.map(|(title, kind)| (title, kind.to_owned())));
}
