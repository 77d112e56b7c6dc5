//! From a checked body to pages. Pure: no request, no clock.

use super::body::Checked;
use super::cursor::FeedProps;
use super::identity::{Known, changes};
use crate::ical::{self, Context};
use crate::provider::{Content, Page, PassEnd};
use syncline_domain::time::{Millis, When, naive_ms};

/// Changes in a page.
const PAGE: usize = 500;

/// A feed that was read.
pub(super) struct Read {
    pub(super) props: FeedProps,
    /// Its own wish, seconds.
    pub(super) refresh_s: Option<u64>,
    objects: Vec<(String, Content)>,
}

/// Reads a body. `None` when it holds no calendar after all.
pub(super) fn read(body: &Checked) -> Option<Read> {
    let feed = ical::read_feed(body.bytes(), &Context::default()).ok()?;
    let props = FeedProps { name: feed.name, color: feed.color, zone: feed.zone };
    Some(Read { props, refresh_s: feed.refresh_s, objects: feed.objects })
}

impl Read {
    /// Events that can be read: overrides count with their series.
    pub(super) fn events(&self) -> usize {
        self.objects.iter().filter(|(_, content)| matches!(content, Content::Present(_))).count()
    }

    /// How far back the feed reaches: what ended before this instant may be missing because the feed drops the past, and is kept.
    ///
    /// That is the earliest end of its events, for a feed that drops what ended before a day still holds everything that ended
    /// later; it lies at or after the earliest start. Series do not count: hosts keep a series with its first start and all
    /// its exceptions as long as it runs. What has not ended at `now` was not dropped for being past. A feed with series alone, or with
    /// nothing, says nothing about the past.
    pub(super) fn reaches_back_to(&self, now: Millis) -> Millis {
        let ends = self.objects.iter().filter_map(|(_, content)| match content {
            Content::Present(object) if object.events.iter().all(|event| event.recurrence.is_none()) => {
                object.events.iter().map(|event| end_ms(&event.when)).min()
            }
            _ => None,
        });
        ends.min().map_or(now, |end| end.min(now))
    }

    /// The pages of a snapshot.
    pub(super) fn pages(self, known: &Known, end: PassEnd) -> Vec<Page> {
        let total = Some(self.objects.len() as u64);
        let mut pages: Vec<Page> = Vec::with_capacity(self.objects.len() / PAGE + 1);
        let mut rest = changes(self.objects, known).into_iter().peekable();
        while rest.peek().is_some() {
            pages.push(Page { changes: rest.by_ref().take(PAGE).collect(), total, checkpoint: None, end: None });
        }
        if pages.is_empty() {
            pages.push(Page { total, ..Page::default() });
        }
        if let Some(last) = pages.last_mut() {
            last.end = Some(end);
        }
        pages
    }
}

fn end_ms(when: &When) -> Millis {
    match when {
        When::Timed { end, .. } => end.at,
        When::AllDay { end, .. } => naive_ms(end.at(0, 0, 0, 0)),
        When::Floating { end, .. } => naive_ms(*end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(events: &[&str], now: &str) -> String {
        let text: String = events.iter().enumerate().map(|(n, lines)| format!("BEGIN:VEVENT\nUID:{n}\n{lines}\nEND:VEVENT\n")).collect();
        let body = Checked::new(format!("BEGIN:VCALENDAR\n{text}END:VCALENDAR").into_bytes(), None, 10_000).unwrap();
        let now: jiff::Timestamp = now.parse().unwrap();
        jiff::Timestamp::from_millisecond(read(&body).unwrap().reaches_back_to(now.as_millisecond())).unwrap().to_string()
    }

    #[test]
    fn a_feed_reaches_back_to_the_earliest_end_of_a_single_event() {
        let long = "DTSTART:20261101T000000Z\nDTEND:20261210T000000Z";
        let short = "DTSTART:20261120T090000Z\nDTEND:20261120T100000Z";
        assert_eq!(reaches(&[long, short], "2026-12-01T00:00:00Z"), "2026-11-20T10:00:00Z");
        assert_eq!(reaches(&["DTSTART;VALUE=DATE:20261119", short], "2026-12-01T00:00:00Z"), "2026-11-20T00:00:00Z");
    }

    #[test]
    fn a_series_that_began_long_ago_does_not_make_a_feed_reach_back() {
        let series = "DTSTART:20150101T090000Z\nDTEND:20150101T100000Z\nRRULE:FREQ=WEEKLY";
        let short = "DTSTART:20261120T090000Z\nDTEND:20261120T100000Z";
        assert_eq!(reaches(&[series, short], "2026-12-01T00:00:00Z"), "2026-11-20T10:00:00Z");
        assert_eq!(reaches(&[series], "2026-12-01T00:00:00Z"), "2026-12-01T00:00:00Z");
    }

    #[test]
    fn what_has_not_ended_yet_is_not_kept_for_being_past() {
        let coming = "DTSTART:20261220T090000Z\nDTEND:20261220T100000Z";
        assert_eq!(reaches(&[coming], "2026-12-01T00:00:00Z"), "2026-12-01T00:00:00Z");
        assert_eq!(reaches(&[], "2026-12-01T00:00:00Z"), "2026-12-01T00:00:00Z");
    }
}
