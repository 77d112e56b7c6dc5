//! Compare every version with what is stored. Right at every server, whatever it forgot to report.

use super::bulk::Bulk;
use super::members::Members;
use super::{Member, Puller, Versions};
use crate::error::ProviderError;
use crate::provider::caldav::cursor::Cursor;
use crate::provider::{Change, Content, Coverage};
use std::collections::HashSet;

/// From so many differences on, and when they are at least half of all, one query of everything is cheaper than many small ones.
const BULK_FROM: usize = 500;

impl Puller {
    /// The token first, then the listing: what changes in between is reported again by the next token report, never lost. `seen`
    /// was sent in this pass already.
    ///
    /// # Errors
    /// When the calendar can not be read.
    pub(super) async fn reconcile(&mut self, cursor: Cursor, seen: Versions) -> Result<(), ProviderError> {
        self.out.resumable = true;
        let state = self.current_state().await?;
        let Members { list, complete } = self.target.members().await?;
        let mut known = self.request.known.load().await?;
        known.extend(seen.iter().map(|(path, etag)| (path.clone(), etag.clone())));
        self.out.total = Some(list.len() as u64);

        let all = list.len();
        let mut wanted: Vec<Member> = Vec::new();
        for member in list {
            let same = member.etag.is_some() && known.get(&member.path) == Some(&member.etag);
            if !same {
                wanted.push(member);
            } else if !seen.contains_key(&member.path) {
                self.out.push(Change { remote_id: member.path, version: member.etag, content: Content::Same }).await?;
            }
        }
        if wanted.len() >= BULK_FROM && wanted.len() * 2 >= all && seen.is_empty() {
            let only: HashSet<String> = wanted.iter().map(|member| member.path.clone()).collect();
            if let Bulk::Whole(got) | Bulk::Cut(got) = self.bulk(Some(only)).await? {
                wanted.retain(|member| !got.contains_key(&member.path));
            }
        }
        self.fetch(wanted).await?;
        let has_token = state.token.is_some();
        let cursor = Cursor {
            token: state.token,
            ctag: state.ctag.filter(|_| !has_token),
            verified_at: complete.then_some(self.request.now),
            depth_one: cursor.depth_one,
        };
        let coverage = if complete { Coverage::Snapshot { keep_ended_before: None } } else { Coverage::Delta };
        self.finish(&cursor, coverage).await
    }
}
