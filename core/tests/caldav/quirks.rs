//! What odd and failing servers do, one by one.

use crate::support::{User, policy};
use futures::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use syncline_core::net::OutboundPolicy;
use syncline_core::provider::{Coverage, KnownVersions, Meter, Pass, Provider as _, PullRequest};
use syncline_domain::failure::Class;
use syncline_sandbox::caldav::{BulkQuery, CalDavHost, Fault, PASSWORD, Quirks, StaleToken, USER, event};

async fn host(quirks: Quirks, number: usize) -> CalDavHost {
    let host = CalDavHost::start(quirks).await;
    host.fill("work", number);
    host
}

async fn user(host: &CalDavHost) -> User {
    User::connect(&host.url(), USER, PASSWORD).await.expect("the account is found")
}

/// A user who is in step and has a token.
async fn settled(host: &CalDavHost) -> User {
    let mut user = user(host).await;
    user.settle().await;
    let _ = host.take_asked();
    user
}

fn kinds(host: &CalDavHost) -> Vec<&'static str> {
    host.take_asked().into_iter().map(|asked| asked.kind).collect()
}

fn check(host: &CalDavHost) {
    assert!(host.violations().is_empty(), "{:#?}", host.violations());
}

async fn a_token_is_refused(stale_token: StaleToken) {
    let host = host(Quirks { stale_token, ..Quirks::default() }, 6).await;
    let mut user = settled(&host).await;
    host.delete("work", "e0.ics");
    host.put("work", "e1.ics", event("e1@sandbox", "Changed"));
    host.put("work", "new.ics", event("new@sandbox", "New"));
    host.forget_tokens();
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles(), ["Changed", "Event 2", "Event 3", "Event 4", "Event 5", "New"]);
    assert_eq!((outcome.same, outcome.written.len(), outcome.swept.len()), (4, 2, 1), "only what changed is fetched");
    assert_eq!(kinds(&host), ["list", "sync-collection", "members", "calendar-multiget"]);
    assert_eq!(user.sync().await.requests, 1, "there is a token again");
    check(&host);
}

macro_rules! refusals {
    ($($name:ident: $how:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            a_token_is_refused($how).await;
        }
    )*};
}

refusals! {
    a_token_refused_with_403_is_no_failure: StaleToken::Status(403);
    a_token_refused_with_409_is_no_failure: StaleToken::Status(409);
    a_token_refused_with_410_is_no_failure: StaleToken::Bare(410);
    a_token_refused_with_412_is_no_failure: StaleToken::Status(412);
    a_token_refused_with_a_bare_403_is_no_failure: StaleToken::Bare(403);
    a_token_refused_with_500_is_no_failure: StaleToken::Bare(500);
    a_full_listing_instead_of_a_refusal_is_noticed: StaleToken::FullListing;
}

#[tokio::test]
async fn a_token_refused_with_400_is_no_failure() {
    let host = host(Quirks { stale_token: StaleToken::Bare(400), ..Quirks::default() }, 3).await;
    let mut user = settled(&host).await;
    host.delete("work", "e0.ics");
    host.forget_tokens();
    // 400 is also what a server says that wants the depth in the header: the stand-in takes the second try for a fault.
    host.arm("sync-collection", Fault::Status(400, None));
    host.arm("sync-collection", Fault::Status(400, None));
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.swept.len(), 1);
}

#[tokio::test]
async fn a_full_listing_of_an_emptied_calendar_is_noticed() {
    let host = host(Quirks { stale_token: StaleToken::FullListing, ..Quirks::default() }, 4).await;
    let mut user = settled(&host).await;
    host.empty("work");
    host.forget_tokens();
    let outcome = user.sync().await;
    assert_eq!((outcome.swept.len(), user.titles().len()), (4, 0), "{outcome:?}");
}

#[tokio::test]
async fn a_full_listing_of_the_one_object_that_is_left_is_noticed() {
    let host = host(Quirks { stale_token: StaleToken::FullListing, ..Quirks::default() }, 40).await;
    let mut user = settled(&host).await;
    for at in 1..40 {
        host.delete("work", &format!("e{at}.ics"));
    }
    host.forget_tokens();
    let outcome = user.sync().await;
    assert_eq!((outcome.swept.len(), user.titles().len()), (39, 1), "{outcome:?}");
}

#[tokio::test]
async fn a_change_costs_three_requests_even_where_the_last_one_is_repeated() {
    let host = host(Quirks { repeats_last: true, ..Quirks::default() }, 30).await;
    let mut user = settled(&host).await;
    host.put("work", "e7.ics", event("e7@sandbox", "Changed"));
    let outcome = user.sync().await;
    assert_eq!((outcome.requests, outcome.written.len()), (3, 1));
    assert_eq!(kinds(&host), ["list", "sync-collection", "calendar-multiget"]);
    assert_eq!(user.sync().await.requests, 1);
    check(&host);
}

#[tokio::test]
async fn pages_of_changes_are_followed_to_the_last() {
    let host = host(Quirks { page: Some(4), lists_itself: true, ..Quirks::default() }, 20).await;
    let mut user = settled(&host).await;
    for at in 0..10 {
        host.put("work", &format!("e{at}.ics"), event(&format!("e{at}@sandbox"), &format!("Changed {at}")));
    }
    host.delete("work", "e19.ics");
    let outcome = user.sync().await;
    assert_eq!((outcome.written.len(), outcome.removed.len()), (10, 1));
    assert_eq!(kinds(&host).iter().filter(|kind| **kind == "sync-collection").count(), 3);
    assert!(user.sync().await.is_quiet());
    check(&host);
}

#[tokio::test]
async fn the_first_pass_is_one_query_and_its_proof_reads_only_versions() {
    let host = host(Quirks::default(), 1_200).await;
    let mut user = user(&host).await;
    let _ = host.take_asked();
    let outcome = user.sync().await;
    assert_eq!((kinds(&host), user.titles().len()), (vec!["list", "calendar-query"], 1_200));
    assert_eq!((outcome.pages, outcome.ends[0].coverage.clone(), outcome.ends[0].next_sync_s), (3, Coverage::Delta, Some(60)));
    let outcome = user.sync().await;
    assert_eq!((kinds(&host), outcome.same), (vec!["list", "members"], 1_200));
    assert_eq!(outcome.ends[0].coverage, Coverage::Snapshot { keep_ended_before: None });
    check(&host);
}

#[tokio::test]
async fn a_refused_query_for_everything_becomes_many_small_ones() {
    for status in [400, 403, 413, 507] {
        let host = host(Quirks { bulk_query: BulkQuery::Refused(status), ..Quirks::default() }, 350).await;
        let mut user = user(&host).await;
        let _ = host.take_asked();
        let outcome = user.sync().await;
        assert!(outcome.error.is_none(), "{status}: {:?}", outcome.error);
        assert_eq!((user.titles().len(), outcome.totals.last()), (350, Some(&Some(350))));
        let asked = kinds(&host);
        assert_eq!(asked[..4], ["list", "calendar-query", "state", "members"], "the token is taken before the listing");
        assert_eq!(asked.iter().filter(|kind| **kind == "calendar-multiget").count(), 4);
        assert!(user.sync().await.is_quiet());
        check(&host);
    }
}

#[tokio::test]
async fn a_cut_query_is_completed_without_fetching_twice() {
    let host = host(Quirks { bulk_query: BulkQuery::CutAt(150), ..Quirks::default() }, 350).await;
    let mut user = user(&host).await;
    let _ = host.take_asked();
    let outcome = user.sync().await;
    assert_eq!((user.titles().len(), outcome.written.len(), outcome.swept.len()), (350, 350, 0));
    let fetched: usize = host.take_asked().iter().map(|asked| asked.hrefs).sum();
    assert_eq!(fetched, 200);
    assert_eq!(outcome.ends[0].next_sync_s, None, "this pass compared everything already");
    assert!(user.sync().await.is_quiet());
}

async fn what_breaks_off(fault: Fault, code: &str) {
    let host = host(Quirks::default(), 1_000).await;
    let mut user = user(&host).await;
    host.arm("calendar-query", fault);
    let outcome = user.sync().await;
    let error = outcome.error.expect("the damage is noticed");
    assert_eq!((error.problem.code.as_str(), error.class), (code, Class::Transient));
    assert!(outcome.ends.is_empty(), "no end, no cursor, no sweep");
    let first = user.titles().len();
    assert!(first > 100 && first < 1_000, "{first} arrived whole");
    assert_eq!(user.mirror().checkpoint.as_deref(), Some("begun"));
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!((outcome.same, outcome.written.len(), user.titles().len()), (first, 1_000 - first, 1_000));
    check(&host);
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_keeps_what_came_whole() {
    what_breaks_off(Fault::CutConnection(300_000), "connection_broken").await;
}

#[tokio::test]
async fn a_document_that_is_cut_off_keeps_what_came_whole() {
    what_breaks_off(Fault::CutBody(300_000), "damaged_answer").await;
}

#[tokio::test]
async fn a_damaged_listing_of_versions_deletes_nothing() {
    let host = host(Quirks::default(), 50).await;
    let mut user = user(&host).await;
    user.sync().await;
    for fault in [Fault::CutConnection(5_000), Fault::CutBody(5_000), Fault::Html, Fault::Status(503, None)] {
        host.arm("members", fault.clone());
        let outcome = user.sync().await;
        assert!(outcome.error.is_some() && outcome.ends.is_empty(), "{fault:?}");
        assert_eq!(user.titles().len(), 50, "{fault:?}");
    }
    assert_eq!(user.sync().await.same, 50);
}

#[tokio::test]
async fn a_refused_listing_of_versions_is_asked_as_a_report() {
    let host = host(Quirks::default(), 5).await;
    let mut user = user(&host).await;
    user.sync().await;
    let _ = host.take_asked();
    host.arm("members", Fault::Status(403, None));
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!((kinds(&host), outcome.same), (vec!["list", "members", "sync-collection"], 5));
    check(&host);
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_given_up() {
    let host = host(Quirks::default(), 100).await;
    let hurried = OutboundPolicy { idle_timeout: Duration::from_millis(200), ..policy() };
    let mut user = User::connect_with(hurried, &host.url(), USER, PASSWORD).await.unwrap();
    host.arm("calendar-query", Fault::Stall(20_000));
    let outcome = user.sync().await;
    assert_eq!(outcome.error.unwrap().problem.code, "timeout");
    assert!(!user.titles().is_empty(), "what came whole is kept");
}

#[tokio::test]
async fn an_object_without_data_is_unreadable_and_not_deleted() {
    let host = host(Quirks::default(), 3).await;
    let mut user = settled(&host).await;
    host.change(|quirks| quirks.empty = vec!["e1.ics".to_owned()]);
    host.put("work", "e1.ics", event("e1@sandbox", "Changed"));
    let outcome = user.sync().await;
    assert_eq!(outcome.unreadable, [("/dav/cal/me/work/e1.ics".to_owned(), "empty_body")]);
    assert_eq!(user.titles(), ["Event 0", "Event 1", "Event 2"], "what was stored stays");
    let outcome = user.sync_as(Some(Pass::Full)).await;
    assert_eq!((outcome.unreadable.len(), outcome.swept.len()), (1, 0), "a comparison does not delete it either");
}

#[tokio::test]
async fn one_broken_object_does_not_stop_the_others() {
    let host = host(Quirks::default(), 3).await;
    host.put("work", "broken.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nSUMMARY:No start\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    host.put("work", "text.ics", "this is no calendar");
    host.put("work", "task.ics", "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Task\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
    let mut user = user(&host).await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none());
    let mut unreadable: Vec<&str> = outcome.unreadable.iter().map(|(id, _)| id.rsplit('/').next().unwrap()).collect();
    unreadable.sort_unstable();
    assert_eq!((unreadable, user.titles().len()), (vec!["broken.ics", "text.ics"], 3));
    host.put("work", "task.ics", "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Done\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
    user.sync().await;
    host.put("work", "task.ics", "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Undone\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
    assert!(user.sync().await.is_quiet(), "a task is none of our business");
}

#[tokio::test]
async fn an_object_that_breaks_the_server_is_found_and_fetched_alone() {
    let quirks = Quirks { poison: vec!["e77.ics".to_owned()], bulk_query: BulkQuery::Refused(400), ..Quirks::default() };
    let host = host(quirks, 150).await;
    let mut user = user(&host).await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles().len(), 150);
    assert!(outcome.requests < 60, "{} requests", outcome.requests);
}

#[tokio::test]
async fn a_server_that_takes_only_few_hrefs_gets_few() {
    let quirks = Quirks { max_multiget: Some(30), bulk_query: BulkQuery::Refused(400), ..Quirks::default() };
    let host = host(quirks, 1_000).await;
    let mut user = user(&host).await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles().len(), 1_000);
    assert!(outcome.requests < 55, "{} requests", outcome.requests);
}

#[tokio::test]
async fn a_server_that_refuses_every_object_fails_and_is_not_hammered() {
    let quirks = Quirks { max_multiget: Some(0), bulk_query: BulkQuery::Refused(400), ..Quirks::default() };
    let host = host(quirks, 1_000).await;
    let mut user = user(&host).await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_some() && outcome.requests < 30, "{} requests", outcome.requests);
}

#[tokio::test]
async fn what_the_server_leaves_out_is_asked_for_alone() {
    let host = host(Quirks { omits: vec!["e1.ics".to_owned()], ..Quirks::default() }, 3).await;
    let mut user = settled(&host).await;
    host.put("work", "e1.ics", event("e1@sandbox", "Changed"));
    let outcome = user.sync().await;
    assert_eq!((outcome.written.len(), outcome.removed.len()), (1, 0));
    assert_eq!(kinds(&host), ["list", "sync-collection", "calendar-multiget", "get"]);
}

#[tokio::test]
async fn what_is_deleted_while_we_look_is_gone_whatever_the_server_answers() {
    for omits_missing in [true, false] {
        let host = host(Quirks { omits_missing, ..Quirks::default() }, 3).await;
        let mut user = settled(&host).await;
        host.put("work", "e1.ics", event("e1@sandbox", "Changed"));
        host.change(|quirks| quirks.vanishes = vec!["e1.ics".to_owned()]);
        let outcome = user.sync().await;
        assert_eq!((outcome.removed.len(), user.titles()), (1, vec!["Event 0".to_owned(), "Event 2".to_owned()]), "{omits_missing}");
        assert!(user.sync().await.is_quiet());
        check(&host);
    }
}

#[tokio::test]
async fn a_comparison_with_many_differences_is_one_query() {
    let host = host(Quirks::default(), 600).await;
    let mut user = settled(&host).await;
    user.mirror().versions.clear();
    user.mirror().titles.clear();
    let outcome = user.sync_as(Some(Pass::Full)).await;
    assert_eq!((outcome.written.len(), kinds(&host)), (600, vec!["list", "members", "calendar-query"]));
}

#[tokio::test]
async fn a_stream_that_is_dropped_stops_asking() {
    let host = host(Quirks { bulk_query: BulkQuery::Refused(400), ..Quirks::default() }, 3_000).await;
    let user = user(&host).await;
    let _ = host.take_asked();
    struct Nothing;
    #[async_trait::async_trait]
    impl KnownVersions for Nothing {
        async fn load(&self) -> Result<std::collections::HashMap<String, Option<String>>, syncline_core::error::ProviderError> {
            Ok(std::collections::HashMap::new())
        }
    }
    let mut pages = user.provider.pull(PullRequest {
        calendar: user.found.calendars[0].clone(),
        pass: Pass::Initial,
        cursor: None,
        checkpoint: None,
        known: Arc::new(Nothing),
        meter: Meter::default(),
        now: user.now,
    });
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!((page.changes.len(), page.total, page.checkpoint.is_some()), (500, Some(3_000), true));
    drop(pages);
    assert!(host.take_asked().len() < 20, "the remaining 25 requests were never sent");
}
