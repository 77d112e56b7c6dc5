//! The month: up to six rows of seven days.

use super::days::{add, date, month_of, number, week_number, week_of};
use super::extent::{days_in_month, is_bar_in_month};
use super::lanes::{Bar, pack};
use super::period::Span;
use crate::view::{GridEvent, WeekStart};
use jiff::civil::Date;

/// A row of the month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Its ISO number.
    pub number: u8,
    /// The bars that are shown, by lane; the lane is the row of the cell.
    pub bars: Vec<Bar>,
    /// Its seven days.
    pub days: Vec<Day>,
}

/// A cell of the month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its date.
    pub date: Date,
    /// It belongs to the month before or after.
    pub outside: bool,
    /// The timed events that are shown: index of the event, and the row of the cell from 0.
    pub timed: Vec<(usize, u16)>,
    /// How many are not shown, bars included; they stand behind "+n more" in the last row.
    pub hidden: usize,
    /// Everything that touches the day, shown or not.
    pub total: usize,
}

/// The days that the month of `day` shows: whole weeks.
#[must_use]
pub fn span(day: Date, start: WeekStart) -> Span {
    let first = month_of(day);
    let from = week_of(first, start);
    let to = add(week_of(add(super::days::add_months(first, 1), -1), start), 7);
    Span { from, to }
}

/// Lays out the month of `day`. `rows` (at least 1) is how many lines fit into a cell; events are in order of start.
#[must_use]
pub fn month(day: Date, start: WeekStart, events: &[GridEvent], rows: u16) -> Vec<Week> {
    let Span { from, to } = span(day, start);
    let first_day = number(from);
    let weeks = usize::try_from((number(to) - first_day) / 7).unwrap_or(0);
    let mut bars = vec![Vec::new(); weeks];
    let mut timed = vec![Vec::new(); weeks * 7];
    for (at, event) in events.iter().enumerate() {
        let extent = days_in_month(event);
        if is_bar_in_month(event) {
            for (week, bars) in bars.iter_mut().enumerate() {
                let monday = first_day + 7 * i32::try_from(week).unwrap_or(0);
                if extent.first < monday + 7 && extent.last >= monday {
                    bars.push((at, extent));
                }
            }
        } else if let Some(cell) = usize::try_from(extent.first - first_day).ok().and_then(|cell| timed.get_mut(cell)) {
            cell.push(at);
        }
    }
    let mut cells = timed.into_iter();
    bars.into_iter()
        .enumerate()
        .map(|(at, bars)| {
            let first = first_day + 7 * i32::try_from(at).unwrap_or(0);
            week(day, first, pack(bars, first, 7), cells.by_ref().take(7).collect(), rows.max(1))
        })
        .collect()
}

fn week(day: Date, first: i32, bars: Vec<Bar>, timed: Vec<Vec<usize>>, rows: u16) -> Week {
    let totals: Vec<usize> =
        timed.iter().enumerate().map(|(column, timed)| timed.len() + bars.iter().filter(|bar| bar.covers(column)).count()).collect();
    let (shown, limits) = fit(&bars, &totals, rows);
    let days = timed
        .into_iter()
        .enumerate()
        .map(|(column, timed)| {
            let taken: Vec<u16> = shown.iter().filter(|bar| bar.covers(column)).map(|bar| bar.lane).collect();
            let free = (0..limits[column]).filter(|row| !taken.contains(row));
            let timed: Vec<(usize, u16)> = timed.into_iter().zip(free).collect();
            let date = date(first + i32::try_from(column).unwrap_or(0));
            Day {
                date,
                outside: date.month() != day.month(),
                hidden: totals[column] - taken.len() - timed.len(),
                total: totals[column],
                timed,
            }
        })
        .collect();
    Week { number: week_number(date(first)), bars: shown, days }
}

/// Which bars fit, and how many rows each day has for events. A day that overflows gives its last row to "+n more"; a bar that
/// would stand there is then hidden on all of its days, which makes those days overflow, too.
fn fit(bars: &[Bar], totals: &[usize], rows: u16) -> (Vec<Bar>, Vec<u16>) {
    let mut overflows: Vec<bool> = totals.iter().map(|total| *total > usize::from(rows)).collect();
    loop {
        let fits = |bar: &Bar, overflows: &[bool]| {
            bar.lane + 1 < rows || (bar.lane + 1 == rows && !overflows.iter().enumerate().any(|(column, over)| *over && bar.covers(column)))
        };
        let next: Vec<bool> = (0..totals.len())
            .map(|column| overflows[column] || bars.iter().any(|bar| bar.covers(column) && !fits(bar, &overflows)))
            .collect();
        if next == overflows {
            let shown = bars.iter().filter(|bar| fits(bar, &overflows)).copied().collect();
            return (shown, overflows.iter().map(|over| if *over { rows - 1 } else { rows }).collect());
        }
        overflows = next;
    }
}

#[cfg(test)]
mod tests {
    use super::super::extent::tests::event;
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn a_month_has_as_many_rows_as_it_needs() {
        for (of, start, rows, from) in [
            (day(2026, 11, 20), WeekStart::Monday, 6, day(2026, 10, 26)),
            (day(2026, 11, 20), WeekStart::Sunday, 5, day(2026, 11, 1)),
            (day(2026, 11, 20), WeekStart::Saturday, 5, day(2026, 10, 31)),
            (day(2027, 2, 1), WeekStart::Monday, 4, day(2027, 2, 1)),
            (day(2026, 8, 31), WeekStart::Monday, 6, day(2026, 7, 27)),
        ] {
            let weeks = month(of, start, &[], 4);
            assert_eq!(weeks.len(), rows, "{of} {start:?}");
            assert_eq!(weeks[0].days[0].date, from);
            assert_eq!(span(of, start), Span { from, to: add(from, i32::try_from(rows * 7).unwrap()) });
        }
    }

    #[test]
    fn days_of_the_neighbours_are_outside() {
        let weeks = month(day(2026, 11, 20), WeekStart::Monday, &[], 4);
        assert!(weeks[0].days[5].outside && !weeks[0].days[6].outside, "31 October and 1 November");
        assert_eq!(weeks.iter().map(|week| week.number).collect::<Vec<_>>(), [44, 45, 46, 47, 48, 49]);
    }

    #[test]
    fn a_long_event_spans_and_wraps_over_the_weeks() {
        let weeks = month(day(2026, 11, 1), WeekStart::Monday, &[event("2026-11-06 / 2026-11-18")], 4);
        let bars: Vec<_> = weeks.iter().map(|week| week.bars.first().map(|bar| (bar.column, bar.span, bar.before, bar.after))).collect();
        assert_eq!(bars, [None, Some((4, 3, false, true)), Some((0, 7, true, true)), Some((0, 2, true, false)), None, None]);
    }

    #[test]
    fn timed_events_take_the_rows_that_bars_leave() {
        let events = [event("2026-11-16 / 2026-11-17"), event("2026-11-16 / 2026-11-19"), event("2026-11-18T09:00 / 2026-11-18T10:00")];
        let weeks = month(day(2026, 11, 1), WeekStart::Monday, &events, 4);
        assert_eq!(weeks[3].bars.iter().map(|bar| (bar.event, bar.lane)).collect::<Vec<_>>(), [(1, 0), (0, 1)]);
        assert_eq!(weeks[3].days[2].timed, [(2, 1)], "under the long bar, where the short one has ended");
    }

    #[test]
    fn what_does_not_fit_is_counted_behind_the_last_row() {
        let events: Vec<_> = (9..15).map(|hour| event(&format!("2026-11-18T{hour:02}:00 / 2026-11-18T{hour:02}:30"))).collect();
        let cell = |rows| month(day(2026, 11, 1), WeekStart::Monday, &events, rows)[3].days[2].clone();
        assert_eq!((cell(6).timed.len(), cell(6).hidden), (6, 0), "six fit into six");
        assert_eq!((cell(4).timed.len(), cell(4).hidden), (3, 3), "the last row says how many more");
        assert_eq!((cell(1).timed.len(), cell(1).hidden), (0, 6));
        assert_eq!(cell(4).total, 6);
    }

    #[test]
    fn a_bar_in_the_last_row_of_a_full_day_is_hidden_on_all_of_its_days() {
        let events = [event("2026-11-16 / 2026-11-19"), event("2026-11-17 / 2026-11-19"), event("2026-11-18T09:00 / 2026-11-18T10:00")];
        let weeks = month(day(2026, 11, 1), WeekStart::Monday, &events, 2);
        assert_eq!(weeks[3].bars.iter().map(|bar| bar.event).collect::<Vec<_>>(), [0]);
        assert_eq!(weeks[3].days.iter().map(|day| day.hidden).collect::<Vec<_>>(), [0, 1, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn everything_is_either_shown_or_counted() {
        let events: Vec<_> = (0..400)
            .map(|at| match at % 3 {
                0 => event(&format!("2026-11-{:02} / 2026-11-{:02}", at % 28 + 1, (at % 28 + 2 + at % 5).min(30))),
                1 => event(&format!("2026-11-{:02}T{:02}:00 / 2026-11-{:02}T23:30", at % 28 + 1, at % 23, at % 28 + 1)),
                _ => event(&format!("2026-11-{:02}T20:00 / 2026-11-{:02}T12:00", at % 28 + 1, at % 28 + 2)),
            })
            .collect();
        for rows in 1..9 {
            for week in month(day(2026, 11, 1), WeekStart::Monday, &events, rows) {
                for (column, day) in week.days.iter().enumerate() {
                    let mut taken: Vec<u16> = week.bars.iter().filter(|bar| bar.covers(column)).map(|bar| bar.lane).collect();
                    taken.extend(day.timed.iter().map(|(_, row)| *row));
                    assert_eq!(taken.len() + day.hidden, day.total);
                    taken.sort_unstable();
                    taken.dedup();
                    assert_eq!(taken.len() + day.hidden, day.total, "two in one row");
                    let limit = if day.hidden > 0 { rows - 1 } else { rows };
                    assert!(taken.iter().all(|row| *row < limit), "{rows} rows: {taken:?} {}", day.hidden);
                }
            }
        }
    }
}
