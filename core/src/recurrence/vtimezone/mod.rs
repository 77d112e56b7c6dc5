//! Zones that only their VTIMEZONE describes (RFC 5545 §3.6.5).
//!
//! Such a zone becomes a name that holds its rules, so that what is stored needs no table beside it:
//! `vtz:STD-1DST-2,M3.5.0,M10.5.0/3#Customized Time Zone`: POSIX rules (RFC 9636 §3.3.2) and, behind `#`, what the calendar
//! called it. Where POSIX can not say it all, the offset before the first change and the changes themselves follow the
//! rules: `vtz:STD5;-18000;1173596400:-14400d,1194156000:-18000#…`. Reading goes through TZif, so that jiff does the rest.

mod posix;
mod tzif;

use super::effort::Effort;
use super::engine;
use super::rule::Rule;
use super::written::Written;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use syncline_domain::time::{Millis, ZoneName, naive_ms};

/// How the names of such zones begin.
pub(super) const PREFIX: &str = "vtz:";

/// Changes beyond it are not written out, where no rule can stand for them.
const LAST: DateTime = DateTime::constant(2060, 1, 1, 0, 0, 0, 0);

/// Changes before it are not kept.
const FIRST: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A VTIMEZONE as its file gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VTimezone {
    /// TZID.
    pub tzid: String,
    /// `X-LIC-LOCATION`, an IANA name.
    pub location: Option<String>,
    /// STANDARD and DAYLIGHT.
    pub observances: Vec<Observance>,
}

/// A STANDARD or DAYLIGHT of a VTIMEZONE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observance {
    /// When it first begins, on the wall clock that was valid before (TZOFFSETFROM).
    pub start: DateTime,
    /// TZOFFSETFROM in seconds.
    pub offset_from: i32,
    /// TZOFFSETTO in seconds.
    pub offset_to: i32,
    /// DAYLIGHT rather than STANDARD.
    pub daylight: bool,
    /// RRULE values.
    pub rules: Vec<String>,
    /// RDATE values.
    pub dates: Vec<DateTime>,
}

impl VTimezone {
    /// It has a DAYLIGHT that changes the offset.
    pub(super) fn observes_daylight(&self) -> bool {
        self.observances.iter().any(|part| part.daylight && part.offset_to != part.offset_from)
    }
}

/// A change of the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    at_s: i64,
    offset_s: i32,
    daylight: bool,
}

/// The name of the zone that a VTIMEZONE describes; `None` when it describes none.
pub(super) fn evaluate(zone: &VTimezone) -> Option<ZoneName> {
    let parts: Vec<&Observance> =
        zone.observances.iter().filter(|part| part.offset_to.abs() <= 86_400 && part.offset_from.abs() <= 86_400).collect();
    let rules = rules(&parts)?;
    let label: String = zone.tzid.chars().filter(|c| !c.is_control() && *c != '#').take(60).collect();
    let name = ZoneName(format!("{PREFIX}{rules}#{label}"));
    load(name.0.strip_prefix(PREFIX)?).map(|_| name)
}

fn rules(parts: &[&Observance]) -> Option<String> {
    let last_of = |daylight: bool| parts.iter().filter(|part| part.daylight == daylight && is_endless(part)).max_by_key(|part| part.start);
    let tail = match (last_of(false), last_of(true)) {
        (Some(standard), Some(daylight)) => posix::pair(standard, daylight).map(|text| (text, standard.start.min(daylight.start))),
        // One endless part repeats the same offset for ever.
        (Some(only), None) if parts.len() == 1 => return Some(posix::fixed(only.offset_to)),
        _ => None,
    };
    match tail {
        Some((text, _)) if parts.len() == 2 => Some(text),
        Some((text, from)) => Some(with_changes(text, parts, from)),
        None => {
            let changes = changes(parts, LAST);
            let last = changes.last()?;
            if changes.len() == 1 && parts.len() == 1 {
                return Some(posix::fixed(last.offset_s));
            }
            // Where no rule can stand for the future, standard time does.
            let standard = parts.iter().filter(|part| !part.daylight).max_by_key(|part| part.start);
            Some(with_changes(posix::fixed(standard.map_or(last.offset_s, |part| part.offset_to)), parts, LAST))
        }
    }
}

/// Rules for the future, and the changes up to it. The first changes by the rules themselves are among them.
fn with_changes(rules: String, parts: &[&Observance], until: DateTime) -> String {
    let until = until.saturating_add(jiff::Span::new().years(1));
    let all = changes(parts, until);
    let first = naive_ms(FIRST) / 1000;
    let kept = all.iter().position(|change| change.at_s >= first).unwrap_or(all.len());
    let earliest = parts.iter().min_by_key(|part| part.start).map_or(0, |part| part.offset_from);
    let before = kept.checked_sub(1).and_then(|index| all.get(index)).map_or(earliest, |change| change.offset_s);
    let changes: Vec<String> =
        all[kept..].iter().map(|change| format!("{}:{}{}", change.at_s, change.offset_s, if change.daylight { "d" } else { "" })).collect();
    if changes.is_empty() { rules } else { format!("{rules};{before};{}", changes.join(",")) }
}

fn is_endless(part: &Observance) -> bool {
    part.rules.iter().filter_map(|text| Rule::parse(text)).any(|rule| rule.until.is_none() && rule.count.is_none())
}

/// All changes before a wall time. An endless rule ends where a later part of its kind begins.
fn changes(parts: &[&Observance], until: DateTime) -> Vec<Change> {
    let mut all = Vec::new();
    for part in parts {
        let later = parts.iter().filter(|other| other.daylight == part.daylight && other.start > part.start).map(|other| other.start).min();
        let mut onsets: Vec<Millis> = vec![naive_ms(part.start)];
        onsets.extend(part.dates.iter().map(|at| naive_ms(*at)));
        for rule in part.rules.iter().filter_map(|text| Rule::parse(text)) {
            let end = match rule.until {
                None if rule.count.is_none() => later.map_or(naive_ms(until), naive_ms),
                None => naive_ms(until),
                Some(Written::Utc(at)) => naive_ms(at).saturating_add(i64::from(part.offset_from) * 1000 + 1),
                Some(Written::Local(at)) => naive_ms(at).saturating_add(1),
                Some(Written::Date(date)) => naive_ms(date.to_datetime(Time::midnight())).saturating_add(86_400_000),
            };
            // However it ends: what was found is used.
            engine::search(&rule, part.start, false, (naive_ms(part.start), end.min(naive_ms(until))), &Effort::full(), |at| {
                onsets.push(at);
                onsets.len() < 1_000
            });
        }
        onsets.retain(|at| *at < naive_ms(until));
        let changes = onsets.into_iter().map(|at| Change {
            at_s: at.div_euclid(1000) - i64::from(part.offset_from),
            offset_s: part.offset_to,
            daylight: part.daylight,
        });
        all.extend(changes);
    }
    all.sort_unstable();
    all.dedup_by_key(|change| change.at_s);
    all.truncate(400);
    all
}

/// The zone of a name that [`evaluate`] wrote, without its prefix.
pub(super) fn load(text: &str) -> Option<TimeZone> {
    let rules = text.split_once('#').map_or(text, |(rules, _)| rules);
    let mut fields = rules.split(';');
    let posix = fields.next()?;
    let Some(before) = fields.next() else { return TimeZone::posix(posix).ok() };
    let mut changes = Vec::new();
    for change in fields.next()?.split(',') {
        let (at, offset) = change.split_once(':')?;
        let daylight = offset.ends_with('d');
        let change = Change { at_s: at.parse().ok()?, offset_s: offset.trim_end_matches('d').parse().ok()?, daylight };
        if change.offset_s.abs() > 86_400 {
            return None;
        }
        changes.push(change);
    }
    let before = before.parse::<i32>().ok().filter(|offset| offset.abs() <= 86_400)?;
    let bytes = tzif::write(before, &changes, posix);
    TimeZone::tzif(PREFIX, &bytes).or_else(|_| TimeZone::tzif(PREFIX, &tzif::write(before, &changes, ""))).ok()
}

#[cfg(test)]
mod tests;
