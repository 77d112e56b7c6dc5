//! Fetching a feed: conditional requests, redirects by hand, and what each refusal means for a feed.

use super::cursor::{Cursor, place_of};
use crate::error::ProviderError;
use crate::net::{self, HttpClient, Request, Response};
use crate::provider::Meter;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use syncline_domain::failure::{Class, Problem};
use syncline_domain::time::Millis;
use url::Url;

/// Feeds are smaller than other answers may be; 10,000 events take about 4 MB.
pub(super) const MAX_FEED: u64 = 20 * 1024 * 1024;

const MAX_REDIRECTS: usize = 5;
const WHAT: &str = "ics.fetch";

/// What a fetch brought.
pub(super) struct Fetched {
    /// `None`: not modified.
    pub(super) body: Option<Vec<u8>>,
    /// The last answer's headers.
    pub(super) headers: HeaderMap,
    /// Who answered in the end.
    pub(super) host: String,
    /// The address that answered in the end, without user and password.
    pub(super) url: Url,
    /// Where the feed lives from now on, when it moved for good.
    pub(super) moved_to: Option<Url>,
}

impl Fetched {
    /// The validators for the next request, put into a cursor.
    pub(super) fn remember(&self, cursor: &mut Cursor) {
        let text = |name| self.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        cursor.place = place_of(&self.url);
        cursor.etag = text(ETAG);
        cursor.last_modified = text(LAST_MODIFIED);
    }

    /// The charset that the media type names.
    pub(super) fn charset(&self) -> Option<String> {
        let media_type = self.headers.get(CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase();
        media_type.split(';').skip(1).find_map(|part| part.trim().strip_prefix("charset=").map(str::to_owned))
    }
}

/// Asks for a feed. Validators of the cursor are sent to the address that gave them and to no other.
pub(super) async fn fetch(
    client: &HttpClient,
    address: &Url,
    cursor: &Cursor,
    meter: &Meter,
    now: Millis,
) -> Result<Fetched, ProviderError> {
    let mut url = address.clone();
    let mut seen = vec![address.clone()];
    let mut moved_to = None;
    let mut only_permanent = true;
    loop {
        let has_validators = cursor.etag.is_some() || cursor.last_modified.is_some();
        let conditional = has_validators && place_of(&without_userinfo(&url)) == cursor.place;
        let mut request = Request::get(url.clone()).max_body(MAX_FEED).header(ACCEPT, HeaderValue::from_static("text/calendar, */*;q=0.5"));
        if conditional {
            for (name, value) in [(IF_NONE_MATCH, &cursor.etag), (IF_MODIFIED_SINCE, &cursor.last_modified)] {
                if let Some(value) = value {
                    request = request.header_text(name, value);
                }
            }
        }
        let has_credentials = request.headers.contains_key(AUTHORIZATION) || !url.username().is_empty();
        let answer = client.send(WHAT, request, meter).await?;
        let Some(next) = redirect(&answer, &url)? else {
            return finish(answer, conditional, has_credentials, moved_to, now).await;
        };
        if seen.contains(&next) || seen.len() > MAX_REDIRECTS {
            return Err(circle(&answer.host()));
        }
        only_permanent &= matches!(answer.status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        if only_permanent {
            moved_to = Some(next.clone());
        }
        seen.push(next.clone());
        url = next;
    }
}

async fn finish(
    answer: Response,
    conditional: bool,
    has_credentials: bool,
    moved_to: Option<Url>,
    now: Millis,
) -> Result<Fetched, ProviderError> {
    let (status, headers, url, host) = (answer.status, answer.headers.clone(), answer.url.clone(), answer.host());
    let body = match status {
        StatusCode::NOT_MODIFIED if conditional => None,
        StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => Some(Vec::from(answer.bytes().await?)),
        _ => return Err(refusal(status, &host, has_credentials, &headers, now)),
    };
    Ok(Fetched { body, headers, host, url, moved_to })
}

fn refusal(status: StatusCode, host: &str, has_credentials: bool, headers: &HeaderMap, now: Millis) -> ProviderError {
    const NEW_ADDRESS: &str = "Get the feed's current address from its owner and enter that.";
    let problem = match status.as_u16() {
        401 if has_credentials => {
            Problem::new("feed_forbidden", format!("{host} refused the user name or password in the address."), NEW_ADDRESS)
        }
        401 => Problem::new(
            "feed_forbidden",
            format!("{host} wants a user name and a password for this feed."),
            "If it is a CalDAV account, add it as one; else write them into the address: https://name:password@…",
        ),
        403 => Problem::new("feed_forbidden", format!("{host} does not let us read this feed."), NEW_ADDRESS),
        404 | 410 => Problem::new("feed_gone", format!("{host} has no feed at this address (any more)."), NEW_ADDRESS),
        _ => return net::status_error(WHAT, status, host, headers, now),
    };
    let class = if matches!(status.as_u16(), 401 | 403) { Class::Authentication } else { Class::NotFound };
    ProviderError::new(WHAT, class, problem)
}

/// The address that an answer sends us to, if it does.
fn redirect(answer: &Response, from: &Url) -> Result<Option<Url>, ProviderError> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let host = answer.host();
    let target = answer.header(LOCATION).and_then(|text| from.join(text).ok());
    let Some(mut target) = target else {
        let problem = Problem::new("bad_redirect", format!("{host} sends us on, but does not say where to."), "Check the address.");
        return Err(ProviderError::new(WHAT, Class::Malformed, problem));
    };
    target.set_fragment(None);
    if target.scheme() == "webcal" || target.scheme() == "webcals" {
        let secure = format!("https{}", &target.as_str()[target.scheme().len()..]);
        target = Url::parse(&secure).unwrap_or(target);
    }
    // A secret address is not sent in the clear because a server behind a proxy does not know that it is spoken to over TLS.
    if from.scheme() == "https" && target.scheme() == "http" && target.port().is_none() {
        let _ = target.set_scheme("https");
    }
    if from.scheme() == "https" && target.scheme() == "http" {
        let problem = Problem::new(
            "insecure_redirect",
            format!("{host} sends us on to an address without encryption."),
            "If you accept that everyone on the way can read the feed, enter the http:// address itself.",
        );
        return Err(ProviderError::new(WHAT, Class::Refused, problem));
    }
    if target.origin() == from.origin() && target.username().is_empty() && target.password().is_none() {
        // `join` drops them for an absolute address on the same server.
        let _ = target.set_username(from.username());
        let _ = target.set_password(from.password());
    }
    Ok(Some(target))
}

fn without_userinfo(url: &Url) -> Url {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn circle(host: &str) -> ProviderError {
    let message = format!("{host} sends us from one address to the next without end.");
    let action = "Open the address in a browser and use the one that it ends at.";
    ProviderError::new(WHAT, Class::Permanent, Problem::new("too_many_redirects", message, action))
}
