//! Subscriptions, and what a notification says.
//!
//! A notification names an event by its id and says nothing about it: it is a hint that something changed in the mailbox. The pull is
//! the truth. Graph tells a whole mailbox (`/me/events`), for no more than seven days; it is renewed every day.

use super::problems;
use super::{Microsoft, transport};
use crate::error::ProviderError;
use crate::provider::Meter;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use syncline_domain::failure::Class;
use syncline_domain::time::{DAY_MS, Millis};

const WHAT: &str = "microsoft.push";
const PATH: &str = "subscriptions";
/// 10,070 minutes are the most; a day is left for whoever was offline.
pub(crate) const LIFE_MS: Millis = 6 * DAY_MS;

#[derive(Deserialize)]
struct Subscription {
    id: String,
}

impl Microsoft {
    /// Asks to be told about the mailbox at an address, which is called at once and has to answer. Gives the subscription's id there.
    ///
    /// # Errors
    /// When Graph does not: the tenant refuses, the address does not answer, or another subscription tells about the same.
    pub(crate) async fn subscribe(&self, address: &str, state: &str, meter: &Meter) -> Result<String, ProviderError> {
        let body = json!({
            "changeType": "created,updated,deleted", "notificationUrl": address, "lifecycleNotificationUrl": address,
            "resource": "/me/events", "expirationDateTime": self.end_of_life(), "clientState": state,
        });
        let body = self.api.send(WHAT, Method::POST, &self.api.http.address(&[PATH], &[]), &body.to_string().into(), meter).await?;
        let made: Subscription = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        Ok(made.id)
    }

    /// Lets a subscription live on; it is authorised again thereby. `false`: it is gone.
    ///
    /// # Errors
    /// When Graph does not say.
    pub(crate) async fn renew_subscription(&self, id: &str, meter: &Meter) -> Result<bool, ProviderError> {
        let body = json!({"expirationDateTime": self.end_of_life()}).to_string().into();
        match self.api.send(WHAT, Method::PATCH, &self.api.http.address(&[PATH, id], &[]), &body, meter).await {
            Ok(_) => Ok(true),
            Err(error) if error.class == Class::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks to be told no more.
    ///
    /// # Errors
    /// When Graph does not answer; one that is gone already is none.
    pub(crate) async fn unsubscribe(&self, id: &str, meter: &Meter) -> Result<(), ProviderError> {
        match self.api.send(WHAT, Method::DELETE, &self.api.http.address(&[PATH, id], &[]), &bytes::Bytes::new(), meter).await {
            Err(error) if error.class != Class::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn end_of_life(&self) -> String {
        transport::instant(self.api.clock.now() + LIFE_MS)
    }
}

/// The body of a call.
#[derive(Debug, Deserialize)]
pub(crate) struct Notifications {
    pub(crate) value: Vec<Notification>,
}

/// A change, or a message about the subscription itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    pub(crate) subscription_id: String,
    pub(crate) client_state: Option<String>,
    change_type: Option<String>,
    resource_data: Option<Resource>,
    /// `missed`, `reauthorizationRequired`, `subscriptionRemoved`.
    pub(crate) lifecycle_event: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    id: Option<String>,
    #[serde(rename = "@odata.etag")]
    etag: Option<String>,
}

impl Notification {
    /// What tells it from others; the same one may come several times. Messages about the subscription have nothing of the kind.
    pub(crate) fn identity(&self) -> Option<String> {
        let resource = self.resource_data.as_ref()?;
        let (id, etag) = (resource.id.as_deref()?, resource.etag.as_deref()?);
        Some(format!("{}\n{id}\n{etag}", self.change_type.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_told_from_others_by_event_change_and_version() {
        let text = r#"{"value":[{"subscriptionId":"s","clientState":"c","changeType":"updated","resource":"Users/u/Events/e",
            "resourceData":{"@odata.type":"x","@odata.id":"y","@odata.etag":"W/\"1\"","id":"e"},"tenantId":"t"},
            {"subscriptionId":"s","clientState":"c","lifecycleEvent":"missed","resource":"/me/events"}]}"#;
        let all: Notifications = serde_json::from_str(text).unwrap();
        assert_eq!(all.value[0].identity().as_deref(), Some("updated\ne\nW/\"1\""));
        assert_eq!((all.value[1].identity(), all.value[1].lifecycle_event.as_deref()), (None, Some("missed")));
    }
}
