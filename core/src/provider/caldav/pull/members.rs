//! What is in a calendar, without its data: listings, the state, and token reports.

use super::{Member, Puller, Target, member_path};
use crate::error::ProviderError;
use crate::provider::caldav::cursor::State;
use crate::provider::caldav::problems::{self, Subject};
use crate::provider::caldav::transport::{Call, Rows};
use crate::provider::caldav::wire::{MEMBERS, Row, STATE, sync_collection};
use http::StatusCode;
use std::collections::HashMap;
use syncline_domain::failure::Class;

const WHAT: &str = "caldav.members";
const WHAT_SYNC: &str = "caldav.changes";
/// A server that pages without an end is broken.
const MAX_PAGES: usize = 10_000;

/// Every object of a calendar.
pub(super) struct Members {
    pub(super) list: Vec<Member>,
    /// The server did not say that it left something out.
    pub(super) complete: bool,
}

/// What a token report says.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) changed: Vec<Member>,
    pub(super) removed: Vec<String>,
    pub(super) token: Option<String>,
    pub(super) depth_one: bool,
}

/// The outcome of a token report.
pub(super) enum Report {
    /// What changed since.
    Changes(Changes),
    /// The server does not want this token (any more), or does not do this report.
    Refused,
}

impl Puller {
    /// The token and the CTag, from the listing of this job or, where that did not ask, from the calendar itself. Must be called
    /// before the listing of members that it is to vouch for.
    ///
    /// # Errors
    /// When the calendar can not be read.
    pub(super) async fn current_state(&self) -> Result<State, ProviderError> {
        if self.asked || self.state.token.is_some() {
            return Ok(self.state.clone());
        }
        let call = Call::propfind(WHAT, Subject::Calendar, &self.target.url, 0, STATE);
        let row = self.target.dav.rows(call, &self.target.meter).await?.rows.into_iter().next();
        Ok(row.map(|row| State { token: row.props.sync_token, ctag: row.props.ctag }).unwrap_or_default())
    }
}

impl Target {
    /// Every object with its version.
    ///
    /// # Errors
    /// When neither a listing nor a token report gives them.
    pub(super) async fn members(&self) -> Result<Members, ProviderError> {
        let call = Call::propfind(WHAT, Subject::Calendar, &self.url, 1, MEMBERS);
        let listed = match self.dav.rows(call, &self.meter).await {
            Ok(listed) => listed,
            Err(error) if error.class == Class::Permanent => match self.changes(None, false).await? {
                Report::Changes(all) => return Ok(Members { list: all.changed, complete: true }),
                Report::Refused => return Err(error),
            },
            Err(error) => return Err(error),
        };
        if !listed.rows.is_empty() && listed.rows.iter().all(|row| row.status != Some(507)) {
            return Ok(Members { list: self.only_events(listed), complete: true });
        }
        // Cut off, or not even the calendar itself (RFC 4918 §9.1 wants it there): a second opinion.
        match self.changes(None, false).await? {
            Report::Changes(all) => Ok(Members { list: all.changed, complete: true }),
            Report::Refused if listed.rows.is_empty() => Err(problems::not_caldav(WHAT, &listed.url)),
            Report::Refused => Ok(Members { list: self.only_events(listed), complete: false }),
        }
    }

    fn only_events(&self, listed: Rows) -> Vec<Member> {
        listed.rows.into_iter().filter_map(|row| self.member(row)).collect()
    }

    fn member(&self, row: Row) -> Option<Member> {
        if row.props.kind.collection || row.status.is_some_and(|status| status >= 300) || !may_be_event(row.props.content_type.as_deref()) {
            return None;
        }
        let (path, href) = member_path(&row.href, &self.url, &self.path)?;
        Some(Member { path, href, etag: row.props.etag })
    }

    /// What changed since a token, or everything without one. Follows 507 pages to the last.
    ///
    /// # Errors
    /// When the calendar can not be read at all; a refusal is [`Report::Refused`].
    pub(super) async fn changes(&self, token: Option<&str>, depth_one: bool) -> Result<Report, ProviderError> {
        let mut changes = Changes { depth_one, ..Changes::default() };
        let mut rows: HashMap<String, Option<Member>> = HashMap::new();
        let mut since = token.map(str::to_owned);
        for _ in 0..MAX_PAGES {
            let body = sync_collection(since.as_deref());
            let call = Call::report(WHAT_SYNC, &self.url, u8::from(changes.depth_one), &body);
            let response = self.dav.send(call, &self.meter).await?;
            match response.status {
                StatusCode::MULTI_STATUS => {}
                // Drafts before RFC 6578 wanted the depth in the header.
                StatusCode::BAD_REQUEST if !changes.depth_one => {
                    changes.depth_one = true;
                    continue;
                }
                status if is_refused(status) => return Ok(Report::Refused),
                _ => return Err(problems::refusal(WHAT_SYNC, &response, Subject::Calendar)),
            }
            let answer = Rows::read(WHAT_SYNC, response).await?;
            let Some(next) = answer.token else { return Ok(Report::Refused) };
            let more = answer.rows.iter().any(|row| row.status == Some(507));
            for row in answer.rows.into_iter().filter(|row| row.status != Some(507)) {
                let Some((path, href)) = member_path(&row.href, &self.url, &self.path) else { continue };
                let gone = matches!(row.status, Some(404 | 410));
                let member = (!gone).then_some(Member { path: path.clone(), href, etag: row.props.etag });
                rows.insert(path, member);
            }
            if !more {
                changes.token = Some(next);
                for (path, member) in rows {
                    match member {
                        Some(member) => changes.changed.push(member),
                        None => changes.removed.push(path),
                    }
                }
                return Ok(Report::Changes(changes));
            }
            if since.as_deref() == Some(next.as_str()) {
                // "There is more" with the same token again: this leads nowhere.
                return Ok(Report::Refused);
            }
            since = Some(next);
        }
        Ok(Report::Refused)
    }
}

/// Refusals of a token in the wild: 403 (most), 409, 410, 412 (Xandikos), 400 and 500 (malformed ones), 507; 405, 415 and 501
/// where there is no such report.
fn is_refused(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 403 | 405 | 409 | 410 | 412 | 415 | 422 | 500 | 501 | 507)
}

/// `text/calendar; component=vtodo` is no event; a type that does not say is worth a look.
fn may_be_event(content_type: Option<&str>) -> bool {
    let Some(text) = content_type else { return true };
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if !kind.eq_ignore_ascii_case("text/calendar") && !kind.eq_ignore_ascii_case("application/octet-stream") {
        return false;
    }
    parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("component") || value.trim().trim_matches('"').to_ascii_uppercase().contains("VEVENT")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_an_event_is_fetched() {
        for yes in [
            "text/calendar",
            "text/calendar; charset=utf-8; component=vevent",
            "Text/Calendar;component=\"VEVENT\"",
            "text/calendar; component=VEVENT,VTODO",
        ] {
            assert!(may_be_event(Some(yes)), "{yes}");
        }
        for no in ["text/calendar; component=vtodo", "text/vcard; charset=utf-8", "httpd/unix-directory", "text/html"] {
            assert!(!may_be_event(Some(no)), "{no}");
        }
        assert!(may_be_event(None));
    }
}
