//! Adding and mending connections through the facade, on every database.

use secrecy::SecretString;
use syncline_core::hub::{NewIcs, Reconnect, Scope, SyncOptions};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_domain::failure::Problem;
use syncline_domain::ids::UserId;
use syncline_domain::sync::{Mode, SyncReport, Trigger};
use syncline_domain::view::Connection;
use syncline_sandbox::ics::{Calendar, Fault, Feed, IcsHost};

syncline_core::store_suite! {
    a_chosen_name_is_kept_over_syncs_and_a_new_address,
    without_a_chosen_name_a_feed_is_called_what_it_calls_itself,
    a_chosen_name_of_a_file_is_kept_over_a_new_upload,
    a_failure_says_what_to_do_while_adding_and_what_happens_by_itself_while_syncing,
}

fn address(host: &IcsHost, name: Option<&str>) -> NewIcs {
    NewIcs::Address { url: SecretString::from(host.url("feed.ics")), name: name.map(ToOwned::to_owned) }
}

async fn sync(at: &TestHub, user: &UserId) -> SyncReport {
    at.advance(60_000);
    let options = SyncOptions { mode: Mode::Auto, trigger: Trigger::Manual };
    let started = at.start_sync(user, Scope::Everything, options).await.expect("nothing else is at work");
    at.wait_for(user, &started.run_id).await.expect("the run ends")
}

/// The names of the only connection and of its only calendar.
async fn names(at: &TestHub, user: &UserId) -> (String, String) {
    let [Connection { name, calendars, .. }] = <[Connection; 1]>::try_from(at.connections(user).await.unwrap()).unwrap();
    assert_eq!(calendars.len(), 1);
    (name, calendars[0].name.clone())
}

fn both(name: &str) -> (String, String) {
    (name.to_owned(), name.to_owned())
}

async fn a_chosen_name_is_kept_over_syncs_and_a_new_address(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::named("School"))).await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    let added = at.add_ics(&user, address(&host, Some("  Lessons of Emmy "))).await.unwrap();
    assert_eq!(names(&at, &user).await, both("Lessons of Emmy"));
    assert_eq!(sync(&at, &user).await.results[0].calendar_name, "Lessons of Emmy");
    host.change(|feed| feed.calendar = Calendar::named("School, new"));
    sync(&at, &user).await;
    sync(&at, &user).await;
    assert_eq!(names(&at, &user).await, both("Lessons of Emmy"));

    host.set("moved.ics", Feed::new(Calendar::named("School, moved")));
    at.reconnect(&user, &added.id, Reconnect::Address(SecretString::from(host.url("moved.ics")))).await.unwrap();
    sync(&at, &user).await;
    assert_eq!(names(&at, &user).await, both("Lessons of Emmy"));
}

async fn without_a_chosen_name_a_feed_is_called_what_it_calls_itself(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::named("School"))).await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    at.add_ics(&user, address(&host, Some(" "))).await.unwrap();
    assert_eq!(names(&at, &user).await, both("School"));
    host.change(|feed| feed.calendar = Calendar::named("School, new"));
    sync(&at, &user).await;
    sync(&at, &user).await;
    assert_eq!(names(&at, &user).await.1, "School, new");
}

async fn a_chosen_name_of_a_file_is_kept_over_a_new_upload(at: TestHub) {
    let user = seed::user(&at.hub, "anna@example.com").await;
    let file = |name: &str| format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:{name}\r\nEND:VCALENDAR\r\n").into_bytes();
    let new = NewIcs::File { file_name: "school.ics".to_owned(), bytes: file("School"), name: Some("Lessons".to_owned()) };
    let added = at.add_ics(&user, new).await.unwrap();
    assert_eq!(names(&at, &user).await, both("Lessons"));
    let again = Reconnect::File { file_name: "school-2.ics".to_owned(), bytes: file("School 2") };
    at.reconnect(&user, &added.id, again).await.unwrap();
    sync(&at, &user).await;
    assert_eq!(names(&at, &user).await, both("Lessons"));
}

async fn a_failure_says_what_to_do_while_adding_and_what_happens_by_itself_while_syncing(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    let busy = Fault::Status(503, None);
    host.set("busy.ics", Feed::new(Calendar::many(3)).failing(busy.clone()));
    let new = NewIcs::Address { url: SecretString::from(host.url("busy.ics")), name: None };
    let Problem { action, .. } = at.add_ics(&user, new).await.unwrap_err().problem();
    assert_eq!(action, "Try again in a few minutes.");
    assert!(at.connections(&user).await.unwrap().is_empty(), "nothing was stored");

    at.add_ics(&user, address(&host, None)).await.unwrap();
    sync(&at, &user).await;
    host.change(|feed| feed.fault = Some(busy));
    let problem = sync(&at, &user).await.results[0].error.clone().unwrap();
    assert_eq!(problem.action, "Nothing to do: Syncline tries again by itself.");

    host.change(|feed| feed.fault = Some(Fault::CutFile(100)));
    let problem = sync(&at, &user).await.results[0].error.clone().unwrap();
    let whole = problem.to_string();
    assert_eq!(whole.matches("still here").count() + whole.matches("kept").count(), 1, "what is safe is said once: {whole}");
    assert!(problem.message.ends_with("Your 3 events are still here."), "{problem:?}");
}
