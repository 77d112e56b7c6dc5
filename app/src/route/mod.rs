//! Which page an address shows, and how one goes from page to page without loading the document again.
//!
//! A dozen fixed addresses need no tree of nested routes: the general router was an eighth of the WASM. A new page is a variant
//! of [`Page`], its line in [`PAGES`], and its view in [`crate::App`] or in the frame.

#[cfg(feature = "hydrate")]
mod browser;

use crate::memo::Memo;
use leptos::prelude::*;
use percent_encoding::percent_decode_str;

/// The pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The calendar.
    Calendar,
    /// Settings: calendars and their syncs.
    Calendars,
    /// Settings: adding and mending connections.
    Connections,
    /// Settings: the user's own.
    Account,
    /// What waits for a decision.
    Holds,
    /// One hold.
    Hold,
    /// What the syncs did.
    History,
    /// How every connection stands; the server writes it.
    Health,
    /// Settings of the whole instance, for the administrator; the server writes it.
    Instance,
    /// What is wrong with them; the server writes it.
    Checks,
    /// What is shown of each connection; the server writes it.
    Shown,
    /// The first account.
    Setup,
    /// Signing in.
    SignIn,
}

/// Their addresses; `{id}` stands for one segment.
pub const PAGES: [(&str, Page); 13] = [
    ("/", Page::Calendar),
    ("/settings/calendars", Page::Calendars),
    ("/settings/connections", Page::Connections),
    ("/settings/account", Page::Account),
    ("/holds", Page::Holds),
    ("/holds/{id}", Page::Hold),
    ("/history", Page::History),
    ("/health", Page::Health),
    ("/settings/instance", Page::Instance),
    ("/settings/checks", Page::Checks),
    ("/settings/shown", Page::Shown),
    ("/setup", Page::Setup),
    ("/sign-in", Page::SignIn),
];

impl Page {
    /// The page at a path, if there is one.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        PAGES.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, page)| *page)
    }

    /// Whether it needs nobody to be signed in, and stands without the frame.
    #[must_use]
    pub fn is_bare(self) -> bool {
        matches!(self, Self::Setup | Self::SignIn)
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix("{id}") {
        Some(before) => path.strip_prefix(before).is_some_and(|id| !id.is_empty() && !id.contains('/')),
        None => pattern == path,
    }
}

/// An address of the page, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// The path, as it is written.
    pub path: String,
    query: Vec<(String, String)>,
}

impl Address {
    /// Takes `/path?name=value&…` apart; a fragment is left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.split('#').next().unwrap_or_default();
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self { path: path.to_owned(), query: query.map(|(name, value)| (decoded(name), decoded(value))).collect() }
    }

    /// The first value of that name in the query.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The same, when there is anything in it.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The last segment of the path: what `{id}` stands for.
    #[must_use]
    pub fn last_segment(&self) -> String {
        decoded(self.path.rsplit('/').next().unwrap_or_default())
    }
}

/// As forms write it: `+` is a blank.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Where this tab is.
#[derive(Debug, Clone, Copy)]
pub struct Route(RwSignal<Address>);

/// Where this tab is.
///
/// # Panics
/// Outside of [`crate::App`].
#[must_use]
pub fn use_route() -> Route {
    expect_context::<Route>()
}

impl Route {
    /// Reads the address and, in the browser, follows it from now on.
    pub(crate) fn provide() -> Self {
        let route = Self(RwSignal::new(here()));
        provide_context(route);
        #[cfg(feature = "hydrate")]
        browser::follow(route);
        route
    }

    /// Reads the address; what reads it runs again when it changes.
    pub fn with<T>(self, read: impl FnOnce(&Address) -> T) -> T {
        self.0.with(read)
    }

    /// Reads the address as it is now.
    pub fn with_untracked<T>(self, read: impl FnOnce(&Address) -> T) -> T {
        self.0.with_untracked(read)
    }

    /// The page at this address.
    #[must_use]
    pub fn page(self) -> Memo<Option<Page>> {
        Memo::new(move |_| self.with(|address| Page::at(&address.path)))
    }

    /// Goes to an address of the page, with a step in the history.
    pub fn go(self, href: &str) {
        self.set(href, false);
    }

    /// Goes there in place of where one is.
    pub fn replace(self, href: &str) {
        self.set(href, true);
    }

    #[cfg(feature = "hydrate")]
    fn set(self, href: &str, replace: bool) {
        browser::set(self, href, replace);
    }

    #[cfg(not(feature = "hydrate"))]
    fn set(self, href: &str, _replace: bool) {
        self.0.set(Address::parse(href));
    }
}

/// The address of this document.
fn here() -> Address {
    #[cfg(feature = "ssr")]
    return use_context::<http::request::Parts>().map_or_else(Address::default, |parts| Address::parse(&parts.uri.to_string()));
    #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
    return browser::here();
    #[cfg(not(any(feature = "ssr", feature = "hydrate")))]
    Address::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_at_its_address() {
        for (pattern, page) in PAGES {
            assert_eq!(Page::at(&pattern.replace("{id}", "018f")), Some(page), "{pattern}");
        }
        for nowhere in ["", "/hold", "/holds/", "/holds/a/b", "/settings", "/history/", "//"] {
            assert_eq!(Page::at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn a_query_is_read_as_forms_write_it() {
        let address = Address::parse("/sign-in?next=%2Fholds%3Fa%3Db&q=caf%C3%A9+100%25&flag&empty=&q=second#part");
        assert_eq!(address.path, "/sign-in");
        assert_eq!(address.get("next"), Some("/holds?a=b"));
        assert_eq!(address.get("q"), Some("café 100%"));
        assert_eq!(address.get("flag"), Some(""));
        assert_eq!((address.get("empty"), address.filled("empty")), (Some(""), None));
        assert_eq!(address.get("part"), None);
    }

    #[test]
    fn what_is_badly_encoded_does_no_harm() {
        let address = Address::parse("/?q=%zz%ff&=x&&%3D==");
        assert_eq!(address.get("q"), Some("%zz\u{fffd}"));
        assert_eq!(address.get("="), Some("="));
        assert_eq!(Address::parse("/holds/a%20b?x").last_segment(), "a b");
    }
}
