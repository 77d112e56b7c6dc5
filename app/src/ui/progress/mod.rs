//! Running syncs: overall and a line per calendar, with Cancel.

pub mod words;

use crate::memo::Memo;
use crate::ui::form::{FormState, PostForm};
use crate::ui::listed;
use crate::ui::live::use_live;
use crate::ui::sync_button::api::CancelSync;
use crate::ui::sync_button::target::SyncTarget;
use leptos::prelude::*;
use syncline_domain::ids::{CalendarId, JobId};
use syncline_domain::sync::{JobProgress, Phase};
use words::{Share, Steady, line_words};

/// How far the syncs of a target are; never goes back within a run.
#[must_use]
pub fn use_share(target: SyncTarget) -> (Memo<Share>, Memo<Option<u32>>) {
    let state = use_live().state;
    let of = target.clone();
    let share = Memo::new(move |_| state.with(|state| Share::of(state.jobs(), &of)));
    let steady = Memo::new(move |previous: Option<&Steady>| {
        let run = state.with(|state| state.jobs().find(|job| target.is_of(job)).map(|job| job.run_id.clone()));
        Steady::next(previous, run, share.get().permille())
    });
    (share, Memo::new(move |_| steady.with(Steady::permille)))
}

/// A bar; without a value it says "unknown".
#[component]
pub fn Bar(
    /// Thousandths.
    #[prop(into)]
    permille: Memo<Option<u32>>,
    /// What it measures, for screen readers.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! { <progress class="bar" max="1000" value=move || permille.get().map(|value| value.to_string()) aria-label=label></progress> }
        .into_any()
}

/// Everything that is at work, or nothing. A page that is loaded without JavaScript looks again every few seconds.
#[component]
pub fn ProgressPanel() -> impl IntoView {
    let state = use_live().state;
    let running = Memo::new(move |_| state.with(|state| state.is_running()));
    let jobs = move || state.with(|state| state.jobs().map(|job| job.job_id.clone()).collect::<Vec<_>>());
    move || {
        running.get().then(|| {
            view! {
                <section class="card sync-progress" aria-label="Sync in progress">
                    <noscript inner_html="<meta http-equiv=refresh content=3>"></noscript>
                    <Overall />
                    <div class="card-body stack">
                        {listed(jobs, ToString::to_string, |job| view! { <JobLines job /> }.into_any())}
                    </div>
                </section>
            }
        })
    }
}

#[component]
fn Overall() -> impl IntoView {
    let state = use_live().state;
    let (share, permille) = use_share(SyncTarget::Everything);
    let run = Memo::new(move |_| state.with(|state| state.jobs().next().map(|job| job.run_id.clone())));
    let head = move || permille.get().map_or_else(|| "Syncing…".to_owned(), |permille| format!("Syncing… {} %", permille / 10));
    view! {
        <header class="card-head">
            <span class="spinner"></span>
            <h2 class="grow">{head}</h2>
            <span class="muted small">{move || share.get().words()}</span>
            {move || run.get().map(|run| view! { <CancelButton job=run /> })}
            <Bar permille label="All calendars" />
        </header>
    }
    .into_any()
}

/// Stops a run; what is committed stays.
#[component]
fn CancelButton(job: JobId) -> impl IntoView {
    let form = FormState::of::<CancelSync>("cancel", &[]);
    view! {
        <PostForm state=form>
            <input type="hidden" name="job" value=job.to_string() />
            <button class="btn btn-sm" type="submit" aria-busy=move || form.pending.get().then_some("true")>
                {move || if form.pending.get() { "Cancelling…" } else { "Cancel" }}
            </button>
        </PostForm>
    }
    .into_any()
}

/// One job. Every part of it reads the store by itself, so that its elements stay the same while the numbers move.
#[component]
fn JobLines(job: JobId) -> impl IntoView {
    let state = use_live().state;
    let job = Memo::new(move |_| state.with(|state| state.jobs().find(|known| known.job_id == job).cloned()));
    let of = move |take: fn(&JobProgress) -> String| job.with(|job| job.as_ref().map(take).unwrap_or_default());
    let waiting = move || {
        of(|job| match &job.error {
            _ if !job.calendars.is_empty() => String::new(),
            Some(problem) => problem.message.clone(),
            None => "Asking for its calendars…".to_owned(),
        })
    };
    let ids = move || job.with(|job| job.iter().flat_map(|job| &job.calendars).map(|line| line.calendar_id.clone()).collect::<Vec<_>>());
    view! {
        <div class="sync-job">
            <h3>{move || of(|job| job.connection_name.clone())}</h3>
            <p class="muted small sync-job-note">{waiting}</p>
            <ul class="sync-lines" role="list">
                {listed(ids, ToString::to_string, move |calendar| view! { <CalendarLine job calendar /> }.into_any())}
            </ul>
        </div>
    }
    .into_any()
}

#[component]
fn CalendarLine(job: Memo<Option<JobProgress>>, calendar: CalendarId) -> impl IntoView {
    let line = Memo::new(move |_| {
        job.with(|job| job.as_ref().and_then(|job| job.calendars.iter().find(|line| line.calendar_id == calendar)).cloned())
    });
    let phase = move || line.with(|line| line.as_ref().map_or(Phase::Waiting, |line| line.phase));
    let steady = Memo::new(move |previous: Option<&Steady>| {
        Steady::next(previous, None, line.with(|line| line.as_ref().and_then(|line| Share::of_line(line).permille())))
    });
    let permille = Memo::new(move |_| if phase() == Phase::Done { Some(1000) } else { steady.with(Steady::permille) });
    let name = Memo::new(move |_| line.with(|line| line.as_ref().map(|line| line.name.clone()).unwrap_or_default()));
    let moving = Memo::new(move |_| !matches!(phase(), Phase::Waiting | Phase::Ended));
    view! {
        <li class="sync-line" class:sync-line-done=move || phase() == Phase::Done class:sync-line-ended=move || phase() == Phase::Ended>
            <span class="sync-line-name truncate">{move || name.get()}</span>
            <span class="sync-line-words small">{move || line.with(|line| line.as_ref().map(line_words))}</span>
            {move || moving.get().then(|| view! { <Bar permille label=name.get_untracked() /> })}
        </li>
    }
    .into_any()
}
