//! Looking at a feed before anything is stored.

use super::body::Checked;
use super::cursor::{Cursor, FeedProps};
use super::transport::{self, MAX_FEED};
use super::{NotCalendar, Origin, WHAT, address, fail, read};
use crate::error::ProviderError;
use crate::net::HttpClient;
use crate::provider::Meter;
use crate::tasks::blocking;
use bytes::Bytes;
use secrecy::SecretString;
use syncline_domain::time::Millis;

/// What a look at a feed told.
pub struct ProbedFeed {
    /// The address to store: in one spelling, and where the feed lives now if it moved for good. `None` for a file.
    pub url: Option<SecretString>,
    /// What to call it.
    pub name: String,
    /// What it says about itself.
    pub props: FeedProps,
    /// Events that can be read; a series counts as one.
    pub events: usize,
}

/// Reads a feed once, to check the address that a user gave. Stores nothing.
///
/// # Errors
/// Whatever a sync would meet, and `bad_address` or `feed_is_page` for an address that can not be one.
pub async fn probe(client: &HttpClient, text: &str, meter: &Meter, now: Millis) -> Result<ProbedFeed, ProviderError> {
    let asked = address::parse(text)?;
    let mut fetched = transport::fetch(client, &asked, &Cursor::default(), meter, now).await?;
    let url = fetched.moved_to.take().unwrap_or(asked);
    let (body, charset) = (fetched.body.take().unwrap_or_default(), fetched.charset());
    let host = fetched.host;
    look(move || Checked::new(body, charset.as_deref(), MAX_FEED), Some(url.into()), Origin::Host(&host), host.clone()).await
}

/// The same for a file. `name` is the file's.
///
/// # Errors
/// `feed_is_zip`, `feed_is_html`, `feed_not_calendar`, `feed_truncated`, `feed_empty_body` or `too_large`.
pub async fn probe_file(bytes: Bytes, name: &str) -> Result<ProbedFeed, ProviderError> {
    look(move || Checked::new(bytes.into(), None, MAX_FEED), None, Origin::File(name), stem(name).to_owned()).await
}

async fn look(
    check: impl FnOnce() -> Result<Checked, NotCalendar> + Send + 'static,
    url: Option<String>,
    from: Origin<'_>,
    fallback_name: String,
) -> Result<ProbedFeed, ProviderError> {
    let read = blocking(WHAT, move || read::read(&check()?).ok_or(NotCalendar::Other)).await?.map_err(|why| fail(why, from))?;
    Ok(ProbedFeed {
        url: url.map(SecretString::from),
        name: read.props.name.clone().unwrap_or(fallback_name),
        events: read.events(),
        props: read.props,
    })
}

/// A file's name without its endings.
pub(super) fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    [".ics", ".ical", ".icalendar"].iter().find_map(|ending| name.strip_suffix(ending)).filter(|stem| !stem.is_empty()).unwrap_or(name)
}
