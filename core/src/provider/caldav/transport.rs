//! Requests: redirects, credentials, and answers read row by row.
//!
//! Redirects (301, 302, 307, 308) keep the method and the body (RFC 6764 §5 wants PROPFIND to survive them). Credentials go to
//! the host that they were meant for and to hosts of the same site; never from https to plain http, never to another site.

use super::address;
use super::auth::{Login, Retry};
use super::problems::{self, Subject};
use super::wire::{Feed, Parser, Piece, Row, WireError};
use crate::error::ProviderError;
use crate::net::{HttpClient, Request, Response};
use crate::provider::Meter;
use crate::tasks;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use std::ops::ControlFlow;
use tokio::sync::mpsc;
use url::Url;

/// Redirects that are followed in a row.
const MAX_HOPS: usize = 5;
/// The largest answer to a query for everything: nearly a million events. It streams, so this is no memory.
pub(super) const STREAMED: u64 = 512 << 20;
/// The largest answer that is kept as a whole: versions of some 300,000 objects, or a hundred objects with attachments.
const KEPT: u64 = 96 << 20;
/// Pieces of a body on their way from the network to the parser (16 to 64 KB each).
const PIECES: usize = 32;

/// A client for one account.
pub(super) struct Dav {
    pub(super) client: HttpClient,
    pub(super) login: Login,
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// For the log and the error.
    pub(super) what: &'static str,
    /// What a 404 means.
    pub(super) subject: Subject,
    pub(super) method: &'static str,
    pub(super) url: &'a Url,
    pub(super) depth: u8,
    pub(super) body: &'a str,
    /// The most that is read of the answer, in bytes.
    pub(super) limit: u64,
}

impl<'a> Call<'a> {
    /// A PROPFIND.
    pub(super) fn propfind(what: &'static str, subject: Subject, url: &'a Url, depth: u8, body: &'a str) -> Self {
        Self { what, subject, method: "PROPFIND", url, depth, body, limit: KEPT }
    }

    /// A REPORT about a calendar.
    pub(super) fn report(what: &'static str, url: &'a Url, depth: u8, body: &'a str) -> Self {
        Self { what, subject: Subject::Calendar, method: "REPORT", url, depth, body, limit: KEPT }
    }

    /// A GET of one object.
    pub(super) fn get(what: &'static str, url: &'a Url) -> Self {
        Self { what, subject: Subject::Calendar, method: "GET", url, depth: 0, body: "", limit: KEPT }
    }
}

/// What the rows of an answer were folded into, and what stood after them.
pub(super) struct Folded<S> {
    /// The state, also when the answer broke off.
    pub(super) state: S,
    /// The address that answered, after redirects.
    pub(super) url: Url,
    /// The token of the answer as a whole, when it came to its end.
    pub(super) end: Result<Option<String>, ProviderError>,
}

impl Dav {
    /// Sends a request and follows redirects and challenges. Any status may come back, 401 included.
    ///
    /// # Errors
    /// What [`HttpClient::send`] gives, and refused redirects.
    pub(super) async fn send(&self, call: Call<'_>, meter: &Meter) -> Result<Response, ProviderError> {
        let method = Method::from_bytes(call.method.as_bytes()).expect("our own method names are tokens");
        let (mut url, mut hops, mut challenges) = (call.url.clone(), 0, 0);
        loop {
            let mut request = Request::new(method.clone(), url.clone()).max_body(call.limit);
            if call.method != "GET" {
                request = request
                    .header(HeaderName::from_static("depth"), HeaderValue::from(u64::from(call.depth)))
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8"))
                    .body(call.body.to_owned());
            }
            let sent = self.login.header(call.method, &url, call.body);
            if let Some(value) = &sent {
                request = request.header(AUTHORIZATION, value.clone());
            }
            let response = self.client.send(call.what, request, meter).await?;
            match response.status {
                StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {
                    hops += 1;
                    if hops > MAX_HOPS {
                        return Err(problems::redirect_loop(call.what, &url));
                    }
                    url = redirect_target(call.what, &url, response.header(LOCATION))?;
                }
                // One answer to a challenge, and one more when the nonce had run out.
                StatusCode::UNAUTHORIZED if challenges < 2 => {
                    challenges += 1;
                    if self.login.challenged(&response.headers, sent.as_ref(), &url, call.what)? == Retry::Refused {
                        return Ok(response);
                    }
                }
                status => {
                    if sent.is_some() && status.is_success() {
                        self.login.accepted();
                    }
                    return Ok(response);
                }
            }
        }
    }

    /// As [`Dav::send`], but the answer must be a 207.
    ///
    /// # Errors
    /// When it is another one.
    pub(super) async fn multistatus(&self, call: Call<'_>, meter: &Meter) -> Result<Response, ProviderError> {
        let response = self.send(call, meter).await?;
        if response.status == StatusCode::MULTI_STATUS { Ok(response) } else { Err(problems::refusal(call.what, &response, call.subject)) }
    }

    /// As [`Dav::multistatus`], with all rows in a list. For answers without data.
    ///
    /// # Errors
    /// When there is no 207 or it is not complete.
    pub(super) async fn rows(&self, call: Call<'_>, meter: &Meter) -> Result<Rows, ProviderError> {
        Rows::read(call.what, self.multistatus(call, meter).await?).await
    }
}

/// A whole answer.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) token: Option<String>,
    /// The address that answered.
    pub(super) url: Url,
}

impl Rows {
    /// Reads a 207 to its end.
    ///
    /// # Errors
    /// When it is not complete.
    pub(super) async fn read(what: &'static str, response: Response) -> Result<Self, ProviderError> {
        let keep = |rows: &mut Vec<Row>, row| {
            rows.push(row);
            ControlFlow::Continue(())
        };
        let folded = fold(what, response, Vec::new(), keep).await?;
        Ok(Self { token: folded.end?, rows: folded.state, url: folded.url })
    }
}

/// Folds the rows of a 207. `each` breaks when nobody wants more.
///
/// # Errors
/// Only when the parsing thread itself failed; broken answers are in [`Folded::end`].
pub(super) async fn fold<S: Send + 'static>(
    what: &'static str,
    mut response: Response,
    mut state: S,
    mut each: impl FnMut(&mut S, Row) -> ControlFlow<()> + Send + 'static,
) -> Result<Folded<S>, ProviderError> {
    let (sender, receiver) = mpsc::channel(PIECES);
    let url = response.url.clone();
    let pump = async move {
        while let Some(bytes) = response.chunk().await? {
            if sender.send(Piece::Data(bytes)).await.is_err() {
                break;
            }
        }
        // The parser may have stopped already; then it knows why.
        let _ = sender.send(Piece::End).await;
        Ok::<(), ProviderError>(())
    };
    let parse = tasks::blocking(what, move || {
        let mut parser = Parser::new(Feed::new(receiver));
        let end = loop {
            match parser.next() {
                Ok(Some(row)) => {
                    if each(&mut state, row).is_break() {
                        break Ok(None);
                    }
                }
                Ok(None) => break Ok(parser.sync_token()),
                Err(error) => break Err(error),
            }
        };
        (state, end)
    });
    let (pumped, parsed) = tokio::join!(pump, parse);
    let (state, parsed) = parsed?;
    // A connection that broke explains the document that did, so it is the error to show; but when the parser had seen
    // enough (a web page), the rest of the body does not matter.
    let end = match (pumped, parsed) {
        (Err(broken), Err(WireError::Truncated | WireError::Xml(_) | WireError::Empty)) => Err(broken),
        (_, Err(error)) => Err(problems::unreadable(what, &url, error)),
        (_, Ok(token)) => Ok(token),
    };
    Ok(Folded { state, url, end })
}

/// Where a redirect leads, if the credentials may go there.
fn redirect_target(what: &'static str, from: &Url, location: Option<&str>) -> Result<Url, ProviderError> {
    let Some(mut to) = location.and_then(|text| from.join(text).ok()) else { return Err(problems::redirect_loop(what, from)) };
    to.set_fragment(None);
    if !address::same_site(from, &to) {
        return Err(problems::foreign_host(what, from, &to));
    }
    if from.scheme() == "https" && to.scheme() != "https" {
        // A proxy that forgot how it is reached. The same address over https is worth a try; http is not.
        let upgraded =
            to.host() == from.host() && to.port().is_none() && to.set_scheme("https").is_ok() && to.set_port(from.port()).is_ok();
        if !upgraded {
            return Err(problems::insecure_redirect(what, from, &to));
        }
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(from: &str, location: &str) -> Result<String, String> {
        let from = Url::parse(from).unwrap();
        redirect_target("test", &from, Some(location)).map(String::from).map_err(|error| error.problem.code)
    }

    #[test]
    fn a_redirect_stays_within_the_site() {
        assert_eq!(target("https://example.org/.well-known/caldav", "/dav/").unwrap(), "https://example.org/dav/");
        assert_eq!(target("https://example.org/", "https://dav.example.org/x#y").unwrap(), "https://dav.example.org/x");
        assert_eq!(target("http://nas/", "https://nas:8443/").unwrap(), "https://nas:8443/");
        assert_eq!(target("https://example.org/", "https://evil.net/").unwrap_err(), "foreign_host");
        assert_eq!(target("http://10.0.0.1/", "http://10.0.0.2/").unwrap_err(), "foreign_host");
        assert_eq!(target("https://example.org/", "data:text/plain,x").unwrap_err(), "foreign_host");
    }

    #[test]
    fn a_password_never_goes_from_https_to_http() {
        assert_eq!(target("https://example.org/", "http://dav.example.org/").unwrap_err(), "insecure_redirect");
        assert_eq!(target("https://example.org/", "http://example.org:8080/").unwrap_err(), "insecure_redirect");
        let upgraded = target("https://cloud.example.org:444/.well-known/caldav", "http://cloud.example.org/remote.php/dav/").unwrap();
        assert_eq!(upgraded, "https://cloud.example.org:444/remote.php/dav/", "a proxy that forgot how it is reached");
    }
}
