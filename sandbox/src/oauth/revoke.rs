//! Taking tokens back, and asking about them.

use super::token::client;
use crate::hub::wire::{Ask, Reply, value};
use crate::hub::{Provider, World};
use serde_json::json;

impl World {
    /// Takes the grant of a token back; `false` for a token that is not known or dead already.
    fn take_back(&mut self, provider: Provider, token: &str) -> bool {
        let oauth = &mut self.base.oauth;
        let grant = oauth.access.get(token).map(|access| access.grant).or_else(|| oauth.refresh.get(token).map(|refresh| refresh.grant));
        let Some(grant) = grant.map(|at| &mut oauth.grants[at]).filter(|grant| grant.provider == provider && !grant.revoked) else {
            return false;
        };
        grant.revoked = true;
        true
    }
}

/// `POST /revoke`, the token in the form or in the query.
pub(super) fn google(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let form = ask.form().unwrap_or_default();
    let token = value(&form, "token").or_else(|| ask.query("token")).unwrap_or_default();
    if world.take_back(provider, token) {
        Reply::json(200, &json!({}))
    } else {
        Reply::json(400, &json!({"error": "invalid_token", "error_description": "Token expired or revoked"}))
    }
}

/// `GET /tokeninfo?access_token=`.
pub(super) fn tokeninfo(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let (token, now) = (ask.query("access_token").unwrap_or_default(), world.base.now());
    let Some(session) = world.base.oauth.session(provider, Some(token), now) else {
        return Reply::json(400, &json!({"error": "invalid_token", "error_description": "Invalid Value"}));
    };
    let expires = world.base.oauth.access.get(token).and_then(|access| access.expires).unwrap_or(now);
    let scope = session.scopes.into_iter().collect::<Vec<_>>().join(" ");
    Reply::json(
        200,
        &json!({
            "azp": session.client, "aud": session.client, "scope": scope, "exp": (expires / 1000).to_string(),
            "expires_in": ((expires - now) / 1000).to_string(), "access_type": "offline",
        }),
    )
}

/// `POST /oauth/revoke` with the client's id and secret. RFC 7009 §2.2: an unknown token is no error.
pub(super) fn calendly(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let form = ask.form().unwrap_or_default();
    if let Err(reply) = client(world, provider, ask, &form) {
        return reply;
    }
    world.take_back(provider, value(&form, "token").unwrap_or_default());
    Reply::json(200, &json!({}))
}

/// `POST /oauth/introspect` with the client's id and secret.
pub(super) fn introspect(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let form = ask.form().unwrap_or_default();
    let client = match client(world, provider, ask, &form) {
        Ok(client) => client,
        Err(reply) => return reply,
    };
    let (token, now) = (value(&form, "token").unwrap_or_default(), world.base.now());
    let oauth = &world.base.oauth;
    let access = oauth.session(provider, Some(token), now).map(|session| session.scopes);
    let living = |refresh: &&super::Refresh| !refresh.spent && !oauth.grants[refresh.grant].revoked;
    let Some(scopes) = access.or_else(|| oauth.refresh.get(token).filter(living).map(|refresh| refresh.scopes.clone())) else {
        return Reply::json(200, &json!({"active": false}));
    };
    Reply::json(200, &json!({"active": true, "scope": scopes.into_iter().collect::<Vec<_>>().join(" "), "client_id": client.id}))
}
