//! The official field lists (`schemas/*.json`) as a check: required fields, types, enumerations, and nothing that is not listed.
//!
//! A type is written `string`, `boolean`, `integer`, `number`, `date`, `date-time`, `int64` (digits as text), `uri`, `email`, `any`,
//! `enum a|b`, `one A|B` (any of these), `[T]` (list), `{T}` (map), or the name of another type. A `!` before it: always there; a
//! `?` after it: may be null.
//!
//! The stand-ins read the bodies of requests by it ([`Schema::check_input`], where nothing is required); tests read the answers by it
//! ([`Schema::check`]).

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One provider's lists.
#[derive(Debug, Deserialize)]
pub struct Schema {
    types: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) methods: BTreeMap<String, Operation>,
    #[serde(default)]
    pub(crate) common: BTreeMap<String, String>,
}

/// What one method takes.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) scopes: Vec<String>,
    pub(crate) parameters: BTreeMap<String, String>,
}

fn load(text: &str) -> Schema {
    serde_json::from_str(text).expect("the schemas of the crate are well-formed")
}

/// Google Calendar API v3.
pub static GOOGLE: LazyLock<Schema> = LazyLock::new(|| load(include_str!("../schemas/google.json")));
/// Microsoft Graph v1.0, calendars.
pub static MICROSOFT: LazyLock<Schema> = LazyLock::new(|| load(include_str!("../schemas/microsoft.json")));
/// Calendly API v2.
pub static CALENDLY: LazyLock<Schema> = LazyLock::new(|| load(include_str!("../schemas/calendly.json")));

struct Check<'a> {
    schema: &'a Schema,
    required: bool,
    findings: Vec<String>,
}

impl Schema {
    /// What is wrong with an answer of this type, each finding with its place; empty when all is well.
    #[must_use]
    pub fn check(&self, kind: &str, value: &Value) -> Vec<String> {
        self.run(kind, value, true)
    }

    /// The same for what a client sends: fields may be left out.
    #[must_use]
    pub fn check_input(&self, kind: &str, value: &Value) -> Vec<String> {
        self.run(kind, value, false)
    }

    fn run(&self, kind: &str, value: &Value, required: bool) -> Vec<String> {
        let mut check = Check { schema: self, required, findings: Vec::new() };
        check.value(kind, value, kind);
        check.findings
    }
}

impl Check<'_> {
    fn value(&mut self, kind: &str, value: &Value, at: &str) {
        let kind = kind.strip_prefix('!').unwrap_or(kind);
        let (kind, nullable) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
        if value.is_null() {
            if !nullable {
                self.findings.push(format!("{at}: null"));
            }
            return;
        }
        if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
            return self.list(inner, value, at);
        }
        if let Some(inner) = kind.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
            let Some(map) = value.as_object() else { return self.wrong(kind, value, at) };
            return map.iter().for_each(|(key, value)| self.value(inner, value, &format!("{at}.{key}")));
        }
        if let Some(values) = kind.strip_prefix("enum ") {
            if !value.as_str().is_some_and(|text| values.split('|').any(|value| value == text)) {
                self.wrong(kind, value, at);
            }
            return;
        }
        if let Some(kinds) = kind.strip_prefix("one ") {
            let fits = kinds.split('|').any(|kind| self.schema.run(kind, value, self.required).is_empty());
            if !fits {
                self.wrong(kind, value, at);
            }
            return;
        }
        match self.schema.types.get(kind) {
            Some(fields) => self.object(fields, value, at),
            None if plain(kind, value) => {}
            // Clients may write wall times where a zone stands beside them; whether one does is for the provider to say.
            None if kind == "date-time" && !self.required && is_wall_time(value) => {}
            None => self.wrong(kind, value, at),
        }
    }

    fn list(&mut self, inner: &str, value: &Value, at: &str) {
        let Some(items) = value.as_array() else { return self.wrong("list", value, at) };
        for (index, item) in items.iter().enumerate() {
            self.value(inner, item, &format!("{at}[{index}]"));
        }
    }

    fn object(&mut self, fields: &BTreeMap<String, String>, value: &Value, at: &str) {
        // A type that is only another name for a choice.
        if let Some(kind) = fields.get("") {
            return self.value(kind, value, at);
        }
        let Some(map) = value.as_object() else { return self.wrong("object", value, at) };
        for (key, value) in map {
            match fields.get(key) {
                Some(kind) => self.value(kind, value, &format!("{at}.{key}")),
                None => self.findings.push(format!("{at}.{key}: no such field")),
            }
        }
        if self.required {
            let missing = fields.iter().filter(|(key, kind)| kind.starts_with('!') && !map.contains_key(*key));
            self.findings.extend(missing.map(|(key, _)| format!("{at}.{key}: missing")));
        }
    }

    fn wrong(&mut self, kind: &str, value: &Value, at: &str) {
        self.findings.push(format!("{at}: {value} is no {kind}"));
    }
}

fn is_wall_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains('T') && text.parse::<jiff::civil::DateTime>().is_ok())
}

/// Whether a value that is no object fits a plain type.
pub(crate) fn plain(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        "any" => true,
        "string" => text.is_some(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "date" => text.is_some_and(|text| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()),
        "date-time" => text.is_some_and(|text| text.contains('T') && text.parse::<jiff::Timestamp>().is_ok()),
        "int64" => text.is_some_and(|text| text.parse::<i64>().is_ok()),
        "uri" => text.is_some_and(|text| url::Url::parse(text).is_ok()),
        "email" => text.is_some_and(|text| text.contains('@')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{CALENDLY, GOOGLE, MICROSOFT};
    use serde_json::json;

    #[test]
    fn missing_unknown_and_wrongly_typed_fields_are_found() {
        let event = json!({"id": 7, "status": "gone", "etag": "\"1\"", "start": {"date": "2026-3-1"}, "colour": "red"});
        let found = GOOGLE.check("Event", &event).join("\n");
        for place in ["Event.id: 7 is no string", "Event.status", "Event.start.date", "Event.colour: no such field", "Event.kind: missing"]
        {
            assert!(found.contains(place), "{place} is not in\n{found}");
        }
        assert!(!GOOGLE.check_input("Event", &event).iter().any(|line| line.contains("missing")));
    }

    #[test]
    fn a_wall_time_is_taken_from_clients_and_never_told() {
        let event = json!({"dateTime": "2026-03-10T09:00:00", "timeZone": "Europe/Berlin"});
        assert!(GOOGLE.check_input("EventDateTime", &event).is_empty());
        assert_eq!(GOOGLE.check("EventDateTime", &event).len(), 1);
        assert_eq!(GOOGLE.check_input("EventDateTime", &json!({"dateTime": "2026-03-10"})).len(), 1);
    }

    #[test]
    fn null_is_taken_only_where_it_is_allowed() {
        assert_eq!(GOOGLE.check_input("Event", &json!({"summary": null})).len(), 1);
        assert!(MICROSOFT.check_input("Event", &json!({"subject": null})).is_empty());
    }

    #[test]
    fn a_choice_takes_each_of_its_kinds_and_nothing_else() {
        assert!(CALENDLY.check("Location", &json!({"type": "physical", "location": "Hauptstr. 1"})).is_empty());
        assert!(!CALENDLY.check("Location", &json!({"type": "physical"})).is_empty());
    }

    #[test]
    fn every_type_that_a_list_names_is_there() {
        for schema in [&*GOOGLE, &*MICROSOFT, &*CALENDLY] {
            for (name, fields) in &schema.types {
                for (field, kind) in fields {
                    let kind = kind.trim_matches(['!', '?', '[', ']', '{', '}']);
                    let names = kind.strip_prefix("one ").map_or_else(|| vec![kind], |kinds| kinds.split('|').collect());
                    for wanted in names.into_iter().filter(|kind| !kind.starts_with("enum ") && kind.starts_with(char::is_uppercase)) {
                        assert!(schema.types.contains_key(wanted), "{name}.{field}: {wanted}");
                    }
                }
            }
        }
    }
}
