//! Watch channels.
//!
//! A channel tells that something changed in a calendar, or in the account's list of calendars, and nothing else. Its name and a secret
//! of ours come back in the headers of each call. It can not be prolonged: another one is opened before its end, then it is stopped.

use super::{Google, problems};
use crate::error::ProviderError;
use crate::provider::Meter;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use syncline_domain::failure::Class;
use syncline_domain::time::{DAY_MS, Millis};

const WHAT: &str = "google.push";
/// How long a channel should live, in seconds; Google gives what it likes, most often a week.
const LIFE_S: &str = "2592000";
/// What a channel has that does not say when it ends.
const UNTOLD_MS: Millis = DAY_MS;

/// An open channel.
pub(crate) struct Channel {
    /// Google's name for what is watched; it is needed to stop the channel.
    pub(crate) resource: String,
    /// When it ends.
    pub(crate) expires_at: Millis,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    resource_id: String,
    /// Milliseconds, as text.
    expiration: Option<String>,
}

impl Google {
    /// Opens a channel to a calendar, or to the list of calendars. Google calls the address at once, maybe before it answers.
    ///
    /// # Errors
    /// `push_unsupported` for calendars that Google fills itself, such as holidays; `push_address_refused`; what [`problems`] makes of
    /// other refusals.
    pub(crate) async fn watch(
        &self,
        calendar: Option<&str>,
        id: &str,
        token: &str,
        address: &str,
        meter: &Meter,
    ) -> Result<Channel, ProviderError> {
        let path = match calendar {
            Some(calendar) => ["calendars", calendar, "events", "watch"],
            None => ["users", "me", "calendarList", "watch"],
        };
        let body = json!({"id": id, "type": "web_hook", "address": address, "token": token, "params": {"ttl": LIFE_S}});
        let body = self.api.send(WHAT, Method::POST, &path, body.to_string().into(), meter).await?;
        let Answer { resource_id, expiration } = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        let expires_at = expiration.and_then(|at| at.parse().ok()).unwrap_or_else(|| self.api.clock.now() + UNTOLD_MS);
        Ok(Channel { resource: resource_id, expires_at })
    }

    /// Closes a channel.
    ///
    /// # Errors
    /// When Google does not answer; one that is closed or over already is none.
    pub(crate) async fn stop(&self, id: &str, resource: &str, meter: &Meter) -> Result<(), ProviderError> {
        let body = json!({"id": id, "resourceId": resource});
        match self.api.send(WHAT, Method::POST, &["channels", "stop"], body.to_string().into(), meter).await {
            Err(error) if error.class != Class::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
