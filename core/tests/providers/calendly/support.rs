//! A user with a Calendly account at the stand-in.

use crate::world;
use serde_json::Value;
use std::ops::Deref;
use syncline_core::testing::db::TestHub;
use syncline_sandbox::{CalendlyBooking, CalendlyDo, Provider};

pub(crate) use crate::world::{ME, MINUTE, OTHER, second_process};

pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// [`world::World`] with Calendly.
pub(crate) struct World(pub(crate) world::World);

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &world::World {
        &self.0
    }
}

/// The addresses of a booking.
#[derive(Debug, Clone)]
pub(crate) struct Booked {
    pub(crate) event: String,
    pub(crate) invitee: String,
}

fn booked(answer: &Value) -> Booked {
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Booked { event: text("event"), invitee: text("invitee") }
}

impl World {
    /// Nobody is connected yet. The host's event type is "30 Minute Meeting".
    pub(crate) async fn new(at: TestHub) -> Self {
        let world = Self(world::World::with(at, world::client(Provider::Calendly)).await);
        for account in [ME, OTHER] {
            let name = account.split('@').next().unwrap().to_owned();
            world.act(CalendlyDo::Account { account: account.into(), name, zone: "Europe/Berlin".into() });
        }
        world.allow(ME, &[]);
        world
    }

    pub(crate) fn act(&self, what: CalendlyDo) -> Value {
        self.sandbox.calendly(what).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// An invitee books the first event type.
    pub(crate) fn book(&self, name: &str, start: &str) -> Booked {
        self.book_type(None, name, start)
    }

    pub(crate) fn book_type(&self, event_type: Option<&str>, name: &str, start: &str) -> Booked {
        let booking = CalendlyBooking {
            event_type: event_type.map(str::to_owned),
            start: start.to_owned(),
            email: format!("{}@example.net", name.to_lowercase()),
            name: name.to_owned(),
            zone: "Europe/Berlin".to_owned(),
            location: None,
            calendar_event: None,
            answers: vec![("Topic?".to_owned(), "Tax".to_owned())],
        };
        booked(&self.act(CalendlyDo::Book { account: ME.into(), booking }))
    }

    /// An event type for several invitees; gives its address.
    pub(crate) fn group(&self, name: &str) -> String {
        let kind = CalendlyDo::EventType { account: ME.into(), name: name.into(), minutes: 60, limit: 5, location: None };
        self.act(kind)["uri"].as_str().unwrap().to_owned()
    }

    pub(crate) fn reschedule(&self, booking: &Booked, start: &str) -> Booked {
        booked(&self.act(CalendlyDo::Reschedule { invitee: booking.invitee.clone(), start: start.into() }))
    }

    /// How many lists of events, how many of invitees, and how many other requests were made since the last look.
    pub(crate) fn asked(&self) -> (usize, usize, usize) {
        let asked = self.sandbox.take_asked();
        let is_list = |path: &str| path == "/scheduled_events";
        let lists = asked.iter().filter(|one| is_list(&one.path)).count();
        let invitees = asked.iter().filter(|one| one.path.ends_with("/invitees")).count();
        (lists, invitees, asked.len() - lists - invitees)
    }

    /// The ids of the live events.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.at.texts("SELECT id FROM events WHERE deleted_at IS NULL ORDER BY id").await
    }
}
