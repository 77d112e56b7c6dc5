//! Secrets at rest: passwords and secret addresses are sealed before they reach the database.
//!
//! XChaCha20-Poly1305 with a random nonce. A sealed text is the base64 of *version (1 byte), key id (8), nonce (24),
//! ciphertext and tag*; the associated data is version, key id and the id of the row that it belongs to, so that a sealed text that is
//! moved to another row does not open. The key id is derived from the key, so that it tells which key is needed.
//!
//! A [`Keyring`] holds one key or several: the first one seals, all of them open. To rotate, put the new key in front and
//! keep the old one behind it until everything is sealed anew ([`Keyring::is_current`]).

use crate::clock::fill_random;
use crate::error::Error;
use crate::private;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The key file's name in the data folder.
pub const KEY_FILE: &str = "secret.key";

const VERSION: u8 = 1;
const KEY: usize = 32;
const ID: usize = 8;
const NONCE: usize = 24;
const HEADER: usize = 1 + ID + NONCE;

/// A sealed text did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not something that [`Keyring::seal`] made.
    #[error("the sealed text is malformed")]
    Malformed,
    /// It was sealed with a key that is not in the ring.
    #[error("the sealed text needs another key")]
    UnknownKey,
    /// It was changed, or belongs to another row.
    #[error("the sealed text does not belong here")]
    Refused,
}

/// One key with its id. The bytes leave memory with it.
struct Key {
    id: [u8; ID],
    bytes: Zeroizing<[u8; KEY]>,
}

impl Key {
    fn new(bytes: Zeroizing<[u8; KEY]>) -> Self {
        let digest = Sha256::new().chain_update(b"syncline key id\0").chain_update(bytes.as_slice()).finalize();
        let mut id = [0; ID];
        id.copy_from_slice(&digest[..ID]);
        Self { id, bytes }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0_u8; KEY]);
        let decoded = Zeroizing::new(STANDARD_NO_PAD.decode(text.trim().trim_end_matches('=')).ok()?);
        if decoded.len() != KEY || decoded.iter().all(|byte| *byte == 0) {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        Some(Self::new(bytes))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new_from_slice(self.bytes.as_slice()).expect("the key has the length that the cipher asks for")
    }
}

/// The keys that seal and open secrets.
pub struct Keyring {
    /// Never empty; the first one seals.
    keys: Vec<Key>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keyring")
    }
}

impl Keyring {
    /// Reads keys from a text: each is the base64 of 32 bytes; several are separated by commas or white space.
    ///
    /// # Errors
    /// [`Error::Invalid`] `malformed_key`, which does not repeat the text.
    pub fn parse(text: &SecretString) -> Result<Self, Error> {
        let parts = text.expose_secret().split(|at: char| at == ',' || at.is_whitespace()).filter(|part| !part.is_empty());
        let keys: Option<Vec<Key>> = parts.map(Key::parse).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self { keys }),
            _ => Err(Error::invalid(
                "malformed_key",
                "The secret key is not the base64 text of 32 bytes.",
                "Make one with `openssl rand -base64 32`. Several keys are separated by commas, the newest first.",
            )),
        }
    }

    /// A ring with one new random key.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new([0_u8; KEY]);
        fill_random(bytes.as_mut_slice());
        Self { keys: vec![Key::new(bytes)] }
    }

    /// Reads the key file; `None` when there is none. One that others may read is closed, with a warning in the log.
    ///
    /// # Errors
    /// [`Error::Invalid`] `key_file_unusable` or `malformed_key`.
    pub fn read_file(path: &Path) -> Result<Option<Self>, Error> {
        let unusable = |error: std::io::Error| {
            let message = format!("The key file {} can not be used: {error}.", path.display());
            Error::invalid("key_file_unusable", message, "Make it readable by the user that runs Syncline, and by nobody else.")
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => SecretString::from(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(error)),
        };
        if private::close(path).map_err(unusable)? {
            tracing::warn!(path = %path.display(), "the key file could be read by other users of this machine; its mode is 0600 now");
        }
        Self::parse(&text).map(Some)
    }

    /// Writes the ring to a new key file with mode 0600. When another process was faster, its keys are taken.
    ///
    /// # Errors
    /// [`Error::Invalid`] `key_file_unusable` when the file can not be written.
    pub fn create_file(self, path: &Path) -> Result<Self, Error> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for key in &self.keys {
            STANDARD.encode_string(key.bytes.as_slice(), &mut text);
            text.push('\n');
        }
        match private::write_new(path, text.as_bytes()) {
            Ok(()) => Ok(self),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(Self::read_file(path)?.unwrap_or(self)),
            Err(error) => {
                let message = format!("The key file {} can not be written: {error}.", path.display());
                Err(Error::invalid("key_file_unusable", message, "Give the user that runs Syncline the right to write there."))
            }
        }
    }

    /// Seals a secret for the row `row` with the first key. Two seals of the same secret differ.
    #[must_use]
    pub fn seal(&self, plain: &SecretString, row: &str) -> String {
        let key = self.keys.first().expect("a ring has a key");
        let mut sealed = Vec::with_capacity(HEADER + plain.expose_secret().len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.id);
        let mut nonce = [0_u8; NONCE];
        fill_random(&mut nonce);
        let payload = Payload { msg: plain.expose_secret().as_bytes(), aad: &associated(&sealed, row) };
        let ciphertext = key.cipher().encrypt(&XNonce::from(nonce), payload).expect("secrets are far below the cipher's 256 GB");
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        STANDARD.encode(sealed)
    }

    /// Opens what [`Keyring::seal`] made for the same row.
    ///
    /// # Errors
    /// [`SecretError`], which tells nothing about the secret.
    pub fn open(&self, sealed: &str, row: &str) -> Result<SecretString, SecretError> {
        let bytes = decode(sealed)?;
        let (header, rest) = bytes.split_at(1 + ID);
        let (nonce, ciphertext) = rest.split_at(NONCE);
        let key = self.keys.iter().find(|key| key.id == header[1..]).ok_or(SecretError::UnknownKey)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| SecretError::Malformed)?;
        let payload = Payload { msg: ciphertext, aad: &associated(header, row) };
        let plain = Zeroizing::new(key.cipher().decrypt(&nonce, payload).map_err(|_| SecretError::Refused)?);
        let text = std::str::from_utf8(&plain).map_err(|_| SecretError::Malformed)?;
        Ok(SecretString::from(text))
    }

    /// Whether the ring has the key that a sealed text needs. A malformed text needs none.
    #[must_use]
    pub fn knows(&self, sealed: &str) -> bool {
        decode(sealed).map_or(true, |bytes| self.keys.iter().any(|key| key.id == bytes[1..=ID]))
    }

    /// Whether a sealed text was sealed with the first key; if not, seal it anew.
    #[must_use]
    pub fn is_current(&self, sealed: &str) -> bool {
        decode(sealed).is_ok_and(|bytes| self.keys.first().is_some_and(|key| key.id == bytes[1..=ID]))
    }
}

fn decode(sealed: &str) -> Result<Vec<u8>, SecretError> {
    let bytes = STANDARD.decode(sealed).map_err(|_| SecretError::Malformed)?;
    if bytes.len() < HEADER || bytes[0] != VERSION {
        return Err(SecretError::Malformed);
    }
    Ok(bytes)
}

fn associated(header: &[u8], row: &str) -> Vec<u8> {
    [header, row.as_bytes()].concat()
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "018f2f3a-0000-7000-8000-000000000001";
    const OTHER_ROW: &str = "018f2f3a-0000-7000-8000-000000000002";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn key_text(ring: &Keyring) -> String {
        STANDARD.encode(ring.keys[0].bytes.as_slice())
    }

    #[test]
    fn a_sealed_text_opens_for_its_own_row_only() {
        let ring = Keyring::generate();
        for plain in ["", "hunter2", "pässword ☂ with a long tail that needs more than one block of the cipher"] {
            let sealed = ring.seal(&secret(plain), ROW);
            assert!(plain.is_empty() || !sealed.contains(plain));
            assert_eq!(ring.open(&sealed, ROW).unwrap().expose_secret(), plain);
            assert_eq!(ring.open(&sealed, OTHER_ROW).unwrap_err(), SecretError::Refused);
        }
        assert_ne!(ring.seal(&secret("x"), ROW), ring.seal(&secret("x"), ROW), "the nonce is new each time");
    }

    #[test]
    fn a_changed_byte_anywhere_is_refused() {
        let ring = Keyring::generate();
        let bytes = STANDARD.decode(ring.seal(&secret("hunter2"), ROW)).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(ring.open(&STANDARD.encode(&changed), ROW).is_err(), "byte {at}");
            assert!(ring.open(&STANDARD.encode(&bytes[..at]), ROW).is_err(), "cut at {at}");
        }
        assert_eq!(ring.open("not base64 !", ROW).unwrap_err(), SecretError::Malformed);
    }

    #[test]
    fn the_first_key_seals_and_all_of_them_open() {
        let (old, new) = (Keyring::generate(), Keyring::generate());
        let sealed_before = old.seal(&secret("hunter2"), ROW);
        let ring = Keyring::parse(&secret(&format!("{}, {}", key_text(&new), key_text(&old)))).unwrap();
        assert_eq!(ring.open(&sealed_before, ROW).unwrap().expose_secret(), "hunter2");
        assert!(!ring.is_current(&sealed_before));
        let sealed_after = ring.seal(&secret("hunter2"), ROW);
        assert!(ring.is_current(&sealed_after));
        assert_eq!(new.open(&sealed_after, ROW).unwrap().expose_secret(), "hunter2");
        assert_eq!(old.open(&sealed_after, ROW).unwrap_err(), SecretError::UnknownKey);
        assert!(!old.knows(&sealed_after) && ring.knows(&sealed_before) && ring.knows(&sealed_after));
    }

    #[test]
    fn a_malformed_key_is_named_without_being_shown() {
        let zero = STANDARD.encode([0_u8; 32]);
        let long = STANDARD.encode([7_u8; 33]);
        for bad in ["", " , ", "hunter2-hunter2", zero.as_str(), long.as_str()] {
            let problem = Keyring::parse(&secret(bad)).unwrap_err().problem();
            assert_eq!(problem.code, "malformed_key", "{bad:?}");
            assert!(bad.trim().len() < 4 || !problem.to_string().contains(bad));
        }
        let text = STANDARD.encode([7_u8; 32]);
        assert!(Keyring::parse(&secret(text.trim_end_matches('='))).is_ok(), "padding may be missing");
    }

    #[test]
    fn debug_output_says_nothing() {
        assert_eq!(format!("{:?}", Keyring::generate()), "Keyring");
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_made_once_closed_to_others_and_read_again() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(KEY_FILE);
        assert!(Keyring::read_file(&path).unwrap().is_none());
        let ring = Keyring::generate().create_file(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let sealed = ring.seal(&secret("hunter2"), ROW);
        let slower = Keyring::generate().create_file(&path).unwrap();
        assert_eq!(slower.open(&sealed, ROW).unwrap().expose_secret(), "hunter2", "the file that is there wins");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let again = Keyring::read_file(&path).unwrap().unwrap();
        assert_eq!(again.open(&sealed, ROW).unwrap().expose_secret(), "hunter2");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "an open key file is closed");
        std::fs::write(&path, "garbage").unwrap();
        assert_eq!(Keyring::read_file(&path).unwrap_err().problem().code, "malformed_key");
    }
}
