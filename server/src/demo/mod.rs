//! Looking around with sample data: a Syncline of its own for every visitor, beside the real one.
//!
//! A demo is a second hub on a database in memory, whose Google, Microsoft and Calendly are the sandbox on a free port of the loopback
//! interface. Requests that bear the cookie of a demo go to its own router ([`dispatch`]); nothing that happens there can reach an account,
//! a connection or a secret of this instance, and when the visitor leaves, everything of it is gone.
//!
//! It is offered while this instance has no account, and always where it was started with `--demo`. With the first account every demo that
//! was only offered ends. A few run at a time; who comes after them takes the place of the one that was left alone longest. A demo lives in the
//! process that made it: behind several processes the proxy has to lead a browser to the same one.

mod stand;

use crate::state::AppState;
use crate::web::consent;
use crate::web::guard::redirect;
use axum::Router;
use axum::body::Body;
use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use syncline_core::secrets::same;
use syncline_sandbox::{SampleChange, Sandbox};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Demos at a time.
const MOST: usize = 4;
/// A demo that nobody asks anything for so long ends.
const IDLE: Duration = Duration::from_secs(2 * 3600);

/// A demo that runs.
struct Demo {
    /// The cookie that leads to it.
    session: SecretString,
    router: Router,
    inside: Inside,
}

/// What the requests of a demo can reach of it.
#[derive(Clone)]
pub struct Inside {
    sandbox: Sandbox,
    number: Arc<AtomicU32>,
    used: Arc<Mutex<Instant>>,
    end: CancellationToken,
}

impl Inside {
    fn used(&self) -> MutexGuard<'_, Instant> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The demos of this server.
#[derive(Default)]
pub struct Demos {
    running: Mutex<Vec<Arc<Demo>>>,
    /// One is made at a time.
    making: tokio::sync::Mutex<()>,
}

impl Demos {
    fn running(&self) -> MutexGuard<'_, Vec<Arc<Demo>>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|demo| !demo.inside.end.is_cancelled());
        running
    }

    fn find(&self, token: &str) -> Option<Arc<Demo>> {
        let found = self.running().iter().find(|demo| same(demo.session.expose_secret().as_bytes(), token.as_bytes())).cloned()?;
        *found.inside.used() = Instant::now();
        Some(found)
    }

    fn add(&self, demo: Demo) {
        let mut running = self.running();
        while running.len() >= MOST {
            let Some(oldest) = running.iter().enumerate().min_by_key(|(_, demo)| *demo.inside.used()).map(|(at, _)| at) else { break };
            running.remove(oldest).inside.end.cancel();
        }
        running.push(Arc::new(demo));
    }

    fn end_all(&self) {
        self.running().iter().for_each(|demo| demo.inside.end.cancel());
    }
}

/// Whether a demo may run here.
async fn is_offered(state: &AppState) -> bool {
    state.web.demo || !state.has_account.load(Ordering::Relaxed) && state.hub.needs_first_user().await.unwrap_or(false)
}

/// Middleware around everything: who bears the cookie of a demo is in it.
pub async fn dispatch(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(demos) = &state.demos else { return next.run(request).await };
    let found = state.cookie.of_demo().read(request.headers()).and_then(|token| demos.find(token));
    match found {
        Some(demo) if is_offered(&state).await => demo.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {}),
        Some(_) => {
            demos.end_all();
            next.run(request).await
        }
        None => next.run(request).await,
    }
}

/// The addresses of the demo: begin, let something happen, leave. Each is posted by a plain form.
pub fn routes() -> Router<AppState> {
    Router::new().route("/demo/start", post(start)).route("/demo/do", post(happen)).route("/demo/leave", post(leave))
}

async fn start(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let Some(demos) = state.demos.clone().filter(|_| state.demo.is_none()) else { return redirect("/") };
    if !is_offered(&state).await {
        return redirect("/");
    }
    let _one_at_a_time = demos.making.lock().await;
    match stand::up(&state, &consent::base(&state, &headers)).await {
        Ok((demo, now, session)) => {
            let cookie = state.cookie.of_demo().set(&session, now);
            demos.add(demo);
            let mut response = redirect("/");
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the demo could not be started");
            (StatusCode::INTERNAL_SERVER_ERROR, "The sample data could not be made. Look at the server's log.\n").into_response()
        }
    }
}

#[derive(Deserialize)]
struct Happen {
    what: String,
    /// The browser runs no scripts: the page is shown anew.
    plain: Option<String>,
}

/// Lets something happen at a provider. The page stays where it is and learns of it as of any change.
async fn happen(State(state): State<AppState>, Form(form): Form<Happen>) -> Response {
    let Some(inside) = &state.demo else { return redirect("/") };
    let change = match form.what.as_str() {
        "book" => SampleChange::Book,
        "move" => SampleChange::Move,
        "delete" => SampleChange::DeleteMost,
        _ => return StatusCode::BAD_REQUEST.into_response(),
    };
    let number = inside.number.fetch_add(1, Ordering::Relaxed);
    if let Err(error) = inside.sandbox.change_samples(change, number) {
        tracing::info!(%error, "nothing happened in the demo");
    }
    if form.plain.is_some() { redirect("/") } else { StatusCode::NO_CONTENT.into_response() }
}

/// Ends the demo and everything of it.
async fn leave(State(state): State<AppState>) -> Response {
    if let Some(inside) = &state.demo {
        inside.end.cancel();
    }
    let mut response = redirect("/");
    response.headers_mut().append(header::SET_COOKIE, state.cookie.of_demo().clear());
    *response.body_mut() = Body::empty();
    response
}
