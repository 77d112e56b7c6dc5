//! The VTIMEZONEs of a file.

use super::file::{Component, File, Kind};
use super::times::{self, Times};
use crate::recurrence::{Observance, Timezones, VTimezone, offset_seconds};
use syncline_domain::event::DateValue;

/// All zones that the file describes.
pub(super) fn of(file: &File<'_>) -> Timezones {
    Timezones::new(file.zones.iter().filter_map(zone).collect())
}

fn zone(component: &Component<'_>) -> Option<VTimezone> {
    let value = |name: &str| component.line(name).map(|line| line.value().trim().to_owned()).filter(|text| !text.is_empty());
    Some(VTimezone {
        tzid: component.line("TZID")?.text().trim().trim_matches('"').to_owned(),
        location: value("X-LIC-LOCATION"),
        observances: component.parts.iter().filter_map(observance).collect(),
    })
}

fn observance(component: &Component<'_>) -> Option<Observance> {
    let offset = |name: &str| component.line(name).and_then(|line| offset_seconds(line.value().trim()));
    let none = Timezones::default();
    let mut read = Times { zones: &none, default_zone: None, warnings: Vec::new() };
    let local = |value: DateValue| match value {
        DateValue::Date(date) => date.to_datetime(jiff::civil::Time::midnight()),
        DateValue::Floating(at) => at,
        DateValue::Zoned(moment) => moment.wall,
    };
    let to = offset("TZOFFSETTO")?;
    let mut dates = Vec::new();
    for line in component.lines.iter().filter(|line| line.name().eq_ignore_ascii_case("RDATE")) {
        dates.extend(times::Times::list(&mut read, line).into_iter().map(local));
    }
    Some(Observance {
        start: read.value(component.line("DTSTART")?).map(local)?,
        offset_from: offset("TZOFFSETFROM").unwrap_or(to),
        offset_to: to,
        daylight: component.kind == Kind::Daylight,
        rules: component
            .lines
            .iter()
            .filter(|line| line.name().eq_ignore_ascii_case("RRULE"))
            .map(|line| line.value().trim().to_owned())
            .collect(),
        dates,
    })
}
