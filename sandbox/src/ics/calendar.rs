//! Calendars as text, built line by line so that a test says exactly what a feed says.

/// One VEVENT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// UID; replaced when the feed churns.
    pub uid: String,
    /// The other lines: `DTSTART…`, `SUMMARY…`.
    pub lines: Vec<String>,
}

impl Entry {
    /// A timed event. `start` and `end` as they stand after the name: `:20261120T090000Z` or `;TZID=Europe/Berlin:20261120T090000`.
    #[must_use]
    pub fn timed(uid: &str, title: &str, start: &str, end: &str) -> Self {
        Self { uid: uid.to_owned(), lines: vec![format!("DTSTART{start}"), format!("DTEND{end}"), format!("SUMMARY:{title}")] }
    }

    /// An all-day event of one day, `20261120`.
    #[must_use]
    pub fn all_day(uid: &str, title: &str, date: &str) -> Self {
        Self { uid: uid.to_owned(), lines: vec![format!("DTSTART;VALUE=DATE:{date}"), format!("SUMMARY:{title}")] }
    }

    /// With one more line.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }
}

/// One VCALENDAR.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Lines of the calendar itself: `X-WR-CALNAME:…`, `REFRESH-INTERVAL…`.
    pub head: Vec<String>,
    /// Its events.
    pub entries: Vec<Entry>,
}

impl Calendar {
    /// A calendar with a name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { head: vec![format!("X-WR-CALNAME:{name}")], entries: Vec::new() }
    }

    /// With one more line of its own.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.head.push(line.to_owned());
        self
    }

    /// With one more event.
    #[must_use]
    pub fn with(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// `number` events of half an hour, `event-0` onwards, sixteen a day from 2026-01-01 (UTC), with the usual properties.
    #[must_use]
    pub fn many(number: usize) -> Self {
        let first = jiff::civil::date(2026, 1, 1).at(8, 0, 0, 0);
        let entries = (0..number).map(|index| {
            let day = i64::try_from(index / 16).expect("few days");
            let slot = i64::try_from(index % 16).expect("sixteen slots");
            let start = first + jiff::Span::new().days(day).minutes(30 * slot);
            let end = start + jiff::Span::new().minutes(30);
            let stamp = |at: jiff::civil::DateTime| at.strftime(":%Y%m%dT%H%M%SZ").to_string();
            Entry::timed(&format!("event-{index}"), &format!("Meeting {index}"), &stamp(start), &stamp(end))
                .line("LOCATION:Room 4\\, second floor")
                .line("DESCRIPTION:Weekly planning\\nBring the figures of the last quarter.")
                .line("STATUS:CONFIRMED")
                .line("SEQUENCE:0")
        });
        Self { entries: entries.collect(), ..Self::named("Many") }
    }

    /// The text with CRLF line ends. `stamp` makes DTSTAMP differ, `churn` the UIDs.
    #[must_use]
    pub fn text(&self, stamp: Option<u64>, churn: Option<u64>) -> String {
        let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".to_owned(), "PRODID:-//Syncline//Sandbox//EN".to_owned()];
        lines.extend(self.head.iter().cloned());
        for (index, entry) in self.entries.iter().enumerate() {
            let second = stamp.unwrap_or(0);
            lines.push("BEGIN:VEVENT".to_owned());
            lines.push(match churn {
                Some(fetch) => format!("UID:{fetch}-{index}@churn"),
                None => format!("UID:{}", entry.uid),
            });
            lines.push(format!("DTSTAMP:20261120T{:02}{:02}{:02}Z", second / 3600 % 24, second / 60 % 60, second % 60));
            lines.extend(entry.lines.iter().cloned());
            lines.push("END:VEVENT".to_owned());
        }
        lines.push("END:VCALENDAR".to_owned());
        lines.push(String::new());
        lines.join("\r\n")
    }
}
