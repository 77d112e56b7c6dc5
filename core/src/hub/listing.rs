//! The user's connections as the page and scripts see them.

use super::{FORECAST_MS, Hub};
use crate::error::Error;
use crate::store::calendars::{self, CalendarRow};
use crate::store::connections::{self, ConnectionRow};
use crate::store::{holds, jobs};
use std::collections::HashMap;
use syncline_domain::failure::Problem;
use syncline_domain::health::STALE;
use syncline_domain::ids::{CalendarId, ConnectionId, HoldId, JobId, UserId};
use syncline_domain::sync::{HoldSummary, ProviderKind, ResultStatus};
use syncline_domain::view::{Calendar, Connection, ConnectionState};

impl Hub {
    /// The user's connections with their calendars, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections(&self, user: &UserId) -> Result<Vec<Connection>, Error> {
        let rows = connections::list(self.db(), user).await?;
        let mut calendars = self.calendars_by_connection(user).await?;
        let running: HashMap<String, String> =
            jobs::open(self.db(), user).await?.into_iter().map(|job| (job.connection_id, job.id)).collect();
        let now = self.now();
        Ok(rows
            .into_iter()
            .map(|row| {
                let calendars = calendars.remove(&row.id).unwrap_or_default();
                let job = running.get(&row.id).map(|id| JobId::trusted(id.clone()));
                connection(row, calendars, job, now)
            })
            .collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn connection(&self, user: &UserId, id: &ConnectionId) -> Result<Connection, Error> {
        self.connections(user).await?.into_iter().find(|connection| connection.id == *id).ok_or(Error::NotFound("connection"))
    }

    async fn calendars_by_connection(&self, user: &UserId) -> Result<HashMap<String, Vec<Calendar>>, Error> {
        let mut open: HashMap<String, HoldSummary> = HashMap::new();
        for hold in holds::open(self.db(), user).await? {
            let summary = HoldSummary {
                id: HoldId::trusted(hold.id),
                would_delete: unsigned(hold.would_delete),
                remaining: unsigned(hold.remaining),
                live: unsigned(hold.live),
            };
            open.entry(hold.calendar_id).or_insert(summary);
        }
        let mut found: HashMap<String, Vec<Calendar>> = HashMap::new();
        for row in calendars::list(self.db(), user).await? {
            let hold = open.remove(&row.id);
            found.entry(row.connection_id.clone()).or_default().push(calendar(row, hold));
        }
        Ok(found)
    }
}

fn calendar(row: CalendarRow, hold: Option<HoldSummary>) -> Calendar {
    Calendar {
        id: CalendarId::trusted(row.id),
        connection_id: ConnectionId::trusted(row.connection_id),
        name: row.name,
        color: row.color,
        enabled: row.enabled,
        visible: row.visible,
        vanished: row.vanished_at.is_some(),
        events: unsigned(row.live_objects),
        last_status: row.last_status.as_deref().and_then(ResultStatus::parse),
        last_success_at: row.last_success_at,
        problem: row.problem.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        hold,
    }
}

fn connection(row: ConnectionRow, calendars: Vec<Calendar>, running_job: Option<JobId>, now: i64) -> Connection {
    let state = row.state(now);
    let stale = || (state == ConnectionState::Stale).then(|| Problem::new("stale", STALE.0, STALE.1));
    let provider = ProviderKind::parse(&row.provider).unwrap_or(ProviderKind::Ics);
    Connection {
        id: ConnectionId::trusted(row.id),
        provider,
        name: row.name,
        account: row.account,
        host: row.host,
        state,
        last_success_at: row.last_success_at,
        last_attempt_at: row.last_attempt_at,
        next_sync_at: row.next_sync_at,
        interval_s: unsigned(row.interval_s),
        pace_s: unsigned(row.pace_s.max(row.interval_s)),
        problem: row.problem.as_deref().and_then(|text| serde_json::from_str(text).ok()).or_else(stale),
        running_job,
        permission_ends_at: row.grant_expires_at.filter(|end| *end <= now + FORECAST_MS),
        is_file: provider == ProviderKind::Ics && row.secret.is_none(),
        calendars,
    }
}

/// Counts are never negative in the database.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
