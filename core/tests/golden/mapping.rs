//! From iCalendar properties to the one model.

use super::support::{calendar, event, feed, object};
use syncline_core::ical::{Context, read_feed};
use syncline_core::provider::Content;
use syncline_domain::event::{Busy, Event, EventStatus, Response, Visibility};

fn read(lines: &str) -> Event {
    let mine = ["me@example.com".to_owned()];
    let text = event(&format!("DTSTART:20260309T080000Z\n{lines}"));
    let feed = read_feed(text.as_bytes(), &Context { default_zone: None, my_addresses: &mine }).expect("a calendar");
    match feed.objects.into_iter().next().expect("an object").1 {
        Content::Present(mut object) => object.events.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn outlooks_busy_status_beats_transparency() {
    for (lines, expected) in [
        ("", Busy::Busy),
        ("TRANSP:OPAQUE", Busy::Busy),
        ("TRANSP:TRANSPARENT", Busy::Free),
        ("TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", Busy::Free),
        ("TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", Busy::Busy),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", Busy::Tentative),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", Busy::OutOfOffice),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", Busy::Busy),
        ("STATUS:TENTATIVE", Busy::Tentative),
        ("STATUS:CANCELLED", Busy::Free),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.com", Busy::Free),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:you@example.com", Busy::Busy),
        ("ATTENDEE;PARTSTAT=TENTATIVE:mailto:ME@example.com", Busy::Tentative),
    ] {
        assert_eq!(read(lines).busy, expected, "{lines}");
    }
}

#[test]
fn status_and_class_are_read() {
    assert_eq!(read("STATUS:tentative").status, EventStatus::Tentative);
    assert_eq!(read("STATUS:CANCELLED").status, EventStatus::Cancelled);
    assert_eq!(read("STATUS:CONFIRMED").status, EventStatus::Confirmed);
    assert_eq!(read("CLASS:PRIVATE").visibility, Visibility::Private);
    assert_eq!(read("CLASS:CONFIDENTIAL").visibility, Visibility::Confidential);
    assert_eq!(read("CLASS:PUBLIC").visibility, Visibility::Public);
}

#[test]
fn a_calendar_that_cancels_cancels_its_events() {
    let text = event("DTSTART:20260309T080000Z").replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:CANCEL");
    assert_eq!(object(&text).events[0].status, EventStatus::Cancelled);
}

#[test]
fn people_are_read_and_the_owner_is_found() {
    let event = read(
        "ORGANIZER;CN=Jane Doe:MAILTO:jane@example.com
        ATTENDEE;CN=Me;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:Me@Example.com
        ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;ROLE=OPT-PARTICIPANT;RSVP=TRUE:mailto:bob@example.com",
    );
    let organizer = event.organizer.expect("an organizer");
    assert_eq!((organizer.name.as_deref(), organizer.email.as_deref()), (Some("Jane Doe"), Some("jane@example.com")));
    let people: Vec<_> = event.attendees.iter().map(|who| (who.me, who.optional, who.response)).collect();
    assert_eq!(people, [(true, false, Response::Accepted), (false, true, Response::NeedsAction)]);
}

#[test]
fn labels_colours_and_links_are_read() {
    let event = read(
        "CATEGORIES:Work,Team\\, big
        CATEGORIES:Third
        COLOR:turquoise
        URL;VALUE=URI:https://example.com/x
        X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij
        SEQUENCE:7
        CREATED:20260101T000000Z
        LAST-MODIFIED:20260102T000000Z",
    );
    assert_eq!(event.categories, ["Work", "Team, big", "Third"]);
    assert_eq!(event.color.as_deref(), Some("#40e0d0"));
    assert_eq!(event.url.as_deref(), Some("https://example.com/x"));
    assert_eq!(event.conference_url.as_deref(), Some("https://meet.google.com/abc-defg-hij"));
    assert_eq!((event.sequence, event.created_at, event.updated_at), (7, Some(1_767_225_600_000), Some(1_767_312_000_000)));
}

#[test]
fn html_beside_the_description_is_left_alone() {
    let event = read("DESCRIPTION:Plain\nX-ALT-DESC;FMTTYPE=text/html:<b>Rich</b>");
    assert_eq!(event.description.as_deref(), Some("Plain"));
    assert_eq!(read("X-ALT-DESC;FMTTYPE=text/html:<b>Rich</b>").description, None);
}

#[test]
fn a_link_that_could_run_code_is_no_link() {
    assert_eq!(read("URL:javascript:alert(1)").url, None);
}

#[test]
fn the_head_of_a_feed_says_its_name_zone_colour_and_refresh() {
    let text = calendar("").replace(
        "VERSION:2.0",
        "X-WR-CALNAME:Club\\, 2026\r\nX-WR-CALDESC:All dates\r\nX-WR-TIMEZONE:W. Europe Standard Time\r\nCOLOR:tomato\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H30M",
    );
    let feed = feed(&text);
    assert_eq!((feed.name.as_deref(), feed.description.as_deref()), (Some("Club, 2026"), Some("All dates")));
    assert_eq!((feed.zone.as_deref(), feed.color.as_deref(), feed.refresh_s), (Some("Europe/Berlin"), Some("#ff6347"), Some(5_400)));
}

#[test]
fn the_older_names_of_the_head_are_read_as_well() {
    let text = calendar("")
        .replace("VERSION:2.0", "NAME:New\r\nX-PUBLISHED-TTL:PT12H\r\nX-APPLE-CALENDAR-COLOR:#FF2968FF\r\nX-WR-TIMEZONE:Mars/Olympus");
    let feed = feed(&text);
    assert_eq!(
        (feed.name.as_deref(), feed.refresh_s, feed.color.as_deref(), feed.zone),
        (Some("New"), Some(43_200), Some("#ff2968"), None)
    );
}
