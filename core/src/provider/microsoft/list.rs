//! The calendars of a mailbox. They have no delta: they are listed by one request.

use super::transport::Api;
use super::wire::{Address, Calendar, Listing, User};
use super::{Account, problems};
use crate::error::ProviderError;
use crate::provider::{Meter, RemoteCalendar};
use serde::{Deserialize, Serialize};
use syncline_domain::failure::{Class, Problem};

const WHAT: &str = "microsoft.list";

/// Outlook's colours by their names (`calendarColor`).
const COLORS: [(&str, &str); 9] = [
    ("lightBlue", "#a6d1f5"),
    ("lightTeal", "#4adacc"),
    ("lightGreen", "#87d28e"),
    ("lightGray", "#c0c0c0"),
    ("lightRed", "#f98a9f"),
    ("lightPink", "#f08ec8"),
    ("lightBrown", "#cba287"),
    ("lightOrange", "#fcab73"),
    ("lightYellow", "#f4d76b"),
];

/// [`RemoteCalendar::hints`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hints {
    /// Whose mailbox it is, in lower case: the owner of its default calendar.
    #[serde(default)]
    pub(super) me: Option<String>,
    /// The calendar is the mailbox's own, and not shared by somebody else.
    #[serde(default)]
    pub(super) own: bool,
}

impl Hints {
    pub(super) fn parse(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// The calendars now.
pub(super) async fn calendars(api: &Api, meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
    let mut found: Vec<Calendar> = Vec::new();
    let mut url = api.http.address(&["me", "calendars"], &[("$top", "100")]);
    loop {
        let body = api.get(WHAT, &url, meter).await?;
        let page: Listing = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        for raw in page.value {
            found.push(serde_json::from_str(raw.get()).map_err(|error| problems::malformed(WHAT, error))?);
        }
        let Some(next) = page.next_link else { break };
        url = api.http.link(&next).ok_or_else(|| problems::strange(WHAT))?;
    }
    let address = |owner: &Option<Address>| owner.as_ref().and_then(|who| who.address.as_deref()).map(str::to_lowercase);
    let me = found.iter().find(|one| one.is_default_calendar).and_then(|one| address(&one.owner));
    Ok(found
        .into_iter()
        .map(|one| {
            let owner = address(&one.owner);
            let hints = Hints { own: one.is_default_calendar || owner.is_none() || owner == me, me: me.clone() };
            RemoteCalendar {
                name: one.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Calendar".to_owned()),
                color: color(&one),
                zone: None,
                read_only: one.can_edit == Some(false),
                state: None,
                hints: Some(serde_json::to_string(&hints).expect("texts")),
                remote_id: one.id,
            }
        })
        .collect())
}

/// Whose mailbox it is, and its calendars.
pub(super) async fn account(api: &Api, meter: &Meter) -> Result<Account, ProviderError> {
    let body = api.get(WHAT, &api.http.address(&["me"], &[]), meter).await?;
    let user: User = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
    let calendars = calendars(api, meter).await?;
    let email = user.mail.or(user.user_principal_name).filter(|email| !email.trim().is_empty()).ok_or_else(|| {
        let problem =
            Problem::new("no_mailbox", "This Microsoft account has no address.", "Connect an account that has a mailbox in Outlook.");
        ProviderError::new(WHAT, Class::Permanent, problem)
    })?;
    Ok(Account { email, calendars })
}

/// The colour that the user chose, else the one of the palette. `auto` is none.
fn color(calendar: &Calendar) -> Option<String> {
    let own = calendar.hex_color.as_deref().map(|hex| hex.trim().trim_start_matches('#')).filter(|hex| !hex.is_empty());
    match own {
        Some(hex) if hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => Some(format!("#{}", hex.to_ascii_lowercase())),
        _ => {
            let name = calendar.color.as_deref()?;
            COLORS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, hex)| (*hex).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_colour_comes_before_the_palette() {
        let of = |text: &str| color(&serde_json::from_str::<Calendar>(text).unwrap());
        assert_eq!(of(r##"{"id":"a","color":"lightBlue","hexColor":"#EF6C00"}"##).as_deref(), Some("#ef6c00"));
        assert_eq!(of(r#"{"id":"a","color":"auto","hexColor":"FF0000"}"#).as_deref(), Some("#ff0000"));
        assert_eq!(of(r#"{"id":"a","color":"lightGreen","hexColor":""}"#).as_deref(), Some("#87d28e"));
        assert_eq!(of(r#"{"id":"a","color":"auto","hexColor":"no colour"}"#), None);
    }
}
