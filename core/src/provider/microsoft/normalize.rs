//! One event of Graph to the domain's. Pure.

use super::pattern;
use super::wire::{Guest, Item, Recipient, Time};
use crate::ical;
use crate::recurrence::{Timezones, Zone, instance_key};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time as Clock};
use syncline_domain::event::{Attendee, Busy, DateValue, Event, EventStatus, Person, Recurrence, Response, Visibility};
use syncline_domain::time::{Millis, Moment, When, ZoneName};

/// What the reader needs to know about the mailbox.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Its address, in lower case.
    pub(super) me: Option<String>,
}

/// Why an event can not be read: `no_start`, `bad_start`, `bad_recurrence_id`, and a detail for the log.
pub(super) type Broken = (&'static str, String);

/// An event with what was odd about it.
#[derive(Debug)]
pub(super) struct Normalized {
    pub(super) event: Event,
    pub(super) warnings: Vec<&'static str>,
}

/// Reads a single event, a master, or (with `master`) an exception of it.
pub(super) fn event(item: &Item, master: Option<&Event>, reading: &Reading) -> Result<Normalized, Broken> {
    let mut warnings = Vec::new();
    let when = when(item, master, &mut warnings)?;
    let instance = match (&item.series_master_id, master) {
        (Some(_), Some(master)) => Some(instance_key(&original(item, &master.when).ok_or_else(|| no_original(item))?, &master.when)),
        _ => None,
    };
    let recurrence = match item.recurrence.as_ref().filter(|_| instance.is_none()) {
        None => None,
        Some(recurrence) => {
            let zone = match &when {
                When::Timed { start, .. } => Some(Zone::of(start)),
                _ => None,
            };
            // Without a rule the series still has the occurrences that are told one by one.
            let rules = pattern::rule(recurrence, zone.as_ref()).map_or_else(
                |odd| {
                    tracing::info!(%odd, "a series has a rule that is not known");
                    warnings.push("bad_rule");
                    Vec::new()
                },
                |rule| vec![rule],
            );
            Some(Recurrence { rules, ..Recurrence::default() })
        }
    };
    let uid = text(&item.uid).or_else(|| text(&item.i_cal_u_id)).unwrap_or_else(|| item.id.clone());
    let event = Event {
        // Graph gives each occurrence a UID of its own; what belongs together has one.
        uid: master.map_or(uid, |master| master.uid.clone()),
        instance,
        this_and_future: false,
        when,
        recurrence,
        status: if item.is_cancelled == Some(true) { EventStatus::Cancelled } else { EventStatus::Confirmed },
        busy: match item.show_as.as_deref() {
            Some("free") => Busy::Free,
            Some("tentative") => Busy::Tentative,
            Some("oof") => Busy::OutOfOffice,
            _ => Busy::Busy,
        },
        visibility: match item.sensitivity.as_deref() {
            Some("private" | "personal") => Visibility::Private,
            Some("confidential") => Visibility::Confidential,
            _ => Visibility::Public,
        },
        title: text(&item.subject).unwrap_or_else(|| hidden_title(item)),
        description: item.body.as_ref().and_then(|body| text(&body.content)).map(|text| text.replace("\r\n", "\n")),
        location: item.location.as_ref().and_then(|location| text(&location.display_name)),
        url: item.web_link.as_deref().and_then(ical::safe_link),
        conference_url: conference(item),
        organizer: item.organizer.as_ref().and_then(person),
        attendees: attendees(item, reading),
        categories: categories(item),
        color: None,
        sequence: 0,
        created_at: item.created_date_time.as_deref().and_then(instant),
        updated_at: item.last_modified_date_time.as_deref().and_then(instant),
    };
    Ok(Normalized { event, warnings })
}

/// The original start of an exception, or the start of a bare occurrence, in the form of its master's start.
pub(super) fn original(item: &Item, master: &When) -> Option<DateValue> {
    let at = match &item.original_start {
        Some(text) => instant(text)?,
        None => match (master, item.start.as_ref()?) {
            // The dates of whole days are meant as they stand.
            (When::AllDay { .. }, start) => return Some(DateValue::Date(wall(start)?.date())),
            (_, start) => moment(start, None)?.at,
        },
    };
    Some(match master {
        When::AllDay { .. } => DateValue::Date(day_of(at, item.original_start_time_zone.as_deref())?),
        When::Timed { start, .. } => DateValue::Zoned(Zone::of(start).moment_at(at, &start.zone)),
        When::Floating { .. } => return None,
    })
}

/// The day of a whole day's original start: midnight in UTC, or in the zone where the event was made.
fn day_of(at: Millis, zone: Option<&str>) -> Option<jiff::civil::Date> {
    const DAY: Millis = 86_400_000;
    let utc = Zone::utc().to_wall(at);
    if at % DAY == 0 {
        return Some(utc.date());
    }
    let local = Zone::from_name(&Timezones::default().resolve(zone?, None).0)?.to_wall(at);
    // A zone that is not the right one is off by hours: the nearest midnight is meant.
    Some(if local.time() == Clock::midnight() { local.date() } else { Zone::utc().to_wall(at + DAY / 2).date() })
}

fn no_original(item: &Item) -> Broken {
    ("bad_recurrence_id", format!("{} has no original start", item.id))
}

fn when(item: &Item, master: Option<&Event>, warnings: &mut Vec<&'static str>) -> Result<When, Broken> {
    let start = item.start.as_ref().ok_or_else(|| ("no_start", format!("{} has no start", item.id)))?;
    let bad = || ("bad_start", format!("the start of {} is no time", item.id));
    if item.is_all_day == Some(true) {
        let from = wall(start).ok_or_else(bad)?.date();
        let next = from.tomorrow().unwrap_or(from);
        let to = item.end.as_ref().and_then(wall).map_or(next, |end| end.date());
        if to < from {
            warnings.push("end_before_start");
        }
        return Ok(When::AllDay { start: from, end: to.max(next) });
    }
    let of_series = item.recurrence.as_ref().and_then(|recurrence| recurrence.range.recurrence_time_zone.as_deref());
    let zone = match (made_in([of_series, item.original_start_time_zone.as_deref()]), master.map(|master| &master.when)) {
        (Some(Ok(zone)), _) => Some(zone),
        (_, Some(When::Timed { start, .. })) => Some(start.zone.clone()),
        (Some(Err(odd)), _) => {
            warnings.push(odd);
            None
        }
        _ => None,
    };
    let start = moment(start, zone.as_ref()).ok_or_else(bad)?;
    let end = item.end.as_ref().and_then(|end| moment(end, zone.as_ref())).unwrap_or_else(|| start.clone());
    if end.at < start.at {
        warnings.push("end_before_start");
        return Ok(When::Timed { end: start.clone(), start });
    }
    Ok(When::Timed { start, end })
}

/// The zone that an event was made in: the first of some names that is known. `None`: there is no name.
fn made_in(names: [Option<&str>; 2]) -> Option<Result<ZoneName, &'static str>> {
    let mut found = None;
    for name in names.into_iter().flatten().map(str::trim).filter(|name| !name.is_empty()) {
        // Exchange writes it so where a client gave UTC.
        if name.eq_ignore_ascii_case("tzone://Microsoft/Utc") {
            return Some(Ok(ZoneName::utc()));
        }
        match Timezones::default().resolve(name, None) {
            (zone, None) => return Some(Ok(zone)),
            (_, Some(odd)) => found = Some(Err(odd)),
        }
    }
    found
}

/// A time, shown in another zone than the one it was told in.
fn moment(time: &Time, shown_in: Option<&ZoneName>) -> Option<Moment> {
    let (told_in, _) = Timezones::default().resolve(time.time_zone.as_deref().unwrap_or("UTC"), None);
    let told = Zone::from_name(&told_in)?;
    let at = told.to_instant(wall(time)?);
    let name = shown_in.unwrap_or(&told_in);
    Some(Zone::from_name(name)?.moment_at(at, name))
}

fn wall(time: &Time) -> Option<DateTime> {
    let text = time.date_time.as_deref()?;
    // `2026-03-10T09:00:00.0000000`; an offset is not promised, and would be UTC's.
    text.trim_end_matches('Z').parse().ok()
}

/// `0001-01-01T00:00:00Z` is never.
fn instant(text: &str) -> Option<Millis> {
    let with_offset = text.parse::<Timestamp>().or_else(|_| format!("{text}Z").parse());
    with_offset.ok().map(Timestamp::as_millisecond).filter(|at| *at > -62_000_000_000_000)
}

fn text(text: &Option<String>) -> Option<String> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Somebody else's private event comes without its details.
fn hidden_title(item: &Item) -> String {
    let is_private = matches!(item.sensitivity.as_deref(), Some("private" | "personal" | "confidential"));
    if is_private && item.is_organizer != Some(true) { "Busy".to_owned() } else { String::new() }
}

/// The link that joins the call: the declared one, else an address of a meeting in the texts.
fn conference(item: &Item) -> Option<String> {
    let declared = item.online_meeting.as_ref().and_then(|meeting| meeting.join_url.as_deref()).or(item.online_meeting_url.as_deref());
    let declared = declared.and_then(ical::safe_link).filter(|url| url.starts_with("http"));
    let location = item.location.as_ref().and_then(|location| location.display_name.as_deref());
    let body = item.body.as_ref().and_then(|body| body.content.as_deref());
    declared.or_else(|| [location, body].into_iter().flatten().find_map(ical::meeting_link))
}

fn categories(item: &Item) -> Vec<String> {
    let mut names: Vec<String> = item.categories.iter().flatten().filter(|name| !name.trim().is_empty()).cloned().collect();
    if item.show_as.as_deref() == Some("workingElsewhere") {
        names.push("Working elsewhere".to_owned());
    }
    names
}

fn person(who: &Recipient) -> Option<Person> {
    let address = who.email_address.as_ref()?;
    let person = Person { name: text(&address.name), email: text(&address.address).map(|email| email.to_lowercase()) };
    (person.name.is_some() || person.email.is_some()).then_some(person)
}

/// Who is invited. What the mailbox itself answered stands in `responseStatus`, also where it was invited through a group.
fn attendees(item: &Item, reading: &Reading) -> Vec<Attendee> {
    let answer = item.response_status.as_ref().and_then(|status| status.response.as_deref());
    let mut found: Vec<Attendee> = item.attendees.iter().flatten().filter_map(|guest| attendee(guest, reading)).collect();
    match found.iter_mut().find(|guest| guest.me) {
        Some(me) if matches!(answer, Some("accepted" | "declined" | "tentativelyAccepted")) => me.response = response(answer),
        Some(_) => {}
        None if matches!(answer, Some("accepted" | "declined" | "tentativelyAccepted")) && item.is_organizer != Some(true) => {
            if let Some(me) = &reading.me {
                let person = Person { name: None, email: Some(me.clone()) };
                found.push(Attendee { person, response: response(answer), optional: false, me: true });
            }
        }
        None => {}
    }
    // Another order is no change.
    found.sort_by(|a, b| a.person.email.cmp(&b.person.email));
    found
}

fn attendee(guest: &Guest, reading: &Reading) -> Option<Attendee> {
    let address = guest.email_address.as_ref()?;
    let email = text(&address.address).map(|email| email.to_lowercase());
    Some(Attendee {
        me: email.is_some() && email == reading.me,
        person: Person { name: text(&address.name), email },
        response: response(guest.status.as_ref().and_then(|status| status.response.as_deref())),
        optional: guest.kind.as_deref() == Some("optional"),
    })
}

fn response(answer: Option<&str>) -> Response {
    match answer {
        // Whoever invites comes.
        Some("accepted" | "organizer") => Response::Accepted,
        Some("declined") => Response::Declined,
        Some("tentativelyAccepted") => Response::Tentative,
        _ => Response::NeedsAction,
    }
}

#[cfg(test)]
#[path = "normalize_tests.rs"]
mod tests;
