//! A user with a Google account at the stand-in.

use crate::world;
use serde_json::{Value, json};
use std::ops::Deref;
use syncline_core::testing::db::TestHub;
use syncline_sandbox::{ClientApp, GoogleDo, Provider};

pub(crate) use crate::world::{ME, MINUTE, OTHER, SESSION, second_process};

/// [`world::World`] with Google.
pub(crate) struct World(pub(crate) world::World);

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &world::World {
        &self.0
    }
}

pub(crate) fn client() -> ClientApp {
    world::client(Provider::Google)
}

impl World {
    pub(crate) async fn new(at: TestHub) -> Self {
        Self::with(at, client()).await
    }

    pub(crate) async fn with(at: TestHub, client: ClientApp) -> Self {
        let world = Self(world::World::with(at, client).await);
        for account in [ME, OTHER] {
            let name = account.split('@').next().unwrap().to_owned();
            world.act(GoogleDo::Account { account: account.into(), name, zone: "Europe/Berlin".into() });
        }
        world.allow(ME, &[]);
        world
    }

    pub(crate) fn act(&self, what: GoogleDo) -> Value {
        self.sandbox.google(what).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    pub(crate) fn create(&self, event: Value) -> String {
        self.act(GoogleDo::Create { calendar: ME.into(), event })["id"].as_str().unwrap().to_owned()
    }
}

/// An event of an hour, from nine in Berlin.
pub(crate) fn event(summary: &str, day: &str) -> Value {
    timed(summary, &format!("{day}T09:00:00"), &format!("{day}T10:00:00"))
}

pub(crate) fn timed(summary: &str, start: &str, end: &str) -> Value {
    json!({"summary": summary, "start": time(start, "Europe/Berlin"), "end": time(end, "Europe/Berlin")})
}

/// A wall time in a zone, with its offset.
pub(crate) fn time(wall: &str, zone: &str) -> Value {
    let at = wall.parse::<jiff::civil::DateTime>().unwrap().in_tz(zone).unwrap();
    json!({"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), "timeZone": zone})
}

/// Every Monday at nine, four times from 9 March 2026; the fourth is after the change to summer time.
pub(crate) fn weekly(summary: &str) -> Value {
    let mut series = event(summary, "2026-03-09");
    series["recurrence"] = json!(["RRULE:FREQ=WEEKLY;COUNT=4"]);
    series
}
