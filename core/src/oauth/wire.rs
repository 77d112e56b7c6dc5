//! The token endpoint (RFC 6749 §4.1.3, §5, §6) and revocation (RFC 7009).

use super::service::{ClientProof, Service};
use super::{ServiceSettings, Tokens, problems};
use crate::error::ProviderError;
use crate::net::{HttpClient, Request, host_of, status_error};
use crate::provider::Meter;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use std::time::Duration;
use url::{Url, form_urlencoded};

/// An exchange takes no longer; the lease on a renewal is twice that.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A token answer is small.
const MOST: u64 = 256 * 1024;

/// Why there are no tokens.
#[derive(Debug)]
pub(crate) enum Refused {
    /// `invalid_grant` and what means the same: code or refresh token are worth nothing.
    Grant,
    /// `invalid_client`: our own id or secret.
    Client,
    /// Anything else; it may pass.
    Other(ProviderError),
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<i64>,
    refresh_token: Option<String>,
    refresh_token_expires_in: Option<i64>,
    scope: Option<String>,
    error: Option<String>,
}

/// A provider's authorization server with our client.
pub(crate) struct Endpoint<'a> {
    pub(crate) client: &'a HttpClient,
    pub(crate) service: Service,
    pub(crate) settings: &'a ServiceSettings,
}

impl Endpoint<'_> {
    /// Exchanges the code of the consent page.
    pub(crate) async fn exchange(&self, code: &str, verifier: &str, redirect_uri: &str, now: i64) -> Result<Tokens, Refused> {
        let form = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", verifier), ("redirect_uri", redirect_uri)];
        let answer = self.ask("oauth.exchange", &form, now).await?;
        let asked = self.service.scopes();
        self.tokens(answer, None, asked.split(' ').map(str::to_owned).collect(), now)
    }

    /// Renews tokens.
    pub(crate) async fn refresh(&self, old: &Tokens, now: i64) -> Result<Tokens, Refused> {
        let Some(refresh) = &old.refresh else { return Err(Refused::Grant) };
        let answer = self.ask("oauth.refresh", &[("grant_type", "refresh_token"), ("refresh_token", refresh)], now).await?;
        self.tokens(answer, Some(old), old.scopes.clone(), now)
    }

    fn tokens(&self, answer: Answer, old: Option<&Tokens>, asked: Vec<String>, now: i64) -> Result<Tokens, Refused> {
        let Some(access) = answer.access_token.filter(|token| !token.is_empty()) else {
            return Err(Refused::Other(problems::strange(self.service.provider, "oauth.token")));
        };
        let fresh = answer.refresh_token.filter(|token| !token.is_empty());
        let life = answer.refresh_token_expires_in.map(|seconds| seconds.saturating_mul(1000)).or(self.service.refresh_life);
        let grant_expires_at = match (&fresh, old) {
            // A token that did not change ends when it was said to end.
            (None, Some(old)) => answer.refresh_token_expires_in.map(|s| now + s.saturating_mul(1000)).or(old.grant_expires_at),
            _ => life.map(|life| now + life),
        };
        // Left out when it is what was asked for (RFC 6749 §5.1).
        let scopes = answer.scope.map(|text| text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect());
        Ok(Tokens {
            access,
            refresh: fresh.or_else(|| old.and_then(|old| old.refresh.clone())),
            expires_at: now + answer.expires_in.unwrap_or(3600).clamp(0, 30 * 86_400) * 1000,
            grant_expires_at,
            scopes: scopes.unwrap_or(asked),
        })
    }

    async fn ask(&self, what: &'static str, form: &[(&str, &str)], now: i64) -> Result<Answer, Refused> {
        let strange = || Refused::Other(problems::strange(self.service.provider, what));
        let url = self.service.token(self.settings).ok_or_else(strange)?;
        let host = host_of(&url);
        let (status, headers, body) = self.post(what, url, form, self.service.proof).await.map_err(Refused::Other)?;
        let answer: Option<Answer> = serde_json::from_slice(&body).ok();
        if status.is_success() {
            return answer.ok_or_else(strange);
        }
        let error = answer.and_then(|answer| answer.error).unwrap_or_default();
        tracing::warn!(provider = self.service.provider.as_str(), status = status.as_u16(), %error, "{what} was refused");
        Err(match error.as_str() {
            "invalid_grant" | "interaction_required" | "consent_required" | "redirect_uri_mismatch" | "admin_policy_enforced" => {
                Refused::Grant
            }
            "invalid_client" | "unauthorized_client" => Refused::Client,
            _ if status.is_server_error() || status.as_u16() == 429 => Refused::Other(status_error(what, status, &host, &headers, now)),
            _ => strange(),
        })
    }

    async fn post(
        &self,
        what: &'static str,
        url: Url,
        form: &[(&str, &str)],
        proof: ClientProof,
    ) -> Result<(http::StatusCode, http::HeaderMap, bytes::Bytes), ProviderError> {
        let id = self.settings.client_id.as_deref().unwrap_or_default();
        let secret = self.settings.client_secret.as_ref().map(|secret| secret.expose_secret());
        let by_basic = secret.filter(|_| proof == ClientProof::Basic);
        let mut pairs = form.to_vec();
        if by_basic.is_none() {
            pairs.push(("client_id", id));
            pairs.extend(secret.map(|secret| ("client_secret", secret)));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::new(Method::POST, url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .max_body(MOST)
            .body(body);
        let request = match by_basic {
            Some(secret) => request.basic_auth(id, secret),
            None => request,
        };
        let exchange = async {
            let answer = self.client.send(what, request, &Meter::default()).await?;
            let (status, headers) = (answer.status, answer.headers.clone());
            Ok((status, headers, answer.bytes().await?))
        };
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(problems::strange(self.service.provider, what)))
    }

    /// Asks about a token that nobody has: whoever gets an answer has a client id and secret that are right.
    pub(crate) async fn introspect(&self, now: i64) -> Result<(), Refused> {
        const WHAT: &str = "oauth.introspect";
        let Some(url) = self.service.introspect(self.settings) else { return Err(Refused::Grant) };
        let host = host_of(&url);
        let answered = self.post(WHAT, url, &[("token", "none")], ClientProof::Form).await;
        match answered.map_err(Refused::Other)? {
            (status, ..) if status.is_success() => Ok(()),
            (status, ..) if matches!(status.as_u16(), 400 | 401 | 403) => Err(Refused::Client),
            (status, headers, _) => Err(Refused::Other(status_error(WHAT, status, &host, &headers, now))),
        }
    }

    /// Gives a permission back, as far as the provider knows how. That it fails does no harm: the tokens are forgotten here.
    pub(crate) async fn revoke(&self, tokens: &Tokens) {
        let Some(url) = self.service.revoke(self.settings) else { return };
        let token = tokens.refresh.as_deref().unwrap_or(&tokens.access);
        if let Err(error) = self.post("oauth.revoke", url, &[("token", token)], self.service.proof).await {
            tracing::info!(provider = self.service.provider.as_str(), code = %error.problem.code, "a permission could not be given back");
        }
    }
}
