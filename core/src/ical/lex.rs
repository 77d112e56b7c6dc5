//! Content lines: unfolding, names, parameters, values and TEXT escapes (RFC 5545 §3.1 and §3.3.11, RFC 6868).
//!
//! Lines borrow from the input; only folded ones are copied.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// The text of a feed. Broken bytes never fail it: folds are undone before the bytes are decoded (a fold may split a code
/// point), and a line that is not UTF-8 even then is read as Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let encoding = if bytes[0] == 0xFF { UTF_16LE } else { UTF_16BE };
        return Cow::Owned(encoding.decode_with_bom_removal(bytes).0.into_owned());
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 16);
    let mut line = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        line.clear();
        loop {
            let (end, next) = physical_end(bytes, at);
            line.extend_from_slice(&bytes[at..end]);
            at = next;
            if !continues(bytes, at) {
                break;
            }
            at += 1;
        }
        let encoding = if std::str::from_utf8(&line).is_ok() { UTF_8 } else { WINDOWS_1252 };
        out.push_str(&encoding.decode_without_bom_handling(&line).0);
        out.push_str("\r\n");
    }
    Cow::Owned(out)
}

/// Where the line that begins at `at` ends, and where the next one begins. CR LF, LF, CR and CR CR LF all end a line.
fn physical_end(bytes: &[u8], at: usize) -> (usize, usize) {
    let Some(length) = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return (bytes.len(), bytes.len());
    };
    let end = at + length;
    let mut next = end;
    while bytes.get(next) == Some(&b'\r') {
        next += 1;
    }
    (end, if bytes.get(next) == Some(&b'\n') { next + 1 } else { next })
}

fn continues(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b' ' | b'\t'))
}

/// One unfolded content line.
///
/// A feed of 20 MB has half a million, so it is kept small: the two positions share eight bytes.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    text: Cow<'a, str>,
    name_end: u32,
    value_at: u32,
}

/// Where a line begins and ends in the input, its line ending included.
pub(super) type Span = (usize, usize);

impl<'a> Line<'a> {
    pub(super) fn new(text: Cow<'a, str>) -> Self {
        let bytes = text.as_bytes();
        let name_end = bytes.iter().position(|byte| matches!(byte, b':' | b';')).unwrap_or(bytes.len());
        let value_at = match bytes.get(name_end) {
            None => bytes.len(),
            Some(b':') => name_end + 1,
            Some(_) => value_start(bytes, name_end),
        };
        let small = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { name_end: small(name_end), value_at: small(value_at), text }
    }

    /// The property's name as it was written; compare without case.
    pub(super) fn name(&self) -> &str {
        self.text.get(..self.name_end as usize).unwrap_or_default().trim()
    }

    /// The value as it was written.
    pub(super) fn value(&self) -> &str {
        self.text.get(self.value_at as usize..).unwrap_or_default()
    }

    /// The value as TEXT.
    pub(super) fn text(&self) -> Cow<'_, str> {
        unescape(self.value().trim())
    }

    /// The first value of a parameter, without quotes and RFC 6868 escapes.
    pub(super) fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut rest = self.text.get(self.name_end as usize + 1..(self.value_at as usize).saturating_sub(1))?;
        loop {
            let end = unquoted(rest, b';').unwrap_or(rest.len());
            let (key, value) = rest[..end].split_once('=').unwrap_or((&rest[..end], ""));
            if key.trim().eq_ignore_ascii_case(name) {
                let value = value.trim();
                let value = match value.strip_prefix('"') {
                    Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
                    None if name == "TZID" => value,
                    None => value.split(',').next().unwrap_or(value),
                };
                return Some(uncaret(value));
            }
            rest = rest.get(end + 1..)?;
        }
    }
}

/// Where the value of a line with parameters begins. Outlook writes `TZID=(UTC-07:00) Mountain Time` without the quotes
/// that its colon needs: for the date properties the value then begins after the last colon.
fn value_start(bytes: &[u8], name_end: usize) -> usize {
    let params = &bytes[name_end..];
    let first = unquoted_bytes(params, b':').or_else(|| params.iter().position(|byte| *byte == b':'));
    let Some(first) = first else { return bytes.len() };
    let is_date =
        ["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"].iter().any(|name| bytes[..name_end].eq_ignore_ascii_case(name.as_bytes()));
    let at = match params.iter().rposition(|byte| *byte == b':') {
        Some(last) if is_date && last != first && !starts_like_a_date(&params[first + 1..]) => last,
        _ => first,
    };
    name_end + at + 1
}

fn starts_like_a_date(value: &[u8]) -> bool {
    value.iter().take(4).filter(|byte| byte.is_ascii_digit()).count() == 4
}

fn unquoted(text: &str, wanted: u8) -> Option<usize> {
    unquoted_bytes(text.as_bytes(), wanted)
}

fn unquoted_bytes(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut quoted = false;
    bytes.iter().position(|byte| {
        if *byte == b'"' {
            quoted = !quoted;
        }
        !quoted && *byte == wanted
    })
}

/// The content lines of a text, empty ones left out.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (Line<'a>, Span);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            if self.at >= bytes.len() {
                return None;
            }
            let start = self.at;
            let (end, next) = physical_end(bytes, start);
            self.at = next;
            let mut text = Cow::Borrowed(&self.text[start..end]);
            while continues(bytes, self.at) {
                let (end, next) = physical_end(bytes, self.at + 1);
                text.to_mut().push_str(&self.text[self.at + 1..end]);
                self.at = next;
            }
            if !text.trim().is_empty() {
                return Some((Line::new(text), (start, self.at)));
            }
        }
    }
}

/// Undoes the escapes of TEXT. A backslash before anything else is kept: lazy writers put paths in unescaped.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => out.push('\n'),
            Some(c @ ('\\' | ';' | ',' | ':' | '"')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    Cow::Owned(out)
}

/// Splits a TEXT list at commas that are not escaped.
pub(super) fn split_list(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts.iter().map(|part| unescape(part.trim()).trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// RFC 6868: `^n`, `^'` and `^^` in parameter values.
fn uncaret(text: &str) -> Cow<'_, str> {
    if !text.contains('^') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let plain = match (c, chars.peek()) {
            ('^', Some('n' | 'N')) => '\n',
            ('^', Some('\'')) => '"',
            ('^', Some('^')) => '^',
            _ => {
                out.push(c);
                continue;
            }
        };
        chars.next();
        out.push(plain);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Line<'_> {
        Lines::new(text).next().expect("a line").0
    }

    #[test]
    fn folds_are_undone_whatever_the_line_ending() {
        for text in [
            "SUMMARY:Hello\r\n  wor\r\n\tld\r\n",
            "SUMMARY:Hello\n  wor\n\tld",
            "SUMMARY:Hello\r  wor\r\tld\r",
            "SUMMARY:Hello\r\r\n  wor\r\r\n\tld",
        ] {
            assert_eq!(one(text).value(), "Hello world", "{text:?}");
        }
    }

    #[test]
    fn a_fold_inside_a_code_point_is_undone_before_decoding() {
        let mut bytes = b"SUMMARY:Caf".to_vec();
        bytes.extend([0xC3, b'\r', b'\n', b' ', 0xA9]);
        assert_eq!(one(&decode(&bytes)).value(), "Café");
    }

    #[test]
    fn latin_1_bytes_and_byte_order_marks_are_read() {
        assert_eq!(one(&decode(b"SUMMARY:Caf\xE9\r\n")).value(), "Café");
        assert_eq!(one(&decode(b"\xEF\xBB\xBFSUMMARY:Caf\xC3\xA9")).value(), "Café");
        let utf16: Vec<u8> = "\u{feff}SUMMARY:Café".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(one(&decode(&utf16)).value(), "Café");
    }

    #[test]
    fn parameters_are_read_with_quotes_carets_and_any_case() {
        let line = one("attendee;cn=\"Doe; Jane: the ^'first^'\";PartStat=ACCEPTED;MEMBER=\"a\",\"b\":MAILTO:jane@example.com");
        assert!(line.name().eq_ignore_ascii_case("ATTENDEE"));
        assert_eq!(line.param("CN").as_deref(), Some("Doe; Jane: the \"first\""));
        assert_eq!(line.param("PARTSTAT").as_deref(), Some("ACCEPTED"));
        assert_eq!(line.param("MEMBER").as_deref(), Some("a"));
        assert_eq!(line.param("ROLE"), None);
        assert_eq!(line.value(), "MAILTO:jane@example.com");
    }

    #[test]
    fn an_unquoted_zone_label_with_a_colon_does_not_swallow_the_date() {
        let line = one("DTSTART;TZID=(UTC-07:00) Mountain Time (US & Canada):20260309T090000");
        assert_eq!(line.param("TZID").as_deref(), Some("(UTC-07:00) Mountain Time (US & Canada)"));
        assert_eq!(line.value(), "20260309T090000");
    }

    #[test]
    fn an_unclosed_quote_does_not_swallow_the_value() {
        assert_eq!(one("ORGANIZER;CN=\"Jane:mailto:jane@example.com").value(), "mailto:jane@example.com");
    }

    #[test]
    fn text_escapes_are_undone_and_lists_split_at_bare_commas_only() {
        assert_eq!(unescape(r"a\nb\Nc\, d\; e\\f C:\temp"), "a\nb\nc, d; e\\f C:\\temp");
        assert_eq!(split_list(r"Work,A\, B,,C\\,D"), ["Work", "A, B", r"C\", "D"]);
    }
}
