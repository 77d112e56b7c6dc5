//! The authorize endpoint and the decision of the user.

use super::page;
use super::rules::{self, CODE_LIFE, full_scope};
use super::{Code, Consent};
use crate::hub::wire::{Ask, Reply, value};
use crate::hub::{Provider, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use url::Url;

/// An authorize request that was found to be right; the page carries it, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) state: Option<String>,
    challenge: String,
    offline: bool,
    prompt_consent: bool,
    include_granted: bool,
    pub(super) hint: Option<String>,
}

/// `GET …/auth` and its like.
pub(super) fn authorize(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let request = match read(world, provider, ask) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    let reply = match world.base.oauth.consents.get(&provider).cloned().unwrap_or_default() {
        Consent::Page => page::consent(&world.base, provider, &request),
        Consent::Deny => denied(provider, &request),
        Consent::Error { error, description } => {
            answer(provider, &request.redirect_uri, request.state.as_deref(), &[("error", &error)], &description)
        }
        Consent::Allow { account, untick } => {
            let untick: BTreeSet<String> = untick.iter().map(|scope| full_scope(provider, scope)).collect();
            let scopes = request.scopes.difference(&untick).cloned().collect();
            allowed(world, provider, &request, &account, scopes)
        }
    };
    // Nobody refuses it, and yet it is the protection against forged answers (RFC 6749 §10.12).
    if request.state.is_none() { reply.because("no state") } else { reply }
}

fn read(world: &World, provider: Provider, ask: &Ask) -> Result<Request, Reply> {
    let one = |name: &str| ask.query(name).filter(|value| !value.is_empty());
    let stop = |code: &str, why: String| Err(page::error(provider, code, &why).because(format!("{code}: {why}")));
    let Some(client) = one("client_id").and_then(|id| world.base.oauth.client(provider, id)) else {
        return stop("invalid_client", "The OAuth client was not found.".to_owned());
    };
    let redirect_uri = one("redirect_uri").unwrap_or_default();
    if !client.redirect_uris.iter().any(|known| known == redirect_uri) {
        return stop("redirect_uri_mismatch", format!("{redirect_uri} is not registered for this client."));
    }
    let state = one("state").map(str::to_owned);
    let back = |error: &str, why: &str| {
        Err(answer(provider, redirect_uri, state.as_deref(), &[("error", error)], why).because(format!("{error}: {why}")))
    };
    if let Some((name, _)) = ask.query.iter().enumerate().find_map(|(at, pair)| ask.query[..at].iter().find(|(name, _)| *name == pair.0)) {
        return back("invalid_request", &format!("OAuth 2 parameters can only have a single value: {name}"));
    }
    if one("response_type") != Some("code") {
        return back("unsupported_response_type", "response_type must be `code`");
    }
    if one("response_mode").is_some_and(|mode| mode != "query") {
        return back("invalid_request", "only the response mode `query` is answered");
    }
    let scopes: BTreeSet<String> =
        one("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let scopes: BTreeSet<String> = scopes
        .iter()
        .map(|scope| match provider {
            // Google knows its calendar scopes only by their full names.
            Provider::Google => scope.clone(),
            _ => full_scope(provider, scope),
        })
        .collect();
    if scopes.is_empty() {
        return back("invalid_scope", "Missing required parameter: scope");
    }
    if let Some(unknown) = scopes.iter().find(|scope| !rules::is_scope(provider, scope)) {
        return back("invalid_scope", &format!("{unknown} is no scope"));
    }
    let challenge = one("code_challenge").unwrap_or_default();
    let well_formed = challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if one("code_challenge_method") != Some("S256") || !well_formed {
        return back("invalid_request", "a PKCE code_challenge with the method S256 is wanted");
    }
    let prompts: BTreeSet<&str> = one("prompt").unwrap_or_default().split(' ').filter(|prompt| !prompt.is_empty()).collect();
    if let Some(unknown) = prompts.iter().find(|prompt| !["none", "consent", "select_account", "login"].contains(prompt)) {
        return back("invalid_request", &format!("{unknown} is no prompt"));
    }
    let offline = match (provider, one("access_type")) {
        (Provider::Google, None | Some("online")) => false,
        (Provider::Google, Some("offline")) | (Provider::Calendly, _) => true,
        (Provider::Google, Some(_)) => return back("invalid_request", "access_type is `online` or `offline`"),
        (Provider::Microsoft, _) => scopes.contains("offline_access"),
    };
    Ok(Request {
        client: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        scopes,
        state: state.clone(),
        challenge: challenge.to_owned(),
        offline,
        prompt_consent: prompts.contains("consent"),
        include_granted: one("include_granted_scopes") == Some("true"),
        hint: one("login_hint").map(str::to_owned),
    })
}

/// `POST …/consent`: what the user decided on the page.
pub(super) fn decide(world: &mut World, provider: Provider, ask: &Ask) -> Reply {
    let form = ask.form().unwrap_or_default();
    let request: Option<Request> = value(&form, "request").and_then(|sealed| world.base.seal.open("consent", sealed));
    let Some(request) = request else { return page::error(provider, "invalid_request", "This page is out of date. Start again.") };
    let account = value(&form, "account").unwrap_or_default();
    if value(&form, "decision") != Some("allow") {
        return denied(provider, &request);
    }
    if world.base.oauth.person(provider, account).is_none() {
        return page::error(provider, "invalid_request", "There is no such account.");
    }
    let ticked: BTreeSet<String> = form.iter().filter(|(name, _)| name == "scope").map(|(_, scope)| scope.clone()).collect();
    let scopes = request.scopes.intersection(&ticked).cloned().collect();
    allowed(world, provider, &request, account, scopes)
}

fn denied(provider: Provider, request: &Request) -> Reply {
    let why = match provider {
        Provider::Google => "",
        Provider::Microsoft => "AADSTS65004: User declined to consent to access the app.",
        Provider::Calendly => "The resource owner or authorization server denied the request.",
    };
    answer(provider, &request.redirect_uri, request.state.as_deref(), &[("error", "access_denied")], why)
}

fn allowed(world: &mut World, provider: Provider, request: &Request, account: &str, mut scopes: BTreeSet<String>) -> Reply {
    if scopes.is_empty() {
        return denied(provider, request);
    }
    let now = world.base.now();
    let (grant, known) = world.base.oauth.grant(provider, &request.client, account);
    let granted = &mut world.base.oauth.grants[grant].scopes;
    let news = scopes.iter().any(|scope| !granted.contains(scope));
    granted.extend(scopes.iter().cloned());
    if request.include_granted {
        scopes.extend(granted.iter().cloned());
    }
    // Google: a client that was allowed before, and does not ask for consent, gets no second refresh token.
    let offline = request.offline && (provider != Provider::Google || request.prompt_consent || !known || news);
    // Microsoft: without the scope there is none.
    let offline = offline && (provider != Provider::Microsoft || scopes.contains("offline_access"));
    let code = world.base.seal.fresh(match provider {
        Provider::Google => "4/0A",
        Provider::Microsoft => "M.C5",
        Provider::Calendly => "",
    });
    let list = scopes.iter().cloned().collect::<Vec<_>>().join(" ");
    let entry = Code {
        grant,
        scopes,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        expires: now + CODE_LIFE,
        used: false,
        offline,
    };
    world.base.oauth.codes.insert(code.clone(), entry);
    let mut parts = vec![("code", code.as_str())];
    if provider == Provider::Google {
        parts.push(("scope", &list));
    }
    answer(provider, &request.redirect_uri, request.state.as_deref(), &parts, "")
}

/// The redirect back to the client.
fn answer(provider: Provider, redirect_uri: &str, state: Option<&str>, parts: &[(&str, &str)], why: &str) -> Reply {
    let Ok(mut url) = Url::parse(redirect_uri) else { return page::error(provider, "redirect_uri_mismatch", "Not an address.") };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(parts);
        if !why.is_empty() {
            query.append_pair("error_description", why);
        }
        if let Some(state) = state {
            query.append_pair("state", state);
        }
    }
    Reply::redirect(url.as_str())
}
