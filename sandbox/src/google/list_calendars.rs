//! `calendarList.list`, with its own sync token.

use super::calendars::{Role, entry};
use super::errors::{Fail, Try};
use super::gate::{Caller, page_size, query_key};
use super::{Google, render};
use crate::hub::Base;
use crate::hub::time::DAY;
use crate::hub::wire::{Ask, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize)]
struct Cursor {
    account: String,
    seq: u64,
    epoch: u64,
    given: i64,
}

#[derive(Serialize, Deserialize)]
struct Page {
    account: String,
    query: String,
    after: u64,
    upto: u64,
}

impl Google {
    pub(super) fn list_calendars(&self, base: &Base, caller: &Caller, ask: &Ask) -> Try<Reply> {
        let size = page_size(ask, 100, 250)?;
        let says = |name: &str| ask.query(name) == Some("true");
        let now = base.now();
        let list = self.lists.get(&caller.account).ok_or_else(Fail::not_found)?;
        let since = match ask.query("syncToken") {
            None => None,
            Some(token) => {
                let forbidden = ["minAccessRole", "showOwnOrganizationOnly"].into_iter().find(|name| ask.query(name).is_some());
                let hiding = ["showDeleted", "showHidden"].into_iter().find(|name| ask.query(name) == Some("false"));
                if let Some(name) = forbidden.or(hiding) {
                    return Err(Fail::parameter("invalidParameter", &format!("{name} cannot be used together with syncToken."), name));
                }
                let cursor: Option<Cursor> = base.seal.open("google list", token);
                let cursor = cursor.filter(|cursor| cursor.account == caller.account);
                let cursor = cursor.ok_or_else(|| Fail::parameter("invalid", "Invalid sync token value.", "syncToken"))?;
                if cursor.epoch != list.epoch || now > cursor.given + base.habits.google.token_days * DAY {
                    return Err(Fail::full_sync());
                }
                Some(cursor.seq)
            }
        };
        let query = query_key(ask, &["pageToken", "maxResults"]);
        let page = match ask.query("pageToken") {
            None => Page { account: caller.account.clone(), query, after: 0, upto: list.seq },
            Some(token) => {
                let page: Option<Page> = base.seal.open("google list page", token);
                let page = page.filter(|page| page.account == caller.account && page.query == query);
                page.ok_or_else(|| Fail::parameter("invalid", "Invalid page token value.", "pageToken"))?
            }
        };
        let least = ask.query("minAccessRole").and_then(Role::named);
        let mut entries: Vec<_> = list.entries.iter().filter(|(_, entry)| entry.ord > page.after).collect();
        entries.retain(|(_, entry)| match since {
            Some(seq) => entry.seq > seq,
            None => {
                (!entry.deleted || says("showDeleted"))
                    && (!entry.hidden || says("showHidden"))
                    && least.is_none_or(|least| entry.role >= least)
            }
        });
        entries.sort_by_key(|(_, entry)| entry.ord);
        let more = entries.len() > size;
        entries.truncate(size);
        let items: Vec<Value> = entries.iter().map(|(id, line)| entry(id, line, self.calendars.get(*id))).collect();
        let mut body = json!({"kind": "calendar#calendarList", "etag": format!("\"p{}\"", list.seq), "items": items});
        if more {
            let after = entries.last().map_or(0, |(_, entry)| entry.ord);
            body["nextPageToken"] = json!(base.seal.close("google list page", &Page { after, ..page }));
        } else {
            let cursor = Cursor { account: caller.account.clone(), seq: page.upto, epoch: list.epoch, given: now };
            body["nextSyncToken"] = json!(base.seal.close("google list", &cursor));
        }
        render::send(ask, body)
    }
}
