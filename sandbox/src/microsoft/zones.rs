//! Zone names: Windows' and the IANA's, both of which Graph takes.

use jiff::tz::TimeZone;
use windows_timezones::WindowsTimezone;

/// The zones that tests and the demo use, by their Windows names.
const KNOWN: [(&str, &str); 14] = [
    ("UTC", "UTC"),
    ("Europe/Berlin", "W. Europe Standard Time"),
    ("Europe/Vienna", "W. Europe Standard Time"),
    ("Europe/Zurich", "W. Europe Standard Time"),
    ("Europe/Paris", "Romance Standard Time"),
    ("Europe/London", "GMT Standard Time"),
    ("Europe/Athens", "GTB Standard Time"),
    ("America/New_York", "Eastern Standard Time"),
    ("America/Chicago", "Central Standard Time"),
    ("America/Denver", "Mountain Standard Time"),
    ("America/Los_Angeles", "Pacific Standard Time"),
    ("Asia/Kolkata", "India Standard Time"),
    ("Asia/Tokyo", "Tokyo Standard Time"),
    ("Australia/Sydney", "AUS Eastern Standard Time"),
];

/// The zone of a Windows or IANA name.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    if let Ok(windows) = name.parse::<WindowsTimezone>() {
        return TimeZone::get(windows.tzdb_id()).ok();
    }
    TimeZone::get(name).ok()
}

/// The Windows name of an IANA zone; Outlook stores that.
pub(super) fn windows(name: &str) -> &str {
    KNOWN.iter().find(|(iana, _)| *iana == name).map_or(name, |(_, windows)| windows)
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, windows, zone};

    #[test]
    fn both_kinds_of_names_are_known() {
        for (iana, name) in KNOWN {
            assert!(zone(iana).is_some() && zone(name).is_some(), "{iana}, {name}");
        }
        assert_eq!(windows("Europe/Berlin"), "W. Europe Standard Time");
        assert!(zone("Middle Earth Time").is_none());
    }
}
