//! In what the three authorization servers differ.

use crate::hub::time::{DAY, MINUTE, ticks};
use crate::hub::wire::Reply;
use crate::hub::{Provider, World};
use crate::schema::GOOGLE;
use serde_json::json;

/// The beginning of Google's scopes.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/";
/// The beginning that Microsoft's scopes may have.
const GRAPH_SCOPE: &str = "https://graph.microsoft.com/";
/// Microsoft's delegated scopes around calendars.
const MICROSOFT: [&str; 13] = [
    "offline_access",
    "openid",
    "profile",
    "email",
    "User.Read",
    "Calendars.ReadBasic",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Calendars.Read.Shared",
    "Calendars.ReadWrite.Shared",
    "MailboxSettings.Read",
    "OnlineMeetings.ReadWrite",
    "User.ReadBasic.All",
];
/// Calendly's scopes of the areas that the stand-in has.
const CALENDLY: [&str; 11] = [
    "default",
    "users:read",
    "organizations:read",
    "scheduled_events:read",
    "scheduled_events:write",
    "event_types:read",
    "event_types:write",
    "availability:read",
    "webhooks:read",
    "webhooks:write",
    "routing_forms:read",
];

/// A scope as tokens carry it: with Google's prefix, without Microsoft's.
pub(super) fn full_scope(provider: Provider, scope: &str) -> String {
    match provider {
        Provider::Google if scope.starts_with("calendar") => format!("{GOOGLE_SCOPE}{scope}"),
        Provider::Microsoft => scope.strip_prefix(GRAPH_SCOPE).unwrap_or(scope).to_owned(),
        _ => scope.to_owned(),
    }
}

/// Whether a full scope exists.
pub(super) fn is_scope(provider: Provider, scope: &str) -> bool {
    match provider {
        Provider::Google => {
            let calendar = scope.strip_prefix(GOOGLE_SCOPE).unwrap_or_default();
            matches!(scope, "openid" | "email" | "profile")
                || matches!(calendar, "userinfo.email" | "userinfo.profile")
                || GOOGLE.methods.values().any(|method| method.scopes.iter().any(|known| known == calendar))
        }
        Provider::Microsoft => MICROSOFT.contains(&scope),
        Provider::Calendly => CALENDLY.contains(&scope),
    }
}

pub(super) fn is_tenant(tenant: &str) -> bool {
    let guid = tenant.len() == 36 && tenant.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    guid || matches!(tenant, "common" | "organizations" | "consumers")
}

pub(super) fn access_prefix(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "ya29.",
        Provider::Microsoft => "EwB4.",
        Provider::Calendly => "eyJraWQi.",
    }
}

pub(super) fn refresh_prefix(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "1//",
        Provider::Microsoft => "0.AX",
        Provider::Calendly => "cal-",
    }
}

/// Seconds that an access token lives.
pub(super) fn access_seconds(provider: Provider) -> i64 {
    match provider {
        Provider::Google => 3599,
        Provider::Microsoft => 4500,
        Provider::Calendly => 7200,
    }
}

/// Codes live so long. Calendly's documentation says ten minutes; the others' figures are of the same order.
pub(super) const CODE_LIFE: i64 = 10 * MINUTE;
/// Google: a refresh token that nobody uses.
pub(super) const GOOGLE_UNUSED: i64 = 182 * DAY;
/// Google: a refresh token of a consent screen in "Testing".
pub(super) const GOOGLE_TESTING: i64 = 7 * DAY;
/// Google: living refresh tokens of an account for a client; the oldest dies silently.
pub(super) const GOOGLE_MOST: usize = 100;
/// Microsoft: a refresh token lives so long from its issue, used or not.
pub(super) const MICROSOFT_LIFE: i64 = 90 * DAY;

/// The body of an error of the token endpoint (RFC 6749 §5.2, with what each service adds).
pub(super) fn token_error(world: &mut World, provider: Provider, status: u16, error: &str, why: &str) -> Reply {
    if provider != Provider::Microsoft {
        return Reply::json(status, &json!({"error": error, "error_description": why}));
    }
    let code: u64 = why.trim_start_matches("AADSTS").split(':').next().and_then(|code| code.parse().ok()).unwrap_or(900_144);
    let stamp = ticks(world.base.now());
    let (trace, correlation) = (uuid(world), uuid(world));
    let why = format!("{why} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}");
    Reply::json(
        status,
        &json!({
            "error": error, "error_description": why, "error_codes": [code], "timestamp": stamp,
            "trace_id": trace, "correlation_id": correlation,
        }),
    )
}

/// Something in the form of a UUID.
pub(super) fn uuid(world: &mut World) -> String {
    let hex = world.base.seal.id(b"0123456789abcdef", 32);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Why a grant is refused, in the words of each service.
#[derive(Clone, Copy)]
pub(super) enum Bad {
    /// Code or refresh token are unknown, used up, too old or revoked.
    Dead,
    /// The code was exchanged before.
    Redeemed,
    /// The verifier does not fit the challenge.
    Verifier,
    /// Not the address of the authorize request.
    Redirect,
    /// The account took its consent back.
    Revoked,
}

pub(super) fn invalid_grant(world: &mut World, provider: Provider, bad: Bad) -> Reply {
    let why = match (provider, bad) {
        (Provider::Google, Bad::Verifier) => "Invalid code verifier.",
        (Provider::Google, Bad::Redeemed) => "Malformed auth code.",
        (Provider::Google, Bad::Redirect) => {
            return token_error(world, provider, 400, "redirect_uri_mismatch", "Bad Request").because("another redirect_uri");
        }
        (Provider::Google, _) => "Token has been expired or revoked.",
        (Provider::Microsoft, Bad::Verifier) => {
            "AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request."
        }
        (Provider::Microsoft, Bad::Redeemed) => {
            "AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."
        }
        (Provider::Microsoft, Bad::Redirect) => {
            "AADSTS50011: The redirect URI specified in the request does not match the one of the authorization request."
        }
        (Provider::Microsoft, Bad::Revoked) => {
            "AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed."
        }
        (Provider::Microsoft, Bad::Dead) => "AADSTS700082: The refresh token has expired due to inactivity.",
        (Provider::Calendly, _) => {
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
        }
    };
    token_error(world, provider, 400, "invalid_grant", why)
}
