//! The provider without an engine: what it says while nothing of it is stored yet.

use super::support::{ME, World, event, series};
use async_trait::async_trait;
use futures::TryStreamExt as _;
use secrecy::SecretString;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use syncline_core::error::ProviderError;
use syncline_core::net::{HttpClient, OutboundPolicy};
use syncline_core::oauth::access::Access;
use syncline_core::provider::microsoft::Microsoft;
use syncline_core::provider::{Change, Content, KnownVersions, Meter, Page, Pass, Provider as _, PullRequest};
use syncline_core::testing::db::{Backend, TestHub};
use syncline_domain::event::Event;
use syncline_sandbox::Provider;
use url::Url;

syncline_core::store_suite! {
    what_the_old_round_told_counts_although_it_is_not_stored_yet,
}

struct Token(SecretString);

#[async_trait]
impl Access for Token {
    async fn token(&self) -> Result<SecretString, ProviderError> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _refused: &SecretString) -> Result<SecretString, ProviderError> {
        panic!("the token is good")
    }
}

/// What was stored when the pass began; nothing is added.
#[derive(Default)]
struct Frozen(HashMap<String, (Option<String>, String)>);

#[async_trait]
impl KnownVersions for Frozen {
    async fn load(&self) -> Result<HashMap<String, Option<String>>, ProviderError> {
        Ok(self.0.iter().map(|(id, (version, _))| (id.clone(), version.clone())).collect())
    }

    async fn raw(&self, ids: &[String]) -> Result<HashMap<String, String>, ProviderError> {
        Ok(ids.iter().filter_map(|id| Some((id.clone(), self.0.get(id)?.1.clone()))).collect())
    }
}

async fn pull(world: &World, pass: Pass, cursor: Option<String>, known: Frozen) -> (Vec<Change>, Option<String>) {
    let client = HttpClient::new(OutboundPolicy { allow_private: true, ..OutboundPolicy::default() }).unwrap();
    let base = Url::parse(&world.sandbox.api_base(Provider::Microsoft)).unwrap();
    let token = world.sandbox.token(Provider::Microsoft, ME, &["User.Read", "Calendars.Read"]);
    let microsoft = Microsoft::new(client, base, Arc::new(Token(token.into())), world.at.config.clock.clone());
    let calendar = microsoft.list(&[], &Meter::default()).await.unwrap().remove(0);
    let (known, now) = (Arc::new(known), world.at.now());
    let request = PullRequest { calendar, pass, cursor, checkpoint: None, known, meter: Meter::default(), now };
    let pages: Vec<Page> = microsoft.pull(request).try_collect().await.unwrap();
    let cursor = pages.last().and_then(|page| page.end.as_ref()?.cursor.clone());
    (pages.into_iter().flat_map(|page| page.changes).collect(), cursor)
}

async fn what_the_old_round_told_counts_although_it_is_not_stored_yet(at: TestHub) {
    if at.backend != Backend::SqliteMemory {
        return; // nothing is stored
    }
    let world = World::new(at).await;
    let weekly = series("Team", "2024-03-11", json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}), None);
    let id = world.create(weekly);
    world.create(event("Today", "2026-03-10"));
    let (changes, cursor) = pull(&world, Pass::Initial, None, Frozen::default()).await;
    let stored = || {
        let stored = changes.iter().filter_map(|change| match &change.content {
            Content::Present(object) => Some((change.remote_id.clone(), (change.version.clone(), object.raw.clone()))),
            _ => None,
        });
        Frozen(stored.collect())
    };
    world.days_pass(20);
    let (none, cursor) = pull(&world, Pass::Incremental, cursor, stored()).await;
    assert!(none.is_empty());
    world.days_pass(11);
    // It lies in the old window and not in the new one.
    world.cancel_instance(&id, "2024-03-25T08:00:00Z");
    let (told, _) = pull(&world, Pass::Incremental, cursor, stored()).await;
    let of_series: Vec<&Event> = told
        .iter()
        .filter(|change| change.remote_id == id)
        .filter_map(|change| match &change.content {
            Content::Present(object) => object.events.first(),
            _ => None,
        })
        .collect();
    assert_eq!(of_series.len(), 2, "by the old round, and by the new one");
    for event in of_series {
        assert_eq!(event.recurrence.as_ref().unwrap().except_dates.len(), 1);
    }
}
