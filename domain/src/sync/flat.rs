//! How a report is written: the counts stand beside the rest. Serde's own `flatten` needs names, which a packed value has not.

use super::{Counts, HoldSummary, JobStatus, ResultStatus, Unreadable};
use crate::failure::Problem;
use crate::ids::{CalendarId, ConnectionId, JobId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The way there and back of a report: the fields besides its counts are the same in both.
macro_rules! beside_counts {
    ($report:ident { $($field:ident),+ $(,)? }) => {
        impl From<super::$report> for $report {
            fn from(value: super::$report) -> Self {
                let super::$report { $($field,)+ counts } = value;
                let Counts { synced, updated, deleted, skipped, unchanged, errors } = counts;
                Self { $($field,)+ synced, updated, deleted, skipped, unchanged, errors }
            }
        }

        impl From<$report> for super::$report {
            fn from(value: $report) -> Self {
                let $report { $($field,)+ synced, updated, deleted, skipped, unchanged, errors } = value;
                Self { $($field,)+ counts: Counts { synced, updated, deleted, skipped, unchanged, errors } }
            }
        }
    };
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CalendarResult {
    connection_id: ConnectionId,
    calendar_id: Option<CalendarId>,
    email: String,
    calendar_name: String,
    status: ResultStatus,
    synced: u64,
    updated: u64,
    deleted: u64,
    skipped: u64,
    unchanged: u64,
    errors: u64,
    total: u64,
    skipped_reasons: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "crate::packed::none")]
    unreadable: Vec<Unreadable>,
    #[serde(default, skip_serializing_if = "crate::packed::no_entries")]
    warnings: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    error: Option<Problem>,
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    hold: Option<HoldSummary>,
    duration_ms: u64,
    requests: u64,
    bytes: u64,
}

beside_counts!(CalendarResult {
    connection_id,
    calendar_id,
    email,
    calendar_name,
    status,
    total,
    skipped_reasons,
    unreadable,
    warnings,
    error,
    hold,
    duration_ms,
    requests,
    bytes,
});

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncReport {
    success: bool,
    message: String,
    job_id: JobId,
    job_ids: Vec<JobId>,
    status: JobStatus,
    synced: u64,
    updated: u64,
    deleted: u64,
    skipped: u64,
    unchanged: u64,
    errors: u64,
    total: u64,
    results: Vec<super::CalendarResult>,
    timestamp: String,
}

beside_counts!(SyncReport { success, message, job_id, job_ids, status, total, results, timestamp });
