//! What can be done to the events of a calendar, by its user or through the API.

use super::errors::{Fail, Try};
use super::store::Events;
use super::times::{Series, When, instance_id, instance_of, span};
use crate::hub::Seal;
use crate::hub::time::{DAY, MINUTE, millis};
use crate::schema::GOOGLE;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};

/// Characters of an event's id.
const BASE32HEX: &[u8] = b"0123456789abcdefghijklmnopqrstuv";
/// What nobody can change once it is there.
const FIXED: [&str; 5] = ["id", "iCalUID", "eventType", "recurringEventId", "originalStartTime"];
/// A change of these makes a new version for the guests.
const SEQUENCED: [&str; 4] = ["start", "end", "recurrence", "location"];

/// A calendar that is being changed.
pub(super) struct Edit<'a> {
    pub(super) events: &'a mut Events,
    pub(super) calendar: &'a str,
    /// The address of who owns the calendar.
    pub(super) owner: &'a str,
    pub(super) zone: &'a str,
    pub(super) now: i64,
    pub(super) seal: &'a mut Seal,
}

impl Edit<'_> {
    /// The event or instance with this id, in full; also one that was deleted.
    pub(super) fn find(&self, id: &str) -> Try<Value> {
        find(self.events, id, self.zone)
    }

    /// Makes an event.
    pub(super) fn insert(&mut self, event: Value) -> Try<Value> {
        check_fields(&event)?;
        let id = match event.get("id").and_then(Value::as_str) {
            Some(id) if (5..=1024).contains(&id.len()) && id.bytes().all(|byte| BASE32HEX.contains(&byte)) => id.to_owned(),
            Some(_) => return Err(Fail::body("Invalid resource id value.")),
            None => self.seal.id(BASE32HEX, 26),
        };
        if self.events.get(&id).is_some() {
            return Err(Fail::new(409, "global", "duplicate", "The requested identifier already exists."));
        }
        self.write_new(id, event)
    }

    fn write_new(&mut self, id: String, event: Value) -> Try<Value> {
        let me = json!({"email": self.owner, "self": true});
        let link = STANDARD_NO_PAD.encode(format!("{id} {}", self.calendar));
        let mut whole = json!({
            "status": "confirmed", "htmlLink": format!("https://www.google.com/calendar/event?eid={link}"), "created": millis(self.now),
            "creator": me, "organizer": me, "iCalUID": format!("{id}@google.com"), "sequence": 0, "reminders": {"useDefault": true},
            "eventType": "default",
        });
        put_in(&mut whole, event)?;
        whole["id"] = json!(id);
        self.tidy(&mut whole)?;
        Ok(self.events.put(whole, self.now))
    }

    /// Checks times and series, and writes them as Google does.
    fn tidy(&self, event: &mut Value) -> Try<()> {
        let (start, end) = span(event, self.zone)?;
        let named = event["start"].get("timeZone").is_some();
        if event.get("recurrence").is_some() {
            Series::of(event, self.zone)?;
        }
        for (name, when) in [("start", start), ("end", end)] {
            event[name] = when.write();
            if !named && let Some(time) = event[name].as_object_mut() {
                time.insert("timeZone".to_owned(), json!(self.zone));
                if time.contains_key("date") {
                    time.remove("timeZone");
                }
            }
        }
        for name in ["creator", "organizer"] {
            let own = event[name]["email"] == self.owner;
            if let Some(person) = event[name].as_object_mut() {
                person.remove("self");
                if own {
                    person.insert("self".to_owned(), json!(true));
                }
            }
        }
        for guest in event.get_mut("attendees").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(email) = guest.get("email").and_then(Value::as_str) else { return Err(Fail::body("Missing attendee email.")) };
            let own = email == self.owner;
            if guest.get("responseStatus").is_none() {
                guest["responseStatus"] = json!(if own { "accepted" } else { "needsAction" });
            }
            if own {
                guest["self"] = json!(true);
            }
        }
        Ok(())
    }

    /// Changes an event or an instance: `replace` puts the new one in its place, else fields are merged and `null` takes one away.
    pub(super) fn change(&mut self, id: &str, patch: &Value, replace: bool) -> Try<Value> {
        let old = self.find(id)?;
        if old["status"] == "cancelled" && patch.get("status").is_none_or(|status| status == "cancelled") {
            return Err(Fail::not_found());
        }
        let Some(fields) = patch.as_object() else { return Err(Fail::body("Not an event.")) };
        check_fields(&Value::Object(fields.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()))?;
        if let Some(fixed) =
            FIXED.iter().find(|name| fields.get(**name).is_some_and(|value| !value.is_null() && old.get(**name) != Some(value)))
        {
            return Err(Fail::body(&format!("{fixed} cannot be changed.")));
        }
        let mut event = if replace { kept(&old) } else { old.clone() };
        put_in(&mut event, patch.clone())?;
        self.tidy(&mut event)?;
        if SEQUENCED.iter().any(|name| old.get(*name) != event.get(*name)) {
            event["sequence"] = json!(old["sequence"].as_i64().unwrap_or(0) + 1);
        }
        let event = self.events.put(event, self.now);
        if event.get("recurrence").is_some() && ["start", "recurrence"].iter().any(|name| old.get(*name) != event.get(*name)) {
            self.drop_exceptions(&event)?;
        }
        Ok(event)
    }

    /// Exceptions whose place in the series is gone go with it.
    fn drop_exceptions(&mut self, master: &Value) -> Try<()> {
        let series = Series::of(master, self.zone)?;
        for exception in self.events.exceptions(master["id"].as_str().unwrap_or_default()) {
            let mut event = exception.value();
            let original = When::read(&event["originalStartTime"], self.zone)?;
            if !exception.cancelled && !series.has(original.at()) {
                event["status"] = json!("cancelled");
                self.events.put(event, self.now);
            }
        }
        Ok(())
    }

    /// Deletes an event with its exceptions, or cancels an instance.
    pub(super) fn delete(&mut self, id: &str) -> Try<()> {
        let mut event = self.find(id)?;
        if event["status"] == "cancelled" {
            return Err(Fail::new(410, "global", "deleted", "Resource has been deleted"));
        }
        event["status"] = json!("cancelled");
        self.events.put(event, self.now);
        for exception in self.events.exceptions(id).into_iter().filter(|exception| !exception.cancelled) {
            let mut event = exception.value();
            event["status"] = json!("cancelled");
            self.events.put(event, self.now);
        }
        Ok(())
    }

    /// "This and following": the old series ends before an instance, a new one begins there, changed. Returns the new master.
    pub(super) fn split(&mut self, master: &str, original: i64, patch: Value) -> Try<Value> {
        let mut old = self.find(master)?;
        let series = Series::of(&old, self.zone)?;
        let instances = series.instances(original);
        let Some(first) = instances.last().filter(|last| last.at() == original).cloned() else { return Err(Fail::not_found()) };
        let mut new = old.clone();
        for name in ["id", "created", "htmlLink", "etag", "updated", "kind"] {
            new.as_object_mut().map(|fields| fields.remove(name));
        }
        let before = instances.len() - 1;
        let (until, stamp) = match &first {
            When::Day(day) => (day.yesterday().unwrap_or(*day).strftime("%Y%m%d").to_string(), day.strftime("%Y%m%d").to_string()),
            When::Time(at, _) => {
                let last = jiff::Timestamp::from_millisecond(original - 1000).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
                (last.strftime("%Y%m%dT%H%M%SZ").to_string(), at.strftime("%Y%m%dT%H%M%S").to_string())
            }
        };
        let lines = |event: &Value, ends: &dyn Fn(&str) -> String| -> Vec<String> {
            let lines = event["recurrence"].as_array().into_iter().flatten().filter_map(Value::as_str);
            lines.map(|line| if line.starts_with("RRULE:") { ends(line) } else { line.to_owned() }).collect()
        };
        new["recurrence"] = json!(lines(&old, &|line| shorten(line, before)));
        old["recurrence"] = json!(lines(&old, &|line| format!("{};UNTIL={until}", without_end(line))));
        old["sequence"] = json!(old["sequence"].as_i64().unwrap_or(0) + 1);
        let old = self.events.put(old, self.now);
        self.drop_exceptions(&old)?;
        new["start"] = first.write();
        new["end"] = series.end_of(&first).write();
        let id = format!("{}_R{stamp}", master.split("_R").next().unwrap_or(master));
        new["iCalUID"] = json!(format!("{id}@google.com"));
        if let Some(patch) = patch.as_object() {
            put_in(&mut new, Value::Object(patch.clone()))?;
        }
        self.write_new(id, new)
    }

    /// A guest answers.
    pub(super) fn respond(&mut self, id: &str, email: &str, response: &str) -> Try<Value> {
        let event = self.find(id)?;
        let mut guests = event["attendees"].as_array().cloned().unwrap_or_default();
        let Some(guest) = guests.iter_mut().find(|guest| guest["email"] == email) else { return Err(Fail::body("No such attendee.")) };
        guest["responseStatus"] = json!(response);
        self.change(id, &json!({"attendees": guests}), false)
    }
}

/// The event or instance with this id in full.
pub(super) fn find(events: &Events, id: &str, zone: &str) -> Try<Value> {
    if let Some(stored) = events.get(id) {
        return Ok(stored.value());
    }
    let (master, at) = instance_of(id).ok_or_else(Fail::not_found)?;
    let master = events.get(master).filter(|stored| stored.recurring && !stored.cancelled).ok_or_else(Fail::not_found)?.value();
    let series = Series::of(&master, zone)?;
    let start = series.instances(at).pop().filter(|start| start.at() == at).ok_or_else(Fail::not_found)?;
    Ok(instance(&master, &series, &start))
}

/// An instance of a series that is not changed.
pub(super) fn instance(master: &Value, series: &Series, start: &When) -> Value {
    let mut event = master.clone();
    let id = master["id"].as_str().unwrap_or_default();
    if let Some(fields) = event.as_object_mut() {
        fields.remove("recurrence");
    }
    event["id"] = json!(instance_id(id, start));
    event["recurringEventId"] = json!(id);
    event["originalStartTime"] = start.write();
    event["start"] = start.write();
    event["end"] = series.end_of(start).write();
    event
}

/// How far an endless series is told when instances are asked for.
pub(super) fn horizon(now: i64) -> i64 {
    now + 730 * DAY + MINUTE
}

/// What stays when an event is replaced, or continued by another series.
fn kept(old: &Value) -> Value {
    let names = [
        "created",
        "creator",
        "organizer",
        "iCalUID",
        "sequence",
        "eventType",
        "htmlLink",
        "id",
        "recurringEventId",
        "originalStartTime",
        "status",
    ];
    let mut kept: Map<String, Value> = Map::new();
    for name in names {
        if let Some(value) = old.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(kept)
}

fn check_fields(event: &Value) -> Try<()> {
    match GOOGLE.check_input("Event", event).first() {
        None => Ok(()),
        Some(finding) => Err(Fail::body(&format!("Invalid value: {finding}"))),
    }
}

/// Merges objects, replaces all else, and takes away what is `null`. `start`, `end` and lists are replaced whole, as a client sends them whole.
fn put_in(event: &mut Value, patch: Value) -> Try<()> {
    let (Some(event), Value::Object(patch)) = (event.as_object_mut(), patch) else { return Err(Fail::body("Not an event.")) };
    for (name, value) in patch {
        match (event.get_mut(&name), value) {
            (_, Value::Null) => {
                event.remove(&name);
            }
            (Some(old @ Value::Object(_)), new @ Value::Object(_)) if name != "start" && name != "end" => put_in(old, new)?,
            (_, value) => {
                event.insert(name, value);
            }
        }
    }
    Ok(())
}

fn without_end(rule: &str) -> String {
    let ends = |part: &&str| !(part.starts_with("COUNT=") || part.starts_with("UNTIL="));
    rule.split(';').filter(ends).collect::<Vec<_>>().join(";")
}

/// The rule with so many instances less to come.
fn shorten(rule: &str, before: usize) -> String {
    let parts = rule.split(';').map(|part| match part.strip_prefix("COUNT=").and_then(|count| count.parse::<usize>().ok()) {
        Some(count) => format!("COUNT={}", count.saturating_sub(before)),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(";")
}
