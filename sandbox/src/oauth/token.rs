//! The token endpoint: exchange of a code, and refresh.

use super::rules::{self, Bad, access_seconds, invalid_grant, token_error};
use super::{Access, ClientApp, Refresh};
use crate::hub::time::MINUTE;
use crate::hub::wire::{Ask, Reply, value};
use crate::hub::{Provider, World};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

type Form = Vec<(String, String)>;

/// `POST …/token`.
pub(super) fn token(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let Some(form) = ask.form() else {
        let why = "AADSTS900144: The request body must contain the following parameter: 'grant_type'.";
        return token_error(world, provider, 400, "invalid_request", why).because("the body is no form");
    };
    let client = match client(world, provider, ask, &form) {
        Ok(client) => client,
        Err(reply) => return reply,
    };
    match value(&form, "grant_type") {
        Some("authorization_code") => exchange(world, provider, &client, &form),
        Some("refresh_token") => refresh(world, provider, &client, &form),
        other => {
            let why = format!("Invalid grant_type: {}", other.unwrap_or_default());
            token_error(world, provider, 400, "unsupported_grant_type", &why).because(why)
        }
    }
}

/// The client that asks: by the body, or by HTTP Basic.
pub(super) fn client(world: &mut World, provider: Provider, ask: &Ask, form: &Form) -> Result<ClientApp, Reply> {
    let basic = ask.header("authorization").and_then(|value| value.strip_prefix("Basic ")).map(|value| {
        let text = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        text.split_once(':').map(|(id, secret)| (id.to_owned(), Some(secret.to_owned()))).unwrap_or_default()
    });
    let body = || (value(form, "client_id").unwrap_or_default().to_owned(), value(form, "client_secret").map(str::to_owned));
    let (id, secret) = basic.unwrap_or_else(body);
    let found = world.base.oauth.client(provider, &id).cloned();
    let right = found.as_ref().is_some_and(|client| client.secret.is_none() || client.secret == secret);
    match found.filter(|_| right) {
        Some(client) => Ok(client),
        None => {
            let why = match provider {
                Provider::Google => "The provided client secret is invalid.",
                Provider::Microsoft => "AADSTS7000215: Invalid client secret provided.",
                Provider::Calendly => {
                    "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."
                }
            };
            Err(token_error(world, provider, 401, "invalid_client", why))
        }
    }
}

fn exchange(world: &mut World, provider: Provider, client: &ClientApp, form: &Form) -> Reply {
    let now = world.base.now();
    let given = |name| value(form, name).unwrap_or_default();
    let oauth = &mut world.base.oauth;
    let Some(code) = oauth.codes.get_mut(given("code")) else { return invalid_grant(world, provider, Bad::Dead) };
    let grant = &mut oauth.grants[code.grant];
    if grant.provider != provider || grant.client.as_deref() != Some(&client.id) || grant.revoked || now >= code.expires {
        return invalid_grant(world, provider, Bad::Dead);
    }
    if code.used {
        // RFC 6749 §4.1.2: a code that comes twice was stolen; what it gave is taken back.
        grant.revoked = true;
        return invalid_grant(world, provider, Bad::Redeemed).because("a code was used twice");
    }
    if code.redirect_uri != given("redirect_uri") {
        return invalid_grant(world, provider, Bad::Redirect);
    }
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(given("code_verifier")));
    if proof != code.challenge {
        code.used = true;
        return invalid_grant(world, provider, Bad::Verifier).because("the verifier does not fit the challenge");
    }
    code.used = true;
    let (grant, scopes, offline) = (code.grant, code.scopes.clone(), code.offline);
    issue(world, provider, client, grant, scopes, offline)
}

fn refresh(world: &mut World, provider: Provider, client: &ClientApp, form: &Form) -> Reply {
    let now = world.base.now();
    let oauth = &mut world.base.oauth;
    let Some(token) = oauth.refresh.get_mut(value(form, "refresh_token").unwrap_or_default()) else {
        return invalid_grant(world, provider, Bad::Dead);
    };
    let grant = &oauth.grants[token.grant];
    if grant.provider != provider || grant.client.as_deref() != Some(&client.id) || grant.revoked {
        return invalid_grant(world, provider, Bad::Revoked);
    }
    let idle = provider == Provider::Google && now >= token.used + rules::GOOGLE_UNUSED;
    if token.spent || idle || token.expires.is_some_and(|expires| now >= expires) {
        return invalid_grant(world, provider, Bad::Dead);
    }
    // A narrower scope may be asked for (RFC 6749 §6), a wider one not.
    let asked = value(form, "scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty());
    let asked: BTreeSet<String> = asked.map(|scope| rules::full_scope(provider, scope)).collect();
    if let Some(wider) = asked.difference(&token.scopes).next() {
        let why = match provider {
            Provider::Microsoft => format!("AADSTS65001: The user or administrator has not consented to use the application: {wider}."),
            _ => format!("{wider} was not granted"),
        };
        let error = if provider == Provider::Microsoft { "invalid_grant" } else { "invalid_scope" };
        return token_error(world, provider, 400, error, &why).because(why);
    }
    token.used = now;
    token.spent = provider == Provider::Calendly;
    let (grant, scopes) = (token.grant, token.scopes.clone());
    issue(world, provider, client, grant, scopes, provider != Provider::Google)
}

fn issue(world: &mut World, provider: Provider, client: &ClientApp, grant: usize, scopes: BTreeSet<String>, offline: bool) -> Reply {
    let now = world.base.now();
    let account = world.base.oauth.grants[grant].account.clone();
    if let (Provider::Calendly, Some(limit)) = (provider, world.base.habits.calendly.tokens_per_minute) {
        let standing = world.base.oauth.tokens.count(&account, now, MINUTE, limit, false);
        if standing.over {
            return token_error(world, provider, 429, "too_many_requests", "Too many tokens were asked for.");
        }
    }
    let seconds = access_seconds(provider);
    let access = world.base.seal.fresh(rules::access_prefix(provider));
    let list = scopes.iter().filter(|scope| *scope != "offline_access").cloned().collect::<Vec<_>>().join(" ");
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    put("access_token", json!(access));
    put("token_type", json!("Bearer"));
    put("expires_in", json!(seconds));
    put("scope", json!(list));
    if offline {
        let token = world.base.seal.fresh(rules::refresh_prefix(provider));
        put("refresh_token", json!(token));
        let life = match provider {
            Provider::Google if client.testing => Some(rules::GOOGLE_TESTING),
            Provider::Google | Provider::Calendly => None,
            Provider::Microsoft => Some(rules::MICROSOFT_LIFE),
        };
        if let (Provider::Google, Some(life)) = (provider, life) {
            put("refresh_token_expires_in", json!(life / 1000 - 1));
        }
        let entry = Refresh { grant, scopes: scopes.clone(), issued: now, used: now, expires: life.map(|life| now + life), spent: false };
        world.base.oauth.refresh.insert(token, entry);
        if provider == Provider::Google {
            world.base.oauth.drop_oldest(grant);
        }
    }
    if scopes.contains("openid") {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let name = world.base.oauth.person(provider, &account).unwrap_or_default();
        let claims =
            json!({"aud": client.id, "sub": account, "email": account, "name": name, "iat": now / 1000, "exp": now / 1000 + seconds});
        put("id_token", json!(format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT"})), part(claims))));
    }
    match provider {
        Provider::Google => {}
        Provider::Microsoft => {
            put("ext_expires_in", json!(seconds));
        }
        Provider::Calendly => {
            put("created_at", json!(now / 1000));
            put("owner", json!(world.calendly.user_uri(&world.base, &account)));
            put("organization", json!(world.calendly.organization_uri(&world.base, &account)));
        }
    }
    world.base.oauth.access.insert(access, Access { grant, scopes, expires: Some(now + seconds * 1000) });
    Reply::json(200, &Value::Object(answer)).with("cache-control", "no-store")
}

impl super::OAuth {
    /// Google keeps so many refresh tokens of an account for a client; the oldest dies without a word.
    fn drop_oldest(&mut self, grant: usize) {
        let mut living: Vec<&mut Refresh> = self.refresh.values_mut().filter(|token| token.grant == grant && !token.spent).collect();
        if living.len() > rules::GOOGLE_MOST {
            living.sort_by_key(|token| token.issued);
            living[0].spent = true;
        }
    }
}
