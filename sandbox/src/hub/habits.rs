//! What the real services may do or not, or do by a figure that is not promised: each a switch.
//!
//! Quotas count in the sandbox's clock: while it stands, their windows never slide, so that a long test may have to lift them.

use serde::{Deserialize, Serialize};

/// All habits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Habits {
    /// Google's.
    pub google: GoogleHabits,
    /// Microsoft's.
    pub microsoft: MicrosoftHabits,
    /// Calendly's.
    pub calendly: CalendlyHabits,
    /// Milliseconds by which the `Date` header of all answers is off.
    pub date_skew: i64,
    /// Milliseconds until a change is visible to the API, while its webhook is sent at once (Google and Microsoft).
    pub lag: i64,
}

/// Google's habits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoogleHabits {
    /// An empty page, with a page token, comes after each page but the last.
    pub empty_pages: bool,
    /// A sync token is lost so many days after it was given.
    pub token_days: i64,
    /// Requests per user in a minute of the sandbox's clock; unlimited when `None`.
    pub per_minute: Option<u32>,
    /// The longest life of a channel in days, also what a channel gets that asks for none.
    pub channel_days: i64,
}

impl Default for GoogleHabits {
    fn default() -> Self {
        Self { empty_pages: false, token_days: 28, per_minute: Some(600), channel_days: 7 }
    }
}

/// Microsoft's habits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MicrosoftHabits {
    /// An empty page, with a next link, comes after each page but the last.
    pub empty_pages: bool,
    /// The first item of a delta page comes again at the end of it.
    pub repeat_items: bool,
    /// A delta link is lost so many days after it was given.
    pub token_days: i64,
    /// Requests per mailbox in ten minutes of the sandbox's clock; unlimited when `None`.
    pub per_ten_minutes: Option<u32>,
    /// Requests of a mailbox at the same time.
    pub at_once: u32,
    /// The tenant lets nobody make subscriptions.
    pub refuse_subscriptions: bool,
    /// `/me/calendars/{id}/events` can be subscribed to, which is not documented.
    pub calendar_subscriptions: bool,
}

impl Default for MicrosoftHabits {
    fn default() -> Self {
        Self {
            empty_pages: false,
            repeat_items: false,
            token_days: 30,
            per_ten_minutes: Some(10_000),
            at_once: 4,
            refuse_subscriptions: false,
            calendar_subscriptions: false,
        }
    }
}

/// Calendly's habits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalendlyHabits {
    /// Requests per user in a minute of the sandbox's clock (paid plans: 500, free: 50); unlimited when `None`.
    pub per_minute: Option<u32>,
    /// Tokens per user in a minute of the sandbox's clock; unlimited when `None`.
    pub tokens_per_minute: Option<u32>,
    /// Bodies of webhooks carry `payload.scheduled_event`; older ones have only `payload.event`.
    pub scheduled_event_in_webhooks: bool,
}

impl Default for CalendlyHabits {
    fn default() -> Self {
        Self { per_minute: Some(500), tokens_per_minute: Some(8), scheduled_event_in_webhooks: true }
    }
}
