//! Zones that only their VTIMEZONE describes (RFC 5545 §3.6.5).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use syncline_domain::time::ZoneName;

/// How the names of such zones begin.
pub(super) const PREFIX: &str = "vtz:";

/// A VTIMEZONE as its file gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VTimezone {
    /// TZID.
    pub tzid: String,
    /// `X-LIC-LOCATION`, an IANA name.
    pub location: Option<String>,
    /// STANDARD and DAYLIGHT.
    pub observances: Vec<Observance>,
}

/// A STANDARD or DAYLIGHT of a VTIMEZONE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observance {
    /// When it first begins, on the wall clock that was valid before (TZOFFSETFROM).
    pub start: DateTime,
    /// TZOFFSETFROM in seconds.
    pub offset_from: i32,
    /// TZOFFSETTO in seconds.
    pub offset_to: i32,
    /// DAYLIGHT rather than STANDARD.
    pub daylight: bool,
    /// RRULE values.
    pub rules: Vec<String>,
    /// RDATE values.
    pub dates: Vec<DateTime>,
}

/// The name of the zone that a VTIMEZONE describes; `None` when it describes none.
pub(super) fn evaluate(_zone: &VTimezone) -> Option<ZoneName> {
    None
}

/// The zone of a name that [`evaluate`] wrote, without its prefix.
pub(super) fn load(_text: &str) -> Option<TimeZone> {
    None
}

impl VTimezone {
    /// It has a DAYLIGHT that changes the offset.
    pub(super) fn observes_daylight(&self) -> bool {
        self.observances.iter().any(|part| part.daylight && part.offset_to != part.offset_from)
    }
}
