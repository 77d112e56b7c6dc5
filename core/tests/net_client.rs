//! The outbound client against a host that misbehaves, over real sockets.

use bytes::Bytes;
use http::StatusCode;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use syncline_core::error::ProviderError;
use syncline_core::net::{HttpClient, OutboundPolicy, Request};
use syncline_core::provider::Meter;
use syncline_domain::failure::Class;
use syncline_sandbox::ics::{Calendar, Fault, Feed, IcsHost};
use url::Url;

const MEGABYTE: u64 = 1024 * 1024;

fn open() -> OutboundPolicy {
    OutboundPolicy { allow_private: true, ..OutboundPolicy::default() }
}

fn hurried() -> OutboundPolicy {
    let short = Duration::from_millis(150);
    OutboundPolicy { connect_timeout: short, first_byte_timeout: short, idle_timeout: short, ..open() }
}

async fn fetch(policy: OutboundPolicy, url: &str, meter: &Meter) -> Result<(StatusCode, Bytes), ProviderError> {
    let client = HttpClient::new(policy)?;
    let response = client.send("test.fetch", Request::get(Url::parse(url).unwrap()), meter).await?;
    let status = response.status;
    Ok((status, response.bytes().await?))
}

async fn failure(policy: OutboundPolicy, url: &str) -> ProviderError {
    let error = fetch(policy, url, &Meter::default()).await.expect_err("this can not succeed");
    let chain = chain(&error);
    assert!(!chain.contains("secret-path"), "the path of an address is a secret: {chain}");
    error
}

/// Everything that a log could show of an error.
fn chain(error: &ProviderError) -> String {
    let mut text = format!("{} {} {error} {error:?}", error.problem.message, error.problem.action);
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text += &format!(" {source} {source:?}");
        next = source.source();
    }
    text
}

#[tokio::test]
async fn a_body_arrives_decompressed_and_requests_and_bytes_are_counted() {
    let calendar = Calendar::many(100);
    let size = calendar.text(None, None).len() as u64;
    let host = IcsHost::with(Feed { gzip: true, ..Feed::new(calendar) }).await;
    let meter = Meter::default();
    let (status, body) = fetch(open(), &host.url("feed.ics"), &meter).await.unwrap();
    assert_eq!((status, body.len() as u64), (StatusCode::OK, size));
    assert_eq!((meter.requests(), meter.received()), (1, size));
    assert!(host.violations().is_empty(), "{:?}", host.violations());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let host = IcsHost::with(Feed::raw("").failing(Fault::Redirect(302, "/elsewhere".into()))).await;
    let (status, _) = fetch(open(), &host.url("feed.ics"), &Meter::default()).await.unwrap();
    assert_eq!((status, host.asked().len()), (StatusCode::FOUND, 1));
}

#[tokio::test]
async fn a_private_address_in_numbers_is_refused_and_nothing_is_sent() {
    let host = IcsHost::with(Feed::raw("x")).await;
    let error = failure(OutboundPolicy::default(), &host.url("feed.ics")).await;
    assert_eq!((error.problem.code.as_str(), error.class), ("private_address", Class::Refused));
    assert!(error.problem.action.contains("SYNCLINE_ALLOW_PRIVATE_ADDRESSES=true"));
    assert!(host.asked().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_when_the_connection_is_made() {
    let host = IcsHost::with(Feed::raw("x")).await;
    let url = host.url("feed.ics").replace("127.0.0.1", "localhost");
    assert_eq!(failure(OutboundPolicy::default(), &url).await.problem.code, "private_address");
    assert!(host.asked().is_empty());
    let loopback: IpAddr = [127, 0, 0, 1].into();
    let excepted = OutboundPolicy { private_exceptions: vec![loopback], ..OutboundPolicy::default() };
    assert!(fetch(excepted, &url, &Meter::default()).await.is_ok(), "an exception opens one address");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_so() {
    let error = failure(open(), "http://no-such-host.invalid/secret-path").await;
    assert_eq!(error.problem.code, "unknown_host");
    assert!(error.problem.message.contains("no-such-host.invalid"));
}

#[tokio::test]
async fn a_closed_port_is_said_so() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(open(), &format!("http://{address}/secret-path")).await;
    assert_eq!((error.problem.code.as_str(), error.class), ("connection_refused", Class::Transient));
}

#[tokio::test]
async fn a_host_that_hangs_is_left_after_the_time_limit() {
    let host = IcsHost::with(Feed::raw("").failing(Fault::Hang)).await;
    let begun = Instant::now();
    assert_eq!(failure(hurried(), &host.url("feed.ics")).await.problem.code, "timeout");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_body_that_falls_silent_is_left_after_the_time_limit() {
    let host = IcsHost::with(Feed::new(Calendar::many(10)).failing(Fault::Stall(100))).await;
    assert_eq!(failure(hurried(), &host.url("feed.ics")).await.problem.code, "timeout");
}

#[tokio::test]
async fn a_body_that_drips_for_ever_ends_with_the_total_time() {
    let host = IcsHost::with(Feed::new(Calendar::many(10)).failing(Fault::Stall(100))).await;
    let policy = OutboundPolicy { total_timeout: Duration::from_millis(150), ..open() };
    assert_eq!(failure(policy, &host.url("feed.ics")).await.problem.code, "timeout");
}

#[tokio::test]
async fn a_connection_that_breaks_inside_the_body_is_an_error_and_not_a_short_body() {
    let host = IcsHost::with(Feed::new(Calendar::many(10)).failing(Fault::CutConnection(100))).await;
    let error = failure(open(), &host.url("feed.ics")).await;
    assert_eq!((error.problem.code.as_str(), error.class), ("connection_broken", Class::Transient));
}

#[tokio::test]
async fn a_hundred_megabytes_stop_at_the_limit() {
    let host = IcsHost::with(Feed::raw("").failing(Fault::Huge(100 * MEGABYTE))).await;
    let meter = Meter::default();
    let policy = OutboundPolicy { max_body: 2 * MEGABYTE, ..open() };
    let error = fetch(policy, &host.url("feed.ics"), &meter).await.unwrap_err();
    assert_eq!((error.problem.code.as_str(), error.class), ("too_large", Class::Refused));
    assert!(meter.received() < 3 * MEGABYTE, "{} bytes were read", meter.received());
}

#[tokio::test]
async fn an_announced_size_over_the_limit_is_refused_before_a_byte_is_read() {
    let host = IcsHost::with(Feed::raw(vec![b'x'; 5000])).await;
    let meter = Meter::default();
    let error = fetch(OutboundPolicy { max_body: 4000, ..open() }, &host.url("feed.ics"), &meter).await.unwrap_err();
    assert_eq!((error.problem.code.as_str(), meter.received()), ("too_large", 0));
}

#[tokio::test]
async fn a_small_body_that_inflates_without_end_stops_at_the_limit() {
    let host = IcsHost::with(Feed::raw("").failing(Fault::Bomb(100 * MEGABYTE))).await;
    let meter = Meter::default();
    let policy = OutboundPolicy { max_body: MEGABYTE, ..open() };
    let error = fetch(policy, &host.url("feed.ics"), &meter).await.unwrap_err();
    assert_eq!(error.problem.code, "too_large");
    assert!(meter.received() < 2 * MEGABYTE, "{} bytes were inflated", meter.received());
}

#[tokio::test]
async fn a_user_and_password_in_the_address_become_basic_authentication() {
    let host = IcsHost::with(Feed { login: Some(("ann@example.org".into(), "p:w".into())), ..Feed::raw("x") }).await;
    let url = host.url("feed.ics").replace("http://", "http://ann%40example.org:p%3Aw@");
    let client = HttpClient::new(open()).unwrap();
    let response = client.send("test.fetch", Request::get(Url::parse(&url).unwrap()), &Meter::default()).await.unwrap();
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.url.as_str(), host.url("feed.ics"), "the answer's address holds no password");
}
