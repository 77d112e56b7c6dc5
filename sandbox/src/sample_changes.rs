//! What happens in the sample accounts while somebody looks around: for the demo.

use crate::google::GoogleDo;
use crate::microsoft::MicrosoftDo;
use crate::sample::{CALENDLY, Days, GOOGLE, MICROSOFT, PEOPLE, TOPICS};
use crate::{CalendlyBooking, CalendlyDo, Refusal, Sandbox};
use jiff::civil::DateTime;
use jiff::{Span, Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value, json};

/// Something that happens at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleChange {
    /// A guest books through Calendly, today.
    Book,
    /// Somebody moves the next meeting of the Outlook calendar by a day.
    Move,
    /// Most events of the Google calendar are deleted there.
    DeleteMost,
}

/// Events that are left when most are deleted.
const LEFT: usize = 5;

impl Sandbox {
    /// Lets something happen in the sample accounts, for the `number`th time. Gives what, in words.
    ///
    /// # Errors
    /// When there is nothing left to change.
    pub fn change_samples(&self, what: SampleChange, number: u32) -> Result<String, Refusal> {
        match what {
            SampleChange::Book => self.book_sample(number),
            SampleChange::Move => self.move_sample(),
            SampleChange::DeleteMost => self.delete_most_samples(),
        }
    }

    fn book_sample(&self, number: u32) -> Result<String, Refusal> {
        let now = Timestamp::from_millisecond(self.clock().now()).unwrap_or_default();
        let today = Days { today: now.to_zoned(TimeZone::get(crate::sample::ZONE).unwrap_or(TimeZone::UTC)).date() };
        let at = usize::try_from(number).unwrap_or(0);
        let (name, email) = PEOPLE[at % PEOPLE.len()];
        // From 9:00 on, one after the other.
        let minute = 540 + i32::try_from(number % 16).unwrap_or(0) * 30;
        let booking = CalendlyBooking {
            event_type: None,
            start: today.utc(today.today, minute).to_string(),
            email: email.to_owned(),
            name: name.to_owned(),
            zone: crate::sample::ZONE.to_owned(),
            location: None,
            calendar_event: None,
            answers: vec![("What is it about?".to_owned(), TOPICS[at % TOPICS.len()].to_owned())],
        };
        self.calendly(CalendlyDo::Book { account: CALENDLY.into(), booking })?;
        Ok(format!("{name} has booked 30 minutes for today."))
    }

    fn move_sample(&self) -> Result<String, Refusal> {
        let now = Timestamp::from_millisecond(self.clock().now()).unwrap_or_default();
        let next = self.lock().microsoft.singles(MICROSOFT).into_iter().filter_map(|(id, event)| Some((wall(&event["start"])?, id, event)));
        let today = now.to_zoned(TimeZone::UTC).datetime();
        let (start, id, event) = next
            .filter(|(start, ..)| *start > today)
            .min_by_key(|(start, ..)| *start)
            .ok_or_else(|| Refusal("no meeting lies ahead".to_owned()))?;
        let later = |name: &str, day: Span| {
            let at = wall(&event[name]).and_then(|at| at.checked_add(day).ok()).unwrap_or(start);
            json!({"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": event[name]["timeZone"]})
        };
        let patch = json!({"start": later("start", 1.day()), "end": later("end", 1.day())});
        self.microsoft(MicrosoftDo::Change { account: MICROSOFT.into(), event: id, patch })?;
        Ok(format!("“{}” was moved by a day in Outlook.", event["subject"].as_str().unwrap_or("A meeting")))
    }

    fn delete_most_samples(&self) -> Result<String, Refusal> {
        let ids = self.lock().google.live_ids(GOOGLE);
        if ids.len() <= LEFT {
            return Err(Refusal("they are deleted already".to_owned()));
        }
        let gone = ids.len() - LEFT;
        for event in ids.into_iter().skip(LEFT) {
            self.google(GoogleDo::Delete { calendar: GOOGLE.into(), event })?;
        }
        Ok(format!("{gone} events were deleted at Google."))
    }
}

fn wall(time: &Value) -> Option<DateTime> {
    time["dateTime"].as_str()?.parse().ok()
}
