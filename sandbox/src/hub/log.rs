//! What was asked, for tests to assert on.

use super::Provider;
use super::wire::Ask;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// So many requests are kept; older ones are forgotten.
const KEPT: usize = 50_000;
/// The headers that are kept. No token is among them.
const HEADERS: [&str; 10] = [
    "accept",
    "accept-encoding",
    "content-type",
    "if-match",
    "if-none-match",
    "prefer",
    "user-agent",
    "x-goog-quota-user",
    "x-client-request-id",
    "client-request-id",
];

/// One request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Whose stand-in was asked.
    pub provider: Provider,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path after the provider's name, still percent-encoded.
    pub path: String,
    /// The decoded query, in order. Values of `client_secret`, `code` and tokens of OAuth are left out.
    pub query: Vec<(String, String)>,
    /// Some headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The scheme of `Authorization`, such as `Bearer`; empty when there was none.
    pub scheme: String,
    /// The account of the token.
    pub account: Option<String>,
    /// What was answered; 0 while nothing was.
    pub status: u16,
    /// When, by the sandbox's clock.
    pub at: i64,
}

impl Asked {
    pub(crate) fn new(provider: Provider, path: &str, ask: &Ask, account: Option<String>, at: i64) -> Self {
        let secret = |name: &str| matches!(name, "client_secret" | "code" | "access_token" | "token");
        Self {
            provider,
            method: ask.method.to_string(),
            path: path.to_owned(),
            query: ask.query.iter().filter(|(name, _)| !secret(name)).cloned().collect(),
            headers: HEADERS.iter().filter_map(|name| Some(((*name).to_owned(), ask.header(name)?.to_owned()))).collect(),
            scheme: ask.header("authorization").and_then(|value| value.split(' ').next()).unwrap_or_default().to_owned(),
            account,
            status: 0,
            at,
        }
    }

    /// The first value of a query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    asked: VecDeque<Asked>,
    /// The number of the oldest entry that is kept.
    first: u64,
    pub(crate) violations: Vec<String>,
}

impl Log {
    /// Notes a request when it arrives, as it may never be answered; returns its number.
    pub(crate) fn note(&mut self, asked: Asked) -> u64 {
        if self.asked.len() == KEPT {
            self.asked.pop_front();
            self.first += 1;
        }
        self.asked.push_back(asked);
        self.first + self.asked.len() as u64 - 1
    }

    /// Notes the answer, unless the request was taken out of the log meanwhile.
    pub(crate) fn answered(&mut self, number: u64, status: u16) {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(asked) = at.and_then(|at| self.asked.get_mut(at)) {
            asked.status = status;
        }
    }

    pub(crate) fn all(&self) -> Vec<Asked> {
        self.asked.iter().cloned().collect()
    }

    pub(crate) fn take(&mut self) -> Vec<Asked> {
        self.first += self.asked.len() as u64;
        std::mem::take(&mut self.asked).into()
    }
}
