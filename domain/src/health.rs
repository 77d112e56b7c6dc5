//! How connections stand, for pages and scripts that watch them.

use crate::failure::Problem;
use crate::ids::ConnectionId;
use crate::sync::ProviderKind;
use crate::view::ConnectionState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a stale connection is told: what is wrong, and what to do.
pub const STALE: (&str, &str) = (
    "No sync went well for three intervals.",
    "Press Sync now. If it stays like this, look at the history, and whether the server runs all the time.",
);

/// What the provider tells by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// There is no subscription: everything is polled.
    None,
    /// The provider said within two days that it is alive.
    Active,
    /// The provider did not confirm it for two days; it is polled besides.
    Unconfirmed,
    /// Its time is over.
    Expired,
}

/// What a connection has used of the requests that its provider allows an account, as this process knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaUse {
    /// Requests within the window.
    pub used: u32,
    /// What the provider documents.
    pub limit: u32,
    /// The window, in seconds.
    pub window_s: u32,
    /// Requests wait: the limit is near, or the provider asked for a pause.
    pub slowed: bool,
}

/// How a connection stands. Times are unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHealth {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its provider.
    pub provider: ProviderKind,
    /// What the user calls it.
    pub name: String,
    /// How it stands.
    pub state: ConnectionState,
    /// Every calendar that is switched on was read to its end once.
    pub initial_sync_done: bool,
    /// The last sync that went well.
    pub last_success_at: Option<i64>,
    /// The last sync that was tried.
    pub last_attempt_at: Option<i64>,
    /// When it is synced next by itself.
    pub next_sync_at: Option<i64>,
    /// When it counts as stale unless a sync goes well before: three intervals after the last one that did.
    pub stale_at: Option<i64>,
    /// Seconds between syncs; 0 is "only by hand".
    pub interval_s: u64,
    /// Failed syncs in a row.
    pub failures: u64,
    /// What is wrong and what to do.
    pub problem: Option<Problem>,
    /// Whether the provider tells of changes by itself.
    pub webhook: WebhookState,
    /// When the provider last said that its subscription is alive.
    pub webhook_checked_at: Option<i64>,
    /// When the subscription ends unless it is renewed; `None` where it never does.
    pub webhook_expires_at: Option<i64>,
    /// Events that are here.
    pub events_live: u64,
    /// Events that are gone.
    pub events_deleted: u64,
    /// Events that are here and came by a webhook.
    pub events_via_webhook: u64,
    /// Deletions that wait for the user.
    pub holds_open: u64,
    /// Requests to the provider; `None` where it documents no limit, or nothing was asked yet.
    pub quota: Option<QuotaUse>,
}
