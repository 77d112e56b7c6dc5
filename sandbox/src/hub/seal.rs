//! Tokens that only the stand-in can read: sync tokens, page tokens, delta links. A client that looks into one, changes one, or keeps
//! parts of one gets nothing but a refusal.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The secret of one sandbox.
#[derive(Clone)]
pub(crate) struct Seal {
    key: [u8; 32],
    made: u64,
}

impl Seal {
    pub(crate) fn new() -> Self {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key).expect("the operating system gives randomness");
        Self { key, made: 0 }
    }

    /// A text that nobody can guess, new on each call: codes and tokens.
    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.digest(&[b"fresh", &self.made.to_be_bytes()])))
    }

    /// A lower-case base32hex or upper-case id, new on each call.
    pub(crate) fn id(&mut self, alphabet: &[u8], length: usize) -> String {
        self.made += 1;
        let mut text = String::with_capacity(length);
        let mut block = 0_u64;
        while text.len() < length {
            let digest = self.digest(&[b"id", &self.made.to_be_bytes(), &block.to_be_bytes()]);
            text.extend(digest.iter().take(length - text.len()).map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])));
            block += 1;
        }
        text
    }

    /// Seals a value under a purpose.
    pub(crate) fn close(&self, purpose: &str, value: &impl Serialize) -> String {
        let mut body = serde_json::to_vec(value).expect("token payloads have text keys");
        let mark = self.digest(&[purpose.as_bytes(), &body]);
        // Not encryption that keeps secrets, only one that keeps clients from reading what they must not rely on.
        for (at, byte) in body.iter_mut().enumerate() {
            *byte ^= mark[at % 16];
        }
        let mut whole = mark[..16].to_vec();
        whole.extend(body);
        URL_SAFE_NO_PAD.encode(whole)
    }

    /// Opens what [`close`](Self::close) sealed under the same purpose; `None` for anything else.
    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: &str, token: &str) -> Option<T> {
        let whole = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (mark, body) = whole.split_at_checked(16)?;
        let body: Vec<u8> = body.iter().enumerate().map(|(at, byte)| byte ^ mark[at % 16]).collect();
        (self.digest(&[purpose.as_bytes(), &body])[..16] == *mark).then(|| serde_json::from_slice(&body).ok())?
    }

    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(self.key);
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::Seal;

    #[test]
    fn a_token_opens_only_unchanged_for_its_purpose_and_in_its_sandbox() {
        let seal = Seal::new();
        let token = seal.close("page", &(7, "x"));
        assert_eq!(seal.open::<(u32, String)>("page", &token), Some((7, "x".to_owned())));
        assert_eq!(seal.open::<(u32, String)>("sync", &token), None);
        assert_eq!(Seal::new().open::<(u32, String)>("page", &token), None);
        let mut changed = token.into_bytes();
        let last = changed.len() - 1;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        assert_eq!(seal.open::<(u32, String)>("page", std::str::from_utf8(&changed).unwrap()), None);
    }

    #[test]
    fn ids_keep_to_their_alphabet_and_length_and_are_never_the_same() {
        let mut seal = Seal::new();
        let (one, two) = (seal.id(b"abc", 40), seal.id(b"abc", 40));
        assert_ne!(one, two);
        assert!(one.len() == 40 && one.bytes().all(|byte| b"abc".contains(&byte)), "{one}");
    }
}
