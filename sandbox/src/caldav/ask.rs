//! Reads the bodies of requests, strictly: by namespace, well-formed, nothing that a real server could trip over.

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

pub(super) const DAV: &str = "DAV:";
pub(super) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
pub(super) const CS: &str = "http://calendarserver.org/ns/";
pub(super) const APPLE: &str = "http://apple.com/ns/ical/";

/// A property: namespace and name.
pub(super) type Name = (String, String);

/// What a body asks.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// The root element.
    pub(super) root: Name,
    /// The properties in its `prop`.
    pub(super) props: Vec<Name>,
    /// Texts of the `href`s.
    pub(super) hrefs: Vec<String>,
    /// Text of the `sync-token`; empty for an initial sync.
    pub(super) token: Option<String>,
    /// Text of the `sync-level`.
    pub(super) level: Option<String>,
    /// Names in `comp-filter`s, outermost first.
    pub(super) filters: Vec<String>,
    /// A `limit` was asked for.
    pub(super) limit: bool,
}

impl Body {
    pub(super) fn asks(&self, namespace: &str, name: &str) -> bool {
        self.props.iter().any(|(ns, local)| ns == namespace && local == name)
    }
}

/// Reads a body.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<Body, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the body is not UTF-8".to_owned())?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut body, mut stack, mut value) = (Body::default(), Vec::<Name>::new(), String::new());
    loop {
        match reader.read_event().map_err(|error| format!("the body is not well-formed: {error}"))? {
            Event::Start(start) => {
                let (namespace, local) = reader.resolver().resolve_element(start.name());
                let ResolveResult::Bound(namespace) = namespace else { return Err("an element without a namespace".to_owned()) };
                let name = (namespace.into_inner().to_owned(), local.into_inner().to_owned());
                match stack.len() {
                    0 => body.root.clone_from(&name),
                    2 if stack[1] == (DAV.to_owned(), "prop".to_owned()) => body.props.push(name.clone()),
                    _ => {}
                }
                if name == (CALDAV.to_owned(), "comp-filter".to_owned()) {
                    let attribute = start.try_get_attribute("name").ok().flatten();
                    body.filters.push(attribute.ok_or("a comp-filter without a name")?.value.into_owned());
                }
                body.limit |= name.1 == "limit";
                stack.push(name);
                value.clear();
            }
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(reference) => {
                value.push_str(quick_xml::escape::resolve_predefined_entity(&reference).ok_or("an unknown entity")?);
            }
            Event::End(_) => {
                let name = stack.pop().ok_or("an end without a start")?;
                let text = std::mem::take(&mut value);
                match (name.0.as_str(), name.1.as_str()) {
                    (DAV, "href") => body.hrefs.push(text),
                    (DAV, "sync-token") if stack.len() == 1 => body.token = Some(text),
                    (DAV, "sync-level") => body.level = Some(text),
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if stack.is_empty() && !body.root.1.is_empty() { Ok(body) } else { Err("the body is empty or cut off".to_owned()) }
}
