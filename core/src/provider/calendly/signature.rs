//! Whether a webhook is Calendly's: `Calendly-Webhook-Signature: t=<unix seconds>,v1=<hex>` with
//! `v1 = HMAC-SHA256(key, t + "." + raw body)`. Pure.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use syncline_domain::time::Millis;

/// A signature that is older, or newer, is refused: somebody may have kept it.
pub const TOLERANCE_MS: Millis = 3 * 60 * 1000;

/// Why a webhook is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// There is no signature, or it has another form.
    Missing,
    /// It was made more than three minutes ago, or the clocks differ.
    Old,
    /// No key that is known made it.
    Forged,
}

/// Checks the header's signature of the body, as it came, against each of the keys.
///
/// # Errors
/// Why it is not good.
pub fn check(header: Option<&str>, body: &[u8], keys: &[&[u8]], now: Millis) -> Result<(), Wrong> {
    let parts = || header.unwrap_or_default().split(',').filter_map(|part| part.trim().split_once('='));
    let stamp = parts().find(|(name, _)| *name == "t").map(|(_, stamp)| stamp).ok_or(Wrong::Missing)?;
    let given: Vec<Vec<u8>> = parts().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| bytes(hex)).collect();
    let at = stamp.parse::<Millis>().ok().and_then(|seconds| seconds.checked_mul(1000)).ok_or(Wrong::Missing)?;
    if given.is_empty() {
        return Err(Wrong::Missing);
    }
    // The key first: who does not know it learns nothing about our clock.
    let is_good = keys.iter().any(|key| {
        let made = sign(key, stamp, body);
        given.iter().any(|given| bool::from(given.as_slice().ct_eq(&made)))
    });
    match is_good {
        false => Err(Wrong::Forged),
        true if (now - at).abs() > TOLERANCE_MS => Err(Wrong::Old),
        true => Ok(()),
    }
}

fn sign(key: &[u8], stamp: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(stamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.trim().as_bytes();
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    (digits.len() == 64).then(|| digits.chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '1772449201.{"a":1}' | openssl dgst -sha256 -hmac key`
    const GOOD: &str = "t=1772449201,v1=326daebfeeb449362735d42586bf7dedfb74fbc1cde2f63bcd8e6d4a1156e2c5";
    const BODY: &[u8] = br#"{"a":1}"#;
    const AT: Millis = 1_772_449_201_000;

    fn with(header: &str, body: &[u8], keys: &[&[u8]], now: Millis) -> Result<(), Wrong> {
        check(Some(header), body, keys, now)
    }

    #[test]
    fn the_signature_that_openssl_makes_is_good_with_any_of_the_keys() {
        assert_eq!(with(GOOD, BODY, &[b"key"], AT), Ok(()));
        assert_eq!(with(GOOD, BODY, &[b"other", b"key"], AT), Ok(()));
        assert_eq!(with(&GOOD.to_uppercase().replace("T=", "t=").replace("V1=", "v1="), BODY, &[b"key"], AT), Ok(()));
    }

    #[test]
    fn another_key_body_or_stamp_is_refused() {
        assert_eq!(with(GOOD, BODY, &[b"other"], AT), Err(Wrong::Forged));
        assert_eq!(with(GOOD, BODY, &[], AT), Err(Wrong::Forged), "without a key nothing is good");
        assert_eq!(with(GOOD, br#"{"a": 1}"#, &[b"key"], AT), Err(Wrong::Forged), "not even a space more");
        assert_eq!(with(&GOOD.replace("9201", "9202"), BODY, &[b"key"], AT), Err(Wrong::Forged));
    }

    #[test]
    fn three_minutes_are_tolerated_either_way_and_no_more() {
        for (now, expected) in [
            (AT + TOLERANCE_MS, Ok(())),
            (AT - TOLERANCE_MS, Ok(())),
            (AT + TOLERANCE_MS + 1, Err(Wrong::Old)),
            (AT - TOLERANCE_MS - 1, Err(Wrong::Old)),
        ] {
            assert_eq!(with(GOOD, BODY, &[b"key"], now), expected);
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        assert_eq!(check(None, BODY, &[b"key"], AT), Err(Wrong::Missing));
        for header in [
            "",
            "t=1772449201",
            "v1=00",
            "t=1772449201,v1=xyz",
            "t=soon,v1=326daebfeeb449362735d42586bf7dedfb74fbc1cde2f63bcd8e6d4a1156e2c5",
            "t=9223372036854775807,v1=326daebfeeb449362735d42586bf7dedfb74fbc1cde2f63bcd8e6d4a1156e2c5",
        ] {
            assert_eq!(with(header, BODY, &[b"key"], AT), Err(Wrong::Missing), "{header}");
        }
    }
}
