//! Webhooks on their way: what is to be delivered, what was, and what holds it up.

use super::Provider;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A call that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) provider: Provider,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Sign it in Calendly's way with this key, at the time of the attempt.
    pub(crate) signing_key: Option<String>,
    /// The channel, subscription or hook that it belongs to.
    pub(crate) target: String,
    /// Attempts that failed so far.
    pub(crate) failed: u32,
    /// When the first attempt was made or falls due.
    pub(crate) first: i64,
    /// Not before.
    pub(crate) due: i64,
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Who called.
    pub provider: Provider,
    /// The channel, subscription or hook.
    pub target: String,
    /// The address.
    pub url: String,
    /// The headers that were sent.
    pub headers: Vec<(String, String)>,
    /// The body that was sent.
    pub body: String,
    /// The answer's status; `None` when there was no answer.
    pub status: Option<u16>,
    /// When, by the sandbox's clock.
    pub at: i64,
}

/// In which order held webhooks go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they were made.
    #[default]
    AsMade,
    /// The newest first.
    Reversed,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: Vec<Delivery>,
    pub(crate) held: bool,
    pub(crate) busy: bool,
    /// Seconds that signatures are off.
    pub(crate) skew: i64,
    pub(crate) done: Vec<Delivered>,
}

impl Outbox {
    pub(crate) fn push(&mut self, delivery: Delivery) {
        self.waiting.push(delivery);
    }

    /// Takes the next call that is due.
    pub(crate) fn take(&mut self, now: i64) -> Option<Delivery> {
        if self.held {
            return None;
        }
        let at = self.waiting.iter().position(|delivery| delivery.due <= now)?;
        self.busy = true;
        Some(self.waiting.remove(at))
    }

    /// True when nothing is under way and nothing is due.
    pub(crate) fn settled(&self, now: i64) -> bool {
        !self.busy && (self.held || self.waiting.iter().all(|delivery| delivery.due > now))
    }

    pub(crate) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(crate) fn release(&mut self, order: Order, twice: bool) {
        self.held = false;
        if order == Order::Reversed {
            self.waiting.reverse();
        }
        if twice {
            self.waiting = self.waiting.drain(..).flat_map(|delivery| [delivery.clone(), delivery]).collect();
        }
    }

    /// Forgets what is on its way to a target that is gone.
    pub(crate) fn forget(&mut self, target: &str) {
        self.waiting.retain(|delivery| delivery.target != target);
    }

    /// The headers of a call at the time of its attempt, the signature among them.
    pub(crate) fn headers(&self, delivery: &Delivery, now: i64) -> Vec<(String, String)> {
        let mut headers = delivery.headers.clone();
        if let Some(key) = &delivery.signing_key {
            let stamp = (now / 1000 + self.skew).to_string();
            headers.push(("Calendly-Webhook-Signature".to_owned(), format!("t={stamp},v1={}", sign(key, &stamp, &delivery.body))));
        }
        headers
    }
}

/// `HMAC-SHA256(key, stamp + "." + body)` in hex.
#[must_use]
pub fn sign(key: &str, stamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(stamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        // printf '1772449201.{"a":1}' | openssl dgst -sha256 -hmac key
        let expected = "326daebfeeb449362735d42586bf7dedfb74fbc1cde2f63bcd8e6d4a1156e2c5";
        assert_eq!(sign("key", "1772449201", br#"{"a":1}"#), expected);
    }
}
