//! Google as one of the providers.

use super::support::{World, event};
use crate::suite::{Service, provider_suite};
use crate::world::{self, ME};
use syncline_core::testing::db::TestHub;
use syncline_sandbox::{GoogleDo, Provider};

provider_suite! { Google }

pub(crate) struct Google(World);

impl Service for Google {
    const PROVIDER: Provider = Provider::Google;
    const EVENTS: &'static str = "/calendars/";
    const QUIET: u64 = 1;

    async fn connected(at: TestHub) -> Self {
        let world = World::new(at).await;
        world.connect().await;
        Self(world)
    }

    fn world(&self) -> &world::World {
        &self.0
    }

    fn create(&self, title: &str, day: u8) -> String {
        self.0.create(event(title, &format!("2026-03-{day:02}")))
    }

    fn rename(&self, id: &str, title: &str) {
        self.0.act(GoogleDo::Change { calendar: ME.into(), event: id.into(), patch: serde_json::json!({"summary": title}) });
    }

    fn delete(&self, id: &str) {
        self.0.act(GoogleDo::Delete { calendar: ME.into(), event: id.into() });
    }

    fn lose_cursor(&self) {
        self.0.act(GoogleDo::LoseTokens { calendar: ME.into() });
    }
}
