//! Blocks of a day that overlap share its width.

use super::days::number;
use super::extent::{is_in_lane, part_in};
use crate::view::GridEvent;
use jiff::civil::Date;

/// A block is never lower than this many minutes, so that a short event can be read and touched.
pub const LEAST_MINUTES: u16 = 20;

const DAY: u16 = 1440;

/// A timed event (or its part) in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Index of the event.
    pub event: usize,
    /// Minutes from midnight to its upper edge.
    pub top: u16,
    /// Height in minutes, at least [`LEAST_MINUTES`].
    pub height: u16,
    /// Its column, from 0.
    pub column: u16,
    /// How many columns it takes.
    pub span: u16,
    /// Into how many columns the width is divided at its time.
    pub columns: u16,
    /// It began on the day before.
    pub before: bool,
    /// It goes on on the day after.
    pub after: bool,
}

impl Block {
    fn end(&self) -> u16 {
        self.top + self.height
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.top < other.end() && other.top < self.end()
    }
}

/// Lays out the timed events of a day. Events that overlap, directly or through others, share the width; one that has nothing
/// on its right takes the free columns.
#[must_use]
pub fn day(date: Date, events: &[GridEvent]) -> Vec<Block> {
    let day = number(date);
    let mut blocks: Vec<Block> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| !is_in_lane(event))
        .filter_map(|(at, event)| {
            let part = part_in(event, day)?;
            let height = (part.to - part.from).max(LEAST_MINUTES);
            let top = part.from.min(DAY - height);
            Some(Block { event: at, top, height, column: 0, span: 1, columns: 1, before: part.before, after: part.after })
        })
        .collect();
    blocks.sort_by_key(|block| (block.top, DAY - block.height));
    let mut from = 0;
    while from < blocks.len() {
        let mut end = blocks[from].end();
        let mut to = from + 1;
        while to < blocks.len() && blocks[to].top < end {
            end = end.max(blocks[to].end());
            to += 1;
        }
        share(&mut blocks[from..to]);
        from = to;
    }
    blocks
}

/// Shares the width among blocks that hang together.
fn share(blocks: &mut [Block]) {
    let mut ends: Vec<u16> = Vec::new();
    for block in blocks.iter_mut() {
        let column = ends.iter().position(|end| *end <= block.top).unwrap_or_else(|| {
            ends.push(0);
            ends.len() - 1
        });
        ends[column] = block.end();
        block.column = u16::try_from(column).unwrap_or(u16::MAX);
    }
    let columns = u16::try_from(ends.len()).unwrap_or(u16::MAX);
    for at in 0..blocks.len() {
        let block = blocks[at];
        let wall = blocks.iter().filter(|other| other.column > block.column && other.overlaps(&block)).map(|other| other.column).min();
        blocks[at].span = wall.unwrap_or(columns) - block.column;
        blocks[at].columns = columns;
    }
}

#[cfg(test)]
mod tests {
    use super::super::extent::tests::event;
    use super::*;
    use jiff::civil::date;

    /// (event, column, span, columns) of events on 20 November given as `9:00-10:30`.
    fn shared(times: &[&str]) -> Vec<(usize, u16, u16, u16)> {
        let events: Vec<_> = times
            .iter()
            .map(|times| {
                let (from, to) = times.split_once('-').unwrap();
                event(&format!("2026-11-20T{from} / 2026-11-20T{to}"))
            })
            .collect();
        let mut found: Vec<_> =
            day(date(2026, 11, 20), &events).into_iter().map(|block| (block.event, block.column, block.span, block.columns)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn events_one_after_the_other_have_the_whole_width() {
        assert_eq!(shared(&["09:00-10:00", "10:00-11:00"]), [(0, 0, 1, 1), (1, 0, 1, 1)]);
    }

    #[test]
    fn two_that_overlap_have_half_of_it() {
        assert_eq!(shared(&["09:00-10:00", "09:30-10:30"]), [(0, 0, 1, 2), (1, 1, 1, 2)]);
    }

    #[test]
    fn a_free_column_is_taken() {
        // The first hangs over three columns; the last has two of them for itself.
        assert_eq!(
            shared(&["09:00-12:00", "09:00-10:00", "09:00-10:00", "10:30-11:30"]),
            [(0, 0, 1, 3), (1, 1, 1, 3), (2, 2, 1, 3), (3, 1, 2, 3)]
        );
    }

    #[test]
    fn a_column_is_used_again_after_its_event_ended() {
        assert_eq!(shared(&["09:00-11:00", "09:30-10:00", "10:00-10:30"]), [(0, 0, 1, 2), (1, 1, 1, 2), (2, 1, 1, 2)]);
    }

    #[test]
    fn events_without_length_have_the_least_height_and_keep_others_away() {
        let events = [event("2026-11-20T09:00 / 2026-11-20T09:00"), event("2026-11-20T09:10 / 2026-11-20T09:15")];
        let blocks = day(date(2026, 11, 20), &events);
        assert_eq!((blocks[0].top, blocks[0].height, blocks[0].columns), (540, LEAST_MINUTES, 2));
        assert_eq!((blocks[1].top, blocks[1].height, blocks[1].column), (550, LEAST_MINUTES, 1));
    }

    #[test]
    fn a_short_event_before_midnight_stays_inside_the_day() {
        let block = day(date(2026, 11, 20), &[event("2026-11-20T23:55 / 2026-11-21T00:00")])[0];
        assert_eq!((block.top, block.height), (1420, 20));
    }

    #[test]
    fn a_night_is_in_both_days_and_whole_days_are_in_none() {
        let events =
            [event("2026-11-20T22:00 / 2026-11-21T02:00"), event("2026-11-20T09:00 / 2026-11-21T09:00"), event("2026-11-20 / 2026-11-22")];
        let of =
            |day_of| day(date(2026, 11, day_of), &events).iter().map(|block| (block.event, block.top, block.end())).collect::<Vec<_>>();
        assert_eq!(of(20), [(0, 1320, 1440)]);
        assert_eq!(of(21), [(0, 0, 120)]);
        assert_eq!(of(22), []);
    }

    #[test]
    fn no_two_blocks_cover_each_other() {
        let events: Vec<_> = (0..150)
            .map(|at| {
                let (from, long) = (at * 37 % 1380, at * 53 % 200);
                let to = (from + long).min(1439);
                event(&format!("2026-11-20T{:02}:{:02} / 2026-11-20T{:02}:{:02}", from / 60, from % 60, to / 60, to % 60))
            })
            .collect();
        let blocks = day(date(2026, 11, 20), &events);
        assert_eq!(blocks.len(), 150);
        for (at, one) in blocks.iter().enumerate() {
            assert!(one.column + one.span <= one.columns && one.end() <= 1440);
            for other in &blocks[at + 1..] {
                let beside = one.column + one.span <= other.column || other.column + other.span <= one.column;
                assert!(beside || !one.overlaps(other), "{one:?} {other:?}");
            }
        }
    }
}
