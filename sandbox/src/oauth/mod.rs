//! The authorization servers of the three services: authorization code with PKCE (S256), consent page, exchange, refresh by each
//! service's rule, revocation, death of tokens by the clock.
//!
//! Stricter than the real ones in one thing: a request without a PKCE challenge is refused, as Syncline always sends one.

mod authorize;
mod page;
mod revoke;
mod rules;
mod token;

use crate::hub::wire::{Ask, Reply};
use crate::hub::{Provider, Seal, World, time};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A client as registered in a provider's console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientApp {
    /// Where.
    pub provider: Provider,
    /// The client id.
    pub id: String,
    /// The client secret; `None` for a public client.
    #[serde(default)]
    pub secret: Option<String>,
    /// The redirect addresses, compared letter by letter.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Google: the consent screen is "External" and in "Testing", so refresh tokens die after seven days.
    #[serde(default)]
    pub testing: bool,
    /// Google: nobody enabled the Calendar API for the project, so each call is a 403 `accessNotConfigured`.
    #[serde(default)]
    pub api_disabled: bool,
}

impl ClientApp {
    /// A client with a secret and one redirect address.
    #[must_use]
    pub fn new(provider: Provider, id: &str, secret: &str, redirect_uri: &str) -> Self {
        let redirect_uris = vec![redirect_uri.to_owned()];
        Self { provider, id: id.to_owned(), secret: Some(secret.to_owned()), redirect_uris, testing: false, api_disabled: false }
    }

    /// The same as a public client.
    #[must_use]
    pub fn public(self) -> Self {
        Self { secret: None, ..self }
    }

    /// The same in "Testing".
    #[must_use]
    pub fn testing(self) -> Self {
        Self { testing: true, ..self }
    }

    /// The same with the API not enabled.
    #[must_use]
    pub fn api_disabled(self) -> Self {
        Self { api_disabled: true, ..self }
    }
}

/// What the authorize page does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Consent {
    /// It asks.
    #[default]
    Page,
    /// It answers at once that this account allows all but these scopes.
    Allow {
        /// The account's address.
        account: String,
        /// Scopes that are not allowed.
        #[serde(default)]
        untick: Vec<String>,
    },
    /// It answers at once that the user refused.
    Deny,
    /// It answers at once with another error, such as `consent_required` of a tenant whose administrator must agree first.
    Error {
        /// The code.
        error: String,
        /// The text.
        #[serde(default)]
        description: String,
    },
}

/// Who asks, by an access token that is good.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) account: String,
    /// `None` for a personal access token.
    pub(crate) client: Option<String>,
    pub(crate) scopes: BTreeSet<String>,
}

struct Grant {
    provider: Provider,
    client: Option<String>,
    account: String,
    scopes: BTreeSet<String>,
    revoked: bool,
}

struct Access {
    grant: usize,
    scopes: BTreeSet<String>,
    expires: Option<i64>,
}

struct Refresh {
    grant: usize,
    scopes: BTreeSet<String>,
    issued: i64,
    used: i64,
    expires: Option<i64>,
    spent: bool,
}

struct Code {
    grant: usize,
    scopes: BTreeSet<String>,
    redirect_uri: String,
    challenge: String,
    expires: i64,
    used: bool,
    offline: bool,
}

/// Clients, people, and what they allowed.
#[derive(Default)]
pub(crate) struct OAuth {
    clients: BTreeMap<(Provider, String), ClientApp>,
    people: BTreeMap<(Provider, String), String>,
    consents: BTreeMap<Provider, Consent>,
    grants: Vec<Grant>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, Code>,
    tokens: crate::hub::quota::Quota,
}

impl OAuth {
    pub(crate) fn register(&mut self, client: ClientApp) {
        self.clients.insert((client.provider, client.id.clone()), client);
    }

    pub(crate) fn client(&self, provider: Provider, id: &str) -> Option<&ClientApp> {
        self.clients.get(&(provider, id.to_owned()))
    }

    pub(crate) fn add_person(&mut self, provider: Provider, account: &str, name: &str) {
        self.people.insert((provider, account.to_owned()), name.to_owned());
    }

    pub(crate) fn person(&self, provider: Provider, account: &str) -> Option<&str> {
        self.people.get(&(provider, account.to_owned())).map(String::as_str)
    }

    pub(crate) fn consent(&mut self, provider: Provider, consent: Consent) {
        self.consents.insert(provider, consent);
    }

    /// Who holds an access token, good or not.
    pub(crate) fn account_of(&self, token: &str) -> Option<String> {
        self.access.get(token).map(|access| self.grants[access.grant].account.clone())
    }

    /// Who asks; `None` for a token that is unknown, expired or revoked.
    pub(crate) fn session(&self, provider: Provider, token: Option<&str>, now: i64) -> Option<Session> {
        let access = self.access.get(token?)?;
        let grant = &self.grants[access.grant];
        let good = grant.provider == provider && !grant.revoked && access.expires.is_none_or(|expires| now < expires);
        good.then(|| Session { account: grant.account.clone(), client: grant.client.clone(), scopes: access.scopes.clone() })
    }

    pub(crate) fn revoke_account(&mut self, provider: Provider, account: &str) {
        for grant in self.grants.iter_mut().filter(|grant| grant.provider == provider && grant.account == account) {
            grant.revoked = true;
        }
    }

    pub(crate) fn expire_access(&mut self, provider: Provider, account: &str, now: i64) {
        for access in self.access.values_mut() {
            let grant = &self.grants[access.grant];
            if grant.provider == provider && grant.account == account {
                access.expires = Some(now);
            }
        }
    }

    /// An access token that is simply there.
    pub(crate) fn token(&mut self, provider: Provider, account: &str, scopes: &[&str], now: i64, seal: &mut Seal) -> String {
        let scopes: BTreeSet<String> = scopes.iter().map(|scope| rules::full_scope(provider, scope)).collect();
        let expires = (provider != Provider::Calendly).then_some(now + 60 * time::MINUTE);
        let grant = self.grants.len();
        self.grants.push(Grant { provider, client: None, account: account.to_owned(), scopes: scopes.clone(), revoked: false });
        let token = seal.fresh(rules::access_prefix(provider));
        self.access.insert(token.clone(), Access { grant, scopes, expires });
        token
    }

    /// The living grant of an account to a client.
    fn grant(&mut self, provider: Provider, client: &str, account: &str) -> (usize, bool) {
        let fits = |grant: &Grant| {
            grant.provider == provider && grant.client.as_deref() == Some(client) && grant.account == account && !grant.revoked
        };
        if let Some(at) = self.grants.iter().position(fits) {
            return (at, true);
        }
        let (client, account) = (Some(client.to_owned()), account.to_owned());
        self.grants.push(Grant { provider, client, account, scopes: BTreeSet::new(), revoked: false });
        (self.grants.len() - 1, false)
    }
}

type Endpoint = fn(&mut World, Provider, &Ask) -> Reply;

/// Answers a request under `…/oauth/`; `parts` is the path after that.
pub(crate) fn handle(world: &mut World, provider: Provider, parts: &[String], ask: &Ask) -> Reply {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let wrong_method = |wanted: &str| ask.method.as_str() != wanted;
    let (method, answer): (&str, Endpoint) = match (provider, parts.as_slice()) {
        (_, ["consent"]) => ("POST", authorize::decide),
        (Provider::Google, ["o", "oauth2", "v2", "auth"]) => ("GET", authorize::authorize),
        (Provider::Google, ["token"]) => ("POST", token::token),
        (Provider::Google, ["revoke"]) => ("POST", revoke::google),
        (Provider::Google, ["tokeninfo"]) => ("GET", revoke::tokeninfo),
        (Provider::Microsoft, [tenant, "oauth2", "v2.0", rest]) => {
            if !rules::is_tenant(tenant) {
                let why = format!("AADSTS90002: Tenant '{tenant}' not found.");
                return rules::token_error(world, provider, 400, "invalid_request", &why).because(why);
            }
            match *rest {
                "authorize" => ("GET", authorize::authorize),
                "token" => ("POST", token::token),
                _ => return Reply::empty(404).because("there is no such OAuth endpoint"),
            }
        }
        (Provider::Calendly, ["oauth", "authorize"]) => ("GET", authorize::authorize),
        (Provider::Calendly, ["oauth", "token"]) => ("POST", token::token),
        (Provider::Calendly, ["oauth", "revoke"]) => ("POST", revoke::calendly),
        (Provider::Calendly, ["oauth", "introspect"]) => ("POST", revoke::introspect),
        _ => return Reply::empty(404).because("there is no such OAuth endpoint"),
    };
    if wrong_method(method) {
        return Reply::empty(405).because(format!("only {method} is answered"));
    }
    answer(world, provider, ask)
}
