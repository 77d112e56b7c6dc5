use super::*;
use jiff::civil::date;

fn read(text: &str) -> Normalized {
    let reading = Reading { me: Some("anna@example.com".to_owned()) };
    event(&serde_json::from_str(text).unwrap(), None, &reading).unwrap()
}

#[test]
fn the_documented_timed_event_keeps_its_instant_and_the_zone_it_was_made_in() {
    let Event { when, title, conference_url, attendees, organizer, uid, location, description, .. } = read(
        r#"{"id":"a","@odata.etag":"W/\"1\"","type":"singleInstance","seriesMasterId":null,"iCalUId":"0400","subject":"Intake call",
        "originalStartTimeZone":"W. Europe Standard Time","isAllDay":false,"isCancelled":false,"isOrganizer":false,"recurrence":null,
        "body":{"contentType":"text","content":"Docs\r\nmore"},"responseStatus":{"response":"tentativelyAccepted","time":"0001-01-01T00:00:00Z"},
        "start":{"dateTime":"2026-03-10T08:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-03-10T08:45:00.0000000","timeZone":"UTC"},
        "location":{"displayName":"Room 1"},"organizer":{"emailAddress":{"name":"Praxis","address":"Praxis@example.com"}},
        "attendees":[{"type":"required","status":{"response":"none"},"emailAddress":{"name":"Anna","address":"Anna@example.com"}},
        {"type":"optional","status":{"response":"declined"},"emailAddress":{"address":"eva@example.net"}}],
        "onlineMeeting":{"joinUrl":"https://teams.microsoft.com/l/meetup-join/x"}}"#,
    )
    .event;
    let When::Timed { start, end } = when else { panic!("timed") };
    assert_eq!((start.wall.to_string().as_str(), start.zone.0.as_str()), ("2026-03-10T09:00:00", "Europe/Berlin"));
    assert_eq!(end.at - start.at, 45 * 60_000);
    assert_eq!((title.as_str(), uid.as_str(), location.as_deref()), ("Intake call", "0400", Some("Room 1")));
    assert_eq!(description.as_deref(), Some("Docs\nmore"));
    assert_eq!(conference_url.as_deref(), Some("https://teams.microsoft.com/l/meetup-join/x"));
    assert_eq!(organizer.unwrap().email.as_deref(), Some("praxis@example.com"));
    assert!(attendees[0].me && attendees[0].response == Response::Tentative, "the own answer is the one of the mailbox");
    assert!(attendees[1].optional && attendees[1].response == Response::Declined);
}

#[test]
fn an_all_day_event_is_its_dates_whatever_the_zone() {
    let text = |zone: &str| {
        format!(
            r#"{{"id":"a","isAllDay":true,"showAs":"free","sensitivity":"private","isOrganizer":true,"originalStartTimeZone":"{zone}",
            "start":{{"dateTime":"2026-03-27T00:00:00.0000000","timeZone":"UTC"}},"end":{{"dateTime":"2026-03-30T00:00:00.0000000","timeZone":"UTC"}}}}"#
        )
    };
    for zone in ["UTC", "Pacific Standard Time", "Tokyo Standard Time"] {
        let Event { when, busy, visibility, title, .. } = read(&text(zone)).event;
        assert_eq!(when, When::AllDay { start: date(2026, 3, 27), end: date(2026, 3, 30) });
        assert_eq!((busy, visibility, title.as_str()), (Busy::Free, Visibility::Private, ""));
    }
}

#[test]
fn an_invitation_through_a_group_still_has_the_own_answer() {
    let of = |answer: &str| {
        let text = format!(
            r#"{{"id":"a","isOrganizer":false,"responseStatus":{{"response":"{answer}"}},"start":{{"dateTime":"2026-03-10T08:00:00","timeZone":"UTC"}},
            "attendees":[{{"emailAddress":{{"address":"all@example.com"}}}}]}}"#
        );
        read(&text).event.attendees.into_iter().find(|guest| guest.me).map(|guest| guest.response)
    };
    assert_eq!(of("declined"), Some(Response::Declined));
    assert_eq!(of("notResponded"), None);
}

#[test]
fn a_zone_that_nobody_knows_leaves_the_instant_right() {
    let odd = read(
        r#"{"id":"a","originalStartTimeZone":"tzone://Microsoft/Custom","start":{"dateTime":"2026-03-10T08:00:00.0000000","timeZone":"UTC"},
        "end":{"dateTime":"2026-03-10T07:00:00.0000000","timeZone":"UTC"}}"#,
    );
    assert_eq!(odd.warnings, ["unknown_zone", "end_before_start"]);
    let When::Timed { start, end } = odd.event.when else { panic!("timed") };
    assert_eq!((start.at, end.at), (1_773_129_600_000, 1_773_129_600_000));
}

#[test]
fn an_original_start_of_a_whole_day_is_a_date_wherever_it_was_made() {
    let master = When::AllDay { start: date(2026, 3, 9), end: date(2026, 3, 10) };
    for (original_start, zone) in [
        ("2026-03-16T00:00:00Z", "W. Europe Standard Time"),
        ("2026-03-15T23:00:00.0000000Z", "W. Europe Standard Time"),
        ("2026-03-16T07:00:00Z", "Pacific Standard Time"),
        ("2026-03-15T15:00:00Z", "Tokyo Standard Time"),
    ] {
        let text = format!(r#"{{"id":"a","seriesMasterId":"m","originalStart":"{original_start}","originalStartTimeZone":"{zone}"}}"#);
        let found = original(&serde_json::from_str(&text).unwrap(), &master);
        assert_eq!(found, Some(DateValue::Date(date(2026, 3, 16))), "{original_start}");
    }
}

#[test]
fn what_can_not_be_read_says_why() {
    let reason = |text: &str| event(&serde_json::from_str(text).unwrap(), None, &Reading::default()).unwrap_err().0;
    assert_eq!(reason(r#"{"id":"a"}"#), "no_start");
    assert_eq!(reason(r#"{"id":"a","start":{"dateTime":"soon","timeZone":"UTC"}}"#), "bad_start");
}

#[test]
fn a_series_with_a_rule_that_is_not_known_is_still_a_series() {
    let odd = read(
        r#"{"id":"a","start":{"dateTime":"2026-03-10T08:00:00","timeZone":"UTC"},"recurrence":{"pattern":{"type":"hourly"},"range":{"type":"noEnd"}}}"#,
    );
    assert_eq!((odd.event.recurrence, odd.warnings), (Some(Recurrence::default()), vec!["bad_rule"]));
}

#[test]
fn the_zone_is_the_one_of_the_series_as_far_as_it_is_known() {
    let zone = |of_series: &str, original: &str| {
        let text = format!(
            r#"{{"id":"a","originalStartTimeZone":"{original}","start":{{"dateTime":"2026-03-10T08:00:00","timeZone":"UTC"}},"recurrence":
            {{"pattern":{{"type":"daily","interval":1}},"range":{{"type":"noEnd","recurrenceTimeZone":"{of_series}"}}}}}}"#
        );
        let Normalized { event, warnings } = read(&text);
        let When::Timed { start, .. } = event.when else { panic!("timed") };
        (start.zone.0, warnings.len())
    };
    let of = |zone: &str, warnings| (zone.to_owned(), warnings);
    assert_eq!(zone("Romance Standard Time", "Pacific Standard Time"), of("Europe/Paris", 0));
    assert_eq!(zone("", "Pacific Standard Time"), of("America/Los_Angeles", 0));
    assert_eq!(zone("tzone://Microsoft/Custom", "Pacific Standard Time"), of("America/Los_Angeles", 0));
    assert_eq!(zone("tzone://Microsoft/Utc", "Pacific Standard Time"), of("UTC", 0));
    assert_eq!(zone("tzone://Microsoft/Custom", "Nobody's Time"), of("UTC", 1));
}
