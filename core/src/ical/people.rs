//! Organizer and attendees.

use super::lex::Line;
use syncline_domain::event::{Attendee, Person, Response};

/// Name and address of an ORGANIZER or ATTENDEE.
pub(super) fn person(line: &Line<'_>) -> Person {
    let email = line.param("EMAIL").and_then(|text| address(&text)).or_else(|| address(line.value()));
    let name = line.param("CN").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let name = name.filter(|name| email.as_deref().is_none_or(|email| !name.eq_ignore_ascii_case(email)));
    Person { name, email }
}

/// An ATTENDEE; `mine` are the addresses of the calendar's owner.
pub(super) fn attendee(line: &Line<'_>, mine: &[String]) -> Attendee {
    let person = person(line);
    let me = person.email.as_deref().is_some_and(|email| mine.iter().any(|own| own.trim().eq_ignore_ascii_case(email)));
    let response = match line.param("PARTSTAT").map(|text| text.to_ascii_uppercase()).as_deref() {
        Some("ACCEPTED") => Response::Accepted,
        Some("DECLINED") => Response::Declined,
        Some("TENTATIVE") => Response::Tentative,
        _ => Response::NeedsAction,
    };
    let optional = line.param("ROLE").is_some_and(|role| role.eq_ignore_ascii_case("OPT-PARTICIPANT"));
    Attendee { person, response, optional, me }
}

/// The e-mail address in `mailto:a@b`, `MAILTO:a@b` or `a@b`; `None` for principals (`urn:uuid:…`, paths, `invalid:nomail`).
fn address(value: &str) -> Option<String> {
    let value = value.trim();
    let value = match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &value[7..],
        _ => value,
    };
    let value = value.split('?').next().unwrap_or(value).trim().trim_matches(['<', '>']);
    (value.contains('@') && !value.contains([':', '/', ' '])).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::lex::Lines;
    use super::*;

    fn read(text: &str) -> Attendee {
        attendee(&Lines::new(text).next().expect("a line").0, &["Me@Example.com".to_owned()])
    }

    #[test]
    fn an_attendee_has_a_name_an_answer_and_a_role_and_may_be_the_owner() {
        let other = read("ATTENDEE;CN=\"Doe, Jane\";PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:MAILTO:jane@example.com");
        assert_eq!(other.person, Person { name: Some("Doe, Jane".into()), email: Some("jane@example.com".into()) });
        assert!(other.response == Response::Accepted && other.optional && !other.me);
        assert!(read("ATTENDEE;CN=me@example.com:mailto:me@example.com").me);
        assert_eq!(read("ATTENDEE;CN=me@example.com:mailto:me@example.com").person.name, None);
    }

    #[test]
    fn a_principal_without_an_address_takes_it_from_the_email_parameter() {
        assert_eq!(read("ATTENDEE;EMAIL=a@b.c:urn:uuid:1234").person.email.as_deref(), Some("a@b.c"));
        assert_eq!(read("ATTENDEE;CN=Room:/principals/rooms/1").person.email, None);
        assert_eq!(read("ATTENDEE;CN=Nobody:invalid:nomail").person.email, None);
    }
}
