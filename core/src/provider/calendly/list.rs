//! The calendar of an account: a Calendly user is one.
//!
//! Who the user is changes hardly ever, so it is asked for once a day; what is known stands in the calendar's hints.

use super::transport::Api;
use super::wire::{List, Single, User, id_of};
use super::{Account, problems};
use crate::error::ProviderError;
use crate::provider::{KnownCalendar, Meter, RemoteCalendar};
use crate::recurrence::Timezones;
use serde::{Deserialize, Serialize};

const WHAT: &str = "calendly.list";
/// What was asked a day ago is asked again.
const ASK_AFTER_MS: i64 = 86_400_000;

/// [`RemoteCalendar::hints`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hints {
    /// The address of the user, as the API wants it.
    pub(crate) user: String,
    /// The address of the organization.
    pub(crate) organization: Option<String>,
    name: String,
    zone: Option<String>,
    /// When this was asked for, unix milliseconds.
    at: i64,
}

impl Hints {
    pub(crate) fn parse(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }
}

/// The calendar as it is known, or as Calendly has it now.
pub(super) async fn calendar(api: &Api, known: &[KnownCalendar], meter: &Meter) -> Result<RemoteCalendar, ProviderError> {
    let now = api.clock.now();
    let fresh = known.iter().filter(|one| one.cursor.is_some()).find_map(|one| Hints::parse(one.hints.as_deref()));
    match fresh.filter(|hints| (0..ASK_AFTER_MS).contains(&(now - hints.at))) {
        Some(hints) => Ok(described(hints)),
        None => Ok(described(hints(user(api, meter).await?, now))),
    }
}

/// Who the account is. One booking is asked for, too: whoever gave too few permissions is told now and not by the first sync.
pub(super) async fn account(api: &Api, meter: &Meter) -> Result<Account, ProviderError> {
    let user = user(api, meter).await?;
    let body = api.get(WHAT, &["scheduled_events"], &[("user", &user.uri), ("count", "1")], meter).await?;
    serde_json::from_slice::<List>(&body).map_err(|error| problems::malformed(WHAT, error))?;
    let email = user.email.clone();
    Ok(Account { email, calendar: described(hints(user, api.clock.now())) })
}

async fn user(api: &Api, meter: &Meter) -> Result<User, ProviderError> {
    let body = api.get(WHAT, &["users", "me"], &[], meter).await?;
    let single: Single<User> = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
    Ok(single.resource)
}

fn hints(user: User, now: i64) -> Hints {
    let zone = user.timezone.map(|name| Timezones::default().resolve(&name, None)).filter(|(_, warning)| warning.is_none());
    let name = if user.name.trim().is_empty() { user.email } else { user.name };
    Hints { user: user.uri, organization: user.current_organization, name, zone: zone.map(|(name, _)| name.0), at: now }
}

fn described(hints: Hints) -> RemoteCalendar {
    RemoteCalendar {
        remote_id: id_of(&hints.user).to_owned(),
        name: format!("Bookings with {}", hints.name),
        color: None,
        zone: hints.zone.clone(),
        // Times can be changed by those who booked alone.
        read_only: true,
        state: None,
        hints: Some(serde_json::to_string(&hints).expect("texts and numbers")),
    }
}
