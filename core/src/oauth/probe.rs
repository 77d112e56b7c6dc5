//! Whether a provider accepts our client, and whether its clock agrees with ours: for the operator, without any user.

use super::wire::{Endpoint, Refused};
use super::{Tokens, problems, service};
use crate::error::ProviderError;
use crate::hub::Config;
use crate::net::{HttpClient, Request};
use crate::provider::Meter;
use http::header::DATE;
use syncline_domain::failure::Class;
use syncline_domain::sync::ProviderKind;

/// What became of a question with our client id and secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientState {
    /// The provider knows them.
    Accepted,
    /// It does not.
    Refused,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Our client.
    pub client: ClientState,
    /// Our clock minus the provider's, in milliseconds; `None` when it does not tell the time.
    pub clock_skew_ms: Option<i64>,
}

/// Asks the token endpoint with a refresh token that nobody has: a known client is told that the *token* is wrong.
///
/// # Errors
/// When the provider can not be reached.
pub async fn probe(config: &Config, provider: ProviderKind) -> Result<Found, ProviderError> {
    let unknown = || ProviderError::new("oauth.probe", Class::Permanent, problems::of(provider, "not_configured"));
    let (service, settings) = service::of(provider).zip(config.oauth.of(provider)).ok_or_else(unknown)?;
    let client = HttpClient::new(config.outbound.clone())?;
    let url = service.token(settings).ok_or_else(unknown)?;
    let answer = client.send("oauth.probe", Request::get(url), &Meter::default()).await?;
    let date = answer.header(DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let now = config.clock.now();
    let clock_skew_ms = date.map(|date| now - date.timestamp().as_millisecond());
    let nobody =
        Tokens { access: String::new(), refresh: Some("none".to_owned()), expires_at: 0, grant_expires_at: None, scopes: Vec::new() };
    let endpoint = Endpoint { client: &client, service, settings };
    let client = match endpoint.refresh(&nobody, now).await {
        Ok(_) | Err(Refused::Grant) => ClientState::Accepted,
        Err(Refused::Client) => ClientState::Refused,
        Err(Refused::Other(error)) => return Err(error),
    };
    Ok(Found { client, clock_skew_ms })
}
