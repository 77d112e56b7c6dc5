//! What kind of event it is: as the provider says, else as title and description suggest. Pure.

use crate::event::Busy;
use crate::sync::ProviderKind;
use serde::{Deserialize, Serialize};

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// Something with other people, or with a link to a call.
    Meeting,
    /// Somebody booked it on a booking page.
    Booking,
    /// Time to be left alone.
    FocusTime,
    /// Away.
    OutOfOffice,
    /// Where somebody works that day.
    WorkingLocation,
    /// A birthday.
    Birthday,
    /// A flight or a train.
    Travel,
    /// Anything else.
    Other,
}

impl EventType {
    /// The word for it; `None` for what needs none.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        Some(match self {
            Self::Meeting => "Meeting",
            Self::Booking => "Booking",
            Self::FocusTime => "Focus time",
            Self::OutOfOffice => "Out of office",
            Self::WorkingLocation => "Working location",
            Self::Birthday => "Birthday",
            Self::Travel => "Travel",
            Self::Other => return None,
        })
    }
}

/// What is known of an event.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Where it comes from.
    pub provider: ProviderKind,
    /// Its labels: Google's `eventType` and Outlook's `showAs` are among them in words.
    pub categories: &'a [&'a str],
    /// Whether it blocks time.
    pub busy: Busy,
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub description: Option<&'a str>,
    /// Others are invited, or there is a link to a call.
    pub with_others: bool,
}

/// What the provider's labels say.
const LABELS: [(&str, EventType); 6] = [
    ("focus time", EventType::FocusTime),
    ("out of office", EventType::OutOfOffice),
    ("working location", EventType::WorkingLocation),
    ("working elsewhere", EventType::WorkingLocation),
    ("birthday", EventType::Birthday),
    ("from gmail", EventType::Travel),
];

/// Words that begin a title, or stand in it as words, in the order in which they count.
const WORDS: [(&str, EventType); 26] = [
    ("focus time", EventType::FocusTime),
    ("focus", EventType::FocusTime),
    ("deep work", EventType::FocusTime),
    ("do not disturb", EventType::FocusTime),
    ("fokuszeit", EventType::FocusTime),
    ("out of office", EventType::OutOfOffice),
    ("ooo", EventType::OutOfOffice),
    ("on leave", EventType::OutOfOffice),
    ("annual leave", EventType::OutOfOffice),
    ("vacation", EventType::OutOfOffice),
    ("pto", EventType::OutOfOffice),
    ("day off", EventType::OutOfOffice),
    ("urlaub", EventType::OutOfOffice),
    ("home office", EventType::WorkingLocation),
    ("homeoffice", EventType::WorkingLocation),
    ("working from home", EventType::WorkingLocation),
    ("wfh", EventType::WorkingLocation),
    ("birthday", EventType::Birthday),
    ("bday", EventType::Birthday),
    ("geburtstag", EventType::Birthday),
    ("flight", EventType::Travel),
    ("flug", EventType::Travel),
    ("train to", EventType::Travel),
    ("zug nach", EventType::Travel),
    ("boarding", EventType::Travel),
    ("booking", EventType::Booking),
];

/// What kind of event it is. What the provider says goes before the words of people, and these before who is invited.
#[must_use]
pub fn event_type(facts: &Facts<'_>) -> EventType {
    if facts.provider == ProviderKind::Calendly {
        return EventType::Booking;
    }
    let labelled = facts.categories.iter().find_map(|label| LABELS.iter().find(|(word, _)| label.trim().eq_ignore_ascii_case(word)));
    if let Some((_, kind)) = labelled {
        return *kind;
    }
    if facts.busy == Busy::OutOfOffice {
        return EventType::OutOfOffice;
    }
    let title = facts.title.to_lowercase();
    if let Some((_, kind)) = WORDS.iter().find(|(word, _)| has_words(&title, word)) {
        return *kind;
    }
    // Booking pages leave their address in the text of what they made.
    let booked = |text: &str| ["calendly.com/", "cal.com/booking", "booked through", "gebucht über"].iter().any(|mark| text.contains(mark));
    match facts.description {
        Some(text) if booked(&text.to_lowercase()) => EventType::Booking,
        _ if facts.with_others => EventType::Meeting,
        _ => EventType::Other,
    }
}

/// Whether `words` stand in `text` with no letter or digit right before or after them.
fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let is_part = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + words.len()..].chars().next())
    })
}

/// What a connection does not show, although it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hidden {
    /// Events that the user declined.
    pub declined: bool,
    /// Events that are private or confidential.
    pub private: bool,
    /// Where somebody works.
    pub working_location: bool,
    /// Focus time.
    pub focus_time: bool,
}

impl Hidden {
    /// Everything is shown.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether an event is not shown.
    #[must_use]
    pub fn hides(self, declined: bool, private: bool, kind: EventType) -> bool {
        self.declined && declined
            || self.private && private
            || self.working_location && kind == EventType::WorkingLocation
            || self.focus_time && kind == EventType::FocusTime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(title: &'a str, categories: &'a [&'a str]) -> Facts<'a> {
        Facts { provider: ProviderKind::Google, categories, busy: Busy::Busy, title, description: None, with_others: false }
    }

    #[test]
    fn what_the_provider_says_goes_before_the_words_of_people() {
        assert_eq!(event_type(&facts("Birthday of Emmy", &["Focus time"])), EventType::FocusTime);
        assert_eq!(event_type(&facts("Focus", &["working elsewhere"])), EventType::WorkingLocation);
        assert_eq!(event_type(&Facts { provider: ProviderKind::Calendly, ..facts("Focus", &["Birthday"]) }), EventType::Booking);
        assert_eq!(event_type(&Facts { busy: Busy::OutOfOffice, ..facts("Focus", &[]) }), EventType::OutOfOffice);
        assert_eq!(event_type(&facts("Planning", &["Red category"])), EventType::Other);
    }

    #[test]
    fn a_title_is_read_by_whole_words_in_any_case() {
        for (title, kind) in [
            ("FOCUS: report", EventType::FocusTime),
            ("Deep work 🎧", EventType::FocusTime),
            ("Anna OOO", EventType::OutOfOffice),
            ("Urlaub", EventType::OutOfOffice),
            ("Home office", EventType::WorkingLocation),
            ("Geburtstag Oma", EventType::Birthday),
            ("Flight LH 123 to Oslo", EventType::Travel),
            ("Autofocus lens", EventType::Other),
            ("Zoo visit", EventType::Other),
            ("Flights of stairs", EventType::Other),
            ("Office: out of milk", EventType::Other),
        ] {
            assert_eq!(event_type(&facts(title, &[])), kind, "{title}");
        }
    }

    #[test]
    fn the_text_tells_of_a_booking_page_and_guests_of_a_meeting() {
        let with = |description, with_others| event_type(&Facts { description, with_others, ..facts("Intake call", &[]) });
        assert_eq!(with(Some("Need to change it? https://calendly.com/cancellations/x"), true), EventType::Booking);
        assert_eq!(with(Some("We talk about the offer."), true), EventType::Meeting);
        assert_eq!(with(None, false), EventType::Other);
    }

    #[test]
    fn a_filter_hides_its_own_kind_alone() {
        let all = [
            (true, false, EventType::Meeting),
            (false, true, EventType::Other),
            (false, false, EventType::WorkingLocation),
            (false, false, EventType::FocusTime),
        ];
        let filters = [
            Hidden { declined: true, ..Hidden::default() },
            Hidden { private: true, ..Hidden::default() },
            Hidden { working_location: true, ..Hidden::default() },
            Hidden { focus_time: true, ..Hidden::default() },
        ];
        for (at, filter) in filters.into_iter().enumerate() {
            let hidden: Vec<bool> = all.iter().map(|(declined, private, kind)| filter.hides(*declined, *private, *kind)).collect();
            assert_eq!(hidden, (0..4).map(|one| one == at).collect::<Vec<_>>());
        }
        assert!(Hidden::default().is_nothing());
    }
}
