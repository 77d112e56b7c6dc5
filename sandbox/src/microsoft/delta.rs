//! `calendarView/delta`: a round of pages over a window that is frozen in the links.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::gate::{Caller, options, root};
use super::list::{applied, look, occurrences, window};
use super::render::Look;
use super::store::{Mailbox, Stored};
use crate::hub::Base;
use crate::hub::time::DAY;
use crate::hub::wire::{Ask, Reply};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Items of a page when nobody says another number.
const PAGE: usize = 10;
/// What a delta does not take.
const UNSUPPORTED: [&str; 6] = ["$orderby", "$filter", "$select", "$expand", "$search", "$top"];

/// What a link stands for.
#[derive(Clone, Serialize, Deserialize)]
struct Round {
    account: String,
    calendar: Option<String>,
    from: i64,
    to: i64,
    /// The window as it was written, for a fresh start.
    window: String,
    /// Changes after this; all events when `None`.
    since: Option<u64>,
    /// The last change when the round began.
    upto: u64,
    /// The key or change that was told last.
    after: u64,
    epoch: u64,
    given: i64,
    /// The page between two others that has nothing.
    empty: bool,
}

impl Microsoft {
    pub(super) fn delta(&self, base: &Base, caller: &Caller, id: Option<&str>, ask: &Ask) -> Try<Reply> {
        if let Some((name, _)) = ask.query.iter().find(|(name, _)| UNSUPPORTED.contains(&name.to_ascii_lowercase().as_str())) {
            let message = format!(
                "The following parameters are not supported with change tracking over the 'CalendarView' resource: \
                 '$orderby, $filter, $select, $expand, $search, $top'. Found: {name}"
            );
            return Err(Fail::bad("ErrorInvalidUrlQuery", &message));
        }
        let place = self.place(caller, id)?;
        let mailbox = self.mailbox(place.mailbox)?;
        let look = look(ask, caller)?;
        let round = self.round(base, caller, id, mailbox, ask)?;
        let (items, next) = if round.empty { (Vec::new(), Some(round.after)) } else { tell(base, mailbox, place.id, &look, &round) };
        let mut body = json!({"@odata.context": format!("{}/$metadata#Collection(event)", root(base)), "value": items});
        match next {
            Some(after) => {
                let empty = base.habits.microsoft.empty_pages && !round.empty;
                body["@odata.nextLink"] = json!(link(base, id, "$skiptoken", &Round { after, empty, ..round }));
            }
            None => {
                let next = Round { since: Some(round.upto), after: round.upto, given: base.now(), empty: false, ..round };
                body["@odata.deltaLink"] = json!(link(base, id, "$deltatoken", &next));
            }
        }
        Ok(applied(Reply::json(200, &body), &look))
    }

    fn round(&self, base: &Base, caller: &Caller, id: Option<&str>, mailbox: &Mailbox, ask: &Ask) -> Try<Round> {
        let events = mailbox.events.view(base.now());
        let mut round = match (ask.query("$skiptoken"), ask.query("$deltatoken")) {
            (None, None) => {
                options(ask, &["startDateTime", "endDateTime"])?;
                let (from, to) = window(ask)?;
                let text = |name: &str| utf8_percent_encode(ask.query(name).unwrap_or_default(), NON_ALPHANUMERIC).to_string();
                return Ok(Round {
                    account: caller.account.clone(),
                    calendar: id.map(str::to_owned),
                    from,
                    to,
                    window: format!("startDateTime={}&endDateTime={}", text("startDateTime"), text("endDateTime")),
                    since: None,
                    upto: events.seq,
                    after: 0,
                    epoch: mailbox.epoch,
                    given: base.now(),
                    empty: false,
                });
            }
            (token, delta) => {
                let (purpose, token) =
                    if let Some(token) = token { ("graph skip", token) } else { ("graph delta", delta.unwrap_or_default()) };
                let bad = |why: &str| Fail::bad("BadRequest", why);
                if ask.query.len() != 1 {
                    return Err(bad("A link is to be followed as it is."));
                }
                let round: Round = base.seal.open(purpose, token).ok_or_else(|| bad("Badly formed token."))?;
                if round.account != caller.account || round.calendar.as_deref() != id {
                    return Err(bad("The token belongs to another resource."));
                }
                round
            }
        };
        if round.epoch != mailbox.epoch || base.now() > round.given + base.habits.microsoft.token_days * DAY {
            return Err(Fail::resync(Some(format!("{}?{}", path(base, id), round.window))));
        }
        if ask.query("$deltatoken").is_some() {
            round.upto = events.seq;
        }
        Ok(round)
    }
}

fn path(base: &Base, id: Option<&str>) -> String {
    let calendar = id.map_or_else(String::new, |id| format!("/calendars/{}", utf8_percent_encode(id, NON_ALPHANUMERIC)));
    format!("{}/me{calendar}/calendarView/delta", root(base))
}

fn link(base: &Base, id: Option<&str>, name: &str, round: &Round) -> String {
    let purpose = if name == "$skiptoken" { "graph skip" } else { "graph delta" };
    format!("{}?{name}={}", path(base, id), base.seal.close(purpose, round))
}

/// A page. A series is never split over two.
fn tell(base: &Base, mailbox: &Mailbox, calendar: &str, look: &Look, round: &Round) -> (Vec<Value>, Option<u64>) {
    let events = mailbox.events.view(base.now());
    let size = look.page.unwrap_or(PAGE);
    let group = |stored: &Stored| group(mailbox, stored, look, round);
    let removed = |id: &str| vec![json!({"@odata.type": "#microsoft.graph.event", "id": id, "@removed": {"reason": "deleted"}})];
    let groups: Box<dyn Iterator<Item = (u64, Vec<Value>)>> = match round.since {
        None => Box::new(events.all(calendar, round.after).map(|stored| (stored.key, group(stored)))),
        Some(_) => Box::new(events.changed(round.after, round.upto).map(|(seq, stored)| {
            if let Some(left) = stored.left.iter().find(|left| left.seq == seq && left.calendar == calendar) {
                return (seq, removed(if look.immutable { &stored.immutable } else { &left.id }));
            }
            if stored.seq != seq || stored.calendar != calendar {
                return (seq, Vec::new());
            }
            let items = if stored.gone { Vec::new() } else { group(stored) };
            // Also what was never told: a change outside of the window looks like a deletion.
            (seq, if items.is_empty() { removed(stored.id(look.immutable)) } else { items })
        })),
    };
    let mut items: Vec<Value> = Vec::new();
    let mut last = round.after;
    let mut next = None;
    for (number, group) in groups.filter(|(_, group)| !group.is_empty()) {
        if items.len() >= size {
            next = Some(last);
            break;
        }
        last = number;
        items.extend(group);
    }
    if base.habits.microsoft.repeat_items && items.len() > 1 {
        items.push(items[0].clone());
    }
    (items, next)
}

/// An event that lies in the window; of a series the master, its bare occurrences and its exceptions in full.
fn group(mailbox: &Mailbox, stored: &Stored, look: &Look, round: &Round) -> Vec<Value> {
    let typed = |mut event: Value| {
        event["@odata.type"] = json!("#microsoft.graph.event");
        event
    };
    let shape = stored.shape();
    if !shape.is_series() {
        let inside = shape.start < round.to && shape.end > round.from;
        return if inside { vec![typed(look.whole(mailbox, stored))] } else { Vec::new() };
    }
    let inside = occurrences(stored, round.from, round.to);
    if inside.is_empty() {
        return Vec::new();
    }
    let mut items = vec![typed(look.whole(mailbox, stored))];
    items.extend(inside.into_iter().map(|(original, _)| match stored.exceptions.contains_key(&original) {
        true => typed(look.occurrence(mailbox, stored, original)),
        false => look.bare(stored, original),
    }));
    items
}
