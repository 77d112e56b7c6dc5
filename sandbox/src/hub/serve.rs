//! From HTTP to [`Ask`] and from [`Reply`] to HTTP, with the faults in between.

use super::fault::Trouble;
use super::log::Asked;
use super::outbox::Delivery;
use super::post::post;
use super::time::{MINUTE, http_date};
use super::wire::{Ask, Reply};
use super::{Provider, Shared, World, admin};
use crate::microsoft::Step;
use crate::{calendly, google, microsoft, oauth};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::header::CONTENT_LENGTH;
use http::{HeaderName, HeaderValue, StatusCode};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The largest body that is read.
const LARGEST: usize = 4 * 1024 * 1024;
/// Graph waits so long for the answer to a validation request.
const HANDSHAKE: Duration = Duration::from_secs(10);

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else { return send(Reply::empty(413), None, 0) };
    let ask = Ask::new(parts.method, target, parts.headers, body);
    if let Some(action) = ask.path.strip_prefix("/_admin/") {
        let reply = admin::answer(&shared, action, &ask).await;
        return send(reply, None, shared.lock().base.now());
    }
    let Some(provider) = ask.segments().first().and_then(|name| Provider::named(name)) else {
        return send(Reply::empty(404), None, 0);
    };
    let path = ask.path[provider.name().len() + 1..].to_owned();
    let (account, number, delay, trouble) = shared.lock().arrive(provider, &path, &ask);
    let mailbox = account.filter(|_| provider == Provider::Microsoft && !path.starts_with("/oauth/"));
    let seat = match mailbox {
        Some(mailbox) => Seat::take(&shared, mailbox),
        None => Ok(None),
    };
    if delay > 0 && seat.is_ok() {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if trouble == Some(Trouble::Hang) {
        return std::future::pending().await;
    }
    let stopped = match (&seat, &trouble) {
        (Err(Crowded), _) => Some(microsoft::crowded(&mut shared.lock().base)),
        (Ok(_), Some(trouble)) => shared.lock().stumble(provider, trouble),
        (Ok(_), None) => None,
    };
    let reply = match stopped {
        Some(reply) => reply,
        None => answer(&shared, provider, &ask).await,
    };
    let now = shared.lock().depart(&ask, number, &reply);
    shared.wake.notify_one();
    send(reply, trouble, now)
}

/// A mailbox is busy with as many requests as it takes.
struct Crowded;

/// One of the few requests that a mailbox takes at once; free again when it is dropped, also when the client has gone.
struct Seat {
    shared: Arc<Shared>,
    mailbox: String,
}

impl Seat {
    fn take(shared: &Arc<Shared>, mailbox: String) -> Result<Option<Self>, Crowded> {
        let world = &mut *shared.lock();
        let most = world.base.habits.microsoft.at_once;
        let free = world.microsoft.enter(&mailbox, most);
        if free { Ok(Some(Self { shared: shared.clone(), mailbox })) } else { Err(Crowded) }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.lock().microsoft.leave(&self.mailbox);
    }
}

/// Lets the provider answer. Only a subscription of Graph needs a second look: the address is called before it is made.
async fn answer(shared: &Shared, provider: Provider, ask: &Ask) -> Reply {
    let step = shared.lock().handle(provider, ask);
    match step {
        Step::Done(reply) => reply,
        Step::Validate(pending) => {
            for url in pending.urls() {
                let headers = [("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())];
                let answer = post(&pending.validation_url(&url), &headers, b"", HANDSHAKE).await;
                if let Err(reply) = pending.accepts(&mut shared.lock().base, answer) {
                    return reply;
                }
            }
            let world = &mut *shared.lock();
            world.microsoft.subscribe(&mut world.base, pending)
        }
    }
}

impl World {
    fn arrive(&mut self, provider: Provider, path: &str, ask: &Ask) -> (Option<String>, u64, u64, Option<Trouble>) {
        let account = ask.bearer().and_then(|token| self.base.oauth.account_of(token));
        let now = self.base.now();
        let number = self.base.log.note(Asked::new(provider, path, ask, account.clone(), now));
        let cursor = ["syncToken", "$deltatoken", "$skiptoken"].iter().any(|name| ask.query(name).is_some());
        let (delay, trouble) = self.base.faults.strike(provider, ask.method.as_str(), path, account.as_deref(), cursor);
        (account, number, delay, trouble)
    }

    /// Notes an answer; returns what its `Date` says.
    fn depart(&mut self, ask: &Ask, number: u64, reply: &Reply) -> i64 {
        self.base.log.answered(number, reply.status);
        if let Some(reason) = &reply.refused {
            self.base.log.violations.push(format!("{} {}: {reason}", ask.method, ask.path));
        }
        self.base.now() + self.base.habits.date_skew
    }

    /// The answer of a trouble, or `None` for one that only spoils the true answer.
    fn stumble(&mut self, provider: Provider, trouble: &Trouble) -> Option<Reply> {
        match trouble {
            Trouble::Status { status, headers, body } => {
                let reply = Reply::empty(*status).body(body.clone());
                Some(headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value)))
            }
            Trouble::CutAfter { .. } | Trouble::Truncate { .. } | Trouble::Hang | Trouble::Delay { .. } => None,
            other => match provider {
                Provider::Google => Some(google::stumble(other)),
                Provider::Microsoft => Some(microsoft::stumble(&mut self.base, other)),
                Provider::Calendly => Some(calendly::stumble(other)),
            },
        }
    }

    pub(super) fn handle(&mut self, provider: Provider, ask: &Ask) -> Step {
        let segments = ask.segments();
        if segments.get(1).is_some_and(|part| part == "oauth") {
            return Step::Done(oauth::handle(self, provider, &segments[2..], ask));
        }
        match provider {
            Provider::Google => Step::Done(self.google.handle(&mut self.base, &segments[1..], ask)),
            Provider::Microsoft => self.microsoft.handle(&mut self.base, &segments[1..], ask),
            Provider::Calendly => Step::Done(self.calendly.handle(&mut self.base, &segments[1..], ask)),
        }
    }

    /// A webhook was answered, or not: it is done, or it is tried again.
    pub(super) fn outcome(&mut self, mut delivery: Delivery, status: Option<u16>, now: i64) {
        let good = match (delivery.provider, status) {
            (_, None) => false,
            // «200, 201, 202, 204, or 102»: all else is a failure.
            (Provider::Google, Some(status)) => matches!(status, 102 | 200 | 201 | 202 | 204),
            (_, Some(status)) => (200..300).contains(&status),
        };
        if delivery.provider == Provider::Calendly {
            let goes_on = self.calendly.delivered(&delivery.target, good, delivery.first, now);
            if !good && !goes_on {
                return self.base.outbox.forget(&delivery.target);
            }
        }
        if good {
            return;
        }
        delivery.failed += 1;
        delivery.due = now + (1000_i64 << delivery.failed.min(20));
        let tried_again = match delivery.provider {
            Provider::Google => status.is_none_or(|status| status >= 500) && delivery.failed < 6,
            Provider::Microsoft => delivery.due - delivery.first <= 240 * MINUTE,
            Provider::Calendly => true,
        };
        if tried_again {
            self.base.outbox.push(delivery);
        }
    }
}

fn send(reply: Reply, trouble: Option<Trouble>, now: i64) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = reply.headers;
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
        headers.push(("date".to_owned(), http_date(now)));
    }
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    let whole = reply.body;
    *response.body_mut() = match trouble {
        Some(Trouble::CutAfter { bytes }) => {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
            let some = whole.slice(..bytes.min(whole.len()));
            let end = stream::once(async {
                // What is there is sent only when nothing follows at once.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            });
            Body::from_stream(stream::iter([Ok::<Bytes, io::Error>(some)]).chain(end))
        }
        Some(Trouble::Truncate { bytes }) => Body::from(whole.slice(..bytes.min(whole.len()))),
        _ => Body::from(whole),
    };
    response
}
