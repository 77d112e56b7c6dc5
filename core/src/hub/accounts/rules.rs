//! What may be an e-mail address, a password, a name or a zone. Pure.

use crate::error::Error;
use secrecy::{ExposeSecret as _, SecretString};

/// A password has at least so many characters.
const MIN_PASSWORD: usize = 10;
/// More than anyone types; keeps the hash from being fed megabytes.
const MAX_PASSWORD: usize = 1_000;
/// RFC 5321 §4.5.3.1.3.
const MAX_EMAIL: usize = 254;
const MAX_TOKEN_NAME: usize = 100;

/// The form in which addresses are stored and compared.
pub(super) fn normalise(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A plausible address in its stored form. A host without a dot is fine at home (`me@localhost`).
pub(super) fn email(text: &str) -> Result<String, Error> {
    let email = normalise(text);
    let plausible = email.len() <= MAX_EMAIL
        && !email.chars().any(|at| at.is_whitespace() || at.is_control())
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@') && host.split('.').all(|label| !label.is_empty())
        });
    if plausible {
        Ok(email)
    } else {
        Err(Error::invalid("invalid_email", "This is not an e-mail address.", "Type one like anna@example.org."))
    }
}

/// Whether a new password is long enough to be used.
pub(super) fn check_password(password: &SecretString) -> Result<(), Error> {
    let number = password.expose_secret().chars().count();
    if number < MIN_PASSWORD {
        let message = format!("The password needs at least {MIN_PASSWORD} characters.");
        return Err(Error::invalid("weak_password", message, "Take a longer one: a few words are easy to remember."));
    }
    if number > MAX_PASSWORD {
        let message = format!("The password has more than {MAX_PASSWORD} characters.");
        return Err(Error::invalid("weak_password", message, "Take a shorter one."));
    }
    Ok(())
}

/// A name that the user will recognise a token by.
pub(super) fn token_name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX_TOKEN_NAME || name.chars().any(char::is_control) {
        let action = format!("Say what the token is for, in at most {MAX_TOKEN_NAME} characters: \"backup script\".");
        return Err(Error::invalid("invalid_name", "The token needs a name.", action));
    }
    Ok(name.to_owned())
}

/// An IANA zone in its usual spelling (`europe/berlin` becomes `Europe/Berlin`).
pub(super) fn zone_name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    let known = jiff::tz::TimeZone::get(name).ok().filter(|zone| !zone.is_unknown());
    known.as_ref().and_then(|zone| zone.iana_name()).map(str::to_owned).ok_or_else(|| unknown_zone(name))
}

/// Names a zone that is not in the tables.
pub(crate) fn unknown_zone(name: &str) -> Error {
    let shown: String = name.chars().filter(|at| !at.is_control()).take(60).collect();
    Error::invalid("unknown_zone", format!("There is no time zone \"{shown}\"."), "Use a name like Europe/Berlin or America/New_York.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        result.expect_err("it is refused").problem().code
    }

    #[test]
    fn addresses_are_trimmed_and_lower_case() {
        assert_eq!(email("  Anna.B+cal@Example.ORG ").unwrap(), "anna.b+cal@example.org");
        assert_eq!(email("me@localhost").unwrap(), "me@localhost");
        for bad in ["", "anna", "@example.org", "anna@", "a@b@c", "an na@example.org", "anna@example..org", "anna@.org", "a\n@b.c"] {
            assert_eq!(code(email(bad)), "invalid_email", "{bad:?}");
        }
        assert_eq!(code(email(&format!("{}@example.org", "a".repeat(250)))), "invalid_email");
    }

    #[test]
    fn a_password_needs_ten_characters_not_ten_bytes() {
        assert!(check_password(&SecretString::from("ten chars!")).is_ok());
        let short = check_password(&SecretString::from("nüñé chär")).unwrap_err().problem();
        assert_eq!(short.code, "weak_password");
        assert!(short.message.contains("10 characters"), "{}", short.message);
        assert_eq!(code(check_password(&SecretString::from("x".repeat(1_001)))), "weak_password");
    }

    #[test]
    fn zones_are_known_names_in_their_usual_spelling() {
        assert_eq!(zone_name("europe/berlin").unwrap(), "Europe/Berlin");
        assert_eq!(zone_name(" Asia/Kolkata ").unwrap(), "Asia/Kolkata");
        assert_eq!(zone_name("UTC").unwrap(), "UTC");
        for bad in ["", "Mars/Olympus", "Etc/Unknown", "+02:00", "../../etc/passwd"] {
            assert_eq!(code(zone_name(bad)), "unknown_zone", "{bad:?}");
        }
    }

    #[test]
    fn a_token_has_a_name() {
        assert_eq!(token_name(" backup ").unwrap(), "backup");
        for bad in ["", "  ", "a\nb"] {
            assert_eq!(code(token_name(bad)), "invalid_name", "{bad:?}");
        }
        assert_eq!(code(token_name(&"x".repeat(101))), "invalid_name");
    }
}
