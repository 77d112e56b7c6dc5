//! One VEVENT as one [`Event`], before it meets the others of its UID.

use super::color;
use super::file::Component;
use super::lex::split_list;
use super::links;
use super::people;
use super::times::{Times, add, duration, instant};
use crate::recurrence::{Written, Zone, written};
use jiff::civil::{Date, DateTime, Time};
use syncline_domain::event::{Busy, DateValue, Event, EventStatus, Recurrence, Response, Visibility};
use syncline_domain::time::{Millis, When, ZoneName};

/// A VEVENT that could be read.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its content; [`Event::instance`] is filled in once the master is known.
    pub(super) event: Event,
    /// RECURRENCE-ID as it was written.
    pub(super) recurrence_id: Option<DateValue>,
    /// For an all-day event that was written as midnights in a zone: that zone.
    pub(super) midnight_zone: Option<ZoneName>,
    /// The newer of DTSTAMP and LAST-MODIFIED.
    pub(super) stamp: Millis,
    pub(super) warnings: Vec<&'static str>,
}

/// Why a VEVENT could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) reason: &'static str,
    pub(super) detail: String,
}

fn broken(reason: &'static str, detail: impl Into<String>) -> Broken {
    Broken { reason, detail: detail.into() }
}

/// The UID, trimmed; `None` when it is missing.
pub(super) fn uid(component: &Component<'_>) -> Option<String> {
    component.line("UID").map(|line| line.text().trim().to_owned()).filter(|uid| !uid.is_empty())
}

/// Reads a VEVENT. `cancelled`: its VCALENDAR says `METHOD:CANCEL`.
pub(super) fn read(component: &Component<'_>, times: &mut Times<'_>, mine: &[String], cancelled: bool) -> Result<Draft, Broken> {
    times.warnings.clear();
    if component.truncated {
        return Err(broken("truncated", "the file ends inside this event"));
    }
    let mut raw = Raw::default();
    let mut event = blank();
    for line in &component.lines {
        raw.take(line, &mut event, times, mine);
    }
    let start = match (&raw.start, raw.has_start) {
        (Some(start), _) => start.clone(),
        (None, false) => return Err(broken("no_start", "the event has no DTSTART")),
        (None, true) => {
            let written = component.line("DTSTART").map(|line| line.value().to_owned()).unwrap_or_default();
            return Err(broken("bad_start", format!("DTSTART is not a date: {}", written.chars().take(60).collect::<String>())));
        }
    };
    if raw.has_recurrence_id && raw.recurrence_id.is_none() {
        return Err(broken("bad_recurrence_id", "RECURRENCE-ID is not a date"));
    }
    let (when, midnight_zone) = raw.when(start, times);
    if !raw.recurrence.rules.is_empty() || !raw.recurrence.dates.is_empty() {
        raw.recurrence.exact_duration = raw.exact_duration(&when);
        if let Some(zone) = midnight_zone.as_ref().and_then(Zone::from_name) {
            in_days(&mut raw.recurrence, &zone);
        }
        // A rule on an override would make a series of its own out of one instance.
        event.recurrence = raw.recurrence_id.is_none().then_some(raw.recurrence);
    }
    event.when = when;
    event.this_and_future = raw.this_and_future && raw.recurrence_id.is_some();
    event.conference_url = links::conference(component);
    if cancelled {
        event.status = EventStatus::Cancelled;
    }
    event.busy = busy(&event, raw.busy_status, raw.transparent);
    let uid = uid(component);
    if uid.is_none() {
        times.warn("missing_uid");
    }
    event.uid = uid.unwrap_or_else(|| super::fallback_uid(&event));
    let stamp = raw.stamp.max(event.updated_at).unwrap_or(i64::MIN);
    Ok(Draft { event, recurrence_id: raw.recurrence_id, midnight_zone, stamp, warnings: std::mem::take(&mut times.warnings) })
}

fn blank() -> Event {
    let midnight = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    Event {
        uid: String::new(),
        instance: None,
        this_and_future: false,
        when: When::Floating { start: midnight, end: midnight },
        recurrence: None,
        status: EventStatus::Confirmed,
        busy: Busy::Busy,
        visibility: Visibility::Public,
        title: String::new(),
        description: None,
        location: None,
        url: None,
        conference_url: None,
        organizer: None,
        attendees: Vec::new(),
        categories: Vec::new(),
        color: None,
        sequence: 0,
        created_at: None,
        updated_at: None,
    }
}

/// What must be put together once all lines are read.
#[derive(Default)]
struct Raw {
    has_start: bool,
    has_recurrence_id: bool,
    start: Option<DateValue>,
    end: Option<DateValue>,
    length: Option<super::times::Duration>,
    recurrence_id: Option<DateValue>,
    this_and_future: bool,
    recurrence: Recurrence,
    all_day: bool,
    transparent: bool,
    busy_status: Option<Busy>,
    stamp: Option<Millis>,
}

impl Raw {
    fn take(&mut self, line: &super::lex::Line<'_>, event: &mut Event, times: &mut Times<'_>, mine: &[String]) {
        let mut name = [0_u8; 40];
        let written = line.name().as_bytes();
        let Some(name) = name.get_mut(..written.len()) else { return };
        name.copy_from_slice(written);
        name.make_ascii_uppercase();
        let text = || Some(line.text().trim().to_owned()).filter(|text| !text.is_empty());
        let value = line.value().trim();
        match &*name {
            b"DTSTART" if self.start.is_none() => {
                self.has_start = true;
                self.start = times.value(line);
            }
            b"DTEND" => {
                self.end = times.value(line);
                if self.end.is_none() {
                    times.warn("bad_date");
                }
            }
            b"DURATION" => self.length = duration(value),
            b"RECURRENCE-ID" => {
                self.has_recurrence_id = true;
                self.recurrence_id = times.value(line);
                self.this_and_future = line.param("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
            }
            b"RRULE" if !value.is_empty() => self.recurrence.rules.push(value.to_owned()),
            b"EXRULE" if !value.is_empty() => self.recurrence.except_rules.push(value.to_owned()),
            b"RDATE" => self.recurrence.dates.extend(times.dates(line)),
            b"EXDATE" => self.recurrence.except_dates.extend(times.list(line)),
            b"SUMMARY" => event.title = line.text().trim().to_owned(),
            b"DESCRIPTION" => event.description = text(),
            b"LOCATION" => event.location = text(),
            b"URL" => event.url = links::safe(&line.text()),
            b"STATUS" if value.eq_ignore_ascii_case("CANCELLED") => event.status = EventStatus::Cancelled,
            b"STATUS" if value.eq_ignore_ascii_case("TENTATIVE") => event.status = EventStatus::Tentative,
            b"TRANSP" => self.transparent = value.eq_ignore_ascii_case("TRANSPARENT"),
            b"CLASS" if value.eq_ignore_ascii_case("PRIVATE") => event.visibility = Visibility::Private,
            b"CLASS" if value.eq_ignore_ascii_case("CONFIDENTIAL") => event.visibility = Visibility::Confidential,
            b"ORGANIZER" => event.organizer = Some(people::person(line)).filter(|who| who.name.is_some() || who.email.is_some()),
            b"ATTENDEE" => event.attendees.push(people::attendee(line, mine)),
            b"CATEGORIES" => event.categories.extend(split_list(value)),
            b"COLOR" => event.color = color::hex(value),
            b"SEQUENCE" => event.sequence = value.parse().unwrap_or(0),
            b"CREATED" => event.created_at = instant(value),
            b"LAST-MODIFIED" => event.updated_at = instant(value),
            b"DTSTAMP" => self.stamp = instant(value),
            b"X-MICROSOFT-CDO-ALLDAYEVENT" => self.all_day = value.eq_ignore_ascii_case("TRUE"),
            b"X-MICROSOFT-CDO-BUSYSTATUS" => {
                self.busy_status = match value.to_ascii_uppercase().as_str() {
                    "FREE" => Some(Busy::Free),
                    "TENTATIVE" => Some(Busy::Tentative),
                    "BUSY" | "WORKINGELSEWHERE" => Some(Busy::Busy),
                    "OOF" => Some(Busy::OutOfOffice),
                    _ => None,
                }
            }
            _ => {}
        }
    }

    /// Start and end by the rules of RFC 5545 §3.6.1, and what the wild makes of them; for midnights that Outlook means
    /// as whole days, their zone.
    fn when(&self, start: DateValue, times: &mut Times<'_>) -> (When, Option<ZoneName>) {
        let end = self.end.clone().or_else(|| self.length.map(|length| add(&start, length)));
        if self.all_day
            && let Some((when, zone)) = midnights(&start, end.as_ref(), times.default_zone)
        {
            return (when, zone);
        }
        let when = match start {
            DateValue::Date(start) => {
                let next = start.tomorrow().unwrap_or(start);
                let end = end.map_or(next, |end| last_day(&end));
                if end < start {
                    times.warn("end_before_start");
                }
                When::AllDay { start, end: end.max(next) }
            }
            DateValue::Floating(start) => {
                let end = end.map_or(start, |end| wall(&end));
                if end < start {
                    times.warn("end_before_start");
                }
                When::Floating { start, end: end.max(start) }
            }
            DateValue::Zoned(start) => {
                let zone = Zone::of(&start);
                let end = match end {
                    None => start.clone(),
                    Some(DateValue::Zoned(end)) => end,
                    Some(other) => zone.moment(wall(&other), &start.zone),
                };
                if end.at < start.at {
                    times.warn("end_before_start");
                    When::Timed { end: start.clone(), start }
                } else {
                    When::Timed { start, end }
                }
            }
        };
        (when, None)
    }

    fn exact_duration(&self, when: &When) -> Option<Millis> {
        let length = self.length.filter(|length| self.end.is_none() && length.days == 0 && length.exact_ms > 0)?;
        matches!(when, When::Timed { .. }).then_some(length.exact_ms)
    }
}

/// The exclusive last day of an all-day event whose end was written in any form.
fn last_day(end: &DateValue) -> Date {
    let at = wall(end);
    if at.time() == Time::midnight() { at.date() } else { at.date().tomorrow().unwrap_or(at.date()) }
}

fn wall(value: &DateValue) -> DateTime {
    match value {
        DateValue::Date(date) => date.to_datetime(Time::midnight()),
        DateValue::Floating(at) => *at,
        DateValue::Zoned(moment) => moment.wall,
    }
}

/// Outlook's all-day events: midnight to midnight in the event's own zone, or (written in UTC) in the calendar's.
fn midnights(start: &DateValue, end: Option<&DateValue>, default_zone: Option<&str>) -> Option<(When, Option<ZoneName>)> {
    let end = end.unwrap_or(start);
    let days = |start: DateTime, end: DateTime| {
        let whole = start.time() == Time::midnight() && end.time() == Time::midnight();
        let next = start.date().tomorrow().ok()?;
        whole.then(|| When::AllDay { start: start.date(), end: end.date().max(next) })
    };
    if let Some(when) = days(wall(start), wall(end)) {
        let zone = if let DateValue::Zoned(moment) = start { Some(moment.zone.clone()) } else { None };
        return Some((when, zone));
    }
    let (DateValue::Zoned(start), DateValue::Zoned(end)) = (start, end) else { return None };
    let name = ZoneName(default_zone?.to_owned());
    let zone = Zone::from_name(&name)?;
    days(zone.to_wall(start.at), zone.to_wall(end.at)).map(|when| (when, Some(name)))
}

/// The rules of a series of midnights as rules of whole days: its instants name the days that its zone shows.
fn in_days(rules: &mut Recurrence, zone: &Zone) {
    let day = |value: &mut DateValue| {
        if let DateValue::Zoned(moment) = value {
            *value = DateValue::Date(zone.to_wall(moment.at).date());
        }
    };
    rules.except_dates.iter_mut().for_each(day);
    for date in &mut rules.dates {
        day(&mut date.start);
        date.end.iter_mut().for_each(day);
    }
    for rule in rules.rules.iter_mut().chain(&mut rules.except_rules) {
        let parts: Vec<String> = rule
            .split(';')
            .map(|part| match part.split_once('=').map(|(name, value)| (name, written(value))) {
                Some((name, Some(Written::Utc(at)))) if name.trim().eq_ignore_ascii_case("UNTIL") => {
                    format!("UNTIL={}", zone.to_wall(Zone::utc().to_instant(at)).date().strftime("%Y%m%d"))
                }
                _ => part.to_owned(),
            })
            .collect();
        *rule = parts.join(";");
    }
}

/// Whether it blocks time : the Outlook property beats TRANSP; declined or cancelled is never busy.
fn busy(event: &Event, outlook: Option<Busy>, transparent: bool) -> Busy {
    let mine = event.attendees.iter().find(|attendee| attendee.me).map(|me| me.response);
    if event.status == EventStatus::Cancelled || mine == Some(Response::Declined) {
        return Busy::Free;
    }
    match outlook {
        Some(busy) => busy,
        None if transparent => Busy::Free,
        None if event.status == EventStatus::Tentative || mine == Some(Response::Tentative) => Busy::Tentative,
        None => Busy::Busy,
    }
}
