//! What a first sync costs beside the one query that no client can do without. Run with
//! `cargo test -p syncline-core --test caldav figures -- --ignored --nocapture`; an unoptimised build shows the parsing several times too slow.

use crate::support::{NOW, User};
use futures::StreamExt as _;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Instant;
use syncline_core::net::{HttpClient, Request};
use syncline_core::provider::caldav::{CalDav, CalDavAccount};
use syncline_core::provider::{KnownVersions, Meter, Pass, Provider as _, PullRequest};
use syncline_core::testing::radicale::{self, Radicale};
use url::Url;

const OBJECTS: usize = 10_000;

struct Nothing;

#[async_trait::async_trait]
impl KnownVersions for Nothing {
    async fn load(&self) -> Result<std::collections::HashMap<String, Option<String>>, syncline_core::error::ProviderError> {
        Ok(std::collections::HashMap::new())
    }
}

/// The floor: the same query by a client that throws the answer away.
async fn raw_query(url: &str) -> f64 {
    let body = r#"<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter></c:calendar-query>"#;
    let client = HttpClient::new(crate::support::policy()).unwrap();
    let request = Request::new("REPORT".parse().unwrap(), Url::parse(url).unwrap())
        .basic_auth(radicale::USER, radicale::PASSWORD)
        .header_text(http::HeaderName::from_static("depth"), "1")
        .header_text(http::header::CONTENT_TYPE, "application/xml")
        .body(body);
    let start = Instant::now();
    let response = client.send("figures", request, &Meter::default()).await.unwrap();
    assert!(response.bytes().await.unwrap().len() > 1_000_000);
    start.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, worth something only optimised and on a quiet machine"]
async fn figures_of_a_first_sync_of_ten_thousand_events() {
    let Some(server) = Radicale::start_with(|folder| radicale::seed(folder, "big", OBJECTS)).await else { return };
    let mut user = User::connect(&server.url(), radicale::USER, radicale::PASSWORD).await.unwrap();
    // The first query fills the server's own cache.
    raw_query(&server.calendar_url("big")).await;
    for round in 0..5 {
        let floor = raw_query(&server.calendar_url("big")).await;
        let settings = user.found.settings.clone();
        let client = HttpClient::new(crate::support::policy()).unwrap();
        let provider = CalDav::new(client, CalDavAccount { settings, password: SecretString::from(radicale::PASSWORD) });
        let meter = Meter::default();
        let start = Instant::now();
        let calendar = provider.list(&[], &meter).await.unwrap().remove(0);
        let listed = start.elapsed().as_secs_f64();
        let known = Arc::new(Nothing);
        let request = PullRequest { calendar, pass: Pass::Initial, cursor: None, checkpoint: None, known, meter: meter.clone(), now: NOW };
        let mut pages = provider.pull(request);
        let (mut objects, mut first) = (0, 0.0);
        while let Some(page) = pages.next().await {
            objects += page.unwrap().changes.len();
            if first == 0.0 {
                first = start.elapsed().as_secs_f64();
            }
        }
        let whole = start.elapsed().as_secs_f64();
        assert_eq!((objects, meter.requests()), (OBJECTS, 2));
        eprintln!(
            "round {round}: raw query {floor:.3} s; list {listed:.3} s, first page {first:.3} s, all {whole:.3} s; ratio {:.2}",
            whole / floor
        );
    }
    let object = syncline_sandbox::caldav::event("e1@x", "Event number 1");
    let start = Instant::now();
    for _ in 0..OBJECTS {
        std::hint::black_box(syncline_core::ical::read_object(object.as_bytes(), &syncline_core::ical::Context::default()));
    }
    eprintln!("reading as many small objects, without any XML: {:.3} s", start.elapsed().as_secs_f64());
    for name in ["first sync", "proof", "nothing changed", "nothing changed"] {
        let start = Instant::now();
        let outcome = user.sync().await;
        eprintln!("{name}: {:.3} s, {} requests", start.elapsed().as_secs_f64(), outcome.requests);
    }
}
