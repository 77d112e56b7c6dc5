//! A user with a Microsoft account at the stand-in.

use crate::world;
use serde_json::{Value, json};
use std::ops::Deref;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::FULL;
use syncline_domain::sync::SyncReport;
use syncline_sandbox::{Asked, MicrosoftDo, Provider};

pub(crate) use crate::world::{ME, OTHER};

/// [`world::World`] with Microsoft.
pub(crate) struct World(pub(crate) world::World);

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &world::World {
        &self.0
    }
}

impl World {
    pub(crate) async fn new(at: TestHub) -> Self {
        let world = Self(world::World::with(at, world::client(Provider::Microsoft)).await);
        for account in [ME, OTHER] {
            let name = account.split('@').next().unwrap().to_owned();
            world.act(MicrosoftDo::Account { account: account.into(), name, zone: "Europe/Berlin".into() });
        }
        world.allow(ME, &[]);
        world
    }

    pub(crate) fn act(&self, what: MicrosoftDo) -> Value {
        self.sandbox.microsoft(what).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    pub(crate) fn create(&self, event: Value) -> String {
        self.create_in(None, event)
    }

    pub(crate) fn create_in(&self, calendar: Option<&str>, event: Value) -> String {
        let calendar = calendar.map(str::to_owned);
        self.act(MicrosoftDo::Create { account: ME.into(), calendar, event })["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn change(&self, id: &str, patch: Value) {
        self.act(MicrosoftDo::Change { account: ME.into(), event: id.into(), patch });
    }

    pub(crate) fn delete(&self, id: &str) {
        self.act(MicrosoftDo::Delete { account: ME.into(), event: id.into() });
    }

    pub(crate) fn change_instance(&self, master: &str, original: &str, patch: Value) {
        self.act(MicrosoftDo::ChangeInstance { account: ME.into(), master: master.into(), original: original.into(), patch });
    }

    pub(crate) fn cancel_instance(&self, master: &str, original: &str) {
        self.act(MicrosoftDo::CancelInstance { account: ME.into(), master: master.into(), original: original.into() });
    }

    pub(crate) fn add_calendar(&self, name: &str) -> String {
        self.act(MicrosoftDo::AddCalendar { account: ME.into(), name: name.into() })["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn lose_links(&self) {
        self.act(MicrosoftDo::LoseTokens { account: ME.into() });
    }

    pub(crate) async fn full(&self) -> SyncReport {
        self.at.sync_with(&self.user, FULL).await
    }

    /// So many days later.
    pub(crate) fn days_pass(&self, days: i64) {
        self.at.advance(days * 86_400_000);
        self.sandbox.advance(days * 86_400_000);
    }

    /// The starts of everything from 1 March to 1 May 2026, as the clock in Berlin shows them.
    pub(crate) async fn starts(&self) -> Vec<String> {
        self.shown().await.into_iter().map(|(_, start, _)| start).collect()
    }

    /// What was asked for with the events of a calendar since the last look.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let asked = self.sandbox.take_asked();
        asked.into_iter().filter(|one| one.path.starts_with("/me/calendars/") || one.path == "/$batch").collect()
    }
}

/// An event of an hour, from nine in Berlin.
pub(crate) fn event(subject: &str, day: &str) -> Value {
    timed(subject, &format!("{day}T09:00:00"), &format!("{day}T10:00:00"))
}

pub(crate) fn timed(subject: &str, start: &str, end: &str) -> Value {
    let time = |wall: &str| json!({"dateTime": wall, "timeZone": "W. Europe Standard Time"});
    json!({"subject": subject, "start": time(start), "end": time(end)})
}

/// Start and end of [`event`] alone.
pub(crate) fn moved_to(day: &str) -> Value {
    let event = event("", day);
    json!({"start": event["start"], "end": event["end"]})
}

/// Every Monday at nine, four times from 9 March 2026; the fourth is after the change to summer time.
pub(crate) fn weekly(subject: &str) -> Value {
    series(subject, "2026-03-09", json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}), Some(4))
}

/// A series of hours from nine in Berlin.
pub(crate) fn series(subject: &str, first: &str, pattern: Value, number: Option<u32>) -> Value {
    let range = match number {
        Some(number) => json!({"type": "numbered", "startDate": first, "numberOfOccurrences": number}),
        None => json!({"type": "noEnd", "startDate": first}),
    };
    let mut series = event(subject, first);
    series["recurrence"] = json!({"pattern": pattern, "range": range});
    series
}
