//! The main job as a person does it, against a real Radicale.

use secrecy::SecretString;
use syncline_core::error::Error;
use syncline_core::hub::{CalendarChange, NewCaldav, Reconnect};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::radicale::{self, Radicale};
use syncline_core::testing::seed;
use syncline_core::testing::sync::only;
use syncline_domain::sync::ResultStatus;
use syncline_domain::view::{ConnectionState, HoldDecision};

syncline_core::store_suite! {
    an_account_is_followed_through_change_deletion_hold_and_approval,
    a_calendar_that_is_switched_off_is_left_alone,
    a_wrong_password_stores_nothing_and_a_changed_one_is_mended_without_loss,
    a_calendar_that_vanishes_keeps_its_events_and_a_new_one_appears,
}

fn event(uid: &str, title: &str, day: u8) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART;TZID=Europe/Berlin:202604{day:02}T090000\r\nDTEND;TZID=Europe/Berlin:202604{day:02}T100000\r\nSUMMARY:{title}\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn account(server: &Radicale) -> NewCaldav {
    NewCaldav { address: server.url(), username: radicale::USER.to_owned(), password: Radicale::password(), name: None }
}

async fn titles(at: &TestHub) -> Vec<String> {
    at.texts("SELECT title FROM events WHERE deleted_at IS NULL ORDER BY title").await
}

async fn an_account_is_followed_through_change_deletion_hold_and_approval(at: TestHub) {
    let Some(server) = Radicale::start().await else { return };
    server.make_calendar("work", "Work").await;
    for day in 1..=20 {
        server.put("work", &format!("e{day}.ics"), event(&format!("e{day}"), &format!("Event {day:02}"), day)).await;
    }
    let user = seed::user(&at.hub, "anna@example.com").await;
    let connection = at.add_caldav(&user, account(&server)).await.expect("the account is found");
    assert_eq!(connection.calendars.iter().map(|calendar| calendar.name.as_str()).collect::<Vec<_>>(), ["Work"]);
    assert!(matches!(at.add_caldav(&user, account(&server)).await, Err(Error::Invalid(problem)) if problem.code == "already_connected"));
    assert_eq!(connection.next_sync_at, Some(at.now() + 900_000), "if nobody syncs it, the schedule will");

    let report = at.sync(&user).await;
    assert!(report.success, "{report:?}");
    assert_eq!(only(&report).counts.synced, 20);
    // The second pass proves the first, the third finds nothing to ask beyond the listing.
    let report = at.sync(&user).await;
    assert_eq!((only(&report).counts.unchanged, report.counts.changed()), (20, false), "{report:?}");
    let report = at.sync(&user).await;
    assert_eq!((only(&report).counts.unchanged, only(&report).requests), (20, 0), "the listing was the only request: {report:?}");

    server.put("work", "e3.ics", event("e3", "Event 03 in the garden", 3)).await;
    server.put("work", "fresh.ics", event("fresh", "Fresh", 28)).await;
    server.delete("work", "e4.ics").await;
    let report = at.sync(&user).await;
    let counts = only(&report).counts;
    assert_eq!((counts.synced, counts.updated, counts.deleted, counts.unchanged), (1, 1, 1, 18), "{report:?}");
    assert!(titles(&at).await.contains(&"Event 03 in the garden".to_owned()));

    for object in (1..=20).filter(|day| *day != 4).map(|day| format!("e{day}.ics")).chain(["fresh.ics".to_owned()]) {
        server.delete("work", &object).await;
    }
    let report = at.sync(&user).await;
    assert_eq!(only(&report).status, ResultStatus::Held, "{report:?}");
    assert_eq!(titles(&at).await.len(), 20, "nothing was removed");
    let report = at.sync(&user).await;
    assert_eq!(only(&report).status, ResultStatus::Held, "still held: {report:?}");
    let hold = &at.holds(&user).await.unwrap()[0];
    assert_eq!((hold.would_delete, hold.live), (20, 20));
    assert_eq!(at.decide_hold(&user, &hold.id, HoldDecision::Approve).await.unwrap(), 20);
    assert!(titles(&at).await.is_empty());
    let report = at.sync(&user).await;
    assert_eq!((only(&report).status, report.total), (ResultStatus::Success, 0), "{report:?}");
}

async fn a_calendar_that_is_switched_off_is_left_alone(at: TestHub) {
    let Some(server) = Radicale::start().await else { return };
    for (calendar, name) in [("work", "Work"), ("home", "Home")] {
        server.make_calendar(calendar, name).await;
        server.put(calendar, "a.ics", event(&format!("{calendar}-a"), name, 5)).await;
    }
    let user = seed::user(&at.hub, "anna@example.com").await;
    let connection = at.add_caldav(&user, account(&server)).await.unwrap();
    let home = connection.calendars.iter().find(|calendar| calendar.name == "Home").unwrap();
    at.change_calendar(&user, &home.id, CalendarChange { enabled: Some(false), ..CalendarChange::default() }).await.unwrap();
    let report = at.sync(&user).await;
    assert_eq!(report.message, "Synced 1 of 1 calendar(s)");
    assert_eq!(titles(&at).await, ["Work"]);
    at.change_calendar(&user, &home.id, CalendarChange { enabled: Some(true), ..CalendarChange::default() }).await.unwrap();
    assert_eq!(at.sync(&user).await.message, "Synced 2 of 2 calendar(s)");
    assert_eq!(titles(&at).await, ["Home", "Work"]);
}

async fn a_wrong_password_stores_nothing_and_a_changed_one_is_mended_without_loss(at: TestHub) {
    let Some(server) = Radicale::start().await else { return };
    server.make_calendar("work", "Work").await;
    server.put("work", "a.ics", event("a", "Kept", 5)).await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    let wrong = NewCaldav { password: SecretString::from("wrong"), ..account(&server) };
    let problem = at.add_caldav(&user, wrong).await.unwrap_err().problem();
    assert_eq!(problem.code, "wrong_password");
    assert_eq!(at.number("SELECT COUNT(*) FROM connections").await, 0);

    let connection = at.add_caldav(&user, account(&server)).await.unwrap();
    at.sync(&user).await;
    // Somebody changed the password at the server: the stored one is refused from now on.
    let sealed = at.config.secret_key.is_none();
    assert!(sealed, "the test seals with the hub's own key");
    at.hub.testing_set_secret(&connection.id, "old").await;
    let report = at.sync(&user).await;
    assert_eq!(only(&report).error.as_ref().map(|problem| problem.code.as_str()), Some("wrong_password"), "{report:?}");
    let told = at.jobs(&user, 1).await.unwrap().remove(0).progress.calendars.remove(0);
    assert_eq!((told.name.as_str(), told.result.as_ref()), ("Work", report.results.first()), "the history tells it, too");
    let broken = at.connection(&user, &connection.id).await.unwrap();
    assert_eq!((broken.state, broken.next_sync_at), (ConnectionState::NeedsReconnecting, None));
    at.set_interval(&user, &connection.id, 3_600).await.unwrap();
    let broken = at.connection(&user, &connection.id).await.unwrap();
    assert_eq!(broken.next_sync_at, None, "a refused password is not tried again by itself");
    assert_eq!(titles(&at).await, ["Kept"]);
    let refused = at.reconnect(&user, &connection.id, Reconnect::Password(SecretString::from("wrong again"))).await;
    assert_eq!(refused.unwrap_err().problem().code, "wrong_password");
    let mended = at.reconnect(&user, &connection.id, Reconnect::Password(Radicale::password())).await.unwrap();
    assert_eq!(mended.id, connection.id);
    assert!(at.sync(&user).await.success);
    assert_eq!(titles(&at).await, ["Kept"], "nothing doubled");
}

async fn a_calendar_that_vanishes_keeps_its_events_and_a_new_one_appears(at: TestHub) {
    let Some(server) = Radicale::start().await else { return };
    server.make_calendar("work", "Work").await;
    server.put("work", "a.ics", event("a", "Work event", 5)).await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    at.add_caldav(&user, account(&server)).await.unwrap();
    at.sync(&user).await;
    server.delete("work", "").await;
    server.make_calendar("new", "New").await;
    server.put("new", "b.ics", event("b", "New event", 6)).await;
    let report = at.sync(&user).await;
    assert_eq!(only(&report).calendar_name, "New", "{report:?}");
    assert_eq!(titles(&at).await, ["New event", "Work event"]);
    let calendars = at.connections(&user).await.unwrap().remove(0).calendars;
    assert_eq!(
        calendars.iter().map(|calendar| (calendar.name.as_str(), calendar.vanished)).collect::<Vec<_>>(),
        [("New", false), ("Work", true)]
    );
}
