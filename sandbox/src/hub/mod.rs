//! What the three stand-ins share: one listener, one clock, faults, a log of requests, webhooks, and the administration.

mod admin;
mod clock;
mod courier;
mod fault;
mod habits;
pub(crate) mod lagging;
mod log;
mod outbox;
mod post;
pub(crate) mod quota;
mod seal;
mod serve;
pub(crate) mod time;
pub(crate) mod wire;

pub use clock::SandboxClock;
pub use fault::{Fault, Trouble};
pub use habits::{CalendlyHabits, GoogleHabits, Habits, MicrosoftHabits};
pub use log::Asked;
pub use outbox::{Delivered, Order, sign};
pub(crate) use outbox::{Delivery, Outbox};
pub(crate) use post::Answer;
pub(crate) use seal::Seal;

use crate::calendly::Calendly;
use crate::google::Google;
use crate::microsoft::Microsoft;
use crate::oauth::{ClientApp, Consent, OAuth};
use axum::Router;
use log::Log;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Google Calendar API v3.
    Google,
    /// Microsoft Graph v1.0.
    Microsoft,
    /// Calendly API v2.
    Calendly,
}

impl Provider {
    /// The first part of its paths.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Calendly => "calendly",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Google, Self::Microsoft, Self::Calendly].into_iter().find(|provider| provider.name() == name)
    }
}

/// Why a change "as the user" was not made, in words for whoever writes the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

pub(crate) fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

/// What all stand-ins use while they answer.
pub(crate) struct Base {
    pub(crate) origin: String,
    pub(crate) clock: SandboxClock,
    pub(crate) seal: Seal,
    pub(crate) outbox: Outbox,
    pub(crate) oauth: OAuth,
    pub(crate) habits: Habits,
    pub(crate) faults: fault::Faults,
    pub(crate) log: Log,
}

impl Base {
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The address of a provider's API without a slash at its end.
    pub(crate) fn api(&self, provider: Provider) -> String {
        format!("{}/{}", self.origin, provider.name())
    }
}

/// Everything behind one lock.
pub(crate) struct World {
    pub(crate) base: Base,
    pub(crate) google: Google,
    pub(crate) microsoft: Microsoft,
    pub(crate) calendly: Calendly,
}

pub(crate) struct Shared {
    world: Mutex<World>,
    /// Something was put into the outbox, or the clock was moved.
    wake: Notify,
    /// A delivery was made.
    idle: Notify,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no stand-in panics while it answers")
    }
}

struct Inner {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Ok(tasks) = self.tasks.lock() {
            tasks.iter().for_each(JoinHandle::abort);
        }
    }
}

/// The three stand-ins behind one listener. Clones are the same sandbox; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

impl Sandbox {
    /// A sandbox that does not listen yet; see [`serve`](Self::serve) and [`router`](Self::router).
    #[must_use]
    pub fn new(clock: SandboxClock) -> Self {
        let base = Base {
            origin: "http://sandbox.test".to_owned(),
            clock,
            seal: Seal::new(),
            outbox: Outbox::default(),
            oauth: OAuth::default(),
            habits: Habits::default(),
            faults: fault::Faults::default(),
            log: Log::default(),
        };
        let world = World { base, google: Google::default(), microsoft: Microsoft::default(), calendly: Calendly::default() };
        let shared = Arc::new(Shared { world: Mutex::new(world), wake: Notify::new(), idle: Notify::new() });
        Self(Arc::new(Inner { shared, tasks: Mutex::default() }))
    }

    /// Starts a sandbox on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(clock: SandboxClock) -> Self {
        let sandbox = Self::new(clock);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        sandbox.serve(listener);
        sandbox
    }

    /// Serves on a listener and starts to deliver webhooks, until the sandbox is dropped. Needs a tokio runtime.
    ///
    /// # Panics
    /// When the listener has no address.
    pub fn serve(&self, listener: TcpListener) {
        let address = listener.local_addr().expect("a bound port");
        // Who listens everywhere is reached here.
        let host = if address.ip().is_unspecified() { format!("127.0.0.1:{}", address.port()) } else { address.to_string() };
        self.lock().base.origin = format!("http://{host}");
        let router = self.router();
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serving never ends by itself");
        });
        self.0.tasks.lock().expect("the list of tasks").push(server);
        self.deliver();
    }

    /// Starts to deliver webhooks; [`serve`](Self::serve) does it too.
    ///
    /// # Panics
    /// Never: the list of tasks is not held anywhere else.
    pub fn deliver(&self) {
        let courier = tokio::spawn(courier::run(self.0.shared.clone()));
        self.0.tasks.lock().expect("the list of tasks").push(courier);
    }

    /// The routes, for a server of one's own or for `oneshot` in tests.
    pub fn router(&self) -> Router {
        serve::router(self.0.shared.clone())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.shared.lock()
    }

    /// Runs a change and lets the courier look at what it put into the outbox.
    pub(crate) fn act<T>(&self, how: impl FnOnce(&mut World) -> T) -> T {
        let made = how(&mut self.lock());
        self.0.shared.wake.notify_one();
        made
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.lock().base.origin.clone()
    }

    /// Tells the sandbox under which address it is reached, when that is not the listener's own.
    pub fn set_origin(&self, origin: &str) {
        self.lock().base.origin = origin.trim_end_matches('/').to_owned();
    }

    /// What a client configures as the API's base address: the stand-in's `https://www.googleapis.com/calendar/v3`,
    /// `https://graph.microsoft.com/v1.0` or `https://api.calendly.com`.
    #[must_use]
    pub fn api_base(&self, provider: Provider) -> String {
        self.lock().base.api(provider)
    }

    /// What a client configures as the base address of OAuth: the stand-in's `https://accounts.google.com` and
    /// `https://oauth2.googleapis.com` (one address for both), `https://login.microsoftonline.com` or `https://auth.calendly.com`.
    #[must_use]
    pub fn oauth_base(&self, provider: Provider) -> String {
        format!("{}/oauth", self.api_base(provider))
    }

    /// The clock; moving it by hand sends nothing that falls due, [`advance`](Self::advance) does.
    #[must_use]
    pub fn clock(&self) -> SandboxClock {
        self.lock().base.clock.clone()
    }

    /// Moves the clock by so many milliseconds and sends what falls due.
    pub fn advance(&self, millis: i64) {
        self.act(|world| world.base.clock.advance(millis));
    }

    /// Changes habits from the next request on.
    pub fn habits(&self, how: impl FnOnce(&mut Habits)) {
        self.act(|world| how(&mut world.base.habits));
    }

    /// Lets something go wrong.
    pub fn arm(&self, fault: Fault) {
        self.lock().base.faults.arm(fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        self.lock().base.faults.clear();
    }

    /// What was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().base.log.all()
    }

    /// What was asked since the last call.
    #[must_use]
    pub fn take_asked(&self) -> Vec<Asked> {
        self.lock().base.log.take()
    }

    /// What no correct client asks; empty when all was well.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.lock().base.log.violations.clone()
    }

    /// Registers a client of OAuth, as a developer does in the provider's console.
    pub fn register(&self, client: ClientApp) {
        self.lock().base.oauth.register(client);
    }

    /// What the authorize page does from now on: show itself (the default), or answer at once.
    pub fn consent(&self, provider: Provider, consent: Consent) {
        self.lock().base.oauth.consent(provider, consent);
    }

    /// Takes away what an account allowed: its tokens are refused from now on.
    pub fn revoke(&self, provider: Provider, account: &str) {
        self.act(|world| world.base.oauth.revoke_account(provider, account));
    }

    /// The access tokens of an account expire now; its refresh tokens stay good.
    pub fn expire_access(&self, provider: Provider, account: &str) {
        let mut world = self.lock();
        let now = world.base.now();
        world.base.oauth.expire_access(provider, account, now);
    }

    /// An access token without the way through the browser, valid for an hour: for tests of the API alone. With Calendly it is
    /// a personal access token, which does not expire.
    #[must_use]
    pub fn token(&self, provider: Provider, account: &str, scopes: &[&str]) -> String {
        let world = &mut *self.lock();
        let now = world.base.now();
        world.base.oauth.token(provider, account, scopes, now, &mut world.base.seal)
    }

    /// Keeps webhooks back until [`release_webhooks`](Self::release_webhooks).
    pub fn hold_webhooks(&self) {
        self.lock().base.outbox.held = true;
    }

    /// Sends what was kept back, in this order, each once or twice.
    pub fn release_webhooks(&self, order: Order, twice: bool) {
        self.act(|world| world.base.outbox.release(order, twice));
    }

    /// Lets the times in Calendly's signatures be off by so many seconds.
    pub fn skew_signatures(&self, seconds: i64) {
        self.lock().base.outbox.skew = seconds;
    }

    /// Google's watch channels that are open.
    #[must_use]
    pub fn google_channels(&self) -> Vec<crate::google::OpenChannel> {
        let world = self.lock();
        world.google.open_channels(world.base.now())
    }

    /// The webhooks that were sent, failed attempts among them.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.lock().base.outbox.done.clone()
    }

    /// Waits until every webhook that is due was sent.
    pub async fn settle(&self) {
        loop {
            let sent = self.0.shared.idle.notified();
            tokio::pin!(sent);
            sent.as_mut().enable();
            {
                let world = self.lock();
                if world.base.outbox.settled(world.base.now()) {
                    return;
                }
            }
            sent.await;
        }
    }

    /// The administration as JSON, as under `/_admin/…` (see [`crate`]): for callers that have the request as data.
    ///
    /// # Errors
    /// When there is no such action, its arguments are wrong, or it is not possible.
    pub fn admin(&self, action: &str, arguments: Value) -> Result<Value, Refusal> {
        self.act(|world| admin::run(world, action, arguments))
    }
}
