//! How connections stand, and whether this process can do its work.

use super::Hub;
use super::listing::unsigned;
use crate::error::Error;
use crate::private;
use crate::quota::Quotas;
use crate::store::health::{self, HealthRow};
use crate::tasks;
use std::path::Path;
use std::time::Duration;
use syncline_domain::health::{ConnectionHealth, WebhookState};
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::DAY_MS;

/// The database has so long to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The scheduler looks twice a minute; one that is silent for so long hangs.
const SILENCE: Duration = Duration::from_secs(120);
/// A subscription is looked at once a day.
const CONFIRMED_MS: i64 = 2 * DAY_MS;

/// One thing that has to be well before requests are sent here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `database`, `migrations`, `scheduler` or `data_folder`.
    pub name: &'static str,
    /// What is wrong, in words for the operator that hold no secret; `None`: it is well.
    pub wrong: Option<&'static str>,
}

impl Hub {
    /// How each of the user's connections stands, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn health(&self, user: &UserId) -> Result<Vec<ConnectionHealth>, Error> {
        let now = self.now();
        let rows = health::of_user(self.db(), user).await?;
        Ok(rows.into_iter().map(|row| told(row, self.quotas(), now)).collect())
    }

    /// The figures of this process and of the database, in the text form of OpenMetrics. Nothing in them names a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn metrics_text(&self) -> Result<String, Error> {
        let now = self.now();
        let states = health::states(self.db(), now).await?;
        let (due, open) = health::queue(self.db(), now).await?;
        Ok(self.metrics().text(&states, due, open, &self.quotas().fullest()))
    }

    /// Whether this process can do its work: the database answers and is up to date, the scheduler is at work, and the data folder can
    /// be written.
    pub async fn readiness(&self) -> Vec<Check> {
        let db = self.db();
        let migrated = async {
            db.ping().await?;
            db.is_migrated().await
        };
        let (database, migrations) = match tokio::time::timeout(PATIENCE, migrated).await {
            Err(_) => (Some("it does not answer in time"), Some("unknown")),
            Ok(Err(_)) => (Some("it does not answer"), Some("unknown")),
            Ok(Ok(is_migrated)) => (None, (!is_migrated).then_some("the tables are of another version of Syncline")),
        };
        let scheduler = match self.silent_for() {
            None => Some("it was not started"),
            Some(silence) if silence > SILENCE => Some("it does not move"),
            Some(_) => None,
        };
        let dir = self.config().data_dir.clone();
        let needs_folder = self.config().database_url.is_none() || self.config().secret_key.is_none();
        let folder = match needs_folder && self.config().database_url.as_deref() != Some("sqlite::memory:") {
            true => tasks::blocking("health.folder", move || can_write(&dir)).await.unwrap_or(false),
            false => true,
        };
        vec![
            Check { name: "database", wrong: database },
            Check { name: "migrations", wrong: migrations },
            Check { name: "scheduler", wrong: scheduler },
            Check { name: "data_folder", wrong: (!folder).then_some("it can not be written") },
        ]
    }
}

fn told(row: HealthRow, quotas: &Quotas, now: i64) -> ConnectionHealth {
    let connection_id = ConnectionId::trusted(row.connection_id.clone());
    ConnectionHealth {
        provider: ProviderKind::parse(&row.provider).unwrap_or(ProviderKind::Ics),
        state: row.state(now),
        webhook: webhook(row.webhooks, row.webhook_checked_at, row.webhook_expires_at, now),
        quota: quotas.usage(&connection_id),
        connection_id,
        name: row.name,
        initial_sync_done: row.initial_sync_done,
        last_success_at: row.last_success_at,
        last_attempt_at: row.last_attempt_at,
        next_sync_at: row.next_sync_at,
        stale_at: row.stale_at,
        interval_s: unsigned(row.interval_s),
        failures: unsigned(row.failures),
        problem: row.problem.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        webhook_checked_at: row.webhook_checked_at,
        webhook_expires_at: row.webhook_expires_at,
        events_live: unsigned(row.events_live),
        events_deleted: unsigned(row.events_deleted),
        events_via_webhook: unsigned(row.events_via_webhook),
        holds_open: unsigned(row.holds_open),
    }
}

fn webhook(number: i64, checked_at: Option<i64>, expires_at: Option<i64>, now: i64) -> WebhookState {
    if number == 0 {
        WebhookState::None
    } else if expires_at.is_some_and(|at| at <= now) {
        WebhookState::Expired
    } else if checked_at.is_some_and(|at| at + CONFIRMED_MS < now) {
        WebhookState::Unconfirmed
    } else {
        WebhookState::Active
    }
}

/// Writes a file and removes it.
fn can_write(dir: &Path) -> bool {
    let path = dir.join(format!(".ready-{}", std::process::id()));
    let written = private::file(&path).is_ok() && std::fs::write(&path, b"ready\n").is_ok();
    let _ = std::fs::remove_file(&path);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_believed_for_two_days_and_never_beyond_its_end() {
        const NOW: i64 = 100 * DAY_MS;
        assert_eq!(webhook(0, None, None, NOW), WebhookState::None);
        assert_eq!(webhook(1, Some(NOW - 2 * DAY_MS), None, NOW), WebhookState::Active);
        assert_eq!(webhook(1, Some(NOW - 2 * DAY_MS - 1), None, NOW), WebhookState::Unconfirmed);
        assert_eq!(webhook(1, Some(NOW), Some(NOW), NOW), WebhookState::Expired);
        assert_eq!(webhook(1, Some(NOW), Some(NOW + 1), NOW), WebhookState::Active);
    }

    #[test]
    fn a_folder_that_is_not_there_can_not_be_written_and_nothing_is_left_in_one_that_is() {
        let dir = tempfile::tempdir().unwrap();
        assert!(can_write(dir.path()));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(!can_write(&dir.path().join("nowhere")));
    }
}
