//! The calendars of an account.

use super::cursor::{Hints, State};
use super::problems::Subject;
use super::transport::{Call, Dav};
use super::wire::{Listing, Props, Row, list_properties};
use super::{Home, address, problems};
use crate::error::ProviderError;
use crate::provider::{Meter, RemoteCalendar};
use crate::recurrence;
use std::collections::HashSet;
use url::Url;

const WHAT: &str = "caldav.list";

/// A calendar and where its owner put it in the list.
pub(super) struct Listed {
    pub(super) calendar: RemoteCalendar,
    order: i64,
}

/// The calendars of one home.
///
/// # Errors
/// When the home can not be read.
pub(super) async fn home(dav: &Dav, home: &Home, listing: Listing, subject: Subject, meter: &Meter) -> Result<Vec<Listed>, ProviderError> {
    let url = Url::parse(&home.url).map_err(|_| problems::bad_address(WHAT))?;
    let depth = if home.single { 0 } else { 1 };
    let answer = dav.rows(Call::propfind(WHAT, subject, &url, depth, list_properties(listing)), meter).await?;
    if answer.rows.is_empty() {
        // RFC 4918 §9.1: a Depth 1 answer holds at least the collection itself. Taking this for "no calendars" would make all vanish.
        return Err(problems::not_caldav(WHAT, &answer.url));
    }
    Ok(answer.rows.into_iter().filter_map(|row| calendar(row, &answer.url, listing)).collect())
}

/// Puts the calendars of several homes into the user's order; one that two homes show is there once.
pub(super) fn in_order(mut all: Vec<Listed>) -> Vec<RemoteCalendar> {
    let mut seen = HashSet::new();
    all.retain(|entry| seen.insert(entry.calendar.remote_id.clone()));
    all.sort_by(|one, other| (one.order, &one.calendar.name).cmp(&(other.order, &other.calendar.name)));
    all.into_iter().map(|entry| entry.calendar).collect()
}

fn calendar(row: Row, base: &Url, listing: Listing) -> Option<Listed> {
    let Row { href, status, props } = row;
    let events = props.components.as_ref().is_none_or(|names| names.is_empty() || names.iter().any(|name| name == "VEVENT"));
    if !props.kind.calendar || props.kind.special || !events || status.is_some_and(|status| status >= 300) {
        return None;
    }
    let remote_id = address::collection_path(&href, base);
    let mut raw = address::raw_path(&href, base);
    if !raw.ends_with('/') {
        // RFC 4918 §5.2: the address of a collection ends with a slash, and names inside it are relative to that.
        raw.push('/');
    }
    let url = address::at(base, &raw).to_string();
    let name = props.name.clone().unwrap_or_else(|| remote_id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned());
    let zone = zone(&props);
    let order = props.order.as_deref().and_then(|text| text.parse().ok()).unwrap_or(i64::MAX);
    let calendar = RemoteCalendar {
        remote_id,
        name,
        color: props.color.as_deref().and_then(color),
        zone,
        read_only: props.writable == Some(false),
        state: State { token: props.sync_token, ctag: props.ctag }.to_text(),
        hints: Some(Hints { url, asked: listing == Listing::TokenAndCtag }.to_text()),
    };
    Some(Listed { calendar, order })
}

/// `#RGB`, `#RRGGBB` and Apple's `#RRGGBBAA` as `#rrggbb`.
fn color(text: &str) -> Option<String> {
    let hex = text.trim().strip_prefix('#')?.to_ascii_lowercase();
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match hex.len() {
        3 | 4 => Some(std::iter::once('#').chain(hex.chars().take(3).flat_map(|digit| [digit, digit])).collect()),
        6 | 8 => Some(format!("#{}", &hex[..6])),
        _ => None,
    }
}

/// The zone of a calendar: a bare name, or the names inside its VTIMEZONE. Only names that mean something here.
fn zone(props: &Props) -> Option<String> {
    let inner = props.timezone.as_deref().unwrap_or_default();
    let named = inner.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.split(';').next()?;
        (name.eq_ignore_ascii_case("TZID") || name.eq_ignore_ascii_case("X-LIC-LOCATION")).then(|| value.trim())
    });
    props.timezone_id.as_deref().into_iter().chain(named).find_map(|name| match recurrence::resolve(name, &[], None) {
        (zone, None) => Some(zone.0),
        (_, Some(_)) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_six_digits() {
        assert_eq!(color("#FF2968FF").as_deref(), Some("#ff2968"));
        assert_eq!(color(" #abc ").as_deref(), Some("#aabbcc"));
        assert_eq!(color("#0082c9").as_deref(), Some("#0082c9"));
        for bad in ["red", "#12", "#gggggg", "", "#é123"] {
            assert_eq!(color(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_zone_of_a_calendar_is_read_in_either_form() {
        let of = |timezone: Option<&str>, id: Option<&str>| {
            zone(&Props { timezone: timezone.map(str::to_owned), timezone_id: id.map(str::to_owned), ..Props::default() })
        };
        assert_eq!(of(None, Some("Europe/Berlin")).as_deref(), Some("Europe/Berlin"));
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Central European\r\nX-LIC-LOCATION:Europe/Vienna\r\nEND:VTIMEZONE\r\n";
        assert_eq!(of(Some(text), None).as_deref(), Some("Europe/Vienna"));
        assert_eq!(of(Some("TZID:W. Europe Standard Time"), None).as_deref(), Some("Europe/Berlin"));
        assert_eq!(of(Some("TZID:Nowhere/Land"), None), None);
        assert_eq!(of(None, None), None);
    }
}
