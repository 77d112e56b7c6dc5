//! Whether a provider accepts our client, and whether its clock agrees with ours: for the operator, without any user.
//!
//! The token endpoint is asked with a refresh token that nobody has. What `invalid_grant` proves differs:
//! - Google authenticates the client first (RFC 6749 §5.2: `invalid_client` when that fails), so id and secret are right;
//! - Calendly is asked at its introspection endpoint, which takes client id and secret and answers for any token: success proves both;
//! - Microsoft looks at the grant first, so a made-up one is refused whatever the secret is: only `invalid_client` and
//!   `unauthorized_client` say something, and the secret is proven by the first account.

use super::wire::{Endpoint, Refused};
use super::{ServiceSettings, Tokens, problems, service};
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
    /// It says nothing against them, which proves nothing about the secret.
    Unproven,
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

/// Asks the provider about our client.
///
/// # Errors
/// When the provider can not be reached.
pub async fn probe(config: &Config, settings: &ServiceSettings, provider: ProviderKind) -> Result<Found, ProviderError> {
    let unknown = || ProviderError::new("oauth.probe", Class::Permanent, problems::of(provider, "not_configured"));
    let service = service::of(provider).ok_or_else(unknown)?;
    let client = HttpClient::new(config.outbound.clone())?;
    let url = service.token(settings).ok_or_else(unknown)?;
    let answer = client.send("oauth.probe", Request::get(url), &Meter::default()).await?;
    let date = answer.header(DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let now = config.clock.now();
    let clock_skew_ms = date.map(|date| now - date.timestamp().as_millisecond());
    let endpoint = Endpoint { client: &client, service, settings };
    let asked =
        if provider == ProviderKind::Calendly { endpoint.introspect(now).await } else { endpoint.refresh(&nobody(), now).await.map(drop) };
    let client = match (provider, asked) {
        (_, Err(Refused::Client)) => ClientState::Refused,
        (_, Err(Refused::Other(error))) => return Err(error),
        (ProviderKind::Microsoft, Err(Refused::Grant)) => ClientState::Unproven,
        (_, Ok(()) | Err(Refused::Grant)) => ClientState::Accepted,
    };
    Ok(Found { client, clock_skew_ms })
}

fn nobody() -> Tokens {
    Tokens { access: String::new(), refresh: Some("none".to_owned()), expires_at: 0, grant_expires_at: None, scopes: Vec::new() }
}
