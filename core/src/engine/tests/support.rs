//! A scripted provider, and a calendar whose lock is held.

use crate::engine::calendar::{Line, calendar_line};
use crate::engine::job::{Claimed, waiting};
use crate::engine::lease::{self, Claim};
use crate::engine::pass::Context;
use crate::engine::tracker::Tracker;
use crate::error::ProviderError;
use crate::provider::{Change, Content, Coverage, KnownCalendar, Meter, Object, Page, PassEnd, Provider, PullRequest, RemoteCalendar};
use crate::store::{calendars, connections, jobs};
use crate::testing::db::TestHub;
use crate::testing::seed;
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::{ConnectionId, JobId, UserId};
use syncline_domain::sync::{JobProgress, JobStatus, Mode, ProviderKind, Trigger};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What the provider does next.
pub(super) enum Step {
    Page(Page),
    /// When it is the rate that is limited: for an hour.
    Fail(Class),
    /// Something else happens before the next page.
    Meanwhile(BoxFuture<'static, ()>),
}

/// Plays one script for each pull, and notes what it was asked.
#[derive(Default)]
pub(super) struct Scripted {
    scripts: Mutex<VecDeque<Vec<Step>>>,
    pub(super) asked: Mutex<Vec<PullRequest>>,
}

impl Scripted {
    pub(super) fn new(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self { scripts: Mutex::new(scripts.into_iter().collect()), asked: Mutex::default() }
    }

    /// The checkpoints that it was given, pull by pull.
    pub(super) fn checkpoints(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().iter().map(|request| request.checkpoint.clone()).collect()
    }
}

#[async_trait]
impl Provider for Scripted {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Caldav
    }

    fn parallel(&self) -> usize {
        1
    }

    async fn list(&self, _known: &[KnownCalendar], _meter: &Meter) -> Result<Vec<RemoteCalendar>, ProviderError> {
        Ok(Vec::new())
    }

    fn pull(&self, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
        self.asked.lock().unwrap().push(request);
        let steps = self.scripts.lock().unwrap().pop_front().expect("a script for each pull");
        stream::iter(steps)
            .filter_map(|step| async {
                match step {
                    Step::Page(page) => Some(Ok(page)),
                    Step::Fail(class) => {
                        let after = (class == Class::RateLimited).then(|| Duration::from_secs(3_600));
                        Some(
                            Err(ProviderError::new("script", class, Problem::new("script", "It failed.", "Wait.")).with_retry_after(after)),
                        )
                    }
                    Step::Meanwhile(what) => {
                        what.await;
                        None
                    }
                }
            })
            .boxed()
    }
}

/// An object with one event.
pub(super) fn present(id: &str, title: &str) -> Change {
    let when = seed::timed("2026-03-10T09:00".parse().unwrap(), "2026-03-10T10:00".parse().unwrap(), "Europe/Berlin");
    let object = Object {
        events: vec![seed::plain(title, when)],
        hash: title.to_owned(),
        raw: title.to_owned(),
        warnings: Vec::new(),
        copy_id: None,
    };
    Change { remote_id: id.to_owned(), version: Some(title.to_owned()), content: Content::Present(object) }
}

pub(super) fn change(id: &str, content: Content) -> Change {
    Change { remote_id: id.to_owned(), version: Some("v".to_owned()), content }
}

/// A page in the middle of a pass.
pub(super) fn page(changes: Vec<Change>, checkpoint: Option<&str>) -> Step {
    Step::Page(Page { changes, total: None, checkpoint: checkpoint.map(str::to_owned), end: None })
}

/// The last page of a pass, with the cursor `end`.
pub(super) fn last(changes: Vec<Change>, coverage: Coverage) -> Step {
    let end = PassEnd { cursor: Some("end".to_owned()), coverage, next_sync_s: None, moved_to: None };
    Step::Page(Page { changes, total: None, checkpoint: None, end: Some(end) })
}

pub(super) const SNAPSHOT: Coverage = Coverage::Snapshot { keep_ended_before: None };

/// A calendar, and a job that holds the lock of its connection.
pub(super) struct Bench {
    pub(super) at: TestHub,
    pub(super) user: UserId,
    pub(super) connection: ConnectionId,
    pub(super) cancel: CancellationToken,
    pub(super) budget: Duration,
    pub(super) job: JobId,
    /// The progress of the job.
    pub(super) tracker: Tracker,
    fence: i64,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let at = TestHub::in_memory().await;
        let (user, _) = seed::user_with_calendar(&at.hub, "anna@example.com").await;
        let connection = ConnectionId::trusted(at.texts("SELECT id FROM connections").await.remove(0));
        let job = JobId::trusted("");
        let mut bench = Self {
            cancel: CancellationToken::new(),
            budget: Duration::from_secs(60),
            job: job.clone(),
            tracker: Tracker::new(progress_of(&job, &connection), user.clone(), at.hub.bus().clone(), at.hub.clock().clone()),
            at,
            user,
            connection,
            fence: 0,
        };
        bench.begin().await;
        bench
    }

    /// A new job takes the lock.
    pub(super) async fn begin(&mut self) {
        self.at.advance(600_000);
        self.job = JobId::trusted(crate::clock::new_id(self.at.hub.clock()));
        let mut tx = self.at.db().begin().await.unwrap();
        let claim = lease::claim(&mut tx, &self.connection, &self.job, self.at.hub.owner(), self.at.now()).await.unwrap();
        let Claim::Taken { fence, .. } = claim else { panic!("{claim:?}") };
        self.fence = fence;
        let hub = &self.at.hub;
        self.tracker = Tracker::new(self.progress(), self.user.clone(), hub.bus().clone(), hub.clock().clone());
        let progress = serde_json::to_string(&self.progress()).unwrap();
        let new = jobs::NewJob {
            id: &self.job,
            run: &self.job,
            user: &self.user,
            connection: &self.connection,
            trigger: "manual",
            mode: "auto",
            calendars: None,
            progress: &progress,
            now: self.at.now(),
        };
        jobs::insert(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The job as `finish` and `listing` know it.
    pub(super) async fn claimed(&self) -> Claimed {
        let row = connections::find(self.at.db(), &self.user, &self.connection).await.unwrap().unwrap();
        Claimed {
            id: self.job.clone(),
            user: self.user.clone(),
            connection: self.connection.clone(),
            provider: ProviderKind::Ics,
            fence: self.fence,
            mode: Mode::Auto,
            only: None,
            progress: self.progress(),
            cancel: self.cancel.clone(),
            built_from: (row.secret, row.settings),
        }
    }

    pub(super) fn progress(&self) -> JobProgress {
        progress_of(&self.job, &self.connection)
    }

    /// Runs the calendar's part of the job. Panics when it hangs.
    pub(super) async fn run(&self, provider: &Scripted) -> Line {
        let row = connections::find(self.at.db(), &self.user, &self.connection).await.unwrap().unwrap();
        let calendar = calendars::of_connection(self.at.db(), &self.user, &self.connection).await.unwrap().remove(0);
        let remote = RemoteCalendar {
            remote_id: calendar.remote_id.clone(),
            name: calendar.name.clone(),
            color: None,
            zone: None,
            read_only: false,
            state: None,
            hints: None,
        };
        let hub = &self.at.hub;
        self.tracker.calendars(vec![waiting(&calendar)]);
        let cx = Context {
            db: hub.db(),
            clock: hub.clock(),
            tracker: &self.tracker,
            cancel: &self.cancel,
            deadline: Instant::now() + self.budget,
            provider,
            connection: &self.connection,
            job: &self.job,
            user: self.user.as_str(),
            fence: self.fence,
            via_webhook: false,
        };
        let line = calendar_line(&cx, &row, calendar, remote, Mode::Auto);
        tokio::time::timeout(Duration::from_secs(30), line).await.expect("it ends")
    }

    /// Titles of the live events.
    pub(super) async fn titles(&self) -> Vec<String> {
        self.at.texts("SELECT title FROM events WHERE deleted_at IS NULL ORDER BY title").await
    }

    /// Cursor and checkpoint, empty when there is none.
    pub(super) async fn stored(&self) -> (String, String) {
        let mut texts = self.at.texts("SELECT COALESCE(cursor, '') || '|' || COALESCE(checkpoint, '') FROM calendars").await;
        let (cursor, checkpoint) = texts[0].split_once('|').map(|(cursor, checkpoint)| (cursor.to_owned(), checkpoint.to_owned())).unwrap();
        texts.clear();
        (cursor, checkpoint)
    }
}

fn progress_of(job: &JobId, connection: &ConnectionId) -> JobProgress {
    JobProgress {
        job_id: job.clone(),
        run_id: job.clone(),
        connection_id: connection.clone(),
        connection_name: String::new(),
        seq: 1,
        status: JobStatus::Running,
        trigger: Trigger::Manual,
        started_at: None,
        calendars: Vec::new(),
        error: None,
    }
}
