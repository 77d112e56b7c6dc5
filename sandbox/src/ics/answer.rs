//! From a feed's habits to one answer.

use super::{Etag, Fault, Feed};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream::{self, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use std::io::Write as _;

/// An answer that is decided while the state is locked and sent afterwards.
pub(super) enum Prepared {
    Whole(StatusCode, HeaderMap, Bytes),
    /// These bytes, then what the ending says.
    Broken(HeaderMap, Bytes, Ending),
    Endless(u64),
    Hang,
}

pub(super) enum Ending {
    Close,
    Silence,
}

impl Prepared {
    pub(super) fn status(status: StatusCode) -> Self {
        Self::Whole(status, HeaderMap::new(), Bytes::new())
    }

    pub(super) fn status_number(&self) -> u16 {
        match self {
            Self::Whole(status, ..) => status.as_u16(),
            Self::Broken(..) | Self::Endless(_) => 200,
            Self::Hang => 0,
        }
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<String> {
        let Self::Whole(_, headers, _) = self else { return None };
        Some(headers.get(name)?.to_str().ok()?.to_owned())
    }

    pub(super) async fn send(self) -> Response {
        match self {
            Self::Whole(status, headers, body) => (status, headers, body).into_response(),
            Self::Broken(headers, body, Ending::Close) => {
                let end = stream::once(async { Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)) });
                (headers, Body::from_stream(stream::iter([Ok(body)]).chain(end))).into_response()
            }
            Self::Broken(headers, body, Ending::Silence) => {
                (headers, Body::from_stream(stream::iter([Ok::<_, std::io::Error>(body)]).chain(stream::pending()))).into_response()
            }
            Self::Endless(bytes) => {
                let line = Bytes::from(format!("{}\r\n", "X-FILL:".to_owned() + &"x".repeat(65_000)));
                let number = usize::try_from(bytes).unwrap_or(usize::MAX) / line.len();
                let lines = stream::iter(std::iter::repeat_n(line, number)).map(Ok::<_, std::io::Error>);
                let head = stream::iter([Ok(Bytes::from_static(b"BEGIN:VCALENDAR\r\n"))]);
                Body::from_stream(head.chain(lines)).into_response()
            }
            Self::Hang => std::future::pending().await,
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("the test gives printable values"));
}

fn says(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|sent| sent.as_bytes() == value.as_bytes())
}

pub(super) fn prepare(feed: &Feed, fetch: u64, asked: &HeaderMap) -> Prepared {
    if let Some((user, password)) = &feed.login {
        let wanted = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")));
        if !says(asked, header::AUTHORIZATION, &wanted) {
            return Prepared::status(StatusCode::UNAUTHORIZED);
        }
    }
    let mut headers = HeaderMap::new();
    put(&mut headers, header::CONTENT_TYPE, feed.content_type);
    match &feed.fault {
        Some(Fault::Status(status, retry_after)) => {
            if let Some(value) = retry_after {
                put(&mut headers, header::RETRY_AFTER, value);
            }
            let status = StatusCode::from_u16(*status).expect("the test gives a status");
            return Prepared::Whole(status, headers, Bytes::from_static(b"secret-path is not available"));
        }
        Some(Fault::Redirect(status, to)) => {
            put(&mut headers, header::LOCATION, to);
            return Prepared::Whole(StatusCode::from_u16(*status).expect("the test gives a status"), headers, Bytes::new());
        }
        Some(Fault::Html) => {
            put(&mut headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
            let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in</body></html>";
            return Prepared::Whole(StatusCode::OK, headers, Bytes::from_static(page.as_bytes()));
        }
        Some(Fault::Hang) => return Prepared::Hang,
        Some(Fault::Huge(bytes)) => return Prepared::Endless(*bytes),
        Some(Fault::Bomb(bytes)) => {
            put(&mut headers, header::CONTENT_ENCODING, "gzip");
            return Prepared::Whole(StatusCode::OK, headers, bomb(*bytes));
        }
        Some(Fault::CutFile(_) | Fault::CutConnection(_) | Fault::Stall(_)) | None => {}
    }
    let body = feed.raw.clone().unwrap_or_else(|| {
        let stamp = feed.restamp.then_some(fetch);
        Bytes::from(feed.calendar.text(stamp, feed.churn.then_some(fetch)))
    });
    match feed.fault {
        Some(Fault::CutFile(bytes)) => return Prepared::Whole(StatusCode::OK, headers, body.slice(..bytes)),
        Some(Fault::CutConnection(bytes)) => {
            put(&mut headers, header::CONTENT_LENGTH, &body.len().to_string());
            return Prepared::Broken(headers, body.slice(..bytes), Ending::Close);
        }
        Some(Fault::Stall(bytes)) => return Prepared::Broken(headers, body.slice(..bytes), Ending::Silence),
        _ => {}
    }
    if let Some(value) = &feed.cache_control {
        put(&mut headers, header::CACHE_CONTROL, value);
    }
    with_validators(feed, fetch, asked, headers, body)
}

fn with_validators(feed: &Feed, fetch: u64, asked: &HeaderMap, mut headers: HeaderMap, body: Bytes) -> Prepared {
    let etag = match feed.etag {
        Etag::None => None,
        Etag::Content => Some(format!("\"{}\"", Sha256::digest(&body)[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())),
        Etag::EachFetch => Some(format!("W/\"fetch-{fetch}\"")),
    };
    let mut unchanged = false;
    if let Some(etag) = &etag {
        put(&mut headers, header::ETAG, etag);
        unchanged = says(asked, header::IF_NONE_MATCH, etag);
    }
    if let Some(date) = &feed.last_modified {
        put(&mut headers, header::LAST_MODIFIED, date);
        // RFC 9110 §13.1.3: ignored when If-None-Match is there.
        unchanged |= !asked.contains_key(header::IF_NONE_MATCH) && says(asked, header::IF_MODIFIED_SINCE, date);
    }
    if unchanged {
        return Prepared::Whole(StatusCode::NOT_MODIFIED, headers, Bytes::new());
    }
    if feed.gzip {
        put(&mut headers, header::CONTENT_ENCODING, "gzip");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&body).expect("memory takes all");
        return Prepared::Whole(StatusCode::OK, headers, encoder.finish().expect("memory takes all").into());
    }
    Prepared::Whole(StatusCode::OK, headers, body)
}

fn bomb(bytes: u64) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"BEGIN:VCALENDAR\r\nX-FILL:").expect("memory takes all");
    let block = vec![b'x'; 1 << 16];
    for _ in 0..bytes >> 16 {
        encoder.write_all(&block).expect("memory takes all");
    }
    encoder.finish().expect("memory takes all").into()
}
