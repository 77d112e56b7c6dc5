//! What every provider with a cursor has to do. A case is a function of a [`Service`], and [`provider_suite!`] makes a test of it
//! for each database.

use crate::world::{ME, World};
use std::future::Future;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{FULL, counts, only};
use syncline_domain::sync::{Counts, ResultStatus, SyncReport};
use syncline_domain::view::ConnectionState;
use syncline_sandbox::{Asked, Fault, Provider, Trouble};

/// A provider's stand-in with one connected account that has one calendar, and what its user does there.
pub(crate) trait Service: Sized {
    /// Whose requests.
    const PROVIDER: Provider;
    /// The beginning of the path of requests for events.
    const EVENTS: &'static str;
    /// Requests that a sync without changes makes for a calendar.
    const QUIET: u64;

    fn connected(at: TestHub) -> impl Future<Output = Self>;
    fn world(&self) -> &World;
    /// An event of an hour on a day of March 2026; gives its id.
    fn create(&self, title: &str, day: u8) -> String;
    fn rename(&self, id: &str, title: &str);
    fn delete(&self, id: &str);
    /// The cursor of the calendar is worth nothing any more.
    fn lose_cursor(&self);
    /// Limits and failures that a job waits for.
    fn passing() -> Vec<Trouble> {
        vec![
            Trouble::RateLimited { status: None, retry_after: Some(1) },
            Trouble::RateLimited { status: None, retry_after: None },
            Trouble::ServerError { status: 503 },
            Trouble::CutAfter { bytes: 40 },
            Trouble::Truncate { bytes: 40 },
        ]
    }
}

/// Makes the suite's tests for a [`Service`], on every database; with names, only these cases.
macro_rules! provider_suite {
    ($service:ident) => {
        $crate::suite::provider_suite! { $service:
            a_first_sync_stores_everything_and_a_second_costs_one_request,
            what_changed_is_all_that_is_fetched,
            a_lost_cursor_compares_everything_and_doubles_nothing,
            a_full_sync_writes_nothing_when_nothing_changed,
            an_expired_token_is_renewed_and_the_sync_goes_on,
            a_revoked_permission_needs_the_user_and_keeps_the_events,
            limits_and_failures_that_pass_are_waited_for,
            a_failure_that_stays_keeps_everything_and_is_told,
            an_answer_that_breaks_off_stores_nothing_wrong,
            most_events_gone_at_once_are_held,
        }
    };
    ($service:ident: $($case:ident),+ $(,)?) => {
        mod all_providers {
            use syncline_core::testing::db::TestHub;
            syncline_core::store_suite! { $($case),+ }
            $(async fn $case(at: TestHub) {
                $crate::suite::$case(<super::$service as $crate::suite::Service>::connected(at).await).await;
            })+
        }
    };
}
pub(crate) use provider_suite;

async fn filled<S: Service>(service: &S, number: u8) -> Vec<String> {
    let ids = (1..=number).map(|day| service.create(&format!("Event {day}"), day)).collect();
    let report = service.world().sync().await;
    assert_eq!(only(&report).counts, counts(u64::from(number), 0, 0, 0), "{report:?}");
    drop(service.world().sandbox.take_asked());
    ids
}

fn of_events<S: Service>(service: &S) -> Vec<Asked> {
    let asked = service.world().sandbox.take_asked();
    asked.into_iter().filter(|one| one.provider == S::PROVIDER && one.path.starts_with(S::EVENTS)).collect()
}

async fn rows<S: Service>(service: &S) -> Vec<i64> {
    let mut numbers = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM events WHERE deleted_at IS NULL",
        "SELECT CAST(COALESCE(SUM(updated_at), 0) AS BIGINT) FROM events",
        "SELECT COUNT(*) FROM occurrences",
        "SELECT COUNT(*) FROM mirror",
        "SELECT COUNT(*) FROM journal",
    ] {
        numbers.push(service.world().at.number(sql).await);
    }
    numbers
}

fn arm<S: Service>(service: &S, trouble: Trouble, times: u32) {
    service.world().sandbox.arm(Fault::on(S::PROVIDER, trouble).path(S::EVENTS).times(times));
}

fn problem(report: &SyncReport) -> String {
    only(report).error.clone().unwrap_or_else(|| panic!("{report:?}")).code
}

pub(crate) async fn a_first_sync_stores_everything_and_a_second_costs_one_request<S: Service>(service: S) {
    filled(&service, 9).await;
    let world = service.world();
    assert_eq!(world.titles().await.len(), 9);
    let before = rows(&service).await;
    for _ in 0..2 {
        let report = world.sync().await;
        assert_eq!(only(&report).counts, counts(0, 0, 0, 9));
        assert_eq!(only(&report).requests, S::QUIET);
        assert_eq!(of_events(&service).len() as u64, S::QUIET);
        assert_eq!(rows(&service).await, before);
    }
    assert_eq!(world.connections().await[0].state, ConnectionState::Ok);
    world.is_well_behaved();
}

pub(crate) async fn what_changed_is_all_that_is_fetched<S: Service>(service: S) {
    let ids = filled(&service, 9).await;
    let world = service.world();
    service.rename(&ids[2], "Moved to the garden");
    service.delete(&ids[4]);
    service.create("Fresh", 20);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 1, 1, 7), "{report:?}");
    let titles = world.titles().await;
    assert!(titles.contains(&"Moved to the garden".to_owned()) && titles.contains(&"Fresh".to_owned()), "{titles:?}");
    assert!(!titles.contains(&"Event 3".to_owned()) && !titles.contains(&"Event 5".to_owned()), "{titles:?}");
    world.is_well_behaved();
}

pub(crate) async fn a_lost_cursor_compares_everything_and_doubles_nothing<S: Service>(service: S) {
    let ids = filled(&service, 9).await;
    let world = service.world();
    let before = world.at.texts("SELECT id FROM events ORDER BY id").await;
    service.lose_cursor();
    service.delete(&ids[0]);
    service.create("Fresh", 20);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 1, 8), "{report:?}");
    assert_eq!(world.at.texts("SELECT id FROM events ORDER BY id").await[..9], before[..], "the same rows");
    let report = world.sync().await;
    assert_eq!((only(&report).counts, only(&report).requests), (counts(0, 0, 0, 9), S::QUIET));
}

pub(crate) async fn a_full_sync_writes_nothing_when_nothing_changed<S: Service>(service: S) {
    filled(&service, 9).await;
    let before = rows(&service).await;
    let report = service.world().at.sync_with(&service.world().user, FULL).await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 9));
    assert_eq!(rows(&service).await, before);
}

pub(crate) async fn an_expired_token_is_renewed_and_the_sync_goes_on<S: Service>(service: S) {
    filled(&service, 3).await;
    service.create("Fresh", 20);
    service.world().sandbox.expire_access(S::PROVIDER, ME);
    let report = service.world().sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(only(&report).counts, counts(1, 0, 0, 3));
}

pub(crate) async fn a_revoked_permission_needs_the_user_and_keeps_the_events<S: Service>(service: S) {
    filled(&service, 3).await;
    let world = service.world();
    world.sandbox.revoke(S::PROVIDER, ME);
    let report = world.sync().await;
    assert_eq!((only(&report).status, problem(&report)), (ResultStatus::Error, "permission_gone".to_owned()));
    assert_eq!(world.titles().await.len(), 3);
    assert_eq!(world.connections().await[0].state, ConnectionState::NeedsReconnecting);
}

pub(crate) async fn limits_and_failures_that_pass_are_waited_for<S: Service>(service: S) {
    filled(&service, 3).await;
    for trouble in S::passing() {
        arm(&service, trouble.clone(), 1);
        let report = service.world().sync().await;
        assert!(report.success, "{trouble:?}: {report:?}");
        assert_eq!(only(&report).counts, counts(0, 0, 0, 3), "{trouble:?}");
    }
}

pub(crate) async fn a_failure_that_stays_keeps_everything_and_is_told<S: Service>(service: S) {
    filled(&service, 3).await;
    let world = service.world();
    arm(&service, Trouble::ServerError { status: 500 }, 3);
    assert_eq!(problem(&world.sync().await), "server_error");
    arm(&service, Trouble::RateLimited { status: None, retry_after: Some(600) }, 1);
    assert_eq!(problem(&world.sync().await), "rate_limited");
    let next = world.connections().await[0].next_sync_at.unwrap();
    assert!(next >= world.at.now() + 600_000, "it waits as long as it was asked to");
    assert_eq!(world.titles().await.len(), 3);
    drop(world.sandbox.take_asked());
    assert_eq!(problem(&world.sync().await), "rate_limited", "whoever presses the button meanwhile is told so");
    assert_eq!(world.sandbox.take_asked().len(), 0, "and nothing is asked");
    world.at.advance(600_000);
    world.sandbox.advance(600_000);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 3), "{report:?}");
}

pub(crate) async fn an_answer_that_breaks_off_stores_nothing_wrong<S: Service>(service: S) {
    filled(&service, 9).await;
    let world = service.world();
    service.create("Fresh", 20);
    arm(&service, Trouble::Truncate { bytes: 300 }, 3);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, Counts::default());
    assert_eq!(problem(&report), "ended_early");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 9), "{report:?}");
}

pub(crate) async fn most_events_gone_at_once_are_held<S: Service>(service: S) {
    let ids = filled(&service, 20).await;
    let world = service.world();
    ids[..15].iter().for_each(|id| service.delete(id));
    let report = world.sync().await;
    assert_eq!(only(&report).status, ResultStatus::Held, "{report:?}");
    assert_eq!(only(&report).hold.as_ref().unwrap().would_delete, 15);
    assert_eq!(world.titles().await.len(), 20);
}
