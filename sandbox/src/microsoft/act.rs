//! What users do in Outlook, for tests and the demo.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::render::Look;
use super::store::{Calendar, Mailbox, Target, calendar_id};
use super::subscriptions::{Change, Lifecycle};
use super::times::{bound, shown};
use crate::hub::wire::Ask;
use crate::hub::{Base, Provider, Refusal, Sandbox, refuse};
use crate::schema::MICROSOFT;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Deserialize;
use serde_json::{Value, json};

/// A change as the user makes it. As JSON (`POST /_admin/microsoft`): `{"do":"create","account":"…","event":{…}}`.
///
/// `calendar` is a calendar's id, the default one when absent; `event` and `master` are ids of either kind; `original` is the original
/// start of an occurrence (`2026-03-16T08:00:00Z`). Events are answered as by the API with immutable ids, in UTC.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum MicrosoftDo {
    /// Makes an account with its default calendar. Answers `{"id"}`, the calendar's id.
    Account {
        /// Its address.
        account: String,
        /// The person's name.
        name: String,
        /// The IANA zone of the mailbox.
        #[serde(default = "utc")]
        zone: String,
    },
    /// Makes a calendar. Answers `{"id"}`.
    AddCalendar {
        /// Whose.
        account: String,
        /// Its name.
        name: String,
    },
    /// Changes name or colour of a calendar; what is absent stays.
    ChangeCalendar {
        /// Whose.
        account: String,
        /// Which.
        calendar: String,
        /// The new name.
        #[serde(default)]
        name: Option<String>,
        /// `lightBlue` and its like, or `auto`.
        #[serde(default)]
        color: Option<String>,
        /// A colour of one's own, `#rrggbb`.
        #[serde(default)]
        hex: Option<String>,
    },
    /// Deletes a calendar with its events, or takes a shared one out of the list.
    DeleteCalendar {
        /// Whose.
        account: String,
        /// Which.
        calendar: String,
    },
    /// Shares a calendar with another account. Answers `{"id"}`, the calendar's id there.
    Share {
        /// Whose.
        account: String,
        /// Which; the default one when absent.
        #[serde(default)]
        calendar: Option<String>,
        /// With whom.
        with: String,
        /// May change events.
        #[serde(default)]
        can_edit: bool,
    },
    /// Makes an event. Answers the event.
    Create {
        /// Whose.
        account: String,
        /// Where.
        #[serde(default)]
        calendar: Option<String>,
        /// An `event`: `start` and `end` at least.
        event: Value,
    },
    /// Makes many events at once. Answers `{"count"}`.
    Fill {
        /// Whose.
        account: String,
        /// Where.
        #[serde(default)]
        calendar: Option<String>,
        /// `event`s.
        events: Vec<Value>,
    },
    /// Changes an event, a whole series or an occurrence by its id. Answers the event.
    Change {
        /// Whose.
        account: String,
        /// Which.
        event: String,
        /// The properties.
        patch: Value,
    },
    /// Deletes an event, a whole series or an occurrence by its id.
    Delete {
        /// Whose.
        account: String,
        /// Which.
        event: String,
    },
    /// Changes one occurrence of a series. Answers the exception.
    ChangeInstance {
        /// Whose.
        account: String,
        /// The series.
        master: String,
        /// Which.
        original: String,
        /// The properties.
        patch: Value,
    },
    /// Cancels one occurrence of a series.
    CancelInstance {
        /// Whose.
        account: String,
        /// The series.
        master: String,
        /// Which.
        original: String,
    },
    /// Changes "this and following": the series ends before the occurrence, and a new one begins there. Answers the new master.
    ChangeFollowing {
        /// Whose.
        account: String,
        /// The series.
        master: String,
        /// The first occurrence of the new series.
        original: String,
        /// The properties.
        patch: Value,
    },
    /// An attendee, or the account itself, answers: `accepted`, `declined`, `tentativelyAccepted`.
    Respond {
        /// Whose.
        account: String,
        /// Which.
        event: String,
        /// Who.
        attendee: String,
        /// What.
        response: String,
    },
    /// The organizer, somebody else, cancels a meeting: here it stays, marked, until the user removes it.
    OrganizerCancels {
        /// Whose.
        account: String,
        /// Which.
        event: String,
    },
    /// Moves an event to another calendar of the mailbox.
    Move {
        /// Whose.
        account: String,
        /// Which.
        event: String,
        /// Where to.
        to: String,
    },
    /// All delta links of a mailbox are lost (410).
    LoseTokens {
        /// Whose.
        account: String,
    },
    /// Sends a lifecycle message to the subscriptions of a mailbox: `reauthorizationRequired` (nothing is told until it is renewed),
    /// `subscriptionRemoved`, `missed`.
    Lifecycle {
        /// Whose.
        account: String,
        /// Which message.
        event: Lifecycle,
    },
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Sandbox {
    /// Does something as a user of Outlook.
    ///
    /// # Errors
    /// When the real one would not do it.
    pub fn microsoft(&self, what: MicrosoftDo) -> Result<Value, Refusal> {
        self.act(|world| world.microsoft.act(&mut world.base, what))
    }
}

impl Microsoft {
    pub(crate) fn act(&mut self, base: &mut Base, what: MicrosoftDo) -> Result<Value, Refusal> {
        let done = json!({});
        Ok(match what {
            MicrosoftDo::Account { account, name, zone } => {
                base.oauth.add_person(Provider::Microsoft, &account, &name);
                let hex = base.seal.id(b"0123456789abcdef", 32);
                let user = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
                let mailbox = Mailbox {
                    account: account.clone(),
                    user,
                    name,
                    zone,
                    calendars: Default::default(),
                    events: Default::default(),
                    epoch: 0,
                };
                self.mailboxes.insert(account.clone(), mailbox);
                json!({"id": self.add_calendar(base, &account, "Calendar", true, None)?})
            }
            MicrosoftDo::AddCalendar { account, name } => json!({"id": self.add_calendar(base, &account, &name, false, None)?}),
            MicrosoftDo::ChangeCalendar { account, calendar, name, color, hex } => {
                let fields = json!({"color": color.clone().unwrap_or_else(|| "auto".into())});
                if !MICROSOFT.check_input("Calendar", &fields).is_empty() {
                    return refuse("no such colour");
                }
                let known = self.calendar_of(&account, Some(&calendar))?;
                known.name = name.unwrap_or_else(|| known.name.clone());
                known.color = color.unwrap_or_else(|| known.color.clone());
                known.hex = hex.unwrap_or_else(|| known.hex.clone());
                known.version += 1;
                done
            }
            MicrosoftDo::DeleteCalendar { account, calendar } => {
                if self.calendar_of(&account, Some(&calendar))?.default {
                    return refuse("the default calendar cannot be deleted");
                }
                let keys: Vec<u64> = self.mailbox(&account)?.events.truth().all(&calendar, 0).map(|stored| stored.key).collect();
                for key in keys {
                    self.remove(base, &account, Target::Whole(key))?;
                }
                for mailbox in self.mailboxes.values_mut() {
                    mailbox.calendars.retain(|_, known| known.source != Some((account.clone(), calendar.clone())));
                }
                self.mailboxes.get_mut(&account).ok_or_else(Fail::not_found)?.calendars.remove(&calendar);
                done
            }
            MicrosoftDo::Share { account, calendar, with, can_edit } => {
                let id = self.resolve(&account, calendar.as_deref())?;
                let name = self.calendar_of(&account, Some(&id))?.name.clone();
                let shared = self.add_calendar(base, &with, &name, false, Some((account, id)))?;
                self.calendar_of(&with, Some(&shared))?.can_edit = can_edit;
                json!({"id": shared})
            }
            MicrosoftDo::Create { account, calendar, event } => {
                let calendar = self.resolve(&account, calendar.as_deref())?;
                let key = self.create(base, &account, &calendar, event)?;
                self.told(&account, Target::Whole(key))?
            }
            MicrosoftDo::Fill { account, calendar, events } => {
                let calendar = self.resolve(&account, calendar.as_deref())?;
                let count = events.len();
                for event in events {
                    self.create(base, &account, &calendar, event)?;
                }
                json!({"count": count})
            }
            MicrosoftDo::Change { account, event, patch } => {
                let target = self.target(&account, &event)?;
                self.patch(base, &account, target, patch)?;
                self.told(&account, target)?
            }
            MicrosoftDo::Delete { account, event } => {
                let target = self.target(&account, &event)?;
                self.remove(base, &account, target)?;
                done
            }
            MicrosoftDo::ChangeInstance { account, master, original, patch } => {
                let target = self.occurrence(&account, &master, &original)?;
                self.patch(base, &account, target, patch)?;
                self.told(&account, target)?
            }
            MicrosoftDo::CancelInstance { account, master, original } => {
                let target = self.occurrence(&account, &master, &original)?;
                self.remove(base, &account, target)?;
                done
            }
            MicrosoftDo::ChangeFollowing { account, master, original, patch } => self.split(base, &account, &master, &original, patch)?,
            MicrosoftDo::Respond { account, event, attendee, response } => {
                let (Target::Whole(key) | Target::Occurrence(key, _)) = self.target(&account, &event)?;
                self.respond(base, &account, key, &attendee, &response)?;
                self.told(&account, Target::Whole(key))?
            }
            MicrosoftDo::OrganizerCancels { account, event } => {
                let target = self.target(&account, &event)?;
                let old = self.told(&account, target)?;
                let subject = format!("Canceled: {}", old["subject"].as_str().unwrap_or_default());
                self.patch(base, &account, target, json!({"subject": subject, "isCancelled": true, "showAs": "free"}))?;
                self.told(&account, target)?
            }
            MicrosoftDo::Move { account, event, to } => {
                let to = self.resolve(&account, Some(&to))?;
                let Target::Whole(key) = self.target(&account, &event)? else { return refuse("an occurrence is not moved alone") };
                let (now, lag) = (base.now(), base.habits.lag);
                let mailbox = self.mailboxes.get_mut(&account).ok_or_else(Fail::not_found)?;
                mailbox.events.change(now, lag).carry(key, &to, now, &mut base.seal);
                self.tell(base, &account, key, Change::Updated);
                done
            }
            MicrosoftDo::LoseTokens { account } => {
                self.mailboxes.get_mut(&account).ok_or_else(Fail::not_found)?.epoch += 1;
                done
            }
            MicrosoftDo::Lifecycle { account, event } => {
                self.lifecycle(base, &account, event);
                done
            }
        })
    }

    fn add_calendar(&mut self, base: &mut Base, account: &str, name: &str, default: bool, source: Option<(String, String)>) -> Try<String> {
        let id = calendar_id(&mut base.seal);
        let mailbox = self.mailboxes.get_mut(account).ok_or_else(Fail::not_found)?;
        let calendar = Calendar {
            ord: mailbox.calendars.len(),
            name: name.to_owned(),
            color: "auto".to_owned(),
            hex: String::new(),
            default,
            can_edit: true,
            version: 1,
            source,
        };
        mailbox.calendars.insert(id.clone(), calendar);
        Ok(id)
    }

    fn resolve(&self, account: &str, calendar: Option<&str>) -> Try<String> {
        let calendars = &self.mailbox(account)?.calendars;
        let found = calendars.iter().find(|(id, known)| calendar.map_or(known.default, |wanted| wanted == *id));
        found.map(|(id, _)| id.clone()).ok_or_else(Fail::not_found)
    }

    fn calendar_of(&mut self, account: &str, calendar: Option<&str>) -> Try<&mut Calendar> {
        let id = self.resolve(account, calendar)?;
        self.mailboxes.get_mut(account).and_then(|mailbox| mailbox.calendars.get_mut(&id)).ok_or_else(Fail::not_found)
    }

    fn target(&self, account: &str, id: &str) -> Try<Target> {
        Ok(self.mailbox(account)?.events.truth().find(id)?.0)
    }

    fn occurrence(&self, account: &str, master: &str, original: &str) -> Try<Target> {
        let at = bound(original).ok_or_else(Fail::not_found)?;
        self.target(account, &super::store::occurrence_id(master, at))
    }

    /// An event as the API tells it, with immutable ids.
    fn told(&self, account: &str, target: Target) -> Try<Value> {
        let mailbox = self.mailbox(account)?;
        let ask = Ask::new(Method::GET, "/", HeaderMap::new(), Bytes::new());
        let look = Look { immutable: true, ..Look::new(&ask)? };
        let (Target::Whole(key) | Target::Occurrence(key, _)) = target;
        let stored = mailbox.events.truth().get(key).ok_or_else(Fail::not_found)?;
        Ok(match target {
            Target::Whole(_) => look.whole(mailbox, stored),
            Target::Occurrence(_, original) => look.occurrence(mailbox, stored, original),
        })
    }

    fn split(&mut self, base: &mut Base, account: &str, master: &str, original: &str, patch: Value) -> Try<Value> {
        let Target::Occurrence(key, at) = self.occurrence(account, master, original)? else { return Err(Fail::not_found()) };
        let stored = self.mailbox(account)?.events.truth().get(key).ok_or_else(Fail::not_found)?;
        let (mut old, shape, calendar) = (stored.value(), stored.shape(), stored.calendar.clone());
        let mut new = old.clone();
        for name in ["iCalUId", "transactionId", "originalStartTimeZone", "originalEndTimeZone"] {
            new.as_object_mut().map(|fields| fields.remove(name));
        }
        let before = shape.starts(at).len() as u64 - 1;
        let start = shown(at, &shape.zone, &shape.zone_name);
        let day = start["dateTime"].as_str().map(|text| text[..10].to_owned()).unwrap_or_default();
        new["end"] = shown(at + shape.length(), &shape.zone, &shape.zone_name);
        new["start"] = start;
        new["recurrence"]["range"]["startDate"] = json!(day);
        if let Some(count) = old["recurrence"]["range"]["numberOfOccurrences"].as_u64().filter(|count| *count > 0) {
            new["recurrence"]["range"]["numberOfOccurrences"] = json!(count.saturating_sub(before));
        }
        let last = day.parse::<jiff::civil::Date>().ok().and_then(|day| day.yesterday().ok()).map(|day| day.to_string());
        old["recurrence"]["range"]["type"] = json!("endDate");
        old["recurrence"]["range"]["endDate"] = json!(last);
        self.write_back(base, account, key, Change::Updated, |stored, _| {
            stored.body = old.to_string().into();
            stored.exceptions.retain(|original, _| *original < at);
            stored.cancelled.retain(|original| *original < at);
        })?;
        if let (Some(new), Value::Object(patch)) = (new.as_object_mut(), patch) {
            new.extend(patch);
        }
        let key = self.create(base, account, &calendar, new)?;
        self.told(account, Target::Whole(key))
    }
}
