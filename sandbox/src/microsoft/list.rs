//! Calendars, events, views and instances.

use super::Microsoft;
use super::errors::{Fail, Try};
use super::gate::{Caller, Place, next_link, options, paging, root};
use super::render::{Look, calendar_key, select};
use super::store::{Calendar, Mailbox, Stored, Target};
use super::times::bound;
use crate::hub::Base;
use crate::hub::time::DAY;
use crate::hub::wire::{Ask, Reply};
use serde_json::{Value, json};

/// A window must not be longer.
const LONGEST: i64 = 1825 * DAY;

impl Microsoft {
    fn calendar_value(&self, account: &str, id: &str, calendar: &Calendar) -> Value {
        let owner = calendar.source.as_ref().map_or(account, |(owner, _)| owner);
        let name = self.mailboxes.get(owner).map_or(owner, |mailbox| &mailbox.name);
        json!({
            "id": id, "name": calendar.name, "color": calendar.color, "hexColor": calendar.hex, "isDefaultCalendar": calendar.default,
            "changeKey": calendar_key(id, calendar.version), "canShare": calendar.source.is_none(), "canViewPrivateItems": calendar.source.is_none(),
            "canEdit": calendar.can_edit, "allowedOnlineMeetingProviders": ["teamsForBusiness"],
            "defaultOnlineMeetingProvider": "teamsForBusiness", "isTallyingResponses": calendar.default, "isRemovable": !calendar.default,
            "owner": {"name": name, "address": owner},
        })
    }

    pub(super) fn calendars(&self, base: &Base, caller: &Caller, ask: &Ask) -> Try<Reply> {
        options(ask, &["$top", "$skip", "$select"])?;
        let (top, skip) = paging(ask)?;
        let mailbox = self.mailbox(&caller.account)?;
        let mut all: Vec<(&String, &Calendar)> = mailbox.calendars.iter().collect();
        all.sort_by_key(|(_, calendar)| calendar.ord);
        let total = all.len();
        let page = all.into_iter().skip(skip).take(top);
        let items: Vec<Value> =
            page.map(|(id, calendar)| select(self.calendar_value(&caller.account, id, calendar), ask.query("$select"))).collect();
        let context = format!("{}/$metadata#users('{}')/calendars", root(base), mailbox.user);
        let mut body = json!({"@odata.context": context, "value": items});
        if total > skip + top {
            body["@odata.nextLink"] = json!(next_link(base, ask, skip + top));
        }
        Ok(Reply::json(200, &body))
    }

    pub(super) fn one_calendar(&self, base: &Base, caller: &Caller, id: Option<&str>) -> Try<Reply> {
        let mailbox = self.mailbox(&caller.account)?;
        let found = mailbox.calendars.iter().find(|(known, calendar)| id.map_or(calendar.default, |id| id == *known));
        let (id, calendar) = found.ok_or_else(Fail::not_found)?;
        let mut body = self.calendar_value(&caller.account, id, calendar);
        body["@odata.context"] = json!(format!("{}/$metadata#users('{}')/calendars/$entity", root(base), mailbox.user));
        Ok(Reply::json(200, &body))
    }

    /// Single events and masters.
    pub(super) fn events(&self, base: &Base, caller: &Caller, id: Option<&str>, ask: &Ask) -> Try<Reply> {
        options(ask, &["$top", "$skip", "$select"])?;
        let place = self.place(caller, id)?;
        let look = look(ask, caller)?;
        let mailbox = self.mailbox(place.mailbox)?;
        let items = mailbox.events.view(base.now()).all(place.id, 0).map(|stored| look.whole(mailbox, stored)).collect();
        page(base, ask, &look, &mailbox.user, items)
    }

    pub(super) fn view(&self, base: &Base, caller: &Caller, id: Option<&str>, ask: &Ask) -> Try<Reply> {
        options(ask, &["$top", "$skip", "$select", "$orderby", "startDateTime", "endDateTime"])?;
        let place = self.place(caller, id)?;
        let look = look(ask, caller)?;
        let (from, to) = window(ask)?;
        let mailbox = self.mailbox(place.mailbox)?;
        let mut found: Vec<(i64, Value)> = Vec::new();
        for stored in mailbox.events.view(base.now()).all(place.id, 0) {
            let shape = stored.shape();
            if !shape.is_series() {
                if shape.start < to && shape.end > from {
                    found.push((shape.start, look.whole(mailbox, stored)));
                }
                continue;
            }
            for (original, start) in occurrences(stored, from, to) {
                found.push((start, look.occurrence(mailbox, stored, original)));
            }
        }
        found.sort_by_key(|(start, _)| *start);
        page(base, ask, &look, &mailbox.user, found.into_iter().map(|(_, event)| event).collect())
    }

    pub(super) fn event(&self, base: &Base, caller: &Caller, id: &str, ask: &Ask) -> Try<Reply> {
        options(ask, &["$select", "$expand"])?;
        let look = look(ask, caller)?;
        let (mailbox, target, stored) = self.locate(base, caller, id)?;
        let mut event = match target {
            Target::Whole(_) => look.whole(mailbox, stored),
            Target::Occurrence(_, original) => look.occurrence(mailbox, stored, original),
        };
        let selected = ask.query("$select");
        if selected.is_some_and(|names| names.split(',').any(|name| name == "cancelledOccurrences")) && event["type"] == "seriesMaster" {
            let day = |at: &i64| jiff::Timestamp::from_millisecond(*at).unwrap_or_default().strftime("%Y-%m-%d").to_string();
            event["cancelledOccurrences"] =
                json!(stored.cancelled.iter().map(|at| format!("OID.{}.{}", stored.id(look.immutable), day(at))).collect::<Vec<_>>());
        }
        let mut event = select(event, selected);
        match ask.query("$expand") {
            None => {}
            Some("calendar") => event["calendar"] = self.calendar_that_holds(caller, mailbox, &stored.calendar),
            Some(other) => return Err(Fail::new(501, "NotImplemented", &format!("The stand-in does not expand {other} here."))),
        }
        event["@odata.context"] = json!(format!("{}/$metadata#users('{}')/events/$entity", root(base), mailbox.user));
        Ok(applied(Reply::json(200, &event), &look))
    }

    /// The calendar that an event is in now, as the caller sees it.
    fn calendar_that_holds(&self, caller: &Caller, mailbox: &Mailbox, id: &str) -> Value {
        let known = mailbox.calendars.get(id);
        known.map_or(Value::Null, |calendar| self.calendar_value(&caller.account, id, calendar))
    }

    pub(super) fn instances(&self, base: &Base, caller: &Caller, id: &str, ask: &Ask) -> Try<Reply> {
        options(ask, &["$top", "$skip", "$select", "startDateTime", "endDateTime"])?;
        let look = look(ask, caller)?;
        let (from, to) = window(ask)?;
        let (mailbox, target, stored) = self.locate(base, caller, id)?;
        if !matches!(target, Target::Whole(_)) || !stored.shape().is_series() {
            return Err(Fail::bad("ErrorInvalidRequest", "Your request can't be completed. The requested item is not a series master."));
        }
        let items = occurrences(stored, from, to).into_iter().map(|(original, _)| look.occurrence(mailbox, stored, original)).collect();
        page(base, ask, &look, &mailbox.user, items)
    }

    /// An event by its id, in the caller's mailbox or in one that shares the calendar with the caller.
    pub(super) fn locate(&self, base: &Base, caller: &Caller, id: &str) -> Try<(&Mailbox, Target, &Stored)> {
        let own = self.mailbox(&caller.account)?;
        let shared = own.calendars.keys().filter_map(|calendar| {
            let place: Place<'_> = self.place(caller, Some(calendar)).ok()?;
            (place.mailbox != caller.account).then(|| (place.mailbox.to_owned(), place.id.to_owned()))
        });
        let shared: Vec<(String, String)> = shared.collect();
        if let Ok((target, stored)) = own.events.view(base.now()).find(id) {
            return Ok((own, target, stored));
        }
        for (account, calendar) in shared {
            let mailbox = &self.mailboxes[&account];
            if let Ok((target, stored)) = mailbox.events.view(base.now()).find(id)
                && stored.calendar == calendar
            {
                return Ok((mailbox, target, stored));
            }
        }
        Err(Fail::not_found())
    }
}

pub(super) fn look(ask: &Ask, caller: &Caller) -> Try<Look> {
    Ok(Look { basic: caller.basic, ..Look::new(ask)? })
}

/// Tells which preferences were followed.
pub(super) fn applied(reply: Reply, look: &Look) -> Reply {
    if look.applied.is_empty() { reply } else { reply.with("preference-applied", look.applied.join(", ")) }
}

/// The occurrences and exceptions of a series that overlap a window: original and actual start.
pub(super) fn occurrences(stored: &Stored, from: i64, to: i64) -> Vec<(i64, i64)> {
    let shape = stored.shape();
    // A moved occurrence may have its original start after the window.
    let last = stored.exceptions.keys().next_back().copied().unwrap_or(to).max(to);
    let mut found = Vec::new();
    for original in shape.starts(last) {
        if stored.cancelled.contains(&original) {
            continue;
        }
        let (start, end) = match stored.exceptions.get(&original) {
            Some(exception) => {
                let body: Value = serde_json::from_str(&exception.body).expect("bodies are written by the store");
                let own = super::times::Shape::of(&body).expect("it was checked when it was written");
                (own.start, own.end)
            }
            None => (original, original + shape.length()),
        };
        if start < to && end > from {
            found.push((original, start));
        }
    }
    found
}

/// The window of `startDateTime` and `endDateTime`.
pub(super) fn window(ask: &Ask) -> Try<(i64, i64)> {
    let bounds = ask.query("startDateTime").and_then(bound).zip(ask.query("endDateTime").and_then(bound));
    let (from, to) = bounds.ok_or_else(|| {
        let message = "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.";
        Fail::bad("ErrorInvalidParameter", message)
    })?;
    if to <= from {
        return Err(Fail::bad("ErrorInvalidParameter", "The end of the window must be after its start."));
    }
    if to - from > LONGEST {
        let message = "The requested duration exceeds the maximum of 1825 days.";
        return Err(Fail::bad("ErrorCalendarViewRangeTooBig", message));
    }
    Ok((from, to))
}

fn page(base: &Base, ask: &Ask, look: &Look, user: &str, items: Vec<Value>) -> Try<Reply> {
    let (top, skip) = paging(ask)?;
    let top = if ask.query("$top").is_some() { top } else { look.page.unwrap_or(top) };
    let total = items.len();
    let items: Vec<Value> = items.into_iter().skip(skip).take(top).map(|event| select(event, ask.query("$select"))).collect();
    let mut body = json!({"@odata.context": format!("{}/$metadata#users('{user}')/events", root(base)), "value": items});
    if total > skip + top {
        body["@odata.nextLink"] = json!(next_link(base, ask, skip + top));
    }
    Ok(applied(Reply::json(200, &body), look))
}
