//! One event of Google to the domain's. Pure.

use super::wire::{Item, Time, Who};
use crate::ical;
use crate::recurrence::{Timezones, Zone, instance_key};
use jiff::Timestamp;
use jiff::civil::Date;
use syncline_domain::event::{Attendee, Busy, DateValue, Event, EventStatus, Person, Response, Visibility};
use syncline_domain::time::When;

/// What the reader needs to know about the calendar.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// The calendar's zone, for times that name none.
    pub(super) zone: Option<String>,
    /// The account sees when somebody is busy and no details.
    pub(super) details_hidden: bool,
}

/// Why an event can not be read: `no_start`, `bad_start`, and a detail for the log.
pub(super) type Broken = (&'static str, String);

/// An event with what was odd about it.
#[derive(Debug)]
pub(super) struct Normalized {
    pub(super) event: Event,
    pub(super) warnings: Vec<&'static str>,
}

/// The classic colours of events (`colors.get`), by their ids 1 to 11.
const COLORS: [&str; 11] =
    ["#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed", "#51b749", "#dc2127"];

/// Reads a single event, a master, or (with `master`) a changed instance of it.
pub(super) fn event(item: &Item, master: Option<&When>, reading: &Reading) -> Result<Normalized, Broken> {
    let mut warnings = Vec::new();
    let start = item.start.as_ref().ok_or_else(|| ("no_start", format!("{} has no start", item.id)))?;
    let start = value(start, reading, &mut warnings).ok_or_else(|| ("bad_start", format!("the start of {} is no time", item.id)))?;
    let end = item.end.as_ref().and_then(|end| value(end, reading, &mut warnings));
    let when = when(start, end, &mut warnings);
    let instance = match (&item.recurring_event_id, &item.original_start_time) {
        (Some(_), Some(original)) => {
            let original = value(original, reading, &mut warnings);
            let original = original.ok_or_else(|| ("bad_recurrence_id", format!("{} has no original start", item.id)))?;
            Some(instance_key(&original, master.unwrap_or(&when_of(&original))))
        }
        (Some(_), None) => return Err(("bad_recurrence_id", format!("{} has no original start", item.id))),
        (None, _) => None,
    };
    let recurrence = (instance.is_none() && !item.recurrence.is_empty()).then(|| {
        let (recurrence, odd) = ical::recurrence(&item.recurrence, reading.zone.as_deref());
        warnings.extend(odd);
        recurrence
    });
    let text = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    // Somebody else's private event comes without its details, too.
    let is_hidden = reading.details_hidden || item.visibility.as_deref() == Some("private");
    let title = text(&item.summary).unwrap_or_else(|| if is_hidden { "Busy".to_owned() } else { String::new() });
    let mut attendees: Vec<Attendee> = item.attendees.iter().map(attendee).collect();
    // Google does not promise an order, and another order is no change.
    attendees.sort_by(|a, b| a.person.email.cmp(&b.person.email));
    let event = Event {
        uid: text(&item.ical_uid).unwrap_or_else(|| item.id.clone()),
        instance,
        this_and_future: false,
        when,
        recurrence,
        status: match item.status.as_deref() {
            Some("tentative") => EventStatus::Tentative,
            Some("cancelled") => EventStatus::Cancelled,
            _ => EventStatus::Confirmed,
        },
        busy: busy(item),
        visibility: match item.visibility.as_deref() {
            Some("private") => Visibility::Private,
            Some("confidential") => Visibility::Confidential,
            _ => Visibility::Public,
        },
        title,
        description: text(&item.description),
        location: text(&item.location),
        url: item.source.as_ref().and_then(|source| source.url.as_deref()).or(item.html_link.as_deref()).and_then(ical::safe_link),
        conference_url: conference(item),
        organizer: item.organizer.as_ref().map(person).filter(|who| who.name.is_some() || who.email.is_some()),
        attendees,
        categories: category(item.event_type.as_deref()).map(str::to_owned).into_iter().collect(),
        color: item.color_id.as_deref().and_then(color),
        sequence: item.sequence.unwrap_or(0),
        created_at: item.created.as_deref().and_then(instant),
        updated_at: item.updated.as_deref().and_then(instant),
    };
    Ok(Normalized { event, warnings })
}

/// The original start of an instance.
pub(super) fn original(item: &Item, reading: &Reading) -> Option<DateValue> {
    value(item.original_start_time.as_ref()?, reading, &mut Vec::new())
}

/// A date, or a time with its zone: the event's own, else the calendar's.
fn value(time: &Time, reading: &Reading, warnings: &mut Vec<&'static str>) -> Option<DateValue> {
    if let Some(date) = &time.date {
        return date.parse::<Date>().ok().map(DateValue::Date);
    }
    let text = time.date_time.as_deref()?;
    let named = time.time_zone.as_deref().or(reading.zone.as_deref()).unwrap_or("UTC");
    let (name, warning) = Timezones::default().resolve(named, reading.zone.as_deref());
    warnings.extend(warning);
    let zone = Zone::from_name(&name).unwrap_or_else(Zone::utc);
    Some(DateValue::Zoned(match instant(text) {
        Some(at) => zone.moment_at(at, &name),
        // Without an offset it is the wall time of its zone.
        None => zone.moment(text.parse().ok()?, &name),
    }))
}

fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

fn when(start: DateValue, end: Option<DateValue>, warnings: &mut Vec<&'static str>) -> When {
    match (start, end) {
        (DateValue::Date(start), end) => {
            let next = start.tomorrow().unwrap_or(start);
            let end = match end {
                Some(DateValue::Date(end)) => end,
                _ => next,
            };
            if end < start {
                warnings.push("end_before_start");
            }
            When::AllDay { start, end: end.max(next) }
        }
        (DateValue::Zoned(start), Some(DateValue::Zoned(end))) if end.at >= start.at => When::Timed { start, end },
        (DateValue::Zoned(start), end) => {
            if end.is_some() {
                warnings.push("end_before_start");
            }
            When::Timed { end: start.clone(), start }
        }
        (DateValue::Floating(start), _) => When::Floating { start, end: start },
    }
}

/// The kind of time that an original start has, for an instance whose master is not known.
fn when_of(original: &DateValue) -> When {
    when(original.clone(), None, &mut Vec::new())
}

fn busy(item: &Item) -> Busy {
    match (item.transparency.as_deref(), item.event_type.as_deref(), item.status.as_deref()) {
        (Some("transparent"), ..) => Busy::Free,
        (_, Some("outOfOffice"), _) => Busy::OutOfOffice,
        (_, _, Some("tentative")) => Busy::Tentative,
        _ => Busy::Busy,
    }
}

/// What kind of event it is, where that says something.
fn category(kind: Option<&str>) -> Option<&'static str> {
    Some(match kind? {
        "birthday" => "Birthday",
        "focusTime" => "Focus time",
        "fromGmail" => "From Gmail",
        "outOfOffice" => "Out of office",
        "workingLocation" => "Working location",
        _ => return None,
    })
}

fn color(id: &str) -> Option<String> {
    let at = id.parse::<usize>().ok()?.checked_sub(1)?;
    COLORS.get(at).map(|color| (*color).to_owned())
}

/// The link that joins the call: the declared one for video, else an address of a meeting in the texts.
fn conference(item: &Item) -> Option<String> {
    let points = item.conference_data.iter().flat_map(|data| &data.entry_points);
    let video = points.into_iter().find(|point| point.entry_point_type.as_deref() == Some("video")).and_then(|point| point.uri.as_deref());
    let web = |url: &str| ical::safe_link(url).filter(|url| url.starts_with("http"));
    let declared = video.or(item.hangout_link.as_deref()).and_then(web);
    declared.or_else(|| [&item.location, &item.description].into_iter().flatten().find_map(|text| ical::meeting_link(text)))
}

fn person(who: &Who) -> Person {
    Person { name: who.display_name.clone(), email: who.email.as_ref().map(|email| email.to_ascii_lowercase()) }
}

fn attendee(who: &Who) -> Attendee {
    Attendee {
        person: person(who),
        response: match who.response_status.as_deref() {
            Some("accepted") => Response::Accepted,
            Some("declined") => Response::Declined,
            Some("tentative") => Response::Tentative,
            // Whoever invites comes.
            _ if who.organizer => Response::Accepted,
            _ => Response::NeedsAction,
        },
        optional: who.optional,
        me: who.me,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(text: &str) -> Normalized {
        let reading = Reading { zone: Some("Europe/Berlin".to_owned()), details_hidden: false };
        event(&serde_json::from_str(text).unwrap(), None, &reading).unwrap()
    }

    #[test]
    fn the_documented_timed_event_keeps_its_instant_wall_time_and_zone() {
        let Event { when, title, conference_url, attendees, organizer, uid, .. } = read(
            r#"{"id":"5q1h","status":"confirmed","summary":"Intake call","organizer":{"email":"praxis@example.com","self":true},
            "start":{"dateTime":"2026-03-10T09:00:00+01:00","timeZone":"Europe/Berlin"},
            "end":{"dateTime":"2026-03-10T09:45:00+01:00","timeZone":"Europe/Berlin"},"iCalUID":"5q1h@google.com","sequence":0,
            "attendees":[{"email":"praxis@example.com","organizer":true,"self":true,"responseStatus":"declined"},{"email":"Eva@example.net","displayName":"Eva K."}],
            "hangoutLink":"https://meet.google.com/x","conferenceData":{"entryPoints":[{"entryPointType":"phone","uri":"tel:+1"},{"entryPointType":"video","uri":"https://meet.google.com/abc-defg-hij"}]}}"#,
        )
        .event;
        let When::Timed { start, end } = when else { panic!("timed") };
        assert_eq!(
            (start.wall.to_string().as_str(), start.zone.0.as_str(), end.at - start.at),
            ("2026-03-10T09:00:00", "Europe/Berlin", 2_700_000)
        );
        assert_eq!((title.as_str(), uid.as_str()), ("Intake call", "5q1h@google.com"));
        assert_eq!(conference_url.as_deref(), Some("https://meet.google.com/abc-defg-hij"));
        assert_eq!(organizer.unwrap().email.as_deref(), Some("praxis@example.com"));
        assert_eq!(attendees[0].person.email.as_deref(), Some("eva@example.net"), "in the order of their addresses");
        assert!(attendees[1].me && attendees[1].response == Response::Declined);
    }

    #[test]
    fn an_all_day_event_is_its_dates_whatever_the_zone() {
        let Event { when, busy, visibility, .. } = read(
            r#"{"id":"6r2i","start":{"date":"2026-03-27"},"end":{"date":"2026-03-30"},"transparency":"transparent","visibility":"private"}"#,
        )
        .event;
        assert_eq!(when, When::AllDay { start: date(2026, 3, 27), end: date(2026, 3, 30) });
        assert_eq!((busy, visibility), (Busy::Free, Visibility::Private));
    }

    #[test]
    fn times_are_read_in_the_events_zone_else_the_calendars() {
        let wall = |start: &str| match read(&format!(r#"{{"id":"a","start":{start},"end":{start}}}"#)).event.when {
            When::Timed { start, .. } => (start.wall.to_string(), start.zone.0),
            other => panic!("{other:?}"),
        };
        let of = |wall: &str, zone: &str| (wall.to_owned(), zone.to_owned());
        assert_eq!(wall(r#"{"dateTime":"2026-07-01T12:00:00Z"}"#), of("2026-07-01T14:00:00", "Europe/Berlin"));
        assert_eq!(
            wall(r#"{"dateTime":"2026-07-01T12:00:00Z","timeZone":"America/New_York"}"#),
            of("2026-07-01T08:00:00", "America/New_York")
        );
        assert_eq!(wall(r#"{"dateTime":"2026-07-01T12:00:00","timeZone":"Asia/Tokyo"}"#), of("2026-07-01T12:00:00", "Asia/Tokyo"));
        let odd = read(r#"{"id":"a","start":{"dateTime":"2026-07-01T12:00:00Z","timeZone":"Mars/Olympus"}}"#);
        assert_eq!(odd.warnings, ["unknown_zone"]);
    }

    #[test]
    fn kind_colour_and_hidden_details_are_taken_over() {
        let away =
            read(r#"{"id":"a","start":{"date":"2026-03-27"},"end":{"date":"2026-03-28"},"eventType":"outOfOffice","colorId":"11"}"#).event;
        assert_eq!(
            (away.busy, away.categories, away.color.as_deref()),
            (Busy::OutOfOffice, vec!["Out of office".to_owned()], Some("#dc2127"))
        );
        let reading = Reading { zone: None, details_hidden: true };
        let item = serde_json::from_str(r#"{"id":"a","start":{"date":"2026-03-27"},"colorId":"99"}"#).unwrap();
        let stripped = event(&item, None, &reading).unwrap().event;
        assert_eq!((stripped.title.as_str(), stripped.color), ("Busy", None));
    }

    #[test]
    fn an_event_without_a_start_can_not_be_read() {
        let reading = Reading::default();
        let reason = |text: &str| event(&serde_json::from_str(text).unwrap(), None, &reading).unwrap_err().0;
        assert_eq!(reason(r#"{"id":"a"}"#), "no_start");
        assert_eq!(reason(r#"{"id":"a","start":{"dateTime":"soon"}}"#), "bad_start");
        assert_eq!(reason(r#"{"id":"a","recurringEventId":"b","start":{"date":"2026-03-27"}}"#), "bad_recurrence_id");
    }
}
