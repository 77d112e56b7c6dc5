//! Reads a 207 answer (RFC 4918 §13) row by row while it arrives.
//!
//! A row comes out as soon as its `</response>` was read, so memory does not grow with the answer. What a property holds
//! counts only when its propstat says 2xx: one property that is forbidden leaves the others alone. The document must be
//! well-formed to its very end before [`Parser::next`] says that there is nothing more.

use super::tag::Tag;
use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use std::io::BufRead;

/// Deeper than any answer of a calendar server.
const MAX_DEPTH: usize = 64;

/// One `<response>`.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// As the server spelt it.
    pub(crate) href: String,
    /// The status of the row as a whole; `None` when the propstats have theirs.
    pub(crate) status: Option<u16>,
    /// The properties that were given.
    pub(crate) props: Props,
}

/// The properties of one row.
#[derive(Debug, Default)]
pub(crate) struct Props {
    pub(crate) etag: Option<String>,
    pub(crate) content_type: Option<String>,
    /// The iCalendar object, line ends as they came.
    pub(crate) data: Option<String>,
    pub(crate) kind: ResourceKind,
    pub(crate) name: Option<String>,
    pub(crate) sync_token: Option<String>,
    pub(crate) ctag: Option<String>,
    /// Names of the components that may be in the calendar, upper case; `None` when the server does not say.
    pub(crate) components: Option<Vec<String>>,
    /// Whether we may write; `None` when the server does not say.
    pub(crate) writable: Option<bool>,
    pub(crate) color: Option<String>,
    pub(crate) order: Option<String>,
    /// A VCALENDAR with one VTIMEZONE.
    pub(crate) timezone: Option<String>,
    /// A bare zone name (RFC 7809).
    pub(crate) timezone_id: Option<String>,
    pub(crate) principal: Option<String>,
    pub(crate) homes: Vec<String>,
    pub(crate) addresses: Vec<String>,
}

/// What kind of thing a row stands for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResourceKind {
    pub(crate) collection: bool,
    pub(crate) calendar: bool,
    /// An inbox, an outbox or a subscription: not a calendar of ours, whatever else it says.
    pub(crate) special: bool,
}

impl Props {
    /// Takes over what `other` has. A second good propstat is rare, so this need not be quick.
    fn merge(&mut self, other: Self) {
        macro_rules! take {
            ($($field:ident),*) => { $( if other.$field.is_some() { self.$field = other.$field; } )* };
        }
        take!(etag, content_type, data, name, sync_token, ctag, components, writable, color, order, timezone, timezone_id, principal);
        self.kind.collection |= other.kind.collection;
        self.kind.calendar |= other.kind.calendar;
        self.kind.special |= other.kind.special;
        self.homes.extend(other.homes);
        self.addresses.extend(other.addresses);
    }
}

/// Why an answer can not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// A web page: a login form, an error page, a wrong address.
    #[error("a web page instead of a multistatus")]
    Html,
    /// XML, but something else.
    #[error("another document than a multistatus")]
    Unexpected,
    /// Nothing at all.
    #[error("an empty body")]
    Empty,
    /// The document ends in its middle.
    #[error("the document is cut off")]
    Truncated,
    /// Not well-formed, or the bytes stopped.
    #[error("the document is not well-formed")]
    Xml(#[source] Box<quick_xml::Error>),
}

impl From<quick_xml::Error> for WireError {
    fn from(error: quick_xml::Error) -> Self {
        Self::Xml(Box::new(error))
    }
}

/// The reader. Call [`Parser::next`] until it gives `None`.
pub(crate) struct Parser<R> {
    reader: NsReader<R>,
    buffer: Vec<u8>,
    stack: Vec<Tag>,
    text: String,
    hrefs: Vec<String>,
    /// Rows that were finished together with the one that was handed out (several hrefs with one status).
    ready: Vec<Row>,
    row: Row,
    has_props: bool,
    pending: Props,
    pending_status: Option<u16>,
    sync_token: Option<String>,
    seen_root: bool,
}

impl<R: BufRead> Parser<R> {
    /// Starts at the first byte of a body.
    pub(crate) fn new(input: R) -> Self {
        let mut reader = NsReader::from_reader(input);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        config.allow_dangling_amp = true;
        Self {
            reader,
            buffer: Vec::with_capacity(4096),
            stack: Vec::with_capacity(16),
            text: String::new(),
            hrefs: Vec::new(),
            ready: Vec::new(),
            row: Row::default(),
            has_props: false,
            pending: Props::default(),
            pending_status: None,
            sync_token: None,
            seen_root: false,
        }
    }

    /// The `sync-token` of the document as a whole; complete once [`Parser::next`] gave `None`.
    pub(crate) fn sync_token(&mut self) -> Option<String> {
        self.sync_token.take()
    }

    /// The next row; `None` at the end of a complete document.
    ///
    /// # Errors
    /// [`WireError`]; what was given before stays valid.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, WireError> {
        if let Some(row) = self.ready.pop() {
            return Ok(Some(row));
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.advance(&mut buffer);
        self.buffer = buffer;
        result
    }

    fn advance(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Row>, WireError> {
        loop {
            buffer.clear();
            let event = self.reader.read_event_into(buffer).map_err(|error| self.explain(error))?;
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::End(_) => {
                    if let Some(row) = self.end() {
                        return Ok(Some(row));
                    }
                }
                Event::Text(text) if self.wants_text() => self.text.push_str(&text),
                Event::CData(text) if self.wants_text() => self.text.push_str(&text),
                Event::GeneralRef(reference) if self.wants_text() => self.reference(&reference),
                Event::Eof => {
                    return match (self.seen_root, self.stack.is_empty()) {
                        (true, true) => Ok(None),
                        (true, false) => Err(WireError::Truncated),
                        (false, _) => Err(WireError::Empty),
                    };
                }
                _ => {}
            }
        }
    }

    /// A syntax error before the root is not a damaged answer but no answer of a calendar server at all.
    fn explain(&self, error: quick_xml::Error) -> WireError {
        match error {
            quick_xml::Error::Io(_) => error.into(),
            quick_xml::Error::Syntax(_) if self.seen_root => WireError::Truncated,
            _ if self.seen_root => error.into(),
            _ => WireError::Unexpected,
        }
    }

    fn wants_text(&self) -> bool {
        self.stack.last().is_some_and(|tag| tag.has_text())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.text.push(character);
        } else if let Some(text) = quick_xml::escape::resolve_predefined_entity(reference) {
            self.text.push_str(text);
        } else {
            // Not an entity that XML knows: most likely an ampersand that somebody forgot to escape.
            self.text.push('&');
            self.text.push_str(reference);
            self.text.push(';');
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), WireError> {
        let (namespace, local) = self.reader.resolver().resolve_element(start.name());
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => Some(namespace.into_inner()),
            _ => None,
        };
        let tag = Tag::of(namespace, local.into_inner());
        if !self.seen_root {
            self.seen_root = true;
            match tag {
                Tag::Multistatus => {}
                Tag::Html => return Err(WireError::Html),
                // XHTML has a namespace of its own.
                _ if local.into_inner().eq_ignore_ascii_case("html") => return Err(WireError::Html),
                _ => return Err(WireError::Unexpected),
            }
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(WireError::Unexpected);
        }
        match (self.stack.last(), tag) {
            (Some(Tag::ResourceType), Tag::Collection) => self.pending.kind.collection = true,
            (Some(Tag::ResourceType), Tag::Calendar) => self.pending.kind.calendar = true,
            (Some(Tag::ResourceType), Tag::Inbox | Tag::Outbox | Tag::Subscribed) => self.pending.kind.special = true,
            (Some(Tag::Privilege), Tag::Write) => self.pending.writable = Some(true),
            (Some(Tag::Prop), Tag::PrivilegeSet) => {
                self.pending.writable.get_or_insert(false);
            }
            (Some(Tag::Prop), Tag::Components) => {
                self.pending.components.get_or_insert_default();
            }
            (Some(Tag::Components), Tag::Comp) => {
                if let (Ok(Some(name)), Some(list)) = (start.try_get_attribute("name"), &mut self.pending.components) {
                    list.push(name.value.to_ascii_uppercase());
                }
            }
            _ => {}
        }
        if tag.has_text() {
            self.text.clear();
        }
        self.stack.push(tag);
        Ok(())
    }

    fn end(&mut self) -> Option<Row> {
        let tag = self.stack.pop()?;
        let parent = self.stack.last().copied();
        match (parent, tag) {
            (Some(Tag::Prop), Tag::CalendarData) => self.pending.data = Some(std::mem::take(&mut self.text)),
            (Some(Tag::Prop), Tag::Etag) => self.pending.etag = self.filled(),
            (Some(Tag::Prop), Tag::ContentType) => self.pending.content_type = self.filled(),
            (Some(Tag::Prop), Tag::DisplayName) => self.pending.name = self.filled(),
            (Some(Tag::Prop), Tag::SyncToken) => self.pending.sync_token = self.filled(),
            (Some(Tag::Prop), Tag::Ctag) => self.pending.ctag = self.filled(),
            (Some(Tag::Prop), Tag::Color) => self.pending.color = self.filled(),
            (Some(Tag::Prop), Tag::Order) => self.pending.order = self.filled(),
            (Some(Tag::Prop), Tag::Timezone) => self.pending.timezone = self.filled(),
            (Some(Tag::Prop), Tag::TimezoneId) => self.pending.timezone_id = self.filled(),
            (Some(Tag::Principal), Tag::Href) => self.pending.principal = self.filled(),
            (Some(Tag::HomeSet), Tag::Href) => self.pending.homes.extend(self.filled()),
            (Some(Tag::AddressSet), Tag::Href) => self.pending.addresses.extend(self.filled()),
            (Some(Tag::Response), Tag::Href) => self.hrefs.extend(self.filled()),
            (Some(Tag::Response), Tag::Status) => self.row.status = status_of(&self.text),
            (Some(Tag::Propstat), Tag::Status) => self.pending_status = status_of(&self.text),
            (Some(Tag::Multistatus), Tag::SyncToken) => self.sync_token = self.filled(),
            (_, Tag::Propstat) => {
                let props = std::mem::take(&mut self.pending);
                if self.pending_status.take().is_none_or(|status| (200..300).contains(&status)) {
                    if self.has_props {
                        self.row.props.merge(props)
                    } else {
                        self.row.props = props
                    }
                    self.has_props = true;
                }
            }
            (_, Tag::Response) => return self.finish_row(),
            _ => {}
        }
        None
    }

    fn finish_row(&mut self) -> Option<Row> {
        self.has_props = false;
        let mut row = std::mem::take(&mut self.row);
        let mut hrefs = self.hrefs.drain(..);
        row.href = hrefs.next()?;
        let status = row.status;
        // Several hrefs share one status and no properties (RFC 4918 §14.24).
        self.ready.extend(hrefs.rev().map(|href| Row { href, status, props: Props::default() }));
        Some(row)
    }

    fn filled(&self) -> Option<String> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// `HTTP/1.1 404 Not Found` → 404.
fn status_of(text: &str) -> Option<u16> {
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
#[path = "multistatus_tests.rs"]
mod tests;
