//! Some objects with their data: `calendar-multiget` in chunks, a few at a time.

use super::{Member, Puller, Target, member_path};
use crate::error::ProviderError;
use crate::provider::caldav::address;
use crate::provider::caldav::normalize::{self, Reading};
use crate::provider::caldav::problems::{self, Subject};
use crate::provider::caldav::transport::{Call, fold};
use crate::provider::caldav::wire::{Row, calendar_multiget};
use crate::provider::{Change, Content};
use futures::stream::{FuturesUnordered, StreamExt};
use http::StatusCode;
use http::header::ETAG;
use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use url::Url;

const WHAT: &str = "caldav.multiget";
const WHAT_GET: &str = "caldav.get";
/// Objects in one request.
const CHUNK: usize = 100;
/// Requests in flight.
const IN_FLIGHT: usize = 3;
/// A round in which so many requests were refused and none was served is given up for one with smaller requests.
const PATIENCE: usize = 3;
/// So many objects that a server left out are asked for one by one; the others stay as they are until the next comparison.
const MAX_SINGLE: usize = 20;

/// What the parsing thread keeps.
struct Chunk {
    /// Asked and not answered yet.
    open: HashMap<String, Member>,
    changes: Vec<Change>,
    reading: Reading,
    url: Url,
    path: String,
}

/// The answer to one request.
enum Answer {
    Read(Chunk),
    /// The server refused the request as a whole: too many objects, or one that it trips over.
    Refused(Vec<Member>, ProviderError),
}

impl Puller {
    /// Fetches objects and sends them as changes. One that is gone (a 404) is a removal; one that the server leaves out is asked
    /// for once more by itself before that is believed.
    ///
    /// # Errors
    /// When the server can not be read.
    pub(super) async fn fetch(&mut self, mut wanted: Vec<Member>) -> Result<(), ProviderError> {
        let target = self.target.clone();
        let (mut size, mut left_out) = (CHUNK, Vec::new());
        while !wanted.is_empty() {
            let mut waiting: VecDeque<Vec<Member>> = wanted.chunks(size).map(<[Member]>::to_vec).collect();
            let (mut refused, mut served, mut refusals) = (Vec::new(), 0_usize, 0_usize);
            let mut asked = FuturesUnordered::new();
            loop {
                while asked.len() < IN_FLIGHT
                    && let Some(chunk) = waiting.pop_front()
                {
                    asked.push(target.multiget(chunk));
                }
                let Some(answer) = asked.next().await else { break };
                match answer? {
                    Answer::Read(chunk) => {
                        served += 1;
                        left_out.extend(chunk.open.into_values());
                        for change in chunk.changes {
                            self.out.push(change).await?;
                        }
                    }
                    Answer::Refused(members, error) => {
                        refusals += 1;
                        let hopeless = served == 0 && refusals >= PATIENCE;
                        if hopeless && size == 1 {
                            return Err(error);
                        }
                        if hopeless {
                            refused.extend(waiting.drain(..).flatten());
                        }
                        if size == 1 { left_out.extend(members) } else { refused.extend(members) }
                    }
                }
            }
            wanted = refused;
            size = (size / 4).max(1);
        }
        self.settle(left_out).await
    }

    /// What a server listed and then left out of its answer: some do so with objects that are gone by now, so each is looked at once.
    async fn settle(&mut self, left_out: Vec<Member>) -> Result<(), ProviderError> {
        for (number, member) in left_out.into_iter().enumerate() {
            let change = if number < MAX_SINGLE {
                self.target.get(member).await?
            } else {
                let detail = "the server listed the object and then left it out".to_owned();
                Some(Change { remote_id: member.path, version: member.etag, content: Content::Unreadable { reason: "not_sent", detail } })
            };
            if let Some(change) = change {
                self.out.push(change).await?;
            }
        }
        Ok(())
    }
}

impl Target {
    async fn multiget(&self, members: Vec<Member>) -> Result<Answer, ProviderError> {
        let body = calendar_multiget(members.iter().map(|member| member.href.as_str()));
        let response = self.dav.send(Call::report(WHAT, &self.url, 1, &body), &self.meter).await?;
        match response.status.as_u16() {
            207 => {}
            400 | 403 | 405 | 409 | 412 | 413 | 415 | 422 | 500 | 501 | 502 | 504 | 507 => {
                let error = problems::refusal(WHAT, &response, Subject::Calendar);
                return Ok(Answer::Refused(members, error));
            }
            _ => return Err(problems::refusal(WHAT, &response, Subject::Calendar)),
        }
        let chunk = Chunk {
            changes: Vec::with_capacity(members.len()),
            open: members.into_iter().map(|member| (member.path.clone(), member)).collect(),
            reading: self.reading.clone(),
            url: self.url.clone(),
            path: self.path.clone(),
        };
        let folded = fold(WHAT, response, chunk, Chunk::take).await?;
        folded.end?;
        Ok(Answer::Read(folded.state))
    }

    /// One object by its own address.
    async fn get(&self, member: Member) -> Result<Option<Change>, ProviderError> {
        let url = address::at(&self.url, &member.href);
        let response = self.dav.send(Call::get(WHAT_GET, &url), &self.meter).await?;
        let Member { path, etag, .. } = member;
        match response.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Some(Change { remote_id: path, version: None, content: Content::Removed })),
            StatusCode::OK => {
                let version = response.header(ETAG).map(str::to_owned).or(etag);
                let body = response.bytes().await?;
                let content = normalize::content(Some(&String::from_utf8_lossy(&body)), &self.reading);
                Ok(content.map(|content| Change { remote_id: path, version, content }))
            }
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(problems::refusal(WHAT_GET, &response, Subject::Calendar))
            }
            status => {
                let detail = format!("the server answered {} for the object", status.as_u16());
                Ok(Some(Change { remote_id: path, version: etag, content: Content::Unreadable { reason: "refused_object", detail } }))
            }
        }
    }
}

impl Chunk {
    fn take(&mut self, row: Row) -> ControlFlow<()> {
        let Row { href, status, props } = row;
        let asked = member_path(&href, &self.url, &self.path).and_then(|(path, _)| self.open.remove(&path));
        // What was not asked for, or was answered already, is left alone.
        let Some(member) = asked else { return ControlFlow::Continue(()) };
        let (version, content) = match status {
            Some(404 | 410) => (None, Some(Content::Removed)),
            Some(status) if status >= 300 => {
                let detail = format!("the server answered {status} for the object");
                (member.etag, Some(Content::Unreadable { reason: "refused_object", detail }))
            }
            // The version that came with the data, not the one of the listing: it may have changed in between.
            _ => (props.etag.or(member.etag), normalize::content(props.data.as_deref(), &self.reading)),
        };
        if let Some(content) = content {
            self.changes.push(Change { remote_id: member.path, version, content });
        }
        ControlFlow::Continue(())
    }
}
