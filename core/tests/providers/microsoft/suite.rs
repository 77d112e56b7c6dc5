//! Microsoft as one of the providers.

use super::support::{World, event};
use crate::suite::{Service, provider_suite};
use crate::world;
use serde_json::json;
use syncline_core::testing::db::TestHub;
use syncline_sandbox::Provider;

provider_suite! { Microsoft }

pub(crate) struct Microsoft(World);

impl Service for Microsoft {
    const PROVIDER: Provider = Provider::Microsoft;
    const EVENTS: &'static str = "/me/calendars/";
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
        self.0.change(id, json!({"subject": title}));
    }

    fn delete(&self, id: &str) {
        self.0.delete(id);
    }

    fn lose_cursor(&self) {
        self.0.lose_links();
    }
}
