//! The last sync in `localStorage`: `last_sync_<id>` holds ISO 8601 and is shown until the server answers. Only in the page.

use crate::ui::relative_time::words::{iso, parse_iso};
use leptos::prelude::window;
use syncline_domain::sync::SyncReport;

/// Remembers what a run brought in step: everything (`all`), its connections and its calendars.
pub(super) fn remember(report: &SyncReport) {
    let at = parse_iso(&report.timestamp);
    if report.success {
        remember_success(at, "all");
    }
    for line in &report.results {
        if line.is_in_step() {
            remember_success(at, line.connection_id.as_str());
            line.calendar_id.iter().for_each(|calendar| remember_success(at, calendar.as_str()));
        }
    }
}

/// Remembers a sync that went well, unix milliseconds. A storage that is switched off or full is no fault.
pub fn remember_success(at: Option<i64>, id: &str) {
    if let (Some(at), Ok(Some(storage))) = (at, window().local_storage()) {
        _ = storage.set_item(&key(id), &iso(at));
    }
}

/// What is remembered, unix milliseconds.
#[must_use]
pub fn recall(id: &str) -> Option<i64> {
    parse_iso(&window().local_storage().ok()??.get_item(&key(id)).ok()??)
}

fn key(id: &str) -> String {
    format!("last_sync_{id}")
}
