//! The words of a sync: what started it, how it stands, what it did.

mod flat;

use crate::failure::Problem;
use crate::ids::{CalendarId, ConnectionId, HoldId, JobId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// The form in the database and in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads [`Self::as_str`].
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Some(match text { $($text => Self::$variant,)* _ => return None })
            }
        }
    };
}

word! {
    /// A provider kind.
    ProviderKind {
        /// A CalDAV server.
        Caldav = "caldav",
        /// An ICS feed, by address or uploaded.
        Ics = "ics",
        /// A Google account.
        Google = "google",
        /// A Microsoft account, private or of a company.
        Microsoft = "microsoft",
        /// A Calendly account.
        Calendly = "calendly",
    }
}

impl ProviderKind {
    /// The name that people know.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Caldav => "CalDAV",
            Self::Ics => "ICS",
            Self::Google => "Google",
            Self::Microsoft => "Microsoft",
            Self::Calendly => "Calendly",
        }
    }

    /// Whether a connection is made by allowing it at the provider (OAuth).
    #[must_use]
    pub fn is_oauth(self) -> bool {
        matches!(self, Self::Google | Self::Microsoft | Self::Calendly)
    }
}

word! {
    /// What started a sync job.
    Trigger {
        /// Somebody pressed a button or ran a command.
        Manual = "manual",
        /// It was due.
        Schedule = "schedule",
        /// The provider said that something changed.
        Webhook = "webhook",
        /// It continues a job that stopped early.
        Resume = "resume",
    }
}

word! {
    /// Where a sync job stands.
    JobStatus {
        /// Not started.
        Pending = "pending",
        /// At work.
        Running = "running",
        /// Done, every calendar in step; see [`CalendarResult::is_in_step`].
        Completed = "completed",
        /// Some calendars failed, or the time budget ran out.
        Partial = "partial",
        /// Nothing could be synced.
        Failed = "failed",
        /// Stopped by the user; what was committed stays.
        Cancelled = "cancelled",
    }
}

impl JobStatus {
    /// Whether the job has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

word! {
    /// Which pass the user asked for.
    Mode {
        /// Let the engine choose.
        Auto = "auto",
        /// Only what the cursor says; an initial pass where there is none.
        Incremental = "incremental",
        /// Read everything and reconcile.
        Full = "full",
    }
}

word! {
    /// What became of one calendar.
    ResultStatus {
        /// In step.
        Success = "success",
        /// Without a problem: in step but for objects that could not be read, which are counted and named. With a problem: the
        /// pass stopped early.
        Partial = "partial",
        /// Nothing was changed; see the problem.
        Error = "error",
        /// In step but for deletions that wait for the user.
        Held = "held",
    }
}

/// What a sync did, in remote objects. `total = synced + updated + unchanged + skipped + errors`; `deleted` is beside it,
/// because what is deleted is not there any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// New.
    pub synced: u64,
    /// Changed.
    pub updated: u64,
    /// Gone.
    pub deleted: u64,
    /// Not stored, each for a reason.
    pub skipped: u64,
    /// In step already.
    pub unchanged: u64,
    /// Could not be read.
    pub errors: u64,
}

impl Counts {
    /// Everything that the provider has in scope.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.synced + self.updated + self.unchanged + self.skipped + self.errors
    }

    /// Whether anything visible changed.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.synced + self.updated + self.deleted > 0
    }

    /// "15 new, 3 changed, 1 gone, 2 skipped"; "nothing changed" when nothing did.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = Vec::new();
        for (number, word) in [
            (self.synced, "new"),
            (self.updated, "changed"),
            (self.deleted, "gone"),
            (self.skipped, "skipped"),
            (self.errors, "unreadable"),
        ] {
            if number > 0 {
                words.push(format!("{number} {word}"));
            }
        }
        if words.is_empty() { "nothing changed".to_owned() } else { words.join(", ") }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.synced += other.synced;
        self.updated += other.updated;
        self.deleted += other.deleted;
        self.skipped += other.skipped;
        self.unchanged += other.unchanged;
        self.errors += other.errors;
    }
}

/// An object that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unreadable {
    /// The provider's id of the object: the path of a CalDAV resource, the UID in a feed.
    pub object: String,
    /// Why, as in [`CalendarResult::skipped_reasons`].
    pub reason: String,
}

/// What a job did to one calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", from = "flat::CalendarResult", into = "flat::CalendarResult")]
pub struct CalendarResult {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The calendar; `None` when the connection failed before its calendars were known.
    pub calendar_id: Option<CalendarId>,
    /// The account at the provider: an e-mail address, a user name, or the host of a feed.
    pub email: String,
    /// The calendar's name, or the connection's when there is no calendar.
    pub calendar_name: String,
    /// How it went.
    pub status: ResultStatus,
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// The sum of the counts without `deleted`.
    pub total: u64,
    /// Reason → number of objects that were skipped or could not be read for it.
    pub skipped_reasons: BTreeMap<String, u64>,
    /// Which objects could not be read; at most 20 are named.
    #[serde(default, skip_serializing_if = "crate::packed::none")]
    pub unreadable: Vec<Unreadable>,
    /// Oddity → number of objects that were stored all the same: `unknown_zone`, `rule_too_frequent`, …
    #[serde(default, skip_serializing_if = "crate::packed::no_entries")]
    pub warnings: BTreeMap<String, u64>,
    /// What went wrong and what to do.
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    pub error: Option<Problem>,
    /// Deletions that wait for the user.
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    pub hold: Option<HoldSummary>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// Requests to the provider.
    pub requests: u64,
    /// Bytes received from the provider, after decompression.
    pub bytes: u64,
}

impl CalendarResult {
    /// The pass came to its end: everything is stored as the provider has it, but for deletions that wait and for objects that
    /// can not be read.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        match self.status {
            ResultStatus::Success | ResultStatus::Held => true,
            ResultStatus::Partial => self.error.is_none(),
            ResultStatus::Error => false,
        }
    }
}

/// A hold in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldSummary {
    /// The hold.
    pub id: HoldId,
    /// How many objects would go.
    pub would_delete: u64,
    /// How many the provider still lists.
    pub remaining: u64,
    /// How many are stored.
    pub live: u64,
}

/// The answer of a sync: REST, command line, page and `calendarSyncComplete` all show this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", from = "flat::SyncReport", into = "flat::SyncReport")]
pub struct SyncReport {
    /// Every calendar is in step.
    pub success: bool,
    /// "Synced 2 of 3 calendar(s)".
    pub message: String,
    /// The first job of the run; it stands for the whole run wherever a job id is asked for.
    pub job_id: JobId,
    /// Every job of the run, one for each connection.
    pub job_ids: Vec<JobId>,
    /// The state of the run: the worst of its jobs.
    pub status: JobStatus,
    /// Sums over the calendars.
    #[serde(flatten)]
    pub counts: Counts,
    /// Sum of the calendars' totals.
    pub total: u64,
    /// A line per calendar.
    pub results: Vec<CalendarResult>,
    /// When it ended, RFC 3339 in UTC.
    pub timestamp: String,
}

impl SyncReport {
    /// Puts the lines of a run together.
    #[must_use]
    pub fn of(job_ids: Vec<JobId>, status: JobStatus, results: Vec<CalendarResult>, timestamp: String) -> Self {
        let mut counts = Counts::default();
        for line in &results {
            counts += line.counts;
        }
        let good = results.iter().filter(|line| line.is_in_step()).count();
        let mut message = format!("Synced {good} of {} calendar(s)", results.len());
        if status == JobStatus::Cancelled {
            message.push_str(", then cancelled");
        }
        let held = results.iter().filter(|line| line.status == ResultStatus::Held).count();
        if held > 0 {
            message.push_str(&format!("; {held} with deletions on hold"));
        }
        Self {
            success: good == results.len() && status == JobStatus::Completed,
            message,
            job_id: job_ids.first().cloned().unwrap_or_else(|| JobId::trusted("")),
            job_ids,
            status,
            counts,
            total: counts.total(),
            results,
            timestamp,
        }
    }
}

/// How far one calendar is. All numbers only grow within a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendarProgress {
    /// The calendar.
    pub calendar_id: CalendarId,
    /// Its name.
    pub name: String,
    /// What is being done.
    pub phase: Phase,
    /// Objects received.
    pub read: u64,
    /// Objects committed.
    pub saved: u64,
    /// How many there are, once that is known.
    pub total: Option<u64>,
    /// The line of the report, when the calendar is done.
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    pub result: Option<CalendarResult>,
}

word! {
    /// What is being done to a calendar.
    Phase {
        /// It has not begun.
        Waiting = "waiting",
        /// Asking the provider; the total is unknown.
        Reading = "reading",
        /// The total is known; committing.
        Saving = "saving",
        /// Committed as a whole.
        Done = "done",
        /// Ended with a problem or on hold.
        Ended = "ended",
    }
}

/// How far one job is: a whole snapshot, so that a reader who missed some loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobProgress {
    /// The job.
    pub job_id: JobId,
    /// The first job of the run.
    pub run_id: JobId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// Name of the connection.
    pub connection_name: String,
    /// Grows by at least one with every snapshot of the job.
    pub seq: u64,
    /// Where the job stands.
    pub status: JobStatus,
    /// What started it.
    pub trigger: Trigger,
    /// When it started, unix milliseconds.
    pub started_at: Option<i64>,
    /// A line per calendar; empty until they are known.
    pub calendars: Vec<CalendarProgress>,
    /// The problem of the job as a whole.
    #[serde(default, skip_serializing_if = "crate::packed::no")]
    pub error: Option<Problem>,
}

impl JobProgress {
    /// Objects committed and their total over all calendars; the total is `None` until every calendar's is known.
    #[must_use]
    pub fn overall(&self) -> (u64, Option<u64>) {
        let saved = self.calendars.iter().map(|line| line.saved).sum();
        let total = if self.calendars.is_empty() {
            None
        } else {
            self.calendars.iter().map(|line| line.total).try_fold(0, |sum, total| total.map(|total| sum + total))
        };
        (saved, total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_in_words_and_numbers() {
        let counts = Counts { synced: 15, updated: 3, deleted: 1, skipped: 2, unchanged: 7, errors: 0 };
        assert_eq!(counts.in_words(), "15 new, 3 changed, 1 gone, 2 skipped");
        assert_eq!(counts.total(), 27);
        assert_eq!(Counts { unchanged: 9, ..Counts::default() }.in_words(), "nothing changed");
    }

    #[test]
    fn words_round_trip_through_their_text() {
        for status in
            [JobStatus::Pending, JobStatus::Running, JobStatus::Completed, JobStatus::Partial, JobStatus::Failed, JobStatus::Cancelled]
        {
            assert_eq!(JobStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(JobStatus::parse("done"), None);
    }

    #[test]
    fn a_failed_calendar_is_counted_in_the_message() {
        let line = |status| CalendarResult {
            connection_id: ConnectionId::trusted("c"),
            calendar_id: None,
            email: String::new(),
            calendar_name: String::new(),
            status,
            counts: Counts { synced: 1, ..Counts::default() },
            total: 1,
            skipped_reasons: BTreeMap::new(),
            unreadable: Vec::new(),
            warnings: BTreeMap::new(),
            error: None,
            hold: None,
            duration_ms: 0,
            requests: 0,
            bytes: 0,
        };
        let unreadable = CalendarResult { counts: Counts { errors: 1, ..Counts::default() }, ..line(ResultStatus::Partial) };
        let stopped = CalendarResult { error: Some(Problem::new("timeout", "It was slow.", "Wait.")), ..unreadable.clone() };
        assert!(unreadable.is_in_step() && !stopped.is_in_step(), "what can not be read is no failure, what stopped early is one");
        let report = SyncReport::of(
            vec![JobId::trusted("j")],
            JobStatus::Partial,
            vec![line(ResultStatus::Success), line(ResultStatus::Error), line(ResultStatus::Success)],
            String::new(),
        );
        assert_eq!(report.message, "Synced 2 of 3 calendar(s)");
        assert!(!report.success);
        assert_eq!(report.counts.synced, 3);
    }
}
