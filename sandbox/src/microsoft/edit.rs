//! What can be done to the events of a mailbox, by its user or through the API.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::render::defaults;
use super::store::{Exception, Target};
use super::subscriptions::Change;
use super::times::{Shape, wall};
use super::zones::windows;
use crate::hub::Base;
use crate::schema::MICROSOFT;
use serde_json::{Value, json};

/// What nobody but the service sets.
const FIXED: [&str; 9] =
    ["id", "iCalUId", "type", "seriesMasterId", "changeKey", "createdDateTime", "lastModifiedDateTime", "webLink", "originalStart"];

impl Microsoft {
    /// Makes an event in a calendar of a mailbox and returns its key.
    pub(super) fn create(&mut self, base: &mut Base, account: &str, calendar: &str, event: Value) -> Try<u64> {
        check(&event)?;
        if event.get("start").is_none() || event.get("end").is_none() {
            return Err(Fail::bad("ErrorPropertyValidationFailure", "Start and End are required."));
        }
        let mailbox = self.mailbox(account)?;
        let uid = format!("040000008200E00074C5B7101A82E008{:0>8}", base.seal.id(b"0123456789ABCDEF", 24));
        let mut whole = defaults(mailbox, &uid);
        put_in(&mut whole, event);
        tidy(&mut whole, &mailbox.zone)?;
        let (now, lag) = (base.now(), base.habits.lag);
        let mailbox = self.mailboxes.get_mut(account).ok_or_else(Fail::not_found)?;
        let key = mailbox.events.change(now, lag).make(calendar, &whole, now, &mut base.seal);
        self.tell(base, account, key, Change::Created);
        Ok(key)
    }

    /// Changes a single event, a series, or one occurrence.
    pub(super) fn patch(&mut self, base: &mut Base, account: &str, target: Target, patch: Value) -> Try<()> {
        check(&patch)?;
        let mailbox = self.mailbox(account)?;
        let zone = mailbox.zone.clone();
        let (Target::Whole(key) | Target::Occurrence(key, _)) = target;
        let stored = mailbox.events.truth().get(key).ok_or_else(Fail::not_found)?;
        match target {
            Target::Whole(_) => {
                let (mut event, before) = (stored.value(), stored.shape());
                put_in(&mut event, patch);
                tidy(&mut event, &zone)?;
                let after = Shape::of(&event)?;
                let same = before.start == after.start && before.end == after.end && stored.value()["recurrence"] == event["recurrence"];
                self.write_back(base, account, key, Change::Updated, |stored, _| {
                    stored.body = event.to_string().into();
                    if !same {
                        // Another pattern: Outlook drops what was changed or cancelled in the old one.
                        stored.exceptions.clear();
                        stored.cancelled.clear();
                    }
                })
            }
            Target::Occurrence(_, original) => {
                let shape = stored.shape();
                let mut event = match stored.exceptions.get(&original) {
                    Some(exception) => serde_json::from_str(&exception.body).expect("bodies are written by the store"),
                    None => {
                        let local = |at: i64| {
                            let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(shape.zone.clone()).datetime();
                            json!({"dateTime": wall(time), "timeZone": shape.zone_name})
                        };
                        let mut event = stored.value();
                        event["start"] = local(original);
                        event["end"] = local(original + shape.length());
                        event["recurrence"] = Value::Null;
                        event
                    }
                };
                if patch.get("recurrence").is_some_and(|recurrence| !recurrence.is_null()) {
                    return Err(Fail::bad("ErrorInvalidRequest", "An occurrence has no recurrence of its own."));
                }
                put_in(&mut event, patch);
                tidy(&mut event, &zone)?;
                let start = Shape::of(&event)?.start;
                let starts = shape.starts(start.max(original) + 400 * crate::hub::time::DAY);
                let at = starts.iter().position(|at| *at == original).ok_or_else(Fail::not_found)?;
                let crosses = at.checked_sub(1).is_some_and(|before| start <= starts[before])
                    || starts.get(at + 1).is_some_and(|next| start >= *next);
                if crosses {
                    let message = "Modified occurrence is crossing or overlapping adjacent occurrence.";
                    return Err(Fail::bad("ErrorOccurrenceCrossingBoundary", message));
                }
                self.write_back(base, account, key, Change::Updated, |stored, seq| {
                    stored.exceptions.insert(original, Exception { body: event.to_string().into(), version: seq });
                })
            }
        }
    }

    /// Deletes an event or series, or cancels an occurrence.
    pub(super) fn remove(&mut self, base: &mut Base, account: &str, target: Target) -> Try<()> {
        match target {
            Target::Whole(key) => self.write_back(base, account, key, Change::Deleted, |stored, _| stored.gone = true),
            Target::Occurrence(key, original) => self.write_back(base, account, key, Change::Updated, |stored, _| {
                stored.exceptions.remove(&original);
                stored.cancelled.insert(original);
            }),
        }
    }

    pub(super) fn write_back(
        &mut self,
        base: &mut Base,
        account: &str,
        key: u64,
        change: Change,
        how: impl FnOnce(&mut super::store::Stored, u64),
    ) -> Try<()> {
        let (now, lag) = (base.now(), base.habits.lag);
        let mailbox = self.mailboxes.get_mut(account).ok_or_else(Fail::not_found)?;
        mailbox.events.change(now, lag).change(key, now, how);
        self.tell(base, account, key, change);
        Ok(())
    }

    /// An attendee answers.
    pub(super) fn respond(&mut self, base: &mut Base, account: &str, key: u64, address: &str, response: &str) -> Try<()> {
        let stamp = crate::hub::time::ticks(base.now());
        let event = self.mailbox(account)?.events.truth().get(key).ok_or_else(Fail::not_found)?.value();
        let mut guests = event["attendees"].as_array().cloned().unwrap_or_default();
        let mut patch = json!({});
        if let Some(guest) = guests.iter_mut().find(|guest| guest["emailAddress"]["address"] == address) {
            guest["status"] = json!({"response": response, "time": stamp});
            patch["attendees"] = json!(guests);
        } else if address != account {
            return Err(Fail::bad("ErrorInvalidRequest", "There is no such attendee."));
        }
        if address == account {
            patch["responseStatus"] = json!({"response": response, "time": stamp});
        }
        self.patch(base, account, Target::Whole(key), patch)
    }
}

fn check(event: &Value) -> Try<()> {
    if !event.is_object() {
        return Err(Fail::bad("BadRequest", "Unable to read JSON request payload."));
    }
    if let Some(finding) = MICROSOFT.check_input("Event", event).first() {
        return Err(Fail::bad("RequestBodyRead", finding));
    }
    match FIXED.iter().find(|name| event.get(**name).is_some()) {
        Some(name) => Err(Fail::bad("ErrorInvalidPropertySet", &format!("The property '{name}' is read-only."))),
        None => Ok(()),
    }
}

/// Replaces what is said. A location takes the place of all locations.
fn put_in(event: &mut Value, patch: Value) {
    if let Some(location) = patch.get("location").filter(|location| !location.is_null()) {
        event["locations"] = json!([location]);
    }
    if let (Some(event), Value::Object(patch)) = (event.as_object_mut(), patch) {
        event.extend(patch);
    }
}

/// Checks times and series, and fills in what Outlook makes itself.
fn tidy(event: &mut Value, zone: &str) -> Try<()> {
    for (name, original) in [("start", "originalStartTimeZone"), ("end", "originalEndTimeZone")] {
        if event[name].get("timeZone").is_none() {
            event[name]["timeZone"] = json!(zone);
        }
        let made = event[name]["timeZone"].as_str().unwrap_or(zone).to_owned();
        event[original] = json!(windows(&made));
    }
    let start_zone = event["originalStartTimeZone"].clone();
    if let Some(range) = event["recurrence"].get_mut("range").and_then(Value::as_object_mut) {
        range.entry("recurrenceTimeZone").or_insert(start_zone);
        range.entry("numberOfOccurrences").or_insert(json!(0));
        range.entry("endDate").or_insert(json!("0001-01-01"));
    }
    if let Some(pattern) = event["recurrence"].get_mut("pattern").and_then(Value::as_object_mut) {
        for (name, value) in [("month", json!(0)), ("dayOfMonth", json!(0)), ("firstDayOfWeek", json!("sunday")), ("index", json!("first"))]
        {
            pattern.entry(name).or_insert(value);
        }
    }
    Shape::of(event)?;
    for guest in event["attendees"].as_array_mut().into_iter().flatten() {
        if guest.get("status").is_none() {
            guest["status"] = json!({"response": "none", "time": "0001-01-01T00:00:00Z"});
        }
        if guest.get("type").is_none() {
            guest["type"] = json!("required");
        }
    }
    if event["isOnlineMeeting"] == true && event["onlineMeeting"].is_null() {
        event["onlineMeetingProvider"] = json!("teamsForBusiness");
        event["onlineMeeting"] = json!({"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_sandbox"});
    }
    Ok(())
}
