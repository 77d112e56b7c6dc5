//! Instants in words, by hand: the page has no zone tables and no date library beyond civil dates.

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// "5 minutes ago". Both in unix milliseconds; an instant in the future counts as now.
#[must_use]
pub fn ago(then: i64, now: i64) -> String {
    match span((now - then).max(0) / 1000) {
        Some(span) => format!("{span} ago"),
        None => "just now".to_owned(),
    }
}

/// "in 5 minutes". Both in unix milliseconds; what is overdue happens "any moment now".
#[must_use]
pub fn until(then: i64, now: i64) -> String {
    let seconds = (then - now).div_euclid(1000);
    if seconds <= 0 {
        return "any moment now".to_owned();
    }
    // Rounded to the nearest minute, so that a fresh interval of 15 minutes is not "in 14 minutes".
    match span(seconds + MINUTE / 2) {
        Some(span) => format!("in {span}"),
        None => "in less than a minute".to_owned(),
    }
}

/// "5 minutes" for a number of seconds; `None` under a minute.
fn span(seconds: i64) -> Option<String> {
    let (number, unit) = match seconds {
        s if s < MINUTE => return None,
        s if s < HOUR => (s / MINUTE, "minute"),
        s if s < DAY => (s / HOUR, "hour"),
        s if s < 14 * DAY => (s / DAY, "day"),
        s if s < 60 * DAY => (s / (7 * DAY), "week"),
        s if s < 730 * DAY => (s / (30 * DAY), "month"),
        s => (s / (365 * DAY), "year"),
    };
    let plural = if number == 1 { "" } else { "s" };
    Some(format!("{number} {unit}{plural}"))
}

/// "Last synced 5 minutes ago", or "Never synced".
#[must_use]
pub fn last_synced(then: Option<i64>, now: i64) -> String {
    then.map_or_else(|| "Never synced".to_owned(), |then| format!("Last synced {}", ago(then, now)))
}

/// The instant as ISO 8601 in UTC, to the second: `2026-03-10T08:05:00Z`.
#[must_use]
pub fn iso(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let clock = seconds.rem_euclid(DAY);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", clock / HOUR, clock % HOUR / MINUTE, clock % MINUTE)
}

/// The instant as people read it, in UTC: `10 March 2026, 08:05 UTC`. Stands until the page knows the viewer's zone.
#[must_use]
pub fn exact_utc(ms: i64) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let seconds = ms.div_euclid(1000);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let clock = seconds.rem_euclid(DAY);
    let name = MONTHS.get(usize::try_from(month - 1).unwrap_or(0)).copied().unwrap_or_default();
    format!("{day} {name} {year}, {:02}:{:02} UTC", clock / HOUR, clock % HOUR / MINUTE)
}

/// Reads [`iso`] and every other RFC 3339 text in UTC (a fraction of a second is dropped); unix milliseconds.
#[must_use]
pub fn parse_iso(text: &str) -> Option<i64> {
    let (date, clock) = text.trim().strip_suffix(['Z', 'z']).or_else(|| text.trim().strip_suffix("+00:00"))?.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let sound = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    sound.then(|| (days(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second) * 1000)
}

/// Year, month and day of a number of days since 1970-01-01 in the proleptic Gregorian calendar. Counts in eras of 400
/// years that begin in March, so that the leap day is the last one.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The opposite of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// `12400` as `12,400`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 event", "2,400 events".
#[must_use]
pub fn counted(number: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_773_129_900_000; // 2026-03-10T08:05:00Z

    #[test]
    fn a_time_that_has_passed_is_said_in_the_largest_fitting_unit() {
        for (seconds, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (5 * 60 + 59, "5 minutes ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (13 * 86_400, "13 days ago"),
            (14 * 86_400, "2 weeks ago"),
            (60 * 86_400, "2 months ago"),
            (800 * 86_400, "2 years ago"),
        ] {
            assert_eq!(ago(NOW - seconds * 1000, NOW), words);
        }
    }

    #[test]
    fn a_clock_that_runs_ahead_never_gives_a_negative_time() {
        assert_eq!(ago(NOW + 90_000, NOW), "just now");
    }

    #[test]
    fn the_next_sync_is_rounded_and_an_overdue_one_comes_any_moment() {
        assert_eq!(until(NOW + 15 * 60_000 - 2_000, NOW), "in 15 minutes");
        assert_eq!(until(NOW + 20_000, NOW), "in less than a minute");
        assert_eq!(until(NOW + 3_600_000, NOW), "in 1 hour");
        assert_eq!(until(NOW - 1, NOW), "any moment now");
    }

    #[test]
    fn a_calendar_that_never_synced_says_so() {
        assert_eq!(last_synced(None, NOW), "Never synced");
        assert_eq!(last_synced(Some(NOW - 300_000), NOW), "Last synced 5 minutes ago");
    }

    #[test]
    fn instants_are_written_and_read_as_iso_8601() {
        assert_eq!(iso(NOW), "2026-03-10T08:05:00Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(iso(-1_000), "1969-12-31T23:59:59Z");
        assert_eq!(exact_utc(NOW), "10 March 2026, 08:05 UTC");
        for ms in [NOW, 0, 951_782_400_000, -1_000, 4_102_444_799_000] {
            assert_eq!(parse_iso(&iso(ms)), Some(ms));
        }
        assert_eq!(parse_iso("2026-03-10T08:05:00.123456Z"), Some(NOW));
        assert_eq!(parse_iso("2026-03-10T08:05:00+00:00"), Some(NOW));
        for bad in ["", "yesterday", "2026-03-10", "2026-13-10T08:05:00Z", "2026-03-10T08:05:00+01:00"] {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_400, "12,400"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "event"), "1 event");
        assert_eq!(counted(2_400, "event"), "2,400 events");
    }
}
