//! Basic and Digest (RFC 7616, SHA-256) on the server's side.

use super::quirks::Login;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};

const REALM: &str = "Sandbox";

/// Nonces that were given out, with the counters that were used with each.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    given: HashMap<String, HashSet<u32>>,
    number: u64,
}

/// What is wrong with a request's credentials.
pub(super) enum Refusal {
    /// There are none, or they are wrong.
    Wrong,
    /// The nonce is used up.
    Stale,
    /// No well-behaved client sends this.
    Violation(String),
}

impl Nonces {
    /// The `WWW-Authenticate` values of a 401.
    pub(super) fn challenge(&mut self, login: Login, stale: bool) -> Vec<String> {
        let basic = format!("Basic realm=\"{REALM}\", charset=\"UTF-8\"");
        if login == Login::Basic {
            return vec![basic];
        }
        self.number += 1;
        let nonce = format!("nonce-{}", self.number);
        self.given.insert(nonce.clone(), HashSet::new());
        let stale = if stale { ", stale=true" } else { "" };
        let digest = format!("Digest realm=\"{REALM}\", qop=\"auth\", algorithm=SHA-256, nonce=\"{nonce}\", opaque=\"o\"{stale}");
        if login == Login::Both { vec![basic, digest] } else { vec![digest] }
    }

    /// Checks an `Authorization` header.
    pub(super) fn check(
        &mut self,
        login: Login,
        uses: Option<usize>,
        header: Option<&str>,
        (method, uri): (&str, &str),
        (user, password): (&str, &str),
    ) -> Result<(), Refusal> {
        let Some(header) = header else { return Err(Refusal::Wrong) };
        if let Some(encoded) = header.strip_prefix("Basic ") {
            if login == Login::Digest {
                return Err(Refusal::Wrong);
            }
            let right = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            return if encoded == right { Ok(()) } else { Err(Refusal::Wrong) };
        }
        let Some(fields) = header.strip_prefix("Digest ").map(fields) else {
            return Err(Refusal::Violation("an unknown scheme of authentication".to_owned()));
        };
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        if field("uri") != uri {
            return Err(Refusal::Violation(format!("the digest is for {}, the request for {uri}", field("uri"))));
        }
        let Some(used) = self.given.get_mut(field("nonce")) else { return Err(Refusal::Stale) };
        let counter = u32::from_str_radix(field("nc"), 16).unwrap_or(0);
        if uses.is_some_and(|uses| used.len() >= uses) {
            return Err(Refusal::Stale);
        }
        // Requests on several connections may overtake each other, so the order is no matter.
        if counter == 0 || !used.insert(counter) {
            return Err(Refusal::Violation(format!("the counter {counter} was used before")));
        }
        let one = hash(&format!("{user}:{REALM}:{password}"));
        let two = hash(&format!("{method}:{uri}"));
        let right = hash(&format!("{one}:{}:{}:{}:auth:{two}", field("nonce"), field("nc"), field("cnonce")));
        if field("response") == right { Ok(()) } else { Err(Refusal::Wrong) }
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fields(text: &str) -> HashMap<String, String> {
    text.split(", ")
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
        .collect()
}
