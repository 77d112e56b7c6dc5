//! Instants as the providers write them. All arguments are unix milliseconds.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// A minute in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// A day in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

fn stamp(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

/// `2026-03-02T09:01:07.512Z`.
pub(crate) fn millis(at: i64) -> String {
    format!("{:.3}", stamp(at))
}

/// `2026-03-10T08:00:00.000000Z`.
pub(crate) fn micros(at: i64) -> String {
    format!("{:.6}", stamp(at))
}

/// `2026-03-10T08:00:00.0000000Z`, seven digits.
pub(crate) fn ticks(at: i64) -> String {
    format!("{:.7}", stamp(at))
}

/// `Fri, 20 Nov 2026 11:31:08 GMT`.
pub(crate) fn http_date(at: i64) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&stamp(at)).unwrap_or_default()
}

/// Reads RFC 3339 with its offset; `None` without one, as all three services insist on it.
pub(crate) fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::{http_date, instant, micros, millis, ticks};

    #[test]
    fn instants_are_written_in_the_dialect_of_each_service() {
        let at = instant("2026-03-02T10:01:07.512+01:00").unwrap();
        assert_eq!(millis(at), "2026-03-02T09:01:07.512Z");
        assert_eq!(micros(at), "2026-03-02T09:01:07.512000Z");
        assert_eq!(ticks(at), "2026-03-02T09:01:07.5120000Z");
        assert_eq!(http_date(at), "Mon, 02 Mar 2026 09:01:07 GMT");
        assert_eq!(instant("2026-03-02T10:01:07"), None);
    }
}
