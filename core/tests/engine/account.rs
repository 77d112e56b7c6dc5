//! Jobs of an account with several calendars, against a stand-in.

use secrecy::SecretString;
use syncline_core::hub::{NewCaldav, Scope};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_core::testing::sync::{AUTO, only};
use syncline_domain::ids::UserId;
use syncline_domain::sync::{JobStatus, ResultStatus};
use syncline_sandbox::caldav::{CalDavHost, Fault, PASSWORD, Quirks, USER};

syncline_core::store_suite! {
    a_calendar_that_is_gone_and_asked_for_is_answered_for,
    one_calendar_that_fails_stops_no_other,
}

/// A user with the account of a host.
pub(crate) async fn account(at: &TestHub, host: &CalDavHost) -> UserId {
    let user = seed::user(&at.hub, "anna@example.com").await;
    let new = NewCaldav { address: host.url(), username: USER.to_owned(), password: SecretString::from(PASSWORD), name: None };
    at.add_caldav(&user, new).await.expect("the account is found");
    user
}

async fn a_calendar_that_is_gone_and_asked_for_is_answered_for(at: TestHub) {
    let host = CalDavHost::start(Quirks::default()).await;
    host.add_calendar("home", "Home");
    host.fill("home", 2);
    let user = account(&at, &host).await;
    assert!(at.sync(&user).await.success);
    host.remove_calendar("home");
    let report = at.sync(&user).await;
    assert_eq!((report.success, only(&report).calendar_name.as_str()), (true, "Work"), "it is marked, and no failure");
    let calendars = at.connections(&user).await.unwrap().remove(0).calendars;
    let home = calendars.iter().find(|calendar| calendar.vanished).expect("it is marked");
    let started = at.start_sync(&user, Scope::Calendars(vec![home.id.clone()]), AUTO).await.unwrap();
    let report = at.wait_for(&user, &started.run_id).await.unwrap();
    assert_eq!((report.status, only(&report).calendar_name.as_str()), (JobStatus::Failed, "Home"));
    let problem = only(&report).error.clone().unwrap();
    assert_eq!(problem.code, "calendar_not_listed");
    assert!(problem.message.contains("Your 2 events are still here"), "{problem:?}");
}

async fn one_calendar_that_fails_stops_no_other(at: TestHub) {
    let host = CalDavHost::start(Quirks::default()).await;
    host.add_calendar("home", "Home");
    host.add_calendar("team", "Team");
    for calendar in ["work", "home", "team"] {
        host.fill(calendar, 4);
    }
    let user = account(&at, &host).await;
    host.arm("calendar-query", Fault::Status(401, None));
    let report = at.sync(&user).await;
    let mut statuses: Vec<_> = report.results.iter().map(|line| line.status).collect();
    statuses.sort_unstable_by_key(|status| status.as_str());
    assert_eq!(statuses, [ResultStatus::Error, ResultStatus::Success, ResultStatus::Success], "{report:?}");
    assert_eq!((report.status, report.message.as_str(), report.counts.synced), (JobStatus::Partial, "Synced 2 of 3 calendar(s)", 8));
    assert_eq!(at.number("SELECT COUNT(*) FROM calendars WHERE last_success_at IS NULL").await, 1);
}
