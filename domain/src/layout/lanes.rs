//! Bars over several days, each in a lane of its own.

use super::extent::Extent;

/// A bar in a row of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Index of the event.
    pub event: usize,
    /// The first day in this row, from 0.
    pub column: u8,
    /// How many days in this row.
    pub span: u8,
    /// The lane, from 0 at the top.
    pub lane: u16,
    /// It began in a row before.
    pub before: bool,
    /// It goes on in a row after.
    pub after: bool,
}

impl Bar {
    /// Whether it covers a column.
    #[must_use]
    pub fn covers(&self, column: usize) -> bool {
        (usize::from(self.column)..usize::from(self.column) + usize::from(self.span)).contains(&column)
    }

    fn mask(&self) -> u64 {
        ((1_u64 << self.span) - 1) << self.column
    }
}

/// Puts events into the lanes of the row of `columns` days (at most 63) that begins with the day number `first`. An event goes
/// into the topmost lane that is free on all of its days; earlier ones first, then longer ones, then in the order that was given.
#[must_use]
pub fn pack(events: impl IntoIterator<Item = (usize, Extent)>, first: i32, columns: u8) -> Vec<Bar> {
    let last = first + i32::from(columns) - 1;
    let mut inside: Vec<(usize, Extent)> = events.into_iter().filter(|(_, extent)| extent.first <= last && extent.last >= first).collect();
    inside.sort_by_key(|(_, extent)| (extent.first, -extent.len()));
    let mut lanes: Vec<u64> = Vec::new();
    inside
        .into_iter()
        .filter_map(|(event, extent)| {
            let from = extent.first.max(first);
            let mut bar = Bar {
                event,
                column: u8::try_from(from - first).ok()?,
                span: u8::try_from(extent.last.min(last) - from + 1).ok()?,
                lane: 0,
                before: extent.first < first,
                after: extent.last > last,
            };
            let mask = bar.mask();
            let lane = lanes.iter().position(|taken| taken & mask == 0).unwrap_or_else(|| {
                lanes.push(0);
                lanes.len() - 1
            });
            lanes[lane] |= mask;
            bar.lane = u16::try_from(lane).unwrap_or(u16::MAX);
            Some(bar)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(extents: &[(i32, i32)]) -> Vec<(usize, u8, u8, u16)> {
        let events = extents.iter().enumerate().map(|(at, (first, last))| (at, Extent { first: *first, last: *last }));
        pack(events, 0, 7).into_iter().map(|bar| (bar.event, bar.column, bar.span, bar.lane)).collect()
    }

    #[test]
    fn overlapping_bars_go_into_lanes_and_free_room_is_used_again() {
        // 0: Mo–We, 1: Tu–Th, 2: Th–Fr fits under the first again, 3: Sa.
        assert_eq!(packed(&[(0, 2), (1, 3), (3, 4), (5, 5)]), [(0, 0, 3, 0), (1, 1, 3, 1), (2, 3, 2, 0), (3, 5, 1, 0)]);
    }

    #[test]
    fn of_two_that_begin_together_the_longer_is_on_top() {
        assert_eq!(packed(&[(2, 2), (2, 5)]), [(1, 2, 4, 0), (0, 2, 1, 1)]);
    }

    #[test]
    fn bars_are_cut_at_the_edges_of_the_row_and_say_so() {
        let bars = pack([(0, Extent { first: -3, last: 9 }), (1, Extent { first: 7, last: 8 }), (2, Extent { first: 6, last: 7 })], 0, 7);
        assert_eq!(bars.len(), 2, "the one after the row is not in it");
        assert_eq!(bars[0], Bar { event: 0, column: 0, span: 7, lane: 0, before: true, after: true });
        assert_eq!(bars[1], Bar { event: 2, column: 6, span: 1, lane: 1, before: false, after: true });
    }

    #[test]
    fn no_two_bars_of_a_lane_share_a_day() {
        let many: Vec<(i32, i32)> = (0..200).map(|at| (at * 7 % 11 - 2, at * 7 % 11 - 2 + at * 5 % 4)).collect();
        let events = many.iter().enumerate().map(|(at, (first, last))| (at, Extent { first: *first, last: *last }));
        let bars = pack(events, 0, 7);
        for (at, one) in bars.iter().enumerate() {
            for other in &bars[at + 1..] {
                assert!(one.lane != other.lane || one.mask() & other.mask() == 0, "{one:?} {other:?}");
            }
        }
    }
}
