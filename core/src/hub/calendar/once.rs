//! A booking and its copy in a linked Google or Outlook calendar are one meeting: one card, with both sources.
//!
//! The booking page writes the copy and tells its id (`events.copy_id`). Where both are shown at the same time the copy is left out; where
//! they differ (the copy was moved by hand, or is not moved yet) both are shown, because then they are not the same.

use crate::error::StoreError;
use crate::store::Db;
use crate::store::calendar_reads::Sources;
use crate::store::copies::{self, Pair};
use std::collections::HashMap;
use syncline_domain::ids::{EventId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::GridEvent;

/// The user's bookings with copies; asked for only where there are bookings at all.
pub(super) async fn pairs(db: &Db, user: &UserId, sources: &Sources) -> Result<Vec<Pair>, StoreError> {
    if sources.values().any(|source| source.provider == ProviderKind::Calendly) { copies::of_user(db, user).await } else { Ok(Vec::new()) }
}

/// Leaves the copy out wherever its booking is shown at the same time.
pub(super) fn once(lines: &mut Vec<GridEvent>, pairs: &[Pair]) {
    if pairs.is_empty() {
        return;
    }
    let booking_of: HashMap<&EventId, &EventId> = pairs.iter().map(|(booking, _, copy, _)| (copy, booking)).collect();
    let shown: HashMap<EventId, _> = lines.iter().map(|line| (line.id.clone(), (line.start, line.end))).collect();
    lines.retain(|line| {
        let booking = booking_of.get(&line.id).and_then(|booking| shown.get(*booking));
        booking != Some(&(line.start, line.end))
    });
}

/// The names of the calendars that hold the same meeting besides.
pub(super) fn also(event: &EventId, pairs: &[Pair], sources: &Sources) -> Vec<String> {
    let other = |(booking, of, copy, at): &Pair| match event {
        event if event == booking => Some(at.clone()),
        event if event == copy => Some(of.clone()),
        _ => None,
    };
    pairs.iter().filter_map(other).filter_map(|calendar| Some(sources.get(&calendar)?.calendar_name.clone())).collect()
}
