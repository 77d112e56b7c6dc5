//! The list of calendars.

use crate::support::User;
use syncline_core::provider::Pass;
use syncline_domain::failure::Class;
use syncline_sandbox::caldav::{CalDavHost, Fault, PASSWORD, Quirks, USER};

async fn user(host: &CalDavHost) -> User {
    User::connect(&host.url(), USER, PASSWORD).await.expect("the account is found")
}

#[tokio::test]
async fn a_calendar_has_its_name_colour_zone_and_rights() {
    let host = CalDavHost::start(Quirks::default()).await;
    host.describe("work", "#FF2968FF", "Europe/Berlin", true);
    host.add_calendar("a b@ü", "Ärger & <Freude>");
    let calendars = user(&host).await.found.calendars;
    let work = calendars.iter().find(|calendar| calendar.name == "Work").unwrap();
    assert_eq!(work.remote_id, "/dav/cal/me/work/");
    assert_eq!((work.color.as_deref(), work.zone.as_deref(), work.read_only), (Some("#ff2968"), Some("Europe/Berlin"), true));
    let odd = calendars.iter().find(|calendar| calendar.name == "Ärger & <Freude>").unwrap();
    assert_eq!((odd.remote_id.as_str(), odd.color.as_deref(), odd.read_only), ("/dav/cal/me/a b@ü/", None, false));
}

#[tokio::test]
async fn what_is_no_calendar_of_events_is_left_out() {
    let host = CalDavHost::start(Quirks::default()).await;
    for kind in ["schedule-inbox", "schedule-outbox", "subscribed", "tasks"] {
        host.add_special(kind, kind);
    }
    let names: Vec<String> = user(&host).await.found.calendars.into_iter().map(|calendar| calendar.name).collect();
    assert_eq!(names, ["Work"]);
}

#[tokio::test]
async fn one_forbidden_property_does_not_hide_a_calendar() {
    let host = CalDavHost::start(Quirks { forbids_properties: true, ..Quirks::default() }).await;
    host.describe("work", "#FF2968FF", "Europe/Berlin", false);
    let mut user = user(&host).await;
    assert_eq!((user.found.calendars[0].name.as_str(), user.found.calendars[0].color.as_deref()), ("Work", None));
    user.settle().await;
    assert_eq!(user.sync().await.requests, 1, "the token is there all the same");
}

#[tokio::test]
async fn the_expensive_state_is_asked_for_only_when_a_cursor_can_use_it() {
    let host = CalDavHost::start(Quirks::default()).await;
    let mut user = user(&host).await;
    let _ = host.take_asked();
    user.sync().await;
    assert!(host.take_asked().iter().all(|asked| !asked.token && !asked.ctag), "the first sync asks for no token at all");
    user.sync().await;
    let asked = host.take_asked();
    assert_eq!(asked.iter().filter(|asked| asked.token || asked.ctag).count(), 1, "the proof takes it from the listing: {asked:?}");
    user.sync().await;
    let asked = host.take_asked();
    assert!(asked[0].token && !asked[0].ctag, "a server with tokens is not asked for CTags too: {asked:?}");
}

#[tokio::test]
async fn many_calendars_without_changes_are_one_request() {
    let host = CalDavHost::start(Quirks::default()).await;
    for name in ["a", "b", "c", "d", "e"] {
        host.add_calendar(name, name);
        host.fill(name, 3);
    }
    let mut user = user(&host).await;
    user.settle().await;
    let outcome = user.sync().await;
    assert!(outcome.is_quiet());
    assert_eq!((outcome.requests, outcome.pages), (1, 6));
}

#[tokio::test]
async fn a_new_name_and_a_vanished_calendar_are_seen() {
    let host = CalDavHost::start(Quirks::default()).await;
    host.add_calendar("home", "Home");
    let mut user = user(&host).await;
    user.settle().await;
    host.rename("work", "Office");
    host.remove_calendar("home");
    let meter = syncline_core::provider::Meter::default();
    let names: Vec<String> = list(&user, &meter).await.into_iter().map(|calendar| calendar.name).collect();
    assert_eq!(names, ["Office"]);
}

async fn list(user: &User, meter: &syncline_core::provider::Meter) -> Vec<syncline_core::provider::RemoteCalendar> {
    use syncline_core::provider::Provider as _;
    user.provider.list(&[], meter).await.expect("the account can be read")
}

#[tokio::test]
async fn a_listing_that_is_no_listing_fails_and_makes_no_calendar_vanish() {
    let host = CalDavHost::start(Quirks::default()).await;
    host.fill("work", 2);
    let mut user = user(&host).await;
    user.settle().await;
    for (fault, code) in [
        (Fault::Html, "not_caldav"),
        (Fault::Status(404, None), "home_gone"),
        (Fault::Status(403, None), "forbidden"),
        (Fault::Status(502, None), "server_error"),
        (Fault::CutBody(400), "damaged_answer"),
        (Fault::CutConnection(400), "connection_broken"),
    ] {
        host.arm("list", fault.clone());
        let error = user.sync().await.error.unwrap_or_else(|| panic!("{fault:?} must be noticed"));
        assert_eq!(error.problem.code, code, "{fault:?}");
    }
    assert_eq!(user.titles().len(), 2);
}

#[tokio::test]
async fn a_server_that_asks_us_to_slow_down_says_how_long() {
    let host = CalDavHost::start(Quirks::default()).await;
    let mut user = user(&host).await;
    host.arm("list", Fault::Status(429, Some("120".to_owned())));
    let error = user.sync().await.error.unwrap();
    assert_eq!((error.class, error.retry_after.map(|wait| wait.as_secs())), (Class::RateLimited, Some(120)));
    host.arm("calendar-query", Fault::Status(503, Some("7".to_owned())));
    let error = user.sync().await.error.unwrap();
    assert_eq!((error.class, error.retry_after.map(|wait| wait.as_secs())), (Class::Transient, Some(7)));
}

#[tokio::test]
async fn a_password_that_is_not_valid_any_more_asks_for_the_user() {
    let host = CalDavHost::start(Quirks::default()).await;
    let mut user = user(&host).await;
    user.settle().await;
    host.arm("list", Fault::Status(401, None));
    // Basic was sent and refused, so there is nothing to try again.
    let error = user.sync().await.error.unwrap();
    assert_eq!((error.class, error.problem.code.as_str()), (Class::Authentication, "wrong_password"));
}

#[tokio::test]
async fn a_calendar_that_is_gone_or_closed_fails_alone() {
    let host = CalDavHost::start(Quirks::default()).await;
    host.add_calendar("home", "Home");
    host.fill("home", 2);
    host.fill("work", 3);
    let mut user = user(&host).await;
    host.arm("calendar-query", Fault::Status(404, None));
    let outcome = user.sync_as(Some(Pass::Initial)).await;
    let error = outcome.error.unwrap();
    assert_eq!((error.class, error.problem.code.as_str()), (Class::NotFound, "calendar_gone"));
    assert_eq!((outcome.ends.len(), user.titles().len()), (1, 3), "the other one was synced");
}
