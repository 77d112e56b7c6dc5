//! TZIDs as they are found: IANA names, Windows names, prefixed ids, labels, and zones that only their VTIMEZONE describes.

use super::support::{calendar, event, object, starts};
use syncline_core::recurrence::{label, resolve};
use syncline_domain::time::{When, ZoneName};

fn zone(tzid: &str) -> String {
    let (zone, warning) = resolve(tzid, &[], None);
    assert_eq!(warning, None, "{tzid}");
    zone.0
}

fn start_zone(text: &str) -> ZoneName {
    match &object(text).events[0].when {
        When::Timed { start, .. } => start.zone.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn iana_names_are_found_in_any_case_and_old_links_are_kept() {
    for (tzid, expected) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("\"Europe/Berlin\"", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("US/Pacific", "US/Pacific"),
        ("Etc/GMT-2", "Etc/GMT-2"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT", "UTC"),
        ("Z", "UTC"),
    ] {
        assert_eq!(zone(tzid), expected, "{tzid}");
    }
}

#[test]
fn windows_names_are_found_also_those_that_are_retired() {
    for (tzid, expected) in [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Romance Standard Time", "Europe/Paris"),
        ("Eastern Standard Time", "America/New_York"),
        ("eastern standard time", "America/New_York"),
        ("Pacific Daylight Time", "America/Los_Angeles"),
        ("W. Europe Standard Time 1", "Europe/Berlin"),
        ("India Standard Time", "Asia/Kolkata"),
        ("Mid-Atlantic Standard Time", "Atlantic/South_Georgia"),
        ("Kamchatka Standard Time", "Asia/Kamchatka"),
        ("UTC", "UTC"),
        ("UTC-11", "Etc/GMT+11"),
    ] {
        let found = zone(tzid);
        // The table may use an old link of the same zone.
        let same = found == expected || (expected == "Asia/Kolkata" && found == "Asia/Calcutta");
        assert!(same, "{tzid}: {found}");
    }
}

#[test]
fn the_tail_of_a_prefixed_id_is_the_zone() {
    for (tzid, expected) in [
        ("/mozilla.org/20070129_1/America/Denver", "America/Denver"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/citadel.org/20211207_1/Europe/London", "Europe/London"),
        ("tzone://Microsoft/Utc", "UTC"),
    ] {
        assert_eq!(zone(tzid), expected, "{tzid}");
    }
}

#[test]
fn labels_of_menus_are_zones() {
    for (tzid, expected) in [
        ("(UTC-07:00) Mountain Time (US & Canada)", "America/Denver"),
        ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
        ("(GMT+01.00) Sarajevo/Warsaw/Zagreb", ""),
        ("(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London", "Europe/London"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("(GMT+02:00) Helsinki, Kiev, Riga, Sofia, Tallinn, Vilnius", "Europe/Helsinki"),
        ("(GMT+01:00) Oslo, Copenhagen", "Europe/Oslo"),
    ] {
        if expected.is_empty() {
            assert_eq!(resolve(tzid, &[], None).1, Some("unknown_zone"), "{tzid}");
        } else {
            assert_eq!(zone(tzid), expected, "{tzid}");
        }
    }
}

#[test]
fn numeric_ids_are_fixed_offsets() {
    for (tzid, expected) in [("+0100", "+01:00"), ("UTC+01:00", "+01:00"), ("GMT-5", "-05:00"), ("GMT+0530", "+05:30"), ("UTC+0", "UTC")] {
        assert_eq!(zone(tzid), expected, "{tzid}");
    }
}

#[test]
fn a_zone_that_nobody_knows_gives_the_default_zone_and_a_warning() {
    assert_eq!(resolve("Customized Time Zone", &[], Some("Europe/Vienna")), (ZoneName("Europe/Vienna".into()), Some("unknown_zone")));
    assert_eq!(resolve("tzone://Microsoft/Custom", &[], None), (ZoneName::utc(), Some("unknown_zone")));
    // In a feed the default is its X-WR-TIMEZONE: 9:00 in Tokyo is midnight UTC.
    let text = event("DTSTART;TZID=Nowhere:20260309T090000").replace("PRODID", "X-WR-TIMEZONE:Asia/Tokyo\r\nPRODID");
    assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-09 00:00"]);
    assert_eq!(object(&text).warnings, ["unknown_zone"]);
}

const EXCHANGE: &str = "BEGIN:VTIMEZONE
    TZID:TZNAME
    BEGIN:STANDARD
    DTSTART:16010101T030000
    TZOFFSETFROM:+0200
    TZOFFSETTO:+0100
    RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
    END:STANDARD
    BEGIN:DAYLIGHT
    DTSTART:16010101T020000
    TZOFFSETFROM:+0100
    TZOFFSETTO:+0200
    RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
    END:DAYLIGHT
    END:VTIMEZONE
    ";

fn exchange(tzid: &str) -> String {
    calendar(&format!(
        "{}BEGIN:VEVENT
        UID:1
        DTSTART;TZID={tzid}:20260323T090000
        RRULE:FREQ=WEEKLY;COUNT=2
        EXDATE;TZID={tzid}:20260401T090000
        END:VEVENT\n",
        EXCHANGE.replace("TZNAME", tzid)
    ))
}

#[test]
fn the_rules_of_an_unknown_vtimezone_are_evaluated() {
    for tzid in ["Customized Time Zone", "tzone://Microsoft/Custom", "Mitteleuropäische Zeit", "4"] {
        let text = exchange(tzid);
        // Summer time begins on 29 March.
        assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-23 08:00", "2026-03-30 07:00"], "{tzid}");
        assert_eq!(object(&text).warnings, Vec::<&str>::new());
        assert_eq!(label(&start_zone(&text)), tzid);
    }
}

#[test]
fn a_known_name_is_preferred_to_its_vtimezone() {
    assert_eq!(start_zone(&exchange("W. Europe Standard Time")).0, "Europe/Berlin");
    assert_eq!(start_zone(&exchange("Europe/Vienna")).0, "Europe/Vienna");
}

#[test]
fn a_name_with_one_offset_does_not_stand_for_a_vtimezone_with_summer_time() {
    // "MST" and "+01:00" know no summer time, but this calendar does.
    for tzid in ["MST", "GMT", "Etc/GMT-1", "UTC+01:00"] {
        let text = exchange(tzid).replace(&format!("TZID={tzid}:"), &format!("TZID=\"{tzid}\":"));
        assert_eq!(starts(&text, "2026-01-01", "2027-01-01"), ["2026-03-23 08:00", "2026-03-30 07:00"], "{tzid}");
    }
}

#[test]
fn x_lic_location_names_the_zone() {
    let text = exchange("Custom").replace("BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Zurich\r\nBEGIN:STANDARD");
    assert_eq!(start_zone(&text).0, "Europe/Zurich");
}

#[test]
fn standard_and_daylight_begin_on_the_clock_that_was_valid_before() {
    // The change itself: 1:59 is still winter, what is written as 3:00 is summer.
    let at = |time: &str| {
        let text = exchange("Custom").replace("20260323T090000", &format!("20260329T{time}"));
        starts(&text, "2026-03-28", "2026-03-30")
    };
    assert_eq!(at("015900"), ["2026-03-29 00:59"]);
    assert_eq!(at("030000"), ["2026-03-29 01:00"]);
    let autumn = |time: &str| {
        let text = exchange("Custom").replace("20260323T090000", &format!("20261025T{time}"));
        starts(&text, "2026-10-24", "2026-10-26")
    };
    assert_eq!(autumn("025900"), ["2026-10-25 00:59"]);
    assert_eq!(autumn("030000"), ["2026-10-25 02:00"]);
}

#[test]
fn a_vtimezone_after_the_events_is_found_as_well() {
    let text = exchange("Custom");
    let zone_start = text.find("BEGIN:VTIMEZONE").expect("zone");
    let zone_end = text.find("BEGIN:VEVENT").expect("event");
    let moved = format!("{}{}", &text[..zone_start], &text[zone_end..])
        .replace("END:VCALENDAR", &format!("{}END:VCALENDAR", &text[zone_start..zone_end]));
    assert_eq!(starts(&moved, "2026-01-01", "2027-01-01"), starts(&text, "2026-01-01", "2027-01-01"));
}

#[test]
fn a_series_in_a_zone_of_its_own_survives_being_stored() {
    let events = object(&exchange("Custom")).events;
    let stored = serde_json::to_string(&events).expect("json");
    let read: Vec<syncline_domain::event::Event> = serde_json::from_str(&stored).expect("events");
    assert_eq!(read, events);
    assert!(stored.contains("vtz:STD-1DST-2,M3.5.0/2,M10.5.0/3#Custom"), "{stored}");
}
