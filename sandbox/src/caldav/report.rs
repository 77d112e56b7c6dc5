//! REPORTs: what changed, some objects, all objects.

use super::Inner;
use super::ask::{CALDAV, DAV};
use super::data::{Collection, Object};
use super::quirks::{BulkQuery, Signs, StaleToken};
use super::serve::{Question, Reply};
use super::xml::{self, Multistatus, escape};
use percent_encoding::percent_decode_str;

impl Inner {
    /// # Errors
    /// What no polite client asks.
    pub(super) fn report(&self, question: &Question) -> Result<Reply, String> {
        let Some(collection) = self.collections.get(&question.path) else { return Ok(Reply::status(404)) };
        match question.kind {
            "sync-collection" => self.sync(question, collection),
            "calendar-multiget" => self.multiget(question, collection),
            _ => self.query(question, collection),
        }
    }

    fn sync(&self, question: &Question, collection: &Collection) -> Result<Reply, String> {
        let quirks = &self.quirks;
        let token = question.body.token.as_deref().ok_or("a sync-collection without a sync-token")?;
        if question.body.level.as_deref() != Some("1") {
            return Err("a sync-collection without sync-level 1".to_owned());
        }
        match (question.depth, quirks.wants_depth_one) {
            (Some(0), true) => return Ok(Reply::status(400)),
            (Some(0), false) | (Some(1), true) => {}
            (depth, _) => return Err(format!("a sync-collection at depth {depth:?}")),
        }
        if matches!(quirks.signs, Signs::CtagOnly | Signs::Nothing) {
            return Ok(Reply::xml(403, xml::error("supported-report")));
        }
        let position = if token.is_empty() { Some(0) } else { collection.position(token) };
        let mut everything = token.is_empty();
        if position.is_none() {
            match quirks.stale_token {
                StaleToken::Status(status) => return Ok(Reply::xml(status, xml::error("valid-sync-token"))),
                StaleToken::Bare(status) => return Ok(Reply::status(status)),
                StaleToken::FullListing => everything = true,
            }
        }
        let (mut names, next, more) = collection.changes(position.unwrap_or(0), quirks.page);
        if everything {
            if token.is_empty() && quirks.lists_past_removals {
                names.extend(collection.ever().into_iter().filter(|name| !collection.objects.contains_key(name)));
            } else {
                names.retain(|name| collection.objects.contains_key(name));
            }
        } else if quirks.repeats_last
            && let Some(last) = collection.last().filter(|last| !names.contains(last))
        {
            names.push(last.clone());
        }
        names.dedup();
        let mut out = Multistatus::new(quirks);
        if quirks.lists_itself {
            let etag = out.element(DAV, "getetag", "\"collection\"");
            out.row(&question.path, &[etag], &[], &[]);
        }
        for name in names {
            let path = format!("{}{name}", question.path);
            match collection.objects.get(&name) {
                Some(object) => {
                    let etag = out.element(DAV, "getetag", &escape(&self.etag(object.version)));
                    out.row(&path, &[etag], &[], &[]);
                }
                None => out.status_row(&path, "404 Not Found"),
            }
        }
        if more {
            out.status_row(&question.path, "507 Insufficient Storage");
        }
        Ok(Reply::xml(207, out.finish(Some(&next))))
    }

    fn multiget(&self, question: &Question, collection: &Collection) -> Result<Reply, String> {
        let quirks = &self.quirks;
        asks_for_data(question)?;
        if question.body.hrefs.is_empty() {
            return Err("a multiget without hrefs".to_owned());
        }
        if quirks.max_multiget.is_some_and(|max| question.body.hrefs.len() > max) {
            return Ok(Reply::status(400));
        }
        let mut out = Multistatus::new(quirks);
        for href in &question.body.hrefs {
            let path = percent_decode_str(href).decode_utf8().map_err(|_| "an href that is not UTF-8".to_owned())?;
            let Some(name) = path.strip_prefix(question.path.as_str()) else { return Err(format!("{href} is of another calendar")) };
            if quirks.poison.iter().any(|poison| poison == name) {
                return Ok(Reply::status(500));
            }
            match collection.objects.get(name) {
                Some(_) if quirks.omits.iter().any(|omitted| omitted == name) => {}
                Some(object) => self.object_row(&mut out, &path, name, object),
                None if quirks.omits_missing => {}
                None => out.status_row(&path, "404 Not Found"),
            }
        }
        Ok(Reply::xml(207, out.finish(None)))
    }

    fn query(&self, question: &Question, collection: &Collection) -> Result<Reply, String> {
        asks_for_data(question)?;
        if question.body.filters != ["VCALENDAR", "VEVENT"] {
            return Err(format!("a query with the filters {:?}", question.body.filters));
        }
        let cut = match self.quirks.bulk_query {
            BulkQuery::Works => usize::MAX,
            BulkQuery::Refused(status) => return Ok(Reply::status(status)),
            BulkQuery::CutAt(number) => number,
        };
        let mut out = Multistatus::new(&self.quirks);
        let events: Vec<_> = collection.objects.iter().filter(|(_, object)| !object.data.contains("BEGIN:VTODO")).collect();
        for (name, object) in events.iter().take(cut) {
            self.object_row(&mut out, &format!("{}{name}", question.path), name, object);
        }
        if events.len() > cut {
            out.status_row(&question.path, "507 Insufficient Storage");
        }
        Ok(Reply::xml(207, out.finish(None)))
    }

    fn object_row(&self, out: &mut Multistatus<'_>, path: &str, name: &str, object: &Object) {
        let data = if self.quirks.empty.iter().any(|empty| empty == name) { String::new() } else { escape(&object.data) };
        let etag = out.element(DAV, "getetag", &escape(&self.etag(object.version)));
        let data = out.element(CALDAV, "calendar-data", &data);
        out.row(path, &[etag, data], &[], &[]);
    }
}

fn asks_for_data(question: &Question) -> Result<(), String> {
    let both = question.body.asks(DAV, "getetag") && question.body.asks(CALDAV, "calendar-data");
    if both { Ok(()) } else { Err("version and data have to be asked for together".to_owned()) }
}
