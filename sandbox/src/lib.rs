//! Stand-ins for the providers: tests, demo mode and benchmarks start them. They need no account and no network, and they refuse what
//! the real services refuse, so that passing them means something.
//!
//! - [`ics`]: a host of ICS feeds. [`caldav`]: a CalDAV server. Each is a server of its own.
//! - [`Sandbox`]: Google Calendar, Microsoft Graph and Calendly with their OAuth servers, behind one listener.
//!
//! # Which addresses a client configures
//!
//! With the sandbox at `http://127.0.0.1:PORT` ([`Sandbox::api_base`], [`Sandbox::oauth_base`]):
//!
//! | instead of | a client configures | and asks, for example |
//! |---|---|---|
//! | `https://www.googleapis.com/calendar/v3` | `http://127.0.0.1:PORT/google` | `/calendars/primary/events` |
//! | `https://accounts.google.com` | `http://127.0.0.1:PORT/google/oauth` | `/o/oauth2/v2/auth` |
//! | `https://oauth2.googleapis.com` | `http://127.0.0.1:PORT/google/oauth` | `/token`, `/revoke`, `/tokeninfo` |
//! | `https://graph.microsoft.com/v1.0` | `http://127.0.0.1:PORT/microsoft` | `/me/calendars` |
//! | `https://login.microsoftonline.com` | `http://127.0.0.1:PORT/microsoft/oauth` | `/common/oauth2/v2.0/authorize`, `…/token` |
//! | `https://api.calendly.com` | `http://127.0.0.1:PORT/calendly` | `/scheduled_events` |
//! | `https://auth.calendly.com` | `http://127.0.0.1:PORT/calendly/oauth` | `/oauth/authorize`, `/oauth/token`, `/oauth/revoke`, `/oauth/introspect` |
//!
//! Links in answers (Graph's `@odata.nextLink`, Calendly's `uri`s) begin with the same API base. Webhook addresses must be `https` or of
//! this machine; only `http` ones can really be called.
//!
//! # In a test
//!
//! ```no_run
//! # async fn example() {
//! use syncline_sandbox::{ClientApp, Consent, Fault, GoogleDo, Provider, Sandbox, SandboxClock, Trouble};
//!
//! let sandbox = Sandbox::start(SandboxClock::fixed(1_772_791_200_000)).await;
//! sandbox.register(ClientApp::new(Provider::Google, "id", "secret", "http://127.0.0.1:3000/connect/google"));
//! sandbox.google(GoogleDo::Account { account: "me@example.com".into(), name: "Me".into(), zone: "Europe/Berlin".into() }).unwrap();
//! // Either through the browser: the page is under `sandbox.oauth_base(Provider::Google)`, or answers at once:
//! sandbox.consent(Provider::Google, Consent::Allow { account: "me@example.com".into(), untick: vec![] });
//! // or not at all:
//! let token = sandbox.token(Provider::Google, "me@example.com", &["calendar.readonly"]);
//! sandbox.arm(Fault::on(Provider::Google, Trouble::RateLimited { status: None, retry_after: Some(2) }).path("/calendars/").times(3));
//! // … the code under test …
//! sandbox.settle().await;
//! assert!(sandbox.violations().is_empty());
//! # }
//! ```
//!
//! [`Sandbox::violations`] lists every request that no correct client sends: what was answered with 400, a code used twice, a missing
//! `state`. Troubles that were armed are not among them.
//!
//! [`Sandbox::fill_with_samples`] makes three accounts as a person might have them, around today (see [`sample`]), and
//! [`Sandbox::change_samples`] lets something happen in them.
//!
//! # Administration over HTTP
//!
//! `POST /_admin/<action>` with a JSON body; 200 with JSON, or 400 with `{"error"}`. The same as [`Sandbox::admin`].
//!
//! | action | body | is |
//! |---|---|---|
//! | `google`, `microsoft`, `calendly` | [`GoogleDo`], [`MicrosoftDo`], [`CalendlyDo`] | what users do |
//! | `faults`, `faults/clear` | [`Fault`] | [`Sandbox::arm`], [`Sandbox::clear_faults`] |
//! | `habits` | a part of [`Habits`] | [`Sandbox::habits`]; answers all habits |
//! | `clock`, `clock/advance` | `{"millis"}` | [`Sandbox::advance`]; answers `{"now"}` |
//! | `log`, `log/take`, `violations`, `webhooks` | – | lists of [`Asked`], of text, of [`Delivered`] |
//! | `webhooks/hold`, `webhooks/release`, `webhooks/skew` | –, `{"order","twice"}`, `{"seconds"}` | [`Sandbox::hold_webhooks`] and so on |
//! | `oauth/client` | [`ClientApp`] | [`Sandbox::register`] |
//! | `oauth/consent` | `{"provider","consent":{"answer":"page" \| "allow" \| "deny" \| "error", …}}` | [`Sandbox::consent`] |
//! | `oauth/revoke`, `oauth/expire` | `{"provider","account"}` | [`Sandbox::revoke`], [`Sandbox::expire_access`] |
//! | `oauth/token` | `{"provider","account","scopes"}` | [`Sandbox::token`]; answers `{"access_token"}` |
//!
//! # How to add
//!
//! - a habit: a field in [`Habits`], its effect, a test that shows both ways.
//! - a fault: a variant of [`Trouble`], and what it looks like in each `stumble`.
//! - a rule: the refusal, and a test that sends the wrong request.
//! - a provider: a folder with `handle`, `act` and `stumble`, a variant of [`Provider`], its arms in `hub/serve.rs`, its field list in
//!   `schemas/`, its rules in `oauth/rules.rs`.

pub mod caldav;
mod calendly;
mod google;
mod hub;
pub mod ics;
mod microsoft;
mod oauth;
pub mod sample;
mod sample_changes;
pub mod schema;
mod series;

pub use calendly::{CalendlyBooking, CalendlyDo};
pub use google::{GoogleDo, OpenChannel};
pub use hub::{
    Asked, CalendlyHabits, Delivered, Fault, GoogleHabits, Habits, MicrosoftHabits, Order, Provider, Refusal, Sandbox, SandboxClock,
    Trouble, sign,
};
pub use microsoft::{Lifecycle, MicrosoftDo};
pub use oauth::{ClientApp, Consent};
pub use sample_changes::SampleChange;
