//! Only what changed since the last pass.

use super::members::{Changes, Report};
use super::{Puller, Versions};
use crate::error::ProviderError;
use crate::provider::caldav::cursor::{Cursor, State};
use crate::provider::{Change, Content, Coverage};

impl Puller {
    /// Asks with the token; compares everything where that does not work or can not be believed.
    ///
    /// # Errors
    /// When the calendar can not be read.
    pub(super) async fn delta(&mut self, cursor: Cursor) -> Result<(), ProviderError> {
        if is_unchanged(&cursor, &self.state) {
            self.out.total = Some(0);
            return self.finish(&cursor, Coverage::Delta).await;
        }
        let Some(token) = cursor.token.as_deref() else { return self.reconcile(cursor, Versions::new()).await };
        let Report::Changes(changes) = self.target.changes(Some(token), cursor.depth_one).await? else {
            return self.reconcile(cursor, Versions::new()).await;
        };
        let known = if changes.changed.is_empty() { Versions::new() } else { self.request.known.load().await? };
        if Self::is_doubtful(&cursor, &changes, &known) {
            return self.reconcile(cursor, Versions::new()).await;
        }
        let Changes { changed, removed, token, depth_one } = changes;
        let wanted: Vec<_> =
            changed.into_iter().filter(|member| member.etag.is_none() || known.get(&member.path) != Some(&member.etag)).collect();
        self.out.total = Some((wanted.len() + removed.len()) as u64);
        for path in removed {
            self.out.push(Change { remote_id: path, version: None, content: Content::Removed }).await?;
        }
        self.fetch(wanted).await?;
        let cursor = Cursor { token, ctag: None, verified_at: cursor.verified_at, depth_one };
        self.finish(&cursor, Coverage::Delta).await
    }

    /// Whether an answer looks like the full listing that some servers give to a token that they do not know (DAViCal, SOGo, Stalwart):
    /// it names no removal, but objects that did not change. One such object beside a real change is no sign: DAViCal repeats the
    /// last one.
    fn is_doubtful(cursor: &Cursor, changes: &Changes, known: &Versions) -> bool {
        if !changes.removed.is_empty() {
            return false;
        }
        if changes.changed.is_empty() {
            // Nothing, but the token moved: either something that is not ours to see (a name, an object made and deleted), or the
            // full listing of a calendar that was emptied.
            return changes.token != cursor.token;
        }
        let listed = changes.changed.iter().filter(|member| known.contains_key(&member.path)).count();
        let unchanged =
            changes.changed.iter().filter(|member| member.etag.is_some() && known.get(&member.path) == Some(&member.etag)).count();
        let real = changes.changed.len() - unchanged;
        let nearly_all = listed >= 10 && listed * 10 >= known.len() * 9;
        unchanged >= 2 || (unchanged == 1 && (real == 0 || listed * 2 >= known.len())) || nearly_all
    }
}

/// The listing of this job shows what the cursor holds: there is nothing to ask.
fn is_unchanged(cursor: &Cursor, state: &State) -> bool {
    match (&cursor.token, &state.token) {
        (Some(old), Some(new)) => old == new,
        (None, None) => cursor.ctag.is_some() && cursor.ctag == state.ctag,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_decides_and_the_ctag_where_there_is_none() {
        let cursor = |token: Option<&str>, ctag: Option<&str>| Cursor {
            token: token.map(str::to_owned),
            ctag: ctag.map(str::to_owned),
            ..Cursor::default()
        };
        let state = |token: Option<&str>, ctag: Option<&str>| State { token: token.map(str::to_owned), ctag: ctag.map(str::to_owned) };
        assert!(is_unchanged(&cursor(Some("1"), Some("a")), &state(Some("1"), Some("b"))));
        assert!(!is_unchanged(&cursor(Some("1"), Some("a")), &state(Some("2"), Some("a"))));
        assert!(is_unchanged(&cursor(None, Some("a")), &state(None, Some("a"))));
        assert!(!is_unchanged(&cursor(None, None), &state(None, None)), "a server that says nothing is asked");
        assert!(!is_unchanged(&cursor(Some("1"), None), &state(None, None)));
    }
}
