//! What the server holds: collections of objects and a log of every change.

use std::collections::BTreeMap;

/// One object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) data: String,
    /// The number of the change that made this version.
    pub(super) version: u64,
}

/// A collection. `log[n]` is change number `n + 1`.
#[derive(Debug, Clone, Default)]
pub(super) struct Collection {
    pub(super) name: String,
    pub(super) color: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) components: Vec<&'static str>,
    pub(super) read_only: bool,
    /// Not a calendar: an inbox, an outbox, a subscription.
    pub(super) special: Option<&'static str>,
    pub(super) objects: BTreeMap<String, Object>,
    log: Vec<String>,
    /// Tokens of an older epoch are not known any more.
    pub(super) epoch: u64,
}

impl Collection {
    /// An empty calendar.
    pub(super) fn calendar(name: &str) -> Self {
        Self { name: name.to_owned(), components: vec!["VEVENT"], ..Self::default() }
    }

    pub(super) fn put(&mut self, name: &str, data: String) {
        self.log.push(name.to_owned());
        self.objects.insert(name.to_owned(), Object { data, version: self.log.len() as u64 });
    }

    pub(super) fn delete(&mut self, name: &str) -> bool {
        let was_there = self.objects.remove(name).is_some();
        if was_there {
            self.log.push(name.to_owned());
        }
        was_there
    }

    pub(super) fn token(&self) -> String {
        self.token_at(self.log.len())
    }

    fn token_at(&self, at: usize) -> String {
        format!("http://sandbox.test/ns/sync/{}/{at}", self.epoch)
    }

    /// Where in the log a token stands; `None` when it is not one of ours, or of an older epoch.
    pub(super) fn position(&self, token: &str) -> Option<usize> {
        let (epoch, at) = token.strip_prefix("http://sandbox.test/ns/sync/")?.split_once('/')?;
        let at = at.parse().ok().filter(|at| *at <= self.log.len())?;
        (epoch.parse() == Ok(self.epoch)).then_some(at)
    }

    pub(super) fn ctag(&self) -> String {
        format!("\"{}\"", self.log.len())
    }

    /// The names that changed after a position, each once, oldest change first, and the token up to which they reach. `limit` cuts.
    pub(super) fn changes(&self, since: usize, limit: Option<usize>) -> (Vec<String>, String, bool) {
        let mut names: Vec<String> = Vec::new();
        for (at, name) in self.log.iter().enumerate().skip(since) {
            // A name is reported at its last change, so that no page has to be revised by a later one.
            if self.log[at + 1..].contains(name) && limit.is_none() {
                continue;
            }
            if limit.is_some_and(|limit| names.len() >= limit) {
                return (names, self.token_at(at), true);
            }
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        (names, self.token(), false)
    }

    /// The name that changed last.
    pub(super) fn last(&self) -> Option<&String> {
        self.log.last()
    }

    /// Every name that ever was.
    pub(super) fn ever(&self) -> Vec<String> {
        let mut names = self.log.clone();
        names.sort();
        names.dedup();
        names
    }
}

/// A simple object with one event.
#[must_use]
pub fn event(uid: &str, summary: &str) -> String {
    let hour = uid.bytes().map(u32::from).sum::<u32>() % 20;
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Sandbox//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:20260320T{hour:02}0000Z\r\nDURATION:PT1H\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_given_once_and_pages_follow_each_other() {
        let mut calendar = Collection::calendar("x");
        for name in ["a", "b", "a", "c"] {
            calendar.put(name, String::new());
        }
        calendar.delete("b");
        assert_eq!(calendar.changes(0, None).0, ["a", "c", "b"]);
        let (first, token, more) = calendar.changes(0, Some(2));
        assert_eq!((first.len(), more), (2, true));
        let (second, token, more) = calendar.changes(calendar.position(&token).unwrap(), Some(9));
        assert!(!more && token == calendar.token());
        assert!(second.contains(&"b".to_owned()) && second.contains(&"c".to_owned()));
        calendar.epoch += 1;
        assert_eq!(calendar.position(&token), None);
    }
}
