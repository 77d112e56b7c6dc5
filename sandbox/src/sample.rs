//! Three accounts as a person might have them, around the sandbox's today: for the demo and for a first look.
//!
//! The Calendly bookings have copies in the Google calendar with the same id as `calendar_event.external_id`, as the real service makes
//! them, so that what is one appointment can be shown as one.

use crate::hub::time::DAY;
use crate::{CalendlyBooking, CalendlyDo, GoogleDo, MicrosoftDo, Provider, Refusal, Sandbox};
use jiff::civil::{Date, Time, Weekday};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value, json};

pub(crate) const ZONE: &str = "Europe/Berlin";
/// The account at Google.
pub const GOOGLE: &str = "mira@sample.example";
/// The account at Microsoft.
pub const MICROSOFT: &str = "mira@office.example";
/// The account at Calendly.
pub const CALENDLY: &str = "mira@booking.example";
/// What people come for.
pub(crate) const TOPICS: [&str; 12] = [
    "Intake call",
    "Tax return",
    "Quarterly review",
    "Site visit",
    "Interview",
    "Offer talk",
    "Training",
    "Budget",
    "Follow-up",
    "Contract",
    "Planning",
    "Feedback",
];
/// Where.
const PLACES: [&str; 5] = ["Hauptstr. 1, Berlin", "Room 2", "", "Café Anna", "Online"];
/// With whom.
pub(crate) const PEOPLE: [(&str, &str); 5] = [
    ("Eva Kern", "eva@example.net"),
    ("Jonas Wolf", "jonas@example.net"),
    ("Lea Brandt", "lea@example.org"),
    ("Omar Said", "omar@example.org"),
    ("Ida Holm", "ida@example.com"),
];

/// Writes times relative to a day.
pub(crate) struct Days {
    pub(crate) today: Date,
}

impl Days {
    fn date(&self, offset: i32) -> Date {
        self.today.checked_add(offset.days()).unwrap_or(self.today)
    }

    /// The last Monday up to so many days before today.
    fn monday(&self, offset: i32) -> Date {
        let day = self.date(offset);
        day.checked_sub(i64::from(Weekday::Monday.until(day.weekday())).days()).unwrap_or(day)
    }

    fn google(&self, day: Date, minute: i32, length: i32) -> (Value, Value) {
        let at = |minute: i32| json!({"dateTime": wall(day, minute), "timeZone": ZONE});
        (at(minute), at(minute + length))
    }

    pub(crate) fn utc(&self, day: Date, minute: i32) -> Timestamp {
        let local = day.to_datetime(time(minute));
        local.in_tz(ZONE).map(|at| at.timestamp()).unwrap_or_default()
    }
}

fn time(minute: i32) -> Time {
    let part = |number: i32| i8::try_from(number).unwrap_or(0);
    Time::new(part(minute / 60), part(minute % 60), 0, 0).unwrap_or_else(|_| Time::midnight())
}

fn wall(day: Date, minute: i32) -> String {
    day.to_datetime(time(minute)).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

impl Sandbox {
    /// Makes the three accounts with their calendars around today, and returns provider and account of each.
    ///
    /// # Errors
    /// When the stand-ins refuse their own sample, which a test excludes.
    pub fn fill_with_samples(&self) -> Result<Vec<(Provider, &'static str)>, Refusal> {
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        let now = Timestamp::from_millisecond(self.clock().now()).unwrap_or_default();
        let days = Days { today: now.to_zoned(zone).date() };
        self.google_samples(&days)?;
        self.microsoft_samples(&days)?;
        self.calendly_samples(&days)?;
        Ok(vec![(Provider::Google, GOOGLE), (Provider::Microsoft, MICROSOFT), (Provider::Calendly, CALENDLY)])
    }

    fn google_samples(&self, days: &Days) -> Result<(), Refusal> {
        self.google(GoogleDo::Account { account: GOOGLE.into(), name: "Mira Lang".into(), zone: ZONE.into() })?;
        let add = |id: &str, summary: &str| GoogleDo::AddCalendar {
            account: GOOGLE.into(),
            summary: summary.into(),
            zone: ZONE.into(),
            id: Some(format!("{id}@group.calendar.google.com")),
        };
        self.google(add("family", "Family"))?;
        self.google(add("sports", "Sports"))?;
        let mut events: Vec<Value> = Vec::new();
        for number in 0..90 {
            let day = days.date(number * 3 - 90);
            if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                continue;
            }
            let at = usize::try_from(number).unwrap_or(0);
            let (start, end) = days.google(day, 540 + (number * 45) % 420, 30 + (number % 3) * 15);
            let (name, email) = PEOPLE[at % PEOPLE.len()];
            let mut event = json!({"summary": TOPICS[at % TOPICS.len()], "start": start, "end": end, "location": PLACES[at % PLACES.len()],
                "attendees": [{"email": email, "displayName": name, "responseStatus": "accepted"}, {"email": GOOGLE}]});
            if at % 9 == 4 {
                event["visibility"] = json!("private");
            }
            if at % 11 == 6 {
                event["attendees"][1]["responseStatus"] = json!("declined");
            }
            events.push(event);
        }
        let (start, end) = days.google(days.date(2), 540, 120);
        events.push(json!({"summary": "Focus time", "eventType": "focusTime", "start": start, "end": end}));
        let day = |offset: i32| json!({"date": days.date(offset).to_string()});
        events.push(
            json!({"summary": "Home office", "eventType": "workingLocation", "start": day(1), "end": day(2), "transparency": "transparent",
            "visibility": "public", "workingLocationProperties": {"type": "homeOffice", "homeOffice": {}}}),
        );
        let abroad = |minute: i32| json!({"dateTime": wall(days.date(3), minute), "timeZone": "America/New_York"});
        events.push(json!({"summary": "Call with New York", "start": abroad(570), "end": abroad(615), "location": "Online",
            "attendees": [{"email": PEOPLE[2].1, "displayName": PEOPLE[2].0, "responseStatus": "tentative"}, {"email": GOOGLE}]}));
        events.push(json!({"summary": "Trade fair", "start": day(9), "end": day(12), "transparency": "transparent"}));
        self.google(GoogleDo::Fill { calendar: GOOGLE.into(), events })?;
        let monday = days.monday(-56);
        let (start, end) = days.google(monday, 600, 60);
        let link = "https://meet.google.com/abc-defg-hij";
        let series = json!({"summary": "Team weekly", "start": start, "end": end, "recurrence": ["RRULE:FREQ=WEEKLY"], "hangoutLink": link,
            "conferenceData": {"conferenceId": "abc-defg-hij", "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
                "entryPoints": [{"entryPointType": "video", "uri": link}]}});
        let master = text(&self.google(GoogleDo::Create { calendar: GOOGLE.into(), event: series })?, "id");
        let original = |week: i32| days.utc(monday.checked_add((week * 7).days()).unwrap_or(monday), 600).to_string();
        let (start, end) = days.google(monday.checked_add(64.days()).unwrap_or(monday), 840, 60);
        let patch = json!({"start": start, "end": end});
        self.google(GoogleDo::ChangeInstance { calendar: GOOGLE.into(), master: master.clone(), original: original(9), patch })?;
        self.google(GoogleDo::CancelInstance { calendar: GOOGLE.into(), master, original: original(10) })?;
        let (start, end) = days.google(days.monday(-30), 1080, 90);
        let training = json!({"summary": "Running", "start": start, "end": end, "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO,TH;COUNT=40"]});
        self.google(GoogleDo::Create { calendar: "sports@group.calendar.google.com".into(), event: training })?;
        let holiday = json!({"summary": "Holiday by the sea", "start": day(30), "end": day(44)});
        self.google(GoogleDo::Create { calendar: "family@group.calendar.google.com".into(), event: holiday })?;
        Ok(())
    }

    fn microsoft_samples(&self, days: &Days) -> Result<(), Refusal> {
        self.microsoft(MicrosoftDo::Account { account: MICROSOFT.into(), name: "Mira Lang".into(), zone: ZONE.into() })?;
        let project = text(&self.microsoft(MicrosoftDo::AddCalendar { account: MICROSOFT.into(), name: "Project Harbour".into() })?, "id");
        let timed = |day: Date, minute: i32, length: i32| {
            let at = |minute: i32| json!({"dateTime": wall(day, minute), "timeZone": "W. Europe Standard Time"});
            (at(minute), at(minute + length))
        };
        let mut events: Vec<Value> = Vec::new();
        for number in 0..40 {
            let day = days.date(number * 5 - 80);
            if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                continue;
            }
            let at = usize::try_from(number).unwrap_or(0);
            let (start, end) = timed(day, 510 + (number * 75) % 480, 45);
            let (name, address) = PEOPLE[(at + 2) % PEOPLE.len()];
            events.push(json!({"subject": TOPICS[(at + 5) % TOPICS.len()], "start": start, "end": end, "isOnlineMeeting": at % 4 == 0,
                "attendees": [{"emailAddress": {"name": name, "address": address}}], "sensitivity": if at % 7 == 3 { "private" } else { "normal" }}));
        }
        self.microsoft(MicrosoftDo::Fill { account: MICROSOFT.into(), calendar: None, events })?;
        let monday = days.monday(-49);
        let (start, end) = timed(monday, 480, 15);
        let daily = json!({"subject": "Stand-up", "start": start, "end": end, "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]},
            "range": {"type": "noEnd", "startDate": monday.to_string()}}});
        let master = text(&self.microsoft(MicrosoftDo::Create { account: MICROSOFT.into(), calendar: Some(project), event: daily })?, "id");
        let original = |offset: i32| days.utc(monday.checked_add(offset.days()).unwrap_or(monday), 480).to_string();
        self.microsoft(MicrosoftDo::CancelInstance { account: MICROSOFT.into(), master: master.clone(), original: original(51) })?;
        let patch = json!({"subject": "Stand-up with the client"});
        self.microsoft(MicrosoftDo::ChangeInstance { account: MICROSOFT.into(), master, original: original(52), patch })?;
        let day = |offset: i32| json!({"dateTime": wall(days.date(offset), 0), "timeZone": "W. Europe Standard Time"});
        let away = json!({"subject": "Out of office", "isAllDay": true, "showAs": "oof", "start": day(20), "end": day(23)});
        self.microsoft(MicrosoftDo::Create { account: MICROSOFT.into(), calendar: None, event: away })?;
        Ok(())
    }

    fn calendly_samples(&self, days: &Days) -> Result<(), Refusal> {
        self.calendly(CalendlyDo::Account { account: CALENDLY.into(), name: "Mira Lang".into(), zone: ZONE.into() })?;
        let mut invitees: Vec<String> = Vec::new();
        for number in 0..14 {
            let day = days.date(number * 4 - 20);
            let at = usize::try_from(number).unwrap_or(0);
            let (name, email) = PEOPLE[at % PEOPLE.len()];
            let start = days.utc(day, 660 + (number % 4) * 60);
            let summary = format!("{name} and Mira Lang");
            let end = start.as_millisecond() + DAY / 48;
            let copy = json!({"summary": summary, "start": {"dateTime": start.to_string(), "timeZone": ZONE},
                "end": {"dateTime": Timestamp::from_millisecond(end).unwrap_or(start).to_string(), "timeZone": ZONE}});
            let copy = text(&self.google(GoogleDo::Create { calendar: GOOGLE.into(), event: copy })?, "id");
            let booking = CalendlyBooking {
                event_type: None,
                start: start.to_string(),
                email: email.to_owned(),
                name: name.to_owned(),
                zone: ZONE.to_owned(),
                location: None,
                calendar_event: Some(json!({"kind": "google", "external_id": copy})),
                answers: vec![("What is it about?".to_owned(), TOPICS[at % TOPICS.len()].to_owned())],
            };
            invitees.push(text(&self.calendly(CalendlyDo::Book { account: CALENDLY.into(), booking })?, "invitee"));
        }
        let start = days.utc(days.date(26), 900).to_string();
        self.calendly(CalendlyDo::Reschedule { invitee: invitees[8].clone(), start })?;
        self.calendly(CalendlyDo::CancelInvitee { invitee: invitees[10].clone(), reason: Some("I am ill".into()) })?;
        Ok(())
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
