//! What came back, before it is read as a calendar: is it one, is all of it there, in which encoding, and is it the same as the
//! last time.

use encoding_rs::Encoding;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::Read as _;
use syncline_domain::failure::{Class, Problem};

/// Bytes that are a whole calendar file.
#[derive(Debug)]
pub(super) struct Checked(Vec<u8>);

/// Where bytes came from, in the words of messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A host, by its name.
    Host(&'a str),
    /// A file of the user, by its name.
    File(&'a str),
}

/// Why they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotCalendar {
    Empty,
    Html,
    Json,
    Zip,
    Other,
    Truncated,
    TooLarge,
}

impl NotCalendar {
    /// What the user is told.
    pub(super) fn problem(self, origin: Origin<'_>) -> Problem {
        const LATER: &str = "Try again later. If it stays so, ask the owner of the feed.";
        const BROWSER: &str = "Open the address in a browser: it should download a calendar file.";
        const EXPORT: &str = "Export the calendar again as an .ics file, then upload that.";
        let (name, from, nothing, check, wait) = match origin {
            Origin::Host(name) => (name, format!("{name} sent"), "sent nothing at all", BROWSER, LATER),
            Origin::File(name) => (name, format!("{name} is"), "is empty", EXPORT, EXPORT),
        };
        match self {
            Self::Empty => Problem::new("feed_empty_body", format!("{name} {nothing}."), wait),
            Self::Html => {
                Problem::new("feed_is_html", format!("{from} a web page instead of a calendar; often that is a sign-in page."), check)
            }
            Self::Json => Problem::new("feed_is_json", format!("{from} data of another kind (JSON) instead of a calendar."), check),
            Self::Zip => {
                Problem::new("feed_is_zip", format!("{from} a ZIP archive."), "Unpack it and upload the .ics files inside, one by one.")
            }
            Self::Other => Problem::new("feed_not_calendar", format!("{from} something that is not a calendar."), check),
            Self::Truncated => Problem::new("feed_truncated", format!("The calendar from {name} is cut off: its end is missing."), wait),
            Self::TooLarge => {
                let action = "Split it into smaller files, for example by year.";
                Problem::new("too_large", format!("{name} is too large to be read as one calendar."), action)
            }
        }
    }

    pub(super) fn class(self) -> Class {
        if self == Self::TooLarge { Class::Refused } else { Class::Malformed }
    }
}

impl Checked {
    /// Checks a body or an uploaded file, either of which may be a gzip file. `charset` is the one that HTTP named; it is believed
    /// only where the bytes do not say otherwise. `limit` counts the bytes after inflating.
    pub(super) fn new(bytes: Vec<u8>, charset: Option<&str>, limit: u64) -> Result<Self, NotCalendar> {
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) { inflate(&bytes, limit)? } else { bytes };
        if bytes.len() as u64 > limit {
            return Err(NotCalendar::TooLarge);
        }
        let bytes = into_utf8(bytes, charset);
        let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).ok_or(NotCalendar::Empty)?;
        let head = &bytes[start..];
        if !starts_with_any_case(head, b"BEGIN:VCALENDAR") {
            return Err(match head {
                [b'<', ..] => NotCalendar::Html,
                [b'{' | b'[', ..] => NotCalendar::Json,
                [b'P', b'K', 3, 4, ..] => NotCalendar::Zip,
                _ => NotCalendar::Other,
            });
        }
        if is_complete(&bytes) { Ok(Self(bytes)) } else { Err(NotCalendar::Truncated) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 (hex) over the lines that say something about events. Hosts stamp `DTSTAMP` (and some `LAST-MODIFIED` and `CREATED`)
    /// with the time of the fetch; these, the program's name and how the lines end do not count.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        let mut skipping = false;
        for line in lines(&self.0) {
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            skipping = if folded { skipping } else { line.is_empty() || is_noise(line) };
            if !skipping {
                hasher.update(line);
                hasher.update(b"\n");
            }
        }
        hex(&hasher.finalize())
    }
}

fn inflate(packed: &[u8], limit: u64) -> Result<Vec<u8>, NotCalendar> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(packed).take(limit + 1).read_to_end(&mut plain).map_err(|_| NotCalendar::Truncated)?;
    Ok(plain)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn into_utf8(bytes: Vec<u8>, charset: Option<&str>) -> Vec<u8> {
    let marked = Encoding::for_bom(&bytes).map(|(encoding, _)| encoding);
    let named = charset.and_then(|label| Encoding::for_label(label.trim_matches('"').as_bytes()));
    let encoding = match marked {
        Some(encoding) => encoding,
        // A wrong label is common, text that is valid UTF-8 by accident is not.
        None if std::str::from_utf8(&bytes).is_ok() => return bytes,
        // Without a better word, the reader decides line by line.
        None => match named {
            Some(named) if named != encoding_rs::UTF_8 => named,
            _ => return bytes,
        },
    };
    match encoding.decode_with_bom_removal(&bytes).0 {
        Cow::Borrowed(text) => text.as_bytes().to_vec(),
        Cow::Owned(text) => text.into_bytes(),
    }
}

fn starts_with_any_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Every VCALENDAR that begins also ends. What follows the last one does not matter: some scripts append a comment.
fn is_complete(bytes: &[u8]) -> bool {
    let (mut open, mut complete) = (false, false);
    for line in lines(bytes) {
        if starts_with_any_case(line, b"BEGIN:VCALENDAR") {
            (open, complete) = (true, false);
        } else if starts_with_any_case(line, b"END:VCALENDAR") {
            complete = open;
        }
    }
    complete
}

fn is_noise(line: &[u8]) -> bool {
    const NOISE: [&[u8]; 6] = [b"DTSTAMP", b"LAST-MODIFIED", b"CREATED", b"PRODID", b"X-PUBLISHED-TTL", b"REFRESH-INTERVAL"];
    NOISE.iter().any(|name| starts_with_any_case(line, name) && matches!(line.get(name.len()), Some(b':' | b';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str = "BEGIN:VCALENDAR\r\nPRODID:-//A//\r\n EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Caf\u{e9}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn check(bytes: impl Into<Vec<u8>>) -> Result<Checked, NotCalendar> {
        Checked::new(bytes.into(), None, 10_000)
    }

    #[test]
    fn what_is_not_a_calendar_is_told_apart() {
        for (body, why) in [
            ("", NotCalendar::Empty),
            (" \r\n", NotCalendar::Empty),
            ("<!DOCTYPE html><html>", NotCalendar::Html),
            ("\u{feff}<html>", NotCalendar::Html),
            ("{\"error\":1}", NotCalendar::Json),
            ("PK\u{3}\u{4}", NotCalendar::Zip),
            ("Not found", NotCalendar::Other),
        ] {
            assert_eq!(check(body).err(), Some(why), "{body:?}");
        }
    }

    #[test]
    fn a_calendar_that_is_cut_anywhere_is_truncated() {
        assert!(check(CALENDAR).is_ok());
        let end = CALENDAR.trim_end().len();
        for cut in (16..end).filter(|cut| CALENDAR.is_char_boundary(*cut)) {
            assert_eq!(check(&CALENDAR[..cut]).err(), Some(NotCalendar::Truncated), "cut at {cut}");
        }
    }

    #[test]
    fn several_calendars_in_a_file_and_a_comment_after_them_are_complete() {
        assert!(check(format!("{CALENDAR}{CALENDAR}")).is_ok());
        assert!(check(format!("{CALENDAR}<!-- made in 12 ms -->")).is_ok());
        assert_eq!(check(format!("{CALENDAR}BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n")).err(), Some(NotCalendar::Truncated));
    }

    #[test]
    fn the_fingerprint_ignores_stamps_and_line_ends_and_nothing_else() {
        let print = |text: &str| check(text).expect("complete").fingerprint();
        let first = print(CALENDAR);
        assert_eq!(print(&CALENDAR.replace("DTSTAMP:20260101", "DTSTAMP:20261120")), first);
        assert_eq!(print(&CALENDAR.replace(" EN", " DE")), first, "a folded PRODID goes with all its lines");
        assert_eq!(print(&CALENDAR.replace("\r\n", "\n")), first);
        assert_ne!(print(&CALENDAR.replace("UID:1", "UID:2")), first);
        assert_ne!(print(&CALENDAR.replace("Caf", "caf")), first);
        assert_ne!(print(&CALENDAR.replace("SUMMARY", "X-DTSTAMP")), first);
    }

    #[test]
    fn encodings_are_found_by_mark_by_label_and_by_content() {
        let text =
            |bytes: Vec<u8>, charset| String::from_utf8_lossy(Checked::new(bytes, charset, 10_000).expect("complete").bytes()).into_owned();
        let latin: Vec<u8> = encoding_rs::WINDOWS_1252.encode(CALENDAR).0.into_owned();
        assert_eq!(text(latin, Some("ISO-8859-1")), CALENDAR);
        let greek: Vec<u8> = encoding_rs::ISO_8859_7.encode(&CALENDAR.replace('é', "ω")).0.into_owned();
        assert_eq!(text(greek, Some("\"iso-8859-7\"")), CALENDAR.replace('é', "ω"));
        let wide: Vec<u8> = format!("\u{feff}{CALENDAR}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(wide, None), CALENDAR);
        assert_eq!(text(CALENDAR.into(), Some("iso-8859-1")), CALENDAR, "a wrong label does not harm UTF-8");
        assert_eq!(text(format!("\u{feff}{CALENDAR}").into(), None), CALENDAR);
    }

    #[test]
    fn a_gzip_file_is_inflated_up_to_the_limit() {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(CALENDAR.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let read = |bytes: &[u8], limit| Checked::new(bytes.to_vec(), None, limit).map(|checked| checked.0);
        assert_eq!(read(&packed, 1000).unwrap(), CALENDAR.as_bytes());
        assert_eq!(read(&packed, 20).err(), Some(NotCalendar::TooLarge));
        assert_eq!(read(CALENDAR.as_bytes(), 20).err(), Some(NotCalendar::TooLarge));
        assert_eq!(read(&packed[..30], 1000).err(), Some(NotCalendar::Truncated));
    }
}
