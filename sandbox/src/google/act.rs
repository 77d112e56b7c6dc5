//! What users do in Google Calendar, for tests and the demo.

use super::calendars::{Role, is_color};
use super::errors::Fail;
use super::times::instance_id;
use super::times::{Series, When};
use super::{Edit, Google};
use crate::hub::{Base, Refusal, Sandbox, refuse};
use serde::Deserialize;
use serde_json::{Value, json};

/// A change as the user makes it. As JSON (`POST /_admin/google`): `{"do":"create","calendar":"…","event":{…}}`.
///
/// `calendar` is the calendar's id; an account's primary calendar has the account's address as its id. `original` is the original
/// start of an instance: an instant (`2026-03-16T08:00:00Z`) or a day (`2026-03-16`).
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum GoogleDo {
    /// Makes an account with its primary calendar. Answers `{"id"}`, the calendar's id.
    Account {
        /// Its address.
        account: String,
        /// The person's name.
        name: String,
        /// The IANA zone of the calendar.
        #[serde(default = "utc")]
        zone: String,
    },
    /// Makes a calendar. Answers `{"id"}`.
    AddCalendar {
        /// Whose.
        account: String,
        /// Its name.
        summary: String,
        /// Its IANA zone.
        #[serde(default = "utc")]
        zone: String,
        /// Its id; a new one when absent.
        #[serde(default)]
        id: Option<String>,
    },
    /// Shares a calendar with another account: `freeBusyReader`, `reader`, `writerWithoutPrivateAccess`, `writer` or `owner`.
    Share {
        /// Which.
        calendar: String,
        /// With whom.
        account: String,
        /// As what.
        role: String,
    },
    /// Takes a calendar out of one account's list: it is not shared any more, or the user removed it.
    Unshare {
        /// Which.
        calendar: String,
        /// Whose list.
        account: String,
    },
    /// Deletes a calendar for everybody.
    DeleteCalendar {
        /// Which.
        calendar: String,
    },
    /// Renames a calendar for everybody.
    RenameCalendar {
        /// Which.
        calendar: String,
        /// The new name.
        summary: String,
    },
    /// Changes how a calendar stands in an account's list; what is absent stays.
    ListEntry {
        /// Whose list.
        account: String,
        /// Which.
        calendar: String,
        /// A colour of the palette, 1 to 24.
        #[serde(default)]
        color: Option<u8>,
        /// A colour of one's own, `#rrggbb`.
        #[serde(default)]
        background: Option<String>,
        /// Hidden from the list.
        #[serde(default)]
        hidden: Option<bool>,
        /// Shown in the grid.
        #[serde(default)]
        selected: Option<bool>,
        /// A name of one's own.
        #[serde(default)]
        name: Option<String>,
    },
    /// Makes an event. Answers the event.
    Create {
        /// Where.
        calendar: String,
        /// An `Event`: `start` and `end` at least.
        event: Value,
    },
    /// Makes many events at once, quicker. Answers `{"count"}`.
    Fill {
        /// Where.
        calendar: String,
        /// `Event`s.
        events: Vec<Value>,
    },
    /// Changes an event, a whole series, or an instance by its id: fields are merged, `null` takes one away. Answers the event.
    Change {
        /// Where.
        calendar: String,
        /// Which.
        event: String,
        /// The fields.
        patch: Value,
    },
    /// Deletes an event, a whole series, or an instance by its id.
    Delete {
        /// Where.
        calendar: String,
        /// Which.
        event: String,
    },
    /// Changes one instance of a series, such as its `start` and `end`. Answers the exception.
    ChangeInstance {
        /// Where.
        calendar: String,
        /// The series.
        master: String,
        /// Which.
        original: String,
        /// The fields.
        patch: Value,
    },
    /// Cancels one instance of a series.
    CancelInstance {
        /// Where.
        calendar: String,
        /// The series.
        master: String,
        /// Which.
        original: String,
    },
    /// Changes "this and following": the series ends before the instance, and a new one begins there. Answers the new master.
    ChangeFollowing {
        /// Where.
        calendar: String,
        /// The series.
        master: String,
        /// The first instance of the new series.
        original: String,
        /// The fields.
        patch: Value,
    },
    /// A guest answers: `accepted`, `declined`, `tentative` or `needsAction`. Answers the event.
    Respond {
        /// Where.
        calendar: String,
        /// Which.
        event: String,
        /// Who.
        attendee: String,
        /// What.
        response: String,
    },
    /// Moves an event to another calendar. Answers it as it is there.
    Move {
        /// Where it is.
        calendar: String,
        /// Which.
        event: String,
        /// Where to.
        to: String,
    },
    /// All sync tokens of a calendar are lost (410).
    LoseTokens {
        /// Which.
        calendar: String,
    },
    /// All sync tokens of an account's calendar list are lost (410).
    LoseListTokens {
        /// Whose.
        account: String,
    },
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Sandbox {
    /// Does something as a user of Google Calendar.
    ///
    /// # Errors
    /// When the real one would not do it.
    pub fn google(&self, what: GoogleDo) -> Result<Value, Refusal> {
        self.act(|world| world.google.act(&mut world.base, what))
    }
}

impl Google {
    pub(crate) fn act(&mut self, base: &mut Base, what: GoogleDo) -> Result<Value, Refusal> {
        let done = json!({});
        Ok(match what {
            GoogleDo::Account { account, name, zone } => {
                self.add_account(base, &account, &name, &zone);
                json!({"id": account})
            }
            GoogleDo::AddCalendar { account, summary, zone, id } => {
                let id = id.unwrap_or_else(|| format!("{}@group.calendar.google.com", base.seal.id(b"0123456789abcdef", 32)));
                self.add_calendar(base, &id, &account, &summary, &zone);
                json!({"id": id})
            }
            GoogleDo::Share { calendar, account, role } => {
                let Some(role) = Role::named(&role) else { return refuse(format!("{role} is no role")) };
                if !self.calendars.contains_key(&calendar) {
                    return refuse("no such calendar");
                }
                self.edit_list(base, &account, &calendar, |entry| {
                    entry.role = role;
                    entry.deleted = false;
                });
                done
            }
            GoogleDo::Unshare { calendar, account } => {
                self.edit_list(base, &account, &calendar, |entry| entry.deleted = true);
                done
            }
            GoogleDo::DeleteCalendar { calendar } => {
                self.calendars.remove(&calendar);
                for account in self.readers(&calendar) {
                    self.edit_list(base, &account, &calendar, |entry| entry.deleted = true);
                }
                done
            }
            GoogleDo::RenameCalendar { calendar, summary } => {
                self.calendars.get_mut(&calendar).ok_or_else(Fail::not_found)?.summary = summary;
                for account in self.readers(&calendar) {
                    self.edit_list(base, &account, &calendar, |_| ());
                }
                done
            }
            GoogleDo::ListEntry { account, calendar, color, background, hidden, selected, name } => {
                if color.is_some_and(|color| !is_color(color)) {
                    return refuse("no such colour");
                }
                self.edit_list(base, &account, &calendar, |entry| {
                    entry.color = color.unwrap_or(entry.color);
                    entry.background = background.or_else(|| entry.background.take()).filter(|_| color.is_none());
                    entry.hidden = hidden.unwrap_or(entry.hidden);
                    entry.selected = selected.unwrap_or(entry.selected);
                    entry.name = name.or_else(|| entry.name.take());
                });
                done
            }
            GoogleDo::Create { calendar, event } => self.edit(base, &calendar, |edit| edit.insert(event))?,
            GoogleDo::Fill { calendar, events } => {
                let count = events.len();
                self.edit(base, &calendar, |edit| events.into_iter().try_for_each(|event| edit.insert(event).map(drop)))?;
                json!({"count": count})
            }
            GoogleDo::Change { calendar, event, patch } => self.edit(base, &calendar, |edit| edit.change(&event, &patch, false))?,
            GoogleDo::Delete { calendar, event } => {
                self.edit(base, &calendar, |edit| edit.delete(&event))?;
                done
            }
            GoogleDo::ChangeInstance { calendar, master, original, patch } => self.edit(base, &calendar, |edit| {
                let (_, id) = original_of(edit, &master, &original)?;
                edit.change(&id, &patch, false)
            })?,
            GoogleDo::CancelInstance { calendar, master, original } => {
                self.edit(base, &calendar, |edit| {
                    let (_, id) = original_of(edit, &master, &original)?;
                    edit.delete(&id)
                })?;
                done
            }
            GoogleDo::ChangeFollowing { calendar, master, original, patch } => self.edit(base, &calendar, |edit| {
                let (at, _) = original_of(edit, &master, &original)?;
                edit.split(&master, at, patch)
            })?,
            GoogleDo::Respond { calendar, event, attendee, response } => {
                self.edit(base, &calendar, |edit| edit.respond(&event, &attendee, &response))?
            }
            GoogleDo::Move { calendar, event, to } => self.move_event(base, &calendar, &event, &to)?,
            GoogleDo::LoseTokens { calendar } => {
                self.calendars.get_mut(&calendar).ok_or_else(Fail::not_found)?.epoch += 1;
                done
            }
            GoogleDo::LoseListTokens { account } => {
                self.lists.get_mut(&account).ok_or_else(Fail::not_found)?.epoch += 1;
                done
            }
        })
    }

    /// In whose lists a calendar stands.
    fn readers(&self, calendar: &str) -> Vec<String> {
        let stands = self.lists.iter().filter(|(_, list)| list.entries.get(calendar).is_some_and(|entry| !entry.deleted));
        stands.map(|(account, _)| account.clone()).collect()
    }
}

/// The instant and the id of an instance that is named by its original start.
fn original_of(edit: &Edit<'_>, master: &str, original: &str) -> Result<(i64, String), Fail> {
    let whole = edit.find(master)?;
    let kind = if original.len() == 10 { "date" } else { "dateTime" };
    let at = When::read(&json!({ kind: original }), edit.zone)?.at();
    let series = Series::of(&whole, edit.zone)?;
    let start = series.instances(at).pop().filter(|start| start.at() == at).ok_or_else(Fail::not_found)?;
    Ok((at, instance_id(master, &start)))
}
