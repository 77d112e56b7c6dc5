//! Dates and wall times as the page reads and writes them: `2026-11-20` and `2026-11-20T09:30:00`.
//!
//! The same text as jiff's own, but without its parser and its error messages, which would be a tenth of the page's WASM.

use jiff::civil::{Date, DateTime};
use serde::de::{Deserializer, Visitor};
use serde::ser::Serializer;
use std::fmt;

/// Reads `2026-11-20`.
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Reads `2026-11-20T09:30:00`, with or without a fraction of a second.
#[must_use]
pub fn parse_date_time(text: &str) -> Option<DateTime> {
    let (date, time) = (parse_date(text.get(..10)?)?, text.get(10..)?.as_bytes());
    if time.len() < 9 || time[0] != b'T' || time[3] != b':' || time[6] != b':' {
        return None;
    }
    let (hour, minute, second) = (number(&time[1..3])?, number(&time[4..6])?, number(&time[7..9])?);
    let fraction = match &time[9..] {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_i32.pow(9 - u32::try_from(digits.len()).unwrap_or_default())
        }
        _ => return None,
    };
    let small = |number: i32| i8::try_from(number).ok();
    DateTime::new(date.year(), date.month(), date.day(), small(hour)?, small(minute)?, small(second)?, fraction).ok()
}

/// At most nine digits.
fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0')))
}

struct Text<T>(fn(&str) -> Option<T>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a date")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).ok_or_else(|| E::custom("not a date"))
    }
}

macro_rules! wire {
    ($(#[$doc:meta])* $name:ident, $type:ty, $parse:ident) => {
        $(#[$doc])*
        pub mod $name {
            use super::{Deserializer, Serializer, Text};

            /// As text.
            ///
            /// # Errors
            /// The serializer's own.
            pub fn serialize<S: Serializer>(value: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(value)
            }

            /// From text.
            ///
            /// # Errors
            /// When it is none.
            pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                from.deserialize_str(Text(super::$parse))
            }
        }
    };
}

wire! {
    /// `#[serde(with = "crate::civil::date")]`
    date, jiff::civil::Date, parse_date
}
wire! {
    /// `#[serde(with = "crate::civil::date_time")]`
    date_time, jiff::civil::DateTime, parse_date_time
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    #[test]
    fn what_jiff_writes_is_read_again() {
        for day in [date(2026, 11, 20), date(1, 1, 1), date(2024, 2, 29), date(9998, 12, 31)] {
            assert_eq!(parse_date(&day.to_string()), Some(day));
            for at in [day.at(0, 0, 0, 0), day.at(23, 59, 59, 0), day.at(1, 2, 3, 4), day.at(9, 30, 0, 500_000_000)] {
                assert_eq!(parse_date_time(&at.to_string()), Some(at), "{at}");
            }
        }
        assert_eq!(parse_date_time("2026-11-20T09:30:00.25"), Some(datetime(2026, 11, 20, 9, 30, 0, 250_000_000)));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in ["", "2026-11-2", "2026-13-01", "2026-02-30", "2026/11/20", "20261120", "+026-11-20", "2026-11-20 ", "٢٠٢٦-1"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        for bad in
            ["2026-11-20", "2026-11-20T24:00:00", "2026-11-20 09:30:00", "2026-11-20T09:30", "2026-11-20T09:30:00Z", "2026-11-20T09:30:00."]
        {
            assert_eq!(parse_date_time(bad), None, "{bad}");
        }
    }
}
