//! From a request to an answer: checks, authentication, dispatch, faults.

use super::ask::{self, Body};
use super::login::Refusal;
use super::quirks::{Fault, Hrefs};
use super::{Asked, CONTEXT, HOME, Inner, PASSWORD, SECOND_HOME, Shared, USER, lock};
use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;

/// An answer before its faults.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub(super) fn xml(status: u16, body: String) -> Self {
        Self { status, headers: vec![("content-type", "application/xml; charset=utf-8".to_owned())], body }
    }

    pub(super) fn redirect(status: u16, to: &str) -> Self {
        Self { status, headers: vec![("location", to.to_owned())], body: String::new() }
    }

    pub(super) fn html() -> Self {
        let body = "<!DOCTYPE html>\n<html><head><title>Sign in</title><meta charset=utf-8></head><body><br>Please sign in.</body></html>";
        Self { status: 200, headers: vec![("content-type", "text/html".to_owned())], body: body.to_owned() }
    }
}

/// A request that passed the checks of form.
pub(super) struct Question {
    pub(super) kind: &'static str,
    pub(super) path: String,
    pub(super) depth: Option<u8>,
    pub(super) body: Body,
}

pub(super) fn router(shared: Shared) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (reply, fault) = {
        let mut inner = lock(&shared);
        let question = question(&method, &uri, &headers, &body, &inner);
        let (kind, path) = question.as_ref().map_or(("other", uri.path().to_owned()), |question| (question.kind, question.path.clone()));
        let fault = inner.faults.iter().position(|(armed, _)| *armed == kind).map(|at| inner.faults.remove(at).1);
        let (hrefs, token, ctag) = question.as_ref().map_or((0, false, false), |question| {
            (question.body.hrefs.len(), question.body.asks(ask::DAV, "sync-token"), question.body.asks(ask::CS, "getctag"))
        });
        let reply = match question {
            Err(complaint) => inner.violation(&method, &uri, &complaint),
            Ok(question) => inner.answer(&method, &uri, &headers, &question),
        };
        let status = match &fault {
            Some(Fault::Status(status, _)) => *status,
            Some(Fault::Html) => 200,
            _ => reply.status,
        };
        let credentials = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scheme = credentials.split(' ').next().unwrap_or_default().to_owned();
        inner.asked.push(Asked { kind, path, scheme, hrefs, token, ctag, status });
        (reply, fault)
    };
    send(reply, fault)
}

fn send(mut reply: Reply, fault: Option<Fault>) -> Response {
    let mut cut = None;
    match fault {
        Some(Fault::Status(status, wait)) => {
            reply = Reply::status(status);
            reply.headers.extend(wait.map(|wait| ("retry-after", wait)));
        }
        Some(Fault::Html) => reply = Reply::html(),
        Some(Fault::CutBody(length)) => {
            let end = (0..=length.min(reply.body.len())).rev().find(|at| reply.body.is_char_boundary(*at)).unwrap_or(0);
            reply.body.truncate(end);
        }
        Some(Fault::CutConnection(length)) => cut = Some((length, false)),
        Some(Fault::Stall(length)) => cut = Some((length, true)),
        None => {}
    }
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).expect("a status of ours"));
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = Bytes::from(reply.body);
    let body = match cut {
        None => HttpBody::from(body),
        Some((length, stall)) => {
            response = response.header(header::CONTENT_LENGTH, body.len());
            let first = body.slice(..length.min(body.len()));
            HttpBody::from_stream(futures::stream::unfold(0_u8, move |step| {
                let first = first.clone();
                async move {
                    match step {
                        0 => Some((Ok(first), 1)),
                        // Let the first bytes go out before the connection ends.
                        1 if !stall => {
                            tokio::task::yield_now().await;
                            Some((Err(std::io::Error::other("cut on purpose")), 2))
                        }
                        1 => std::future::pending().await,
                        _ => None,
                    }
                }
            }))
        }
    };
    response.body(body).expect("headers of ours")
}

/// Checks the form of a request.
fn question(method: &Method, uri: &Uri, headers: &HeaderMap, bytes: &Bytes, inner: &Inner) -> Result<Question, String> {
    let mut path = percent_decode_str(uri.path()).decode_utf8().map_err(|_| "a path that is not UTF-8".to_owned())?.into_owned();
    // Servers that leave the slash at the end of a collection out take it either way.
    if inner.quirks.hrefs == Hrefs::Relative && !path.ends_with('/') && !path.ends_with(".ics") {
        path.push('/');
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let depth = text("depth").map(|depth| depth.parse::<u8>().map_err(|_| format!("Depth: {depth}"))).transpose()?;
    if !text("user-agent").is_some_and(|agent| agent.starts_with("Syncline/")) {
        return Err("no User-Agent that names Syncline".to_owned());
    }
    if method == Method::GET {
        return Ok(Question { kind: "get", path, depth, body: Body::default() });
    }
    if !matches!(method.as_str(), "PROPFIND" | "REPORT") {
        return Err(format!("the method {method} is not expected"));
    }
    if !text("content-type").is_some_and(|kind| kind.starts_with("application/xml")) {
        return Err("a body without application/xml".to_owned());
    }
    let depth = Some(depth.ok_or("no Depth header")?);
    let body = ask::read(bytes)?;
    let root = (body.root.0.as_str(), body.root.1.as_str());
    let kind = match (method.as_str(), root, depth) {
        ("PROPFIND", (ask::DAV, "propfind"), Some(1)) if path == HOME || path == SECOND_HOME => "list",
        ("PROPFIND", (ask::DAV, "propfind"), Some(1)) if inner.collections.contains_key(&path) => "members",
        ("PROPFIND", (ask::DAV, "propfind"), Some(0)) if body.asks(ask::DAV, "current-user-principal") => "discover",
        ("PROPFIND", (ask::DAV, "propfind"), Some(0)) if body.asks(ask::DAV, "displayname") => "list",
        ("PROPFIND", (ask::DAV, "propfind"), Some(0)) => "state",
        ("PROPFIND", (ask::DAV, "propfind"), Some(1)) => "other",
        ("REPORT", (ask::DAV, "sync-collection"), _) => "sync-collection",
        ("REPORT", (ask::CALDAV, "calendar-multiget"), _) => "calendar-multiget",
        ("REPORT", (ask::CALDAV, "calendar-query"), Some(1)) => "calendar-query",
        _ => return Err(format!("{method} with {root:?} at depth {depth:?}")),
    };
    if body.props.is_empty() {
        return Err("no properties are asked for".to_owned());
    }
    if body.limit {
        return Err("a limit: some servers then lose the rest".to_owned());
    }
    Ok(Question { kind, path, depth, body })
}

impl Inner {
    pub(super) fn violation(&mut self, method: &Method, uri: &Uri, complaint: &str) -> Reply {
        self.violations.push(format!("{method} {uri}: {complaint}"));
        Reply::status(400)
    }

    fn answer(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, question: &Question) -> Reply {
        if question.path == "/.well-known/caldav" {
            let to = self.quirks.redirect_to.clone().unwrap_or_else(|| CONTEXT.to_owned());
            return self.quirks.well_known.map_or_else(|| Reply::status(404), |status| Reply::redirect(status, &to));
        }
        if self.quirks.html_everywhere {
            return Reply::html();
        }
        if let (Some(status), true) = (self.quirks.slash_redirect, question.path == CONTEXT.trim_end_matches('/')) {
            return Reply::redirect(status, CONTEXT);
        }
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (login, uses) = (self.quirks.login, self.quirks.nonce_uses);
        match self.nonces.check(login, uses, header, (method.as_str(), uri.path()), (USER, PASSWORD)) {
            Ok(()) => {}
            Err(Refusal::Violation(complaint)) => return self.violation(method, uri, &complaint),
            Err(refusal) => {
                let challenges = self.nonces.challenge(login, matches!(refusal, Refusal::Stale));
                let headers = challenges.into_iter().map(|value| ("www-authenticate", value)).collect();
                return Reply { status: 401, headers, body: String::new() };
            }
        }
        match question.kind {
            "get" => self.get(&question.path),
            "sync-collection" | "calendar-multiget" | "calendar-query" => match self.report(question) {
                Ok(reply) => {
                    self.let_vanish(question);
                    reply
                }
                Err(complaint) => self.violation(method, uri, &complaint),
            },
            _ => {
                let reply = self.propfind(question);
                self.let_vanish(question);
                reply
            }
        }
    }

    fn let_vanish(&mut self, question: &Question) {
        if matches!(question.kind, "members" | "sync-collection")
            && let Some(collection) = self.collections.get_mut(&question.path)
        {
            for name in std::mem::take(&mut self.quirks.vanishes) {
                collection.delete(&name);
            }
        }
    }

    fn get(&self, path: &str) -> Reply {
        let Some((collection, name)) = self.split(path) else { return Reply::status(404) };
        let found = self.collections.get(collection).and_then(|calendar| calendar.objects.get(name));
        found.map_or_else(
            || Reply::status(404),
            |object| Reply {
                status: 200,
                headers: vec![("content-type", "text/calendar; charset=utf-8".to_owned()), ("etag", self.etag(object.version))],
                body: object.data.clone(),
            },
        )
    }

    /// Collection and name of an object's path.
    pub(super) fn split<'p>(&self, path: &'p str) -> Option<(&'p str, &'p str)> {
        let at = path.rfind('/')?;
        let (collection, name) = path.split_at(at + 1);
        (!name.is_empty()).then_some((collection, name))
    }

    pub(super) fn etag(&self, version: u64) -> String {
        if self.quirks.weak_etags { format!("W/\"v{version}\"") } else { format!("\"v{version}\"") }
    }
}
