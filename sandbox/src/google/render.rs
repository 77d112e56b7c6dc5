//! How an event looks to who asks: zones, guests, private events, and partial answers (`fields`).

use super::calendars::Role;
use super::errors::{Fail, Try};
use super::store::Stored;
use crate::hub::wire::{Ask, Reply};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// What changes the look of events.
pub(super) struct Look {
    zone: Option<TimeZone>,
    most_guests: Option<usize>,
    role: Role,
}

impl Look {
    pub(super) fn new(ask: &Ask, role: Role) -> Try<Self> {
        let zone = match ask.query("timeZone") {
            Some(name) => Some(TimeZone::get(name).map_err(|_| Fail::parameter("invalid", "Invalid time zone.", "timeZone"))?),
            None => None,
        };
        Ok(Self { zone, most_guests: ask.query("maxAttendees").and_then(|most| most.parse().ok()), role })
    }

    /// True when events are sent as they are kept.
    fn plain(&self) -> bool {
        self.zone.is_none() && self.most_guests.is_none() && self.role >= Role::Writer
    }

    /// An event of a list, as text.
    pub(super) fn listed(&self, stored: &Stored) -> String {
        if stored.cancelled {
            stored.stub().to_string()
        } else if self.plain() {
            stored.body.to_string()
        } else {
            self.event(stored.value()).to_string()
        }
    }

    /// An event in full.
    pub(super) fn event(&self, mut event: Value) -> Value {
        let private = matches!(event["visibility"].as_str(), Some("private" | "confidential"));
        if self.role == Role::FreeBusyReader || (private && self.role < Role::Writer) {
            event = stripped(&event);
        }
        if let Some(zone) = &self.zone {
            for name in ["start", "end", "originalStartTime"] {
                let at = event.get(name).and_then(|time| time["dateTime"].as_str()).and_then(|text| text.parse::<Timestamp>().ok());
                if let Some(at) = at {
                    let text = at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
                    event[name]["dateTime"] = json!(text.replace("+00:00", "Z"));
                }
            }
        }
        if let Some(most) = self.most_guests
            && let Some(guests) = event.get_mut("attendees").and_then(Value::as_array_mut)
            && guests.len() > most
        {
            // The user's own answer stays, whatever the number.
            guests.sort_by_key(|guest| guest["self"] != true);
            guests.truncate(most);
            event["attendeesOmitted"] = json!(true);
        }
        event
    }
}

/// What is told of an event whose details are not to be seen.
fn stripped(event: &Value) -> Value {
    let names = [
        "kind",
        "etag",
        "id",
        "status",
        "htmlLink",
        "start",
        "end",
        "recurrence",
        "recurringEventId",
        "originalStartTime",
        "iCalUID",
        "updated",
        "sequence",
        "transparency",
        "eventType",
    ];
    let mut kept: Map<String, Value> = Map::new();
    for name in names {
        if let Some(value) = event.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    kept.insert("visibility".to_owned(), json!("private"));
    Value::Object(kept)
}

/// Sends a body, only its `fields` when they are named.
pub(super) fn send(ask: &Ask, body: Value) -> Try<Reply> {
    let Some(fields) = ask.query("fields") else { return Ok(Reply::json(200, &body)) };
    let bad = || Fail::parameter("invalidParameter", &format!("Invalid field selection {fields}"), "fields");
    let (picked, rest) = pick(&body, fields).ok_or_else(bad)?;
    if rest.is_empty() { Ok(Reply::json(200, &picked)) } else { Err(bad()) }
}

/// Picks `a,b(c,d),e/f` out of a value; returns what of the text is left.
fn pick<'a>(value: &Value, mut text: &'a str) -> Option<(Value, &'a str)> {
    let mut chosen: Vec<(&str, Option<&str>)> = Vec::new();
    loop {
        let end = text.find([',', '(', ')', '/']).unwrap_or(text.len());
        let name = &text[..end];
        if name.is_empty() {
            return None;
        }
        let (inner, rest) = match text[end..].chars().next() {
            Some('(') => {
                let close = closing(&text[end..])?;
                (Some(&text[end + 1..end + close]), &text[end + close + 1..])
            }
            Some('/') => {
                let stop = end + 1 + text[end + 1..].find([',', ')']).unwrap_or(text.len() - end - 1);
                (Some(&text[end + 1..stop]), &text[stop..])
            }
            _ => (None, &text[end..]),
        };
        chosen.push((name, inner));
        text = rest;
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None => break,
        }
    }
    let each = |value: &Value| -> Option<Value> {
        let Some(map) = value.as_object() else { return Some(value.clone()) };
        let mut kept = Map::new();
        for (name, inner) in &chosen {
            for (key, value) in map.iter().filter(|(key, _)| *name == "*" || name == key) {
                let value = match inner {
                    Some(inner) => pick(value, inner)?.0,
                    None => value.clone(),
                };
                kept.insert(key.clone(), value);
            }
        }
        Some(Value::Object(kept))
    };
    let picked = match value.as_array() {
        Some(items) => Value::Array(items.iter().map(each).collect::<Option<_>>()?),
        None => each(value)?,
    };
    Some((picked, text))
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::pick;
    use serde_json::json;

    #[test]
    fn named_fields_are_picked_and_nonsense_is_refused() {
        let body = json!({"a": 1, "items": [{"id": "x", "start": {"date": "d", "zone": "z"}, "n": 2}], "next": "t"});
        let (picked, _) = pick(&body, "items(id,start/date),next").unwrap();
        assert_eq!(picked, json!({"items": [{"id": "x", "start": {"date": "d"}}], "next": "t"}));
        assert!(pick(&body, "items(id").is_none());
        assert!(pick(&body, "a,,b").is_none());
    }
}
