//! A booking with its invitees to the domain's event. Pure.

use super::wire::{Invitee, Location, Membership, Scheduled};
use crate::ical::{self, content_hash, hex};
use crate::recurrence::{Timezones, Zone};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use syncline_domain::event::{Attendee, Busy, Event, EventStatus, Person, Response, Visibility};
use syncline_domain::time::{When, ZoneName};

/// What the reader needs to know about the calendar.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// The host's zone; Calendly's times are instants.
    pub(super) zone: Option<String>,
    /// The address of the host.
    pub(super) user: String,
}

/// Why a booking can not be read: a stable reason, and a detail for the log.
pub(super) type Broken = (&'static str, String);

/// An event with what is kept beside it.
#[derive(Debug)]
pub(super) struct Normalized {
    pub(super) event: Event,
    pub(super) hash: String,
    pub(super) copy_id: Option<String>,
    pub(super) warnings: Vec<&'static str>,
}

/// Reads a booking. `object` is its remote id, which stays when it takes another time.
pub(super) fn event(booked: &Scheduled, invitees: &[Invitee], object: &str, reading: &Reading) -> Result<Normalized, Broken> {
    let mut warnings = Vec::new();
    let start = booked.start_time.as_deref().ok_or_else(|| ("no_start", format!("{} has no start", booked.id())))?;
    let start = instant(start).ok_or_else(|| ("bad_start", format!("the start of {} is no time", booked.id())))?;
    let end = booked.end_time.as_deref().and_then(instant).unwrap_or(start);
    if end < start {
        warnings.push("end_before_start");
    }
    let (zone, name) = zone(reading);
    // Whoever took another time has left this one.
    let mut present: Vec<&Invitee> = invitees.iter().filter(|invitee| !invitee.rescheduled).collect();
    present.sort_by(|a, b| a.email.cmp(&b.email));
    let mut event = Event {
        uid: format!("{object}@calendly.com"),
        instance: None,
        this_and_future: false,
        when: When::Timed { start: zone.moment_at(start, &name), end: zone.moment_at(end.max(start), &name) },
        recurrence: None,
        status: if booked.is_cancelled() { EventStatus::Cancelled } else { EventStatus::Confirmed },
        busy: Busy::Busy,
        visibility: Visibility::Public,
        title: title(booked, &present),
        description: description(booked, &present),
        location: booked.location.as_ref().and_then(place),
        url: None,
        conference_url: booked.location.as_ref().and_then(join),
        organizer: organizer(booked, reading),
        attendees: attendees(booked, &present, reading),
        categories: if present.iter().any(|invitee| invitee.no_show.is_some()) { vec!["No-show".to_owned()] } else { Vec::new() },
        color: None,
        sequence: 0,
        created_at: booked.created_at.as_deref().and_then(instant),
        updated_at: booked.updated_at.as_deref().and_then(instant),
    };
    let copy_id = booked.calendar_event.as_ref().and_then(|copy| text(copy.external_id.as_ref()));
    let content = content_hash(std::slice::from_mut(&mut event));
    let hash = match &copy_id {
        // The copy decides what is shown as one, so a new one is a change.
        Some(copy) => hex(&Sha256::digest(format!("{content}\n{copy}"))),
        None => content,
    };
    Ok(Normalized { event, hash, copy_id, warnings })
}

fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

fn zone(reading: &Reading) -> (Zone, ZoneName) {
    let (name, _) = Timezones::default().resolve(reading.zone.as_deref().unwrap_or("UTC"), None);
    match Zone::from_name(&name) {
        Some(zone) => (zone, name),
        None => (Zone::utc(), ZoneName::utc()),
    }
}

fn text(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Who comes stands in the title, as in the calendars that Calendly writes to; a group event has only its name.
fn title(booked: &Scheduled, present: &[&Invitee]) -> String {
    let name = text(booked.name.as_ref()).unwrap_or_default();
    let who = match present {
        [only] if !booked.is_group() => text(only.name.as_ref()).or_else(|| text(only.email.as_ref())),
        _ => None,
    };
    match who {
        Some(who) if name.is_empty() => who,
        Some(who) => format!("{name}: {who}"),
        None => name,
    }
}

/// What the invitees said, and how the date can be changed. Plain text.
fn description(booked: &Scheduled, present: &[&Invitee]) -> Option<String> {
    let mut blocks = Vec::new();
    for invitee in present {
        let mut lines = Vec::new();
        let said: Vec<_> = invitee.questions_and_answers.iter().filter(|said| !said.answer.trim().is_empty()).collect();
        let phone = text(invitee.text_reminder_number.as_ref());
        if booked.is_group() && !(said.is_empty() && phone.is_none()) {
            lines.extend(text(invitee.name.as_ref()).or_else(|| text(invitee.email.as_ref())));
        }
        lines.extend(said.iter().map(|said| format!("{} {}", said.question.trim(), said.answer.trim()).trim().to_owned()));
        lines.extend(phone.map(|number| format!("Phone: {number}")));
        if !booked.is_group() {
            lines.extend(text(invitee.timezone.as_ref()).map(|zone| format!("Their time zone: {zone}")));
            let link = |what: &str, url: &Option<String>| url.as_deref().and_then(ical::safe_link).map(|url| format!("{what}: {url}"));
            lines.extend(link("Reschedule", &invitee.reschedule_url));
            lines.extend(link("Cancel", &invitee.cancel_url));
        }
        if !lines.is_empty() {
            blocks.push(lines.join("\n"));
        }
    }
    let more = booked.location.as_ref().and_then(|location| text(location.additional_info.as_ref()));
    blocks.extend(more);
    blocks.extend(text(booked.meeting_notes_plain.as_ref()));
    (!blocks.is_empty()).then(|| blocks.join("\n\n"))
}

/// The place in words: an address, a telephone number, or what the call is held with as long as there is no link.
fn place(location: &Location) -> Option<String> {
    let words = text(location.location.as_ref());
    let service = |name: &str| if location.join_url.is_some() { None } else { Some(name.to_owned()) };
    match location.kind.as_deref().unwrap_or_default() {
        "outbound_call" | "inbound_call" => Some(words.map_or_else(|| "Phone call".to_owned(), |number| format!("Phone: {number}"))),
        "google_conference" | "google" => service("Google Meet"),
        "zoom_conference" | "zoom" => service("Zoom"),
        "microsoft_teams_conference" | "microsoft_teams" => service("Microsoft Teams"),
        "gotomeeting_conference" | "gotomeeting" => service("GoTo Meeting"),
        "webex_conference" | "webex" => service("Webex"),
        _ => words,
    }
}

/// The link that joins the call: Calendly's, else one that stands in the words.
fn join(location: &Location) -> Option<String> {
    let web = |url: &str| ical::safe_link(url).filter(|url| url.starts_with("http"));
    location.join_url.as_deref().and_then(web).or_else(|| ical::meeting_link(location.location.as_deref()?))
}

fn person(name: Option<&String>, email: Option<&String>) -> Person {
    Person { name: text(name), email: text(email).map(|email| email.to_ascii_lowercase()) }
}

/// The place of the host whose calendar it is, else of the first one.
fn own_host(booked: &Scheduled, reading: &Reading) -> usize {
    booked.event_memberships.iter().position(|host| host.user.as_deref() == Some(reading.user.as_str())).unwrap_or(0)
}

fn host(host: &Membership) -> Person {
    person(host.user_name.as_ref(), host.user_email.as_ref())
}

fn organizer(booked: &Scheduled, reading: &Reading) -> Option<Person> {
    let who = host(booked.event_memberships.get(own_host(booked, reading))?);
    Some(who).filter(|who| who.name.is_some() || who.email.is_some())
}

/// Other hosts, who come; invitees, who come unless they cancelled; and whom those bring along.
fn attendees(booked: &Scheduled, present: &[&Invitee], reading: &Reading) -> Vec<Attendee> {
    let come = |person: Person, response| Attendee { person, response, optional: false, me: false };
    let own = own_host(booked, reading);
    let others = booked.event_memberships.iter().enumerate().filter(|(at, _)| *at != own);
    let hosts = others.map(|(_, other)| come(host(other), Response::Accepted));
    let invitees = present.iter().map(|invitee| {
        let response = if invitee.is_cancelled() { Response::Declined } else { Response::Accepted };
        come(person(invitee.name.as_ref(), invitee.email.as_ref()), response)
    });
    let guests = booked.event_guests.iter().map(|guest| come(person(None, Some(&guest.email)), Response::NeedsAction));
    hosts.chain(invitees).chain(guests).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented examples.
    const EVENT: &str = r#"{"uri":"https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2","name":"30 Minute Meeting","status":"active",
        "start_time":"2026-03-10T08:00:00.000000Z","end_time":"2026-03-10T08:30:00.000000Z",
        "event_type":"https://api.calendly.com/event_types/GBGBDCAADAEDCRZ3",
        "location":{"type":"zoom","status":"pushed","join_url":"https://zoom.us/j/123456","data":{"id":"123456"}},
        "invitees_counter":{"total":1,"active":1,"limit":1},"created_at":"2026-03-01T10:00:00.123456Z","updated_at":"2026-03-01T10:00:00.123456Z",
        "event_memberships":[{"user":"https://api.calendly.com/users/AAAAAAAAAAAAAAAA","user_email":"Praxis@example.com","user_name":"Praxis"}],
        "event_guests":[],"calendar_event":{"kind":"google","external_id":"8suu9k3hj00mni03ss12ba0ce0"}}"#;
    const INVITEE: &str = r#"{"uri":"https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ2/invitees/BBBBBBBBBBBBBBBB","email":"eva@example.net",
        "name":"Eva K.","status":"active","timezone":"Europe/Berlin","rescheduled":false,"old_invitee":null,"new_invitee":null,
        "questions_and_answers":[{"question":"Topic?","answer":"Tax","position":0}],"text_reminder_number":null,
        "cancel_url":"https://calendly.com/cancellations/BBBBBBBBBBBBBBBB","reschedule_url":"https://calendly.com/reschedulings/BBBBBBBBBBBBBBBB",
        "no_show":null}"#;

    fn read(event: &str, invitees: &[&str]) -> Normalized {
        let reading =
            Reading { zone: Some("Europe/Berlin".to_owned()), user: "https://api.calendly.com/users/AAAAAAAAAAAAAAAA".to_owned() };
        let invitees: Vec<Invitee> = invitees.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        super::event(&serde_json::from_str(event).unwrap(), &invitees, "FIRST", &reading).unwrap()
    }

    #[test]
    fn the_documented_booking_says_who_comes_when_and_how() {
        let Normalized { event, copy_id, .. } = read(EVENT, &[INVITEE]);
        let When::Timed { start, end } = &event.when else { panic!("timed") };
        assert_eq!((start.wall.to_string().as_str(), start.zone.0.as_str()), ("2026-03-10T09:00:00", "Europe/Berlin"));
        assert_eq!(end.at - start.at, 1_800_000);
        assert_eq!((event.title.as_str(), event.uid.as_str()), ("30 Minute Meeting: Eva K.", "FIRST@calendly.com"));
        assert_eq!((event.conference_url.as_deref(), &event.location), (Some("https://zoom.us/j/123456"), &None));
        let said = event.description.unwrap();
        assert!(said.contains("Topic? Tax") && said.contains("Cancel: https://calendly.com/cancellations/BBBB"), "{said}");
        assert_eq!(event.organizer.unwrap().email.as_deref(), Some("praxis@example.com"));
        assert_eq!(event.attendees.len(), 1);
        assert_eq!(copy_id.as_deref(), Some("8suu9k3hj00mni03ss12ba0ce0"));
    }

    #[test]
    fn a_new_copy_in_the_linked_calendar_is_a_change() {
        let other = EVENT.replace("8suu9k3hj00mni03ss12ba0ce0", "another");
        assert_ne!(read(EVENT, &[INVITEE]).hash, read(&other, &[INVITEE]).hash);
        let stamped = EVENT.replace("\"updated_at\":\"2026-03-01", "\"updated_at\":\"2026-03-02");
        assert_eq!(read(EVENT, &[INVITEE]).hash, read(&stamped, &[INVITEE]).hash, "a stamp alone is none");
    }

    #[test]
    fn a_group_has_its_name_and_everybody_who_comes() {
        let group = EVENT.replace("\"limit\":1", "\"limit\":5");
        let second = INVITEE.replace("eva@example.net", "adam@example.net").replace("Eva K.", "Adam").replace("active", "canceled");
        let moved = INVITEE.replace("eva@example.net", "x@example.net").replace("\"rescheduled\":false", "\"rescheduled\":true");
        let event = read(&group, &[INVITEE, &second, &moved]).event;
        assert_eq!(event.title, "30 Minute Meeting");
        let who: Vec<_> = event.attendees.iter().map(|one| (one.person.email.clone().unwrap(), one.response)).collect();
        assert_eq!(who, [("adam@example.net".to_owned(), Response::Declined), ("eva@example.net".to_owned(), Response::Accepted)]);
    }

    #[test]
    fn places_are_told_as_people_say_them() {
        let place = |location: &str| {
            let location = serde_json::from_str::<Location>(location).unwrap();
            (super::place(&location).unwrap_or_default(), join(&location).unwrap_or_default())
        };
        let of = |place: &str, join: &str| (place.to_owned(), join.to_owned());
        assert_eq!(place(r#"{"type":"physical","location":"Hauptstr. 1"}"#), of("Hauptstr. 1", ""));
        assert_eq!(place(r#"{"type":"outbound_call","location":"+49 30 1"}"#), of("Phone: +49 30 1", ""));
        assert_eq!(place(r#"{"type":"google_conference","status":"processing","join_url":null}"#), of("Google Meet", ""));
        assert_eq!(
            place(r#"{"type":"microsoft_teams_conference","join_url":"https://teams.microsoft.com/l/1"}"#),
            of("", "https://teams.microsoft.com/l/1")
        );
        assert_eq!(place(r#"{"type":"custom","location":"javascript:alert(1)"}"#), of("javascript:alert(1)", ""));
    }

    #[test]
    fn a_booking_without_a_start_can_not_be_read() {
        let reason = |text: &str| super::event(&serde_json::from_str(text).unwrap(), &[], "A", &Reading::default()).unwrap_err().0;
        assert_eq!(reason(r#"{"uri":"https://x/A"}"#), "no_start");
        assert_eq!(reason(r#"{"uri":"https://x/A","start_time":"soon"}"#), "bad_start");
    }
}
