//! The engine through the facade, against real hosts, on every database.

mod account;
mod basics;
mod horizons;
mod radicale;
mod schedule;
mod unreadable;

use secrecy::SecretString;
use syncline_core::hub::NewIcs;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_domain::ids::UserId;
use syncline_sandbox::ics::IcsHost;

/// A user with the feed of a host.
async fn connected(at: &TestHub, host: &IcsHost) -> UserId {
    let user = seed::user(&at.hub, "anna@example.com").await;
    let new = NewIcs::Address { url: SecretString::from(host.url("feed.ics")), name: None };
    at.add_ics(&user, new).await.expect("the feed can be read");
    user
}
