//! Writes answers in the server's own style.

use super::ask::{APPLE, CALDAV, CS, DAV, Name};
use super::quirks::{Hrefs, Prefixes, Quirks};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');
const THOROUGH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A decoded path in the server's spelling.
pub(super) fn href(path: &str, style: Hrefs) -> String {
    match style {
        Hrefs::Plain => utf8_percent_encode(path, PLAIN).to_string(),
        Hrefs::Thorough => utf8_percent_encode(path, THOROUGH).to_string(),
        Hrefs::LowerCase => {
            let mut text = String::new();
            for part in utf8_percent_encode(path, PLAIN) {
                text += &if part.starts_with('%') { part.to_ascii_lowercase() } else { part.to_owned() };
            }
            text
        }
        Hrefs::Absolute => format!("http://backend.internal:8080{}", utf8_percent_encode(path, PLAIN)),
        Hrefs::Relative if path.ends_with('/') => utf8_percent_encode(path.trim_end_matches('/'), PLAIN).to_string(),
        Hrefs::Relative => utf8_percent_encode(path.rsplit('/').next().unwrap_or_default(), PLAIN).to_string(),
        Hrefs::DoubleSlash => format!("/{}", utf8_percent_encode(path, PLAIN)),
    }
}

/// A multistatus in the making.
pub(super) struct Multistatus<'a> {
    quirks: &'a Quirks,
    text: String,
}

impl<'a> Multistatus<'a> {
    pub(super) fn new(quirks: &'a Quirks) -> Self {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        text += match quirks.prefixes {
            Prefixes::Usual => {
                r#"<d:multistatus xmlns:d="DAV:" xmlns:cal="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/" xmlns:ic="http://apple.com/ns/ical/">"#
            }
            Prefixes::Default => {
                r#"<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" xmlns:I="http://apple.com/ns/ical/">"#
            }
            Prefixes::Odd => {
                r#"<ns0:multistatus xmlns:ns0="DAV:" xmlns:d="urn:something:else" xmlns:ns1="urn:ietf:params:xml:ns:caldav" xmlns:dav="http://calendarserver.org/ns/" xmlns:x="http://apple.com/ns/ical/">"#
            }
        };
        Self { quirks, text }
    }

    /// The written name of an element.
    pub(super) fn name(&self, namespace: &str, local: &str) -> String {
        let at = [DAV, CALDAV, CS, APPLE].iter().position(|known| *known == namespace);
        let prefixes = match self.quirks.prefixes {
            Prefixes::Usual => ["d:", "cal:", "cs:", "ic:"],
            Prefixes::Default => ["", "C:", "CS:", "I:"],
            Prefixes::Odd => ["ns0:", "ns1:", "dav:", "x:"],
        };
        format!("{}{local}", at.map_or("", |at| prefixes[at]))
    }

    /// `<name>content</name>`; the content is XML.
    pub(super) fn element(&self, namespace: &str, local: &str, content: &str) -> String {
        let name = self.name(namespace, local);
        if content.is_empty() { format!("<{name}/>") } else { format!("<{name}>{content}</{name}>") }
    }

    /// An `href` element.
    pub(super) fn href(&self, path: &str) -> String {
        self.element(DAV, "href", &escape(&href(path, self.quirks.hrefs)))
    }

    /// A row with properties: those found, and the names of those that are missing or forbidden.
    pub(super) fn row(&mut self, path: &str, found: &[String], missing: &[Name], forbidden: &[Name]) {
        let mut inner = self.href(path);
        if !found.is_empty() || (missing.is_empty() && forbidden.is_empty()) {
            inner += &self.propstat(&found.concat(), "200 OK");
        }
        for (names, status) in [(missing, "404 Not Found"), (forbidden, "403 Forbidden")] {
            if !names.is_empty() {
                let names: String = names.iter().map(|(namespace, local)| self.element(namespace, local, "")).collect();
                inner += &self.propstat(&names, status);
            }
        }
        let row = self.element(DAV, "response", &inner);
        self.text += &row;
    }

    fn propstat(&self, props: &str, status: &str) -> String {
        let prop = self.element(DAV, "prop", props);
        self.element(DAV, "propstat", &format!("{prop}{}", self.element(DAV, "status", &format!("HTTP/1.1 {status}"))))
    }

    /// A row with nothing but a status.
    pub(super) fn status_row(&mut self, path: &str, status: &str) {
        let inner = format!("{}{}", self.href(path), self.element(DAV, "status", &format!("HTTP/1.1 {status}")));
        let row = self.element(DAV, "response", &inner);
        self.text += &row;
    }

    /// The document, with a token at its end.
    pub(super) fn finish(mut self, token: Option<&str>) -> String {
        if let Some(token) = token {
            let element = self.element(DAV, "sync-token", &escape(token));
            self.text += &element;
        }
        let name = self.name(DAV, "multistatus");
        let _ = write!(self.text, "</{name}>");
        self.text
    }
}

/// Text as XML. Carriage returns are escaped, as sabre/dav does: a parser would drop them otherwise.
pub(super) fn escape(text: &str) -> String {
    quick_xml::escape::partial_escape(text).replace('\r', "&#13;")
}

/// A `DAV:error` body with one condition.
pub(super) fn error(condition: &str) -> String {
    format!("<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\"><d:{condition}/></d:error>")
}
