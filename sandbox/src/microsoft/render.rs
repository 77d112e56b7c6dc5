//! How an event looks to who asks: `Prefer` decides zone, kind of ids and form of the body.

use super::errors::{Fail, Try};
use super::store::{Mailbox, Stored, occurrence_id};
use super::times::{Shape, shown, wall};
use super::zones::zone;
use crate::hub::time::ticks;
use crate::hub::wire::Ask;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// What `Prefer` says.
pub(super) struct Look {
    pub(super) zone: TimeZone,
    pub(super) zone_name: String,
    pub(super) immutable: bool,
    pub(super) page: Option<usize>,
    pub(super) text: bool,
    /// Only `Calendars.ReadBasic` was granted: no bodies.
    pub(super) basic: bool,
    /// What was followed, for `Preference-Applied`.
    pub(super) applied: Vec<String>,
}

impl Look {
    pub(super) fn new(ask: &Ask) -> Try<Self> {
        let mut look =
            Self { zone: TimeZone::UTC, zone_name: "UTC".into(), immutable: false, page: None, text: false, basic: false, applied: vec![] };
        let lines = ask.headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
        for preference in lines.flat_map(|line| line.split(',')).map(str::trim) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim_matches('"');
            match (name.to_ascii_lowercase().as_str(), value) {
                ("outlook.timezone", value) => {
                    let message =
                        format!("A valid TimeZone value must be specified. The following TimeZone value is not supported: '{value}'.");
                    look.zone = zone(value).ok_or_else(|| Fail::bad("TimeZoneNotSupportedException", &message))?;
                    look.zone_name = value.to_owned();
                }
                ("idtype", "ImmutableId") => look.immutable = true,
                ("odata.maxpagesize", value) => {
                    let size = value.parse().ok().filter(|size| (1..=1000).contains(size));
                    look.page =
                        Some(size.ok_or_else(|| Fail::bad("ErrorInvalidRequest", "odata.maxpagesize must be between 1 and 1000."))?);
                }
                ("outlook.body-content-type", "text" | "html") => look.text = value == "text",
                // Preferences that are not known are ignored (RFC 7240 §2).
                _ => continue,
            }
            look.applied.push(preference.to_owned());
        }
        Ok(look)
    }

    fn times(&self, event: &mut Value, shape: &Shape, start: i64, end: i64) {
        if shape.all_day {
            // Days are never shifted: midnight, whatever the zone.
            for name in ["start", "end"] {
                let at = if name == "start" { start } else { end };
                let local = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(shape.zone.clone()).datetime();
                event[name] = json!({"dateTime": wall(local), "timeZone": self.zone_name});
            }
        } else {
            event["start"] = shown(start, &self.zone, &self.zone_name);
            event["end"] = shown(end, &self.zone, &self.zone_name);
        }
    }

    /// A single event or a master.
    pub(super) fn whole(&self, mailbox: &Mailbox, stored: &Stored) -> Value {
        let shape = stored.shape();
        let mut event = self.full(mailbox, stored, &stored.value(), stored.seq);
        event["id"] = json!(stored.id(self.immutable));
        event["type"] = json!(if shape.is_series() { "seriesMaster" } else { "singleInstance" });
        self.times(&mut event, &shape, shape.start, shape.end);
        event
    }

    /// An occurrence or exception in full.
    pub(super) fn occurrence(&self, mailbox: &Mailbox, stored: &Stored, original: i64) -> Value {
        let shape = stored.shape();
        let exception = stored.exceptions.get(&original);
        let (body, version) = match exception {
            Some(exception) => (serde_json::from_str(&exception.body).expect("bodies are written by the store"), exception.version),
            None => (stored.value(), stored.seq),
        };
        let mut event = self.full(mailbox, stored, &body, version);
        let master = stored.id(self.immutable);
        event["id"] = json!(occurrence_id(master, original));
        event["seriesMasterId"] = json!(master);
        event["type"] = json!(if exception.is_some() { "exception" } else { "occurrence" });
        event["recurrence"] = Value::Null;
        event["originalStart"] = json!(ticks(original));
        event["iCalUId"] = json!(format!("{}{:x}", event["iCalUId"].as_str().unwrap_or_default(), original / 1000));
        let (start, end) = match exception.map(|_| Shape::of(&body).expect("it was checked when it was written")) {
            Some(own) => (own.start, own.end),
            None => (original, original + shape.length()),
        };
        self.times(&mut event, &shape, start, end);
        event
    }

    /// An occurrence as a delta tells it: with nothing but its place.
    pub(super) fn bare(&self, stored: &Stored, original: i64) -> Value {
        let shape = stored.shape();
        let master = stored.id(self.immutable);
        let mut event = json!({
            "@odata.type": "#microsoft.graph.event", "@odata.etag": etag(stored.key, stored.seq), "id": occurrence_id(master, original),
            "seriesMasterId": master, "type": "occurrence",
        });
        self.times(&mut event, &shape, original, original + shape.length());
        event
    }

    fn full(&self, mailbox: &Mailbox, stored: &Stored, body: &Value, version: u64) -> Value {
        let mut event = body.clone();
        event["@odata.etag"] = json!(etag(stored.key, version));
        event["changeKey"] = json!(change_key(stored.key, version));
        event["createdDateTime"] = json!(ticks(stored.created));
        event["lastModifiedDateTime"] = json!(ticks(stored.modified));
        event["webLink"] = json!(format!("https://outlook.office365.com/owa/?itemid={}", stored.id(self.immutable)));
        event["seriesMasterId"] = Value::Null;
        let mine = event["organizer"]["emailAddress"]["address"] == mailbox.account.as_str();
        event["isOrganizer"] = json!(mine);
        if self.basic {
            for name in ["body", "bodyPreview"] {
                event.as_object_mut().map(|fields| fields.remove(name));
            }
        } else {
            let content = event["body"]["content"].as_str().unwrap_or_default().to_owned();
            event["bodyPreview"] = json!(content.chars().take(255).collect::<String>());
            if !self.text && event["body"]["contentType"] == "text" {
                event["body"] = json!({"contentType": "html", "content": format!("<html><head></head><body>{content}</body></html>")});
            }
        }
        event
    }
}

fn change_key(key: u64, version: u64) -> String {
    STANDARD.encode(format!("ZlnW4RIAV06K{key:06}{version:08}"))
}

pub(super) fn etag(key: u64, version: u64) -> String {
    format!("W/\"{}\"", change_key(key, version))
}

/// What a mailbox puts into an event that a client or a user makes.
pub(super) fn defaults(mailbox: &Mailbox, uid: &str) -> Value {
    json!({
        "categories": [], "transactionId": null, "iCalUId": uid, "reminderMinutesBeforeStart": 15, "isReminderOn": true,
        "hasAttachments": false, "subject": "", "importance": "normal", "sensitivity": "normal", "isAllDay": false, "isCancelled": false,
        "responseRequested": true, "showAs": "busy", "onlineMeetingUrl": null, "isOnlineMeeting": false, "onlineMeetingProvider": "unknown",
        "allowNewTimeProposals": true, "isDraft": false, "hideAttendees": false, "recurrence": null, "onlineMeeting": null,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"}, "body": {"contentType": "text", "content": ""},
        "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}},
        "locations": [], "attendees": [], "organizer": {"emailAddress": {"name": mailbox.name, "address": mailbox.account}},
    })
}

/// Leaves only what `$select` names; ids and annotations stay.
pub(super) fn select(event: Value, names: Option<&str>) -> Value {
    let (Some(names), Value::Object(fields)) = (names, &event) else { return event };
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    let kept: Map<String, Value> = fields
        .iter()
        .filter(|(name, _)| *name == "id" || name.contains('@') || names.contains(&name.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    Value::Object(kept)
}

/// The mark of a calendar's version.
pub(super) fn calendar_key(id: &str, version: u64) -> String {
    STANDARD.encode(format!("{}{version:06}", &id[6..14]))
}
