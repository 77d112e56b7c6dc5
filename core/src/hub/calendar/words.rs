//! When an event takes place, in words. Pure.

use jiff::civil::{Date, DateTime, Time, Weekday};

/// Start and end on a wall, with what the wall is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wall {
    pub(super) at: DateTime,
    pub(super) zone: String,
}

/// "Tuesday, 10 March 2026, 09:00 – 09:45", or dates alone for an event of whole days.
pub(super) fn when(start: DateTime, end: DateTime, all_day: bool, hour12: bool) -> String {
    if all_day {
        let last = end.date().saturating_sub(jiff::Span::new().days(1)).max(start.date());
        return if last == start.date() { date(last) } else { format!("{} – {}", date(start.date()), date(last)) };
    }
    let begin = format!("{}, {}", date(start.date()), time(start.time(), hour12));
    if end == start {
        begin
    } else if is_same_day(start, end) {
        format!("{begin} – {}", time(end.time(), hour12))
    } else {
        format!("{begin} – {}, {}", date(end.date()), time(end.time(), hour12))
    }
}

/// The same in the event's own zone: "03:00 – 03:45 (America/New_York)", with the date where it is another one than for the viewer.
pub(super) fn own(start: &Wall, end: &Wall, viewer: Date, hour12: bool) -> String {
    let begin = if start.at.date() == viewer { time(start.at.time(), hour12) } else { moment(start.at, hour12) };
    let finish = if is_same_day(start.at, end.at) { time(end.at.time(), hour12) } else { moment(end.at, hour12) };
    if start.zone != end.zone {
        format!("{begin} ({}) – {finish} ({})", start.zone, end.zone)
    } else if start.at == end.at {
        format!("{begin} ({})", start.zone)
    } else {
        format!("{begin} – {finish} ({})", start.zone)
    }
}

/// An end at midnight still belongs to the day before.
fn is_same_day(start: DateTime, end: DateTime) -> bool {
    let midnight_after = start.date().tomorrow().is_ok_and(|next| end == next.at(0, 0, 0, 0));
    start.date() == end.date() || midnight_after
}

fn moment(at: DateTime, hour12: bool) -> String {
    format!("{}, {}", date(at.date()), time(at.time(), hour12))
}

fn date(date: Date) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let weekday = match date.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1))).copied().unwrap_or_default();
    format!("{weekday}, {} {month} {}", date.day(), date.year())
}

fn time(time: Time, hour12: bool) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    if hour12 {
        let half = if hour < 12 { "am" } else { "pm" };
        format!("{}:{minute:02} {half}", (hour + 11) % 12 + 1)
    } else {
        format!("{hour:02}:{minute:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    #[test]
    fn a_time_is_said_with_as_few_dates_as_it_needs() {
        let at = |day, hour, minute| datetime(2026, 3, day, hour, minute, 0, 0);
        for (start, end, all_day, words) in [
            (at(10, 9, 0), at(10, 9, 45), false, "Tuesday, 10 March 2026, 09:00 – 09:45"),
            (at(10, 9, 0), at(10, 9, 0), false, "Tuesday, 10 March 2026, 09:00"),
            (at(10, 22, 0), at(11, 0, 0), false, "Tuesday, 10 March 2026, 22:00 – 00:00"),
            (at(10, 22, 0), at(11, 2, 5), false, "Tuesday, 10 March 2026, 22:00 – Wednesday, 11 March 2026, 02:05"),
            (at(10, 0, 0), at(11, 0, 0), true, "Tuesday, 10 March 2026"),
            (at(10, 0, 0), at(10, 0, 0), true, "Tuesday, 10 March 2026"),
            (at(10, 0, 0), at(13, 0, 0), true, "Tuesday, 10 March 2026 – Thursday, 12 March 2026"),
        ] {
            assert_eq!(when(start, end, all_day, false), words);
        }
    }

    #[test]
    fn the_twelve_hour_clock_has_no_zero() {
        let words: Vec<String> = [0, 1, 11, 12, 13, 23].map(|hour| time(jiff::civil::time(hour, 5, 0, 0), true)).into();
        assert_eq!(words, ["12:05 am", "1:05 am", "11:05 am", "12:05 pm", "1:05 pm", "11:05 pm"]);
    }

    #[test]
    fn the_own_zone_says_a_date_only_where_it_differs() {
        let wall = |day, hour, zone: &str| Wall { at: datetime(2026, 3, day, hour, 0, 0, 0), zone: zone.to_owned() };
        let (york, berlin) = ("America/New_York", "Europe/Berlin");
        let viewer = date(2026, 3, 10);
        assert_eq!(own(&wall(10, 3, york), &wall(10, 4, york), viewer, false), "03:00 – 04:00 (America/New_York)");
        assert_eq!(own(&wall(10, 15, york), &wall(10, 15, york), viewer, true), "3:00 pm (America/New_York)");
        assert_eq!(own(&wall(9, 22, york), &wall(9, 23, york), viewer, false), "Monday, 9 March 2026, 22:00 – 23:00 (America/New_York)");
        assert_eq!(own(&wall(10, 9, berlin), &wall(10, 11, york), viewer, false), "09:00 (Europe/Berlin) – 11:00 (America/New_York)");
    }
}
