//! Calendly as one of the providers.
//!
//! Left out: a lost cursor (Calendly has none that could be lost), and a limit that does not say when it ends (every answer of
//! Calendly says it, usually up to a minute, for which no job waits).

use super::support::World;
use crate::suite::{Service, provider_suite};
use crate::world;
use syncline_core::testing::db::TestHub;
use syncline_sandbox::{CalendlyDo, Provider, Trouble};

provider_suite! { Calendly:
    a_first_sync_stores_everything_and_a_second_costs_one_request,
    what_changed_is_all_that_is_fetched,
    a_full_sync_writes_nothing_when_nothing_changed,
    an_expired_token_is_renewed_and_the_sync_goes_on,
    a_revoked_permission_needs_the_user_and_keeps_the_events,
    limits_and_failures_that_pass_are_waited_for,
    a_failure_that_stays_keeps_everything_and_is_told,
    an_answer_that_breaks_off_stores_nothing_wrong,
    most_events_gone_at_once_are_held,
}

pub(crate) struct Calendly(World);

impl Service for Calendly {
    const PROVIDER: Provider = Provider::Calendly;
    const EVENTS: &'static str = "/scheduled_events";
    const QUIET: u64 = 1;

    async fn connected(at: TestHub) -> Self {
        let world = World::new(at).await;
        world.connect().await;
        Self(world)
    }

    fn world(&self) -> &world::World {
        &self.0
    }

    /// A group event, which has only its name as a title.
    fn create(&self, title: &str, day: u8) -> String {
        let kind = self.0.group(title);
        self.0.book_type(Some(&kind), "Guest", &format!("2026-03-{day:02}T08:00:00Z")).event
    }

    fn rename(&self, id: &str, title: &str) {
        self.0.act(CalendlyDo::Rename { event: id.into(), name: title.into() });
    }

    fn delete(&self, id: &str) {
        self.0.act(CalendlyDo::Erase { event: id.into() });
    }

    fn lose_cursor(&self) {
        unreachable!("its case is left out");
    }

    fn passing() -> Vec<Trouble> {
        vec![
            Trouble::RateLimited { status: None, retry_after: Some(1) },
            Trouble::ServerError { status: 503 },
            Trouble::CutAfter { bytes: 40 },
            Trouble::Truncate { bytes: 40 },
        ]
    }
}
