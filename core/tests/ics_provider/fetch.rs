//! How a feed is asked for: conditional requests, redirects, refusals. Each habit of a host is a test, over real sockets.

use crate::user::{User, policy};
use http::header::{ACCEPT, AUTHORIZATION, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use std::net::IpAddr;
use std::time::Duration;
use syncline_core::net::OutboundPolicy;
use syncline_domain::failure::Class;
use syncline_sandbox::ics::{Calendar, Entry, Etag, Fault, Feed, IcsHost};

fn lunch() -> Calendar {
    Calendar::named("Food").with(Entry::timed("lunch", "Lunch", ":20261120T120000Z", ":20261120T130000Z"))
}

fn dinner() -> Calendar {
    lunch().with(Entry::timed("dinner", "Dinner", ":20261120T190000Z", ":20261120T200000Z"))
}

async fn host_with(feed: Feed) -> (IcsHost, User) {
    let host = IcsHost::with(feed).await;
    let user = User::of(&host.url("feed.ics"));
    (host, user)
}

/// Syncs twice and expects the second one to do nothing, with one request.
async fn twice(feed: Feed) -> (IcsHost, User) {
    let (host, mut user) = host_with(feed).await;
    assert_eq!(user.sync().await.unwrap().written, ["lunch"]);
    let second = user.sync().await.unwrap();
    assert!(second.nothing_happened(), "{second:?}");
    assert_eq!(second.requests, 1);
    assert!(host.violations().is_empty(), "{:?}", host.violations());
    (host, user)
}

#[tokio::test]
async fn a_host_with_entity_tags_answers_304_and_nothing_is_written() {
    let (host, mut user) = twice(Feed::new(lunch())).await;
    let asked = host.asked();
    assert_eq!((asked[0].status, asked[0].header(IF_NONE_MATCH)), (200, None));
    assert!(asked[0].header(ACCEPT).unwrap().starts_with("text/calendar"));
    assert_eq!(asked[1].status, 304);
    assert!(asked[1].header(IF_NONE_MATCH).is_some());
    host.change(|feed| feed.calendar = dinner());
    assert_eq!(user.sync().await.unwrap().written, ["dinner"], "after a 304 a change is still noticed");
}

#[tokio::test]
async fn a_host_with_dates_alone_answers_304_and_nothing_is_written() {
    let date = Some("Fri, 20 Nov 2026 10:00:00 GMT".to_owned());
    let (host, _) = twice(Feed { etag: Etag::None, last_modified: date.clone(), ..Feed::new(lunch()) }).await;
    assert_eq!(host.asked()[1].header(IF_MODIFIED_SINCE), date.as_deref());
    assert_eq!(host.asked()[1].status, 304);
}

#[tokio::test]
async fn a_host_without_validators_sends_the_same_and_nothing_is_written() {
    let (host, _) = twice(Feed::new(lunch()).without_validators()).await;
    assert_eq!(host.asked()[1].status, 200);
}

#[tokio::test]
async fn a_host_that_stamps_dtstamp_and_etag_anew_sends_the_same_and_nothing_is_written() {
    let (host, mut user) = twice(Feed { restamp: true, etag: Etag::EachFetch, ..Feed::new(lunch()) }).await;
    assert_eq!(host.asked()[1].status, 200);
    assert!(user.sync().await.unwrap().nothing_happened());
    let tags: Vec<_> = host.asked().iter().filter_map(|asked| asked.header(IF_NONE_MATCH).map(str::to_owned)).collect();
    assert_eq!(tags, ["W/\"fetch-1\"", "W/\"fetch-2\""], "the newest tag is sent, even when nothing changed");
}

#[tokio::test]
async fn a_full_pass_asks_without_conditions_and_finds_everything_the_same() {
    let (host, mut user) = twice(Feed::new(lunch())).await;
    let report = user.pull(syncline_core::provider::Pass::Full).await.unwrap();
    assert_eq!((report.written.len(), report.same, report.vanished.len()), (0, 1, 0));
    assert_eq!(host.asked()[2].header(IF_NONE_MATCH), None);
}

#[tokio::test]
async fn a_compressed_feed_is_read() {
    twice(Feed { gzip: true, ..Feed::new(lunch()) }).await;
}

#[tokio::test]
async fn webcal_addresses_and_wrong_media_types_are_read() {
    let host = IcsHost::with(Feed { content_type: "application/octet-stream", ..Feed::new(lunch()) }).await;
    let mut user = User::of(&host.url("feed.ics"));
    assert_eq!(user.sync().await.unwrap().written, ["lunch"]);
    // webcal means https, and the stand-in speaks none: what counts is that TLS was tried.
    let mut user = User::of(&host.url("feed.ics").replace("http://", "webcal://"));
    assert_eq!(user.failure().await, "tls_error");
}

#[tokio::test]
async fn a_temporary_redirect_is_followed_and_the_address_stays() {
    let (host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Redirect(302, "moved.ics".into()))).await;
    host.set("moved.ics", Feed::new(lunch()));
    let report = user.sync().await.unwrap();
    assert_eq!((report.written.len(), report.requests, report.end.moved_to), (1, 2, None));
    let second = user.sync().await.unwrap();
    assert!(second.nothing_happened());
    let asked = host.asked();
    assert_eq!(asked[2].header(IF_NONE_MATCH), None, "who only redirects is sent no tag of somebody else");
    assert_eq!(asked[3].status, 304);
}

#[tokio::test]
async fn a_permanent_redirect_gives_the_new_address() {
    for status in [301, 308] {
        let (host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Redirect(status, "moved.ics".into()))).await;
        host.set("moved.ics", Feed::new(lunch()));
        let report = user.sync().await.unwrap();
        assert_eq!(report.end.moved_to, Some(host.url("moved.ics")));
        let mut moved = User { ics: User::of(&host.url("moved.ics")).ics, ..user };
        assert!(moved.sync().await.unwrap().nothing_happened());
        assert_eq!(host.asked().last().unwrap().status, 304, "the validators are good at the new address");
    }
}

#[tokio::test]
async fn a_permanent_redirect_behind_a_temporary_one_is_not_for_good() {
    let (host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Redirect(301, "second.ics".into()))).await;
    host.set("second.ics", Feed::new(lunch()).failing(Fault::Redirect(307, "third.ics".into())));
    host.set("third.ics", Feed::new(lunch()).failing(Fault::Redirect(301, "fourth.ics".into())));
    host.set("fourth.ics", Feed::new(lunch()));
    assert_eq!(user.sync().await.unwrap().end.moved_to, Some(host.url("second.ics")));
}

#[tokio::test]
async fn redirects_in_a_circle_and_endless_ones_end() {
    let (_host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Redirect(301, "feed.ics".into()))).await;
    assert_eq!(user.failure().await, "too_many_redirects");
    let (host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Redirect(302, "1.ics".into()))).await;
    for number in 1..10 {
        host.set(&format!("{number}.ics"), Feed::new(lunch()).failing(Fault::Redirect(302, format!("{}.ics", number + 1))));
    }
    assert_eq!(user.failure().await, "too_many_redirects");
    assert_eq!(host.asked().len(), 6, "five redirects are followed");
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused_when_the_connection_is_made() {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    let policy = OutboundPolicy { allow_private: false, private_exceptions: vec![loopback], ..policy() };
    let host = IcsHost::with(Feed::new(lunch())).await;
    let elsewhere = host.url("feed.ics").replace("127.0.0.1", "127.0.0.2");
    host.set("feed.ics", Feed::new(lunch()).failing(Fault::Redirect(302, elsewhere)));
    let mut user = User::asking(&host.url("feed.ics"), policy.clone());
    assert_eq!(user.failure().await, "private_address");
    assert_eq!(host.asked().len(), 1, "the first hop is allowed, the second is not made");
    host.change(|feed| feed.fault = None);
    assert!(User::asking(&host.url("feed.ics"), policy).sync().await.is_ok());
}

#[tokio::test]
async fn a_login_in_the_address_is_sent_and_kept_on_the_same_server() {
    let login = Some(("ann".to_owned(), "word".to_owned()));
    let host = IcsHost::start().await;
    let moved = Fault::Redirect(301, host.url("moved.ics"));
    host.set("feed.ics", Feed { login: login.clone(), ..Feed::new(lunch()).failing(moved) });
    host.set("moved.ics", Feed { login, ..Feed::new(lunch()) });
    let with_login = |url: String| url.replace("http://", "http://ann:word@");
    let mut user = User::of(&with_login(host.url("feed.ics")));
    let report = user.sync().await.unwrap();
    assert_eq!(report.end.moved_to, Some(with_login(host.url("moved.ics"))));
    assert!(user.sync().await.unwrap().nothing_happened());
    assert_eq!(host.asked().last().unwrap().status, 304);
    assert!(host.asked().iter().all(|asked| asked.header(AUTHORIZATION).is_some()));
    assert!(!user.cursor.unwrap().contains("word"));
}

#[tokio::test]
async fn a_login_is_not_sent_to_another_server() {
    let other = IcsHost::with(Feed::new(lunch())).await;
    let host = IcsHost::with(Feed::new(lunch()).failing(Fault::Redirect(302, other.url("feed.ics")))).await;
    let mut user = User::of(&host.url("feed.ics").replace("http://", "http://ann:word@"));
    user.sync().await.unwrap();
    assert_eq!(other.asked()[0].header(AUTHORIZATION), None);
}

#[tokio::test]
async fn a_feed_that_is_forbidden_or_gone_says_what_the_user_can_do() {
    for (status, code, class) in [
        (401, "feed_forbidden", Class::Authentication),
        (403, "feed_forbidden", Class::Authentication),
        (404, "feed_gone", Class::NotFound),
        (410, "feed_gone", Class::NotFound),
    ] {
        let (host, mut user) = host_with(Feed::new(lunch())).await;
        user.sync().await.unwrap();
        host.change(|feed| feed.fault = Some(Fault::Status(status, None)));
        let error = user.sync().await.unwrap_err();
        assert_eq!((error.problem.code.as_str(), error.class), (code, class), "{status}");
        assert!(error.problem.action.contains("address") || error.problem.action.contains("CalDAV account"), "{}", error.problem);
        assert_eq!(user.failure().await, code);
        host.change(|feed| feed.fault = None);
        assert!(user.sync().await.unwrap().nothing_happened(), "once it is back, nothing was lost");
    }
}

#[tokio::test]
async fn a_host_that_asks_to_slow_down_is_obeyed() {
    let (_host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Status(429, Some("120".into())))).await;
    let error = user.sync().await.unwrap_err();
    assert_eq!((error.class, error.retry_after), (Class::RateLimited, Some(Duration::from_secs(120))));
    assert_eq!(user.failure().await, "rate_limited");
}

#[tokio::test]
async fn a_host_with_a_problem_of_its_own_is_tried_again_later() {
    let (_host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Status(500, None))).await;
    let error = user.sync().await.unwrap_err();
    assert!(error.class.is_retryable());
    assert_eq!(user.failure().await, "server_error");
}

#[tokio::test]
async fn answers_without_a_calendar_in_them_are_failures() {
    for status in [204, 206, 304, 400, 418] {
        let (_host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Status(status, None))).await;
        assert_eq!(user.failure().await, "unexpected_status", "{status}");
    }
}

#[tokio::test]
async fn a_feed_that_hangs_or_falls_silent_is_left_in_time() {
    let short = Duration::from_millis(150);
    for fault in [Fault::Hang, Fault::Stall(50)] {
        let host = IcsHost::with(Feed::new(lunch()).failing(fault.clone())).await;
        let hurried = OutboundPolicy { first_byte_timeout: short, idle_timeout: short, ..policy() };
        assert_eq!(User::asking(&host.url("feed.ics"), hurried).failure().await, "timeout", "{fault:?}");
    }
}

#[tokio::test]
async fn a_feed_of_a_hundred_megabytes_is_refused_at_twenty() {
    let (_host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Huge(100 << 20))).await;
    assert_eq!(user.failure().await, "too_large");
}

#[tokio::test]
async fn a_feed_that_inflates_to_more_than_twenty_megabytes_is_refused() {
    let (_host, mut user) = host_with(Feed::new(lunch()).failing(Fault::Bomb(32 << 20))).await;
    assert_eq!(user.failure().await, "too_large");
}

#[tokio::test]
async fn refresh_hints_and_cache_times_set_the_next_sync() {
    let next = async |calendar: Calendar, cache: Option<&str>| {
        let (_host, mut user) = host_with(Feed { cache_control: cache.map(str::to_owned), ..Feed::new(calendar) }).await;
        let (first, second) = (user.sync().await.unwrap(), user.sync().await.unwrap());
        assert_eq!(first.end.next_sync_s, second.end.next_sync_s, "a 304 changes nothing about it");
        first.end.next_sync_s
    };
    assert_eq!(next(lunch(), None).await, None);
    assert_eq!(next(lunch().line("REFRESH-INTERVAL;VALUE=DURATION:PT1H"), None).await, Some(3600));
    assert_eq!(next(lunch().line("X-PUBLISHED-TTL:PT12H"), None).await, Some(43_200));
    assert_eq!(next(lunch().line("X-PUBLISHED-TTL:PT1M"), None).await, Some(900));
    assert_eq!(next(lunch().line("REFRESH-INTERVAL;VALUE=DURATION:P1W"), None).await, Some(86_400));
    assert_eq!(next(lunch(), Some("max-age=7200")).await, Some(7200));
}
