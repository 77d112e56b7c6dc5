//! What hosts and invitees do in Calendly, for tests and the demo.

use super::Calendly;
use super::book::{Booking, LETTERS};
use super::errors::Fail;
use super::gate::{id_of, utc};
use super::model::{EventType, Role, User};
use crate::hub::{Base, Provider, Refusal, Sandbox, refuse};
use crate::schema::CALENDLY;
use serde::Deserialize;
use serde_json::{Value, json};

/// A booking by an invitee.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendlyBooking {
    /// The event type's id or address; the account's first one when absent.
    #[serde(default)]
    pub event_type: Option<String>,
    /// In UTC, such as `2026-03-10T08:00:00Z`. May lie in the past.
    pub start: String,
    /// The invitee's address.
    pub email: String,
    /// The invitee's name.
    pub name: String,
    /// The invitee's IANA zone.
    #[serde(default = "utc_zone")]
    pub zone: String,
    /// A `location`; the event type's when absent.
    #[serde(default)]
    pub location: Option<Value>,
    /// The copy in a linked calendar: `{"kind": "google", "external_id": "…"}`.
    #[serde(default)]
    pub calendar_event: Option<Value>,
    /// Questions and answers.
    #[serde(default)]
    pub answers: Vec<(String, String)>,
}

/// A change as host or invitee make it. As JSON (`POST /_admin/calendly`): `{"do":"book","account":"…","booking":{…}}`.
///
/// `event` and `invitee` are ids or addresses of the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum CalendlyDo {
    /// Makes a user with an event type of 30 minutes. Answers `{"uri", "organization", "event_type"}`.
    Account {
        /// The address.
        account: String,
        /// The name.
        name: String,
        /// The IANA zone.
        #[serde(default = "utc_zone")]
        zone: String,
    },
    /// Puts a user into the organization of another, as `user`, `admin` or `owner`. Alone, everybody is the owner of an own one.
    Join {
        /// Who.
        account: String,
        /// Whose organization.
        of: String,
        /// As what.
        role: String,
    },
    /// Makes an event type. Answers `{"uri"}`.
    EventType {
        /// Whose.
        account: String,
        /// Its name.
        name: String,
        /// Its length.
        minutes: i64,
        /// Invitees of one event; more than one makes it a group event.
        #[serde(default = "one")]
        limit: u32,
        /// A `location`.
        #[serde(default)]
        location: Option<Value>,
    },
    /// An invitee books. Answers `{"event", "invitee"}`, their addresses.
    Book {
        /// With whom.
        account: String,
        /// What.
        booking: CalendlyBooking,
    },
    /// Many bookings at once. Answers `{"count"}`.
    Fill {
        /// With whom.
        account: String,
        /// What.
        bookings: Vec<CalendlyBooking>,
    },
    /// The host gives an event another name.
    Rename {
        /// Which.
        event: String,
        /// Its new name.
        name: String,
    },
    /// The host cancels an event.
    CancelEvent {
        /// Which.
        event: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// An invitee cancels; a group event stays while it has others.
    CancelInvitee {
        /// Who.
        invitee: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// An invitee takes another time: the old booking is canceled, a new one names it. Answers `{"event", "invitee"}`.
    Reschedule {
        /// Who.
        invitee: String,
        /// The new start in UTC.
        start: String,
    },
    /// The host marks an invitee who did not come, or takes the mark away.
    NoShow {
        /// Who.
        invitee: String,
        /// Marked or not.
        absent: bool,
    },
    /// The copy in a linked calendar is there now.
    LinkCalendar {
        /// Which.
        event: String,
        /// `google`, `outlook`, `exchange`, `icloud` or `outlook_desktop`.
        kind: String,
        /// The id of the copy there.
        external_id: String,
    },
    /// An event is erased without a trace, as by a request for deletion of data.
    Erase {
        /// Which.
        event: String,
    },
    /// The webhook signing key of an OAuth application.
    AppKey {
        /// The client id.
        client: String,
        /// The key.
        key: String,
    },
}

fn utc_zone() -> String {
    "UTC".to_owned()
}

fn one() -> u32 {
    1
}

impl Sandbox {
    /// Does something as a host or an invitee of Calendly.
    ///
    /// # Errors
    /// When the real one would not do it.
    pub fn calendly(&self, what: CalendlyDo) -> Result<Value, Refusal> {
        self.act(|world| world.calendly.act(&mut world.base, what))
    }
}

impl Calendly {
    pub(crate) fn act(&mut self, base: &mut Base, what: CalendlyDo) -> Result<Value, Refusal> {
        let done = json!({});
        Ok(match what {
            CalendlyDo::Account { account, name, zone } => {
                base.oauth.add_person(Provider::Calendly, &account, &name);
                let (id, organization) = (base.seal.id(LETTERS, 16), base.seal.id(LETTERS, 16));
                let user = User { account: account.clone(), id, name, zone, organization, role: Role::Owner };
                let (uri, organization) = (user.uri(base), user.organization_uri(base));
                self.users.insert(account.clone(), user);
                let kind = self.add_type(base, &account, "30 Minute Meeting", 30, 1, None);
                json!({"uri": uri, "organization": organization, "event_type": kind})
            }
            CalendlyDo::Join { account, of, role } => {
                let role = match role.as_str() {
                    "user" => Role::User,
                    "admin" => Role::Admin,
                    "owner" => Role::Owner,
                    _ => return refuse("no such role"),
                };
                let organization = self.owner(&of)?.organization.clone();
                let user = self.users.get_mut(&account).ok_or_else(Fail::not_found)?;
                user.organization = organization;
                user.role = role;
                done
            }
            CalendlyDo::EventType { account, name, minutes, limit, location } => {
                self.owner(&account)?;
                if let Some(location) = &location {
                    fits("Location", location)?;
                }
                json!({"uri": self.add_type(base, &account, &name, minutes, limit, location)})
            }
            CalendlyDo::Book { account, booking } => {
                let ids = self.book_for(base, &account, booking)?;
                self.addresses(base, &ids)
            }
            CalendlyDo::Fill { account, bookings } => {
                let count = bookings.len();
                for booking in bookings {
                    self.book_for(base, &account, booking)?;
                }
                json!({"count": count})
            }
            CalendlyDo::Rename { event, name } => {
                let event = self.events.get_mut(id_of(&event)).ok_or_else(Fail::not_found)?;
                event.name = name;
                event.updated = base.now();
                done
            }
            CalendlyDo::CancelEvent { event, reason } => {
                let event = self.events.get(id_of(&event)).ok_or_else(Fail::not_found)?;
                let (id, host) = (event.id.clone(), self.owner(&event.owner)?.name.clone());
                self.cancel_event(base, &id, &host, reason.as_deref())?;
                done
            }
            CalendlyDo::CancelInvitee { invitee, reason } => {
                self.cancel_invitee(base, &invitee, reason.as_deref())?;
                done
            }
            CalendlyDo::Reschedule { invitee, start } => {
                let ids = self.reschedule(base, &invitee, utc("start", &start)?)?;
                self.addresses(base, &ids)
            }
            CalendlyDo::NoShow { invitee, absent } => {
                self.mark_no_show(base, &invitee, absent)?;
                done
            }
            CalendlyDo::LinkCalendar { event, kind, external_id } => {
                let link = json!({"kind": kind, "external_id": external_id});
                fits("LegacyCalendarEvent", &link)?;
                let event = self.events.get_mut(id_of(&event)).ok_or_else(Fail::not_found)?;
                event.calendar_event = link;
                event.updated = base.now();
                done
            }
            CalendlyDo::Erase { event } => {
                self.events.remove(id_of(&event)).ok_or_else(Fail::not_found)?;
                done
            }
            CalendlyDo::AppKey { client, key } => {
                self.keys.insert(client, key);
                done
            }
        })
    }

    fn add_type(&mut self, base: &mut Base, account: &str, name: &str, minutes: i64, limit: u32, location: Option<Value>) -> String {
        let id = base.seal.id(LETTERS, 16);
        let zoom = json!({"type": "zoom", "status": "pushed", "join_url": "https://zoom.us/j/123456", "data": {"id": "123456"}});
        let (owner, name) = (account.to_owned(), name.to_owned());
        self.types.push(EventType { id: id.clone(), owner, name, minutes, limit, location: location.unwrap_or(zoom) });
        super::model::uri(base, &format!("event_types/{id}"))
    }

    fn book_for(&mut self, base: &mut Base, account: &str, booking: CalendlyBooking) -> Result<(String, String), Refusal> {
        let first = || self.types.iter().find(|kind| kind.owner == account).map(|kind| kind.id.clone());
        let kind = booking.event_type.or_else(first).ok_or_else(Fail::not_found)?;
        for (name, value) in [("Location", &booking.location), ("LegacyCalendarEvent", &booking.calendar_event)] {
            if let Some(value) = value {
                fits(name, value)?;
            }
        }
        let booking = Booking {
            kind,
            start: utc("start", &booking.start)?,
            email: booking.email,
            name: booking.name,
            zone: booking.zone,
            location: booking.location,
            calendar_event: booking.calendar_event.unwrap_or(Value::Null),
            answers: booking.answers,
            old: None,
        };
        Ok(self.book(base, booking)?)
    }

    fn addresses(&self, base: &Base, (event, invitee): &(String, String)) -> Value {
        let event = &self.events[event];
        let invitee = event.invitees.iter().find(|known| known.id == *invitee);
        json!({"event": event.uri(base), "invitee": invitee.map(|invitee| event.invitee_value(base, invitee)["uri"].clone())})
    }
}

fn fits(kind: &str, value: &Value) -> Result<(), Refusal> {
    match CALENDLY.check(kind, value).first() {
        Some(finding) => refuse(finding.clone()),
        None => Ok(()),
    }
}
