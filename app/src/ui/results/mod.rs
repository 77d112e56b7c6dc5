//! What the last sync did: totals in words, and a line per calendar with what to do.

pub mod line;
pub mod words;

use crate::memo::Memo;
use crate::pages::holds::HoldActions;
use crate::ui::icons::Icon;
use crate::ui::live::use_live;
use crate::ui::progress::words::{counts_words, sentence};
use crate::ui::relative_time::{Exact, When};
use leptos::prelude::*;
use line::result_line;
use std::time::Duration;
use syncline_domain::ids::JobId;
use syncline_domain::sync::{CalendarResult, HoldSummary, ResultStatus, SyncReport, Unreadable};
use syncline_domain::view::{Calendar, Connection};
use words::{headline, held_words, is_calm, is_fresh, line_words, only_unreadable, reasons, safe, safe_words, same_failures, whole_sign};

/// Which result is shown on a page. What it says in full, the page does not say again.
#[derive(Debug, Clone, Copy)]
pub struct ShownResult {
    run: RwSignal<Option<JobId>>,
    report: Memo<Option<SyncReport>>,
}

impl ShownResult {
    /// Whether the result that is shown has such a line.
    #[must_use]
    pub fn has(self, such: &dyn Fn(&CalendarResult) -> bool) -> bool {
        self.report.with(|report| report.as_ref().is_some_and(|report| report.results.iter().any(such)))
    }
}

/// The result of the last run: of one that ended shortly before the page was loaded, then of every one that ends. A success goes
/// after 5 seconds, anything else stays until it is closed or the next run ends.
#[must_use]
pub fn use_shown_result() -> ShownResult {
    let live = use_live();
    let loaded_at = live.now.get_untracked();
    let fresh = live
        .state
        .with_untracked(|state| state.last_report().filter(|report| is_fresh(report, loaded_at)).map(|report| report.job_id.clone()));
    let run = RwSignal::new(fresh);
    Effect::new(move |before: Option<()>| {
        let news = live.completed.get().filter(|_| before.is_some());
        if let Some(report) = news {
            run.set(Some(report.job_id));
        }
    });
    let report = Memo::new(move |_| {
        let run = run.get()?;
        live.state.with(|state| state.report_of(&run).cloned())
    });
    Effect::new(move |_| {
        if let Some(ended) = report.with(|report| report.as_ref().filter(|report| is_calm(report)).map(|report| report.job_id.clone())) {
            set_timeout(move || close(run, &ended), Duration::from_millis(words::SUCCESS_MS));
        }
    });
    ShownResult { run, report }
}

/// The result of the last run.
#[component]
pub fn ResultPanel(
    /// Which one.
    shown: ShownResult,
    /// The user's connections, for what is safe.
    connections: RwSignal<Vec<Connection>>,
) -> impl IntoView {
    let close = Callback::new(move |()| shown.run.set(None));
    move || shown.report.get().map(|report| view! { <Result report connections close /> })
}

fn close(shown: RwSignal<Option<JobId>>, run: &JobId) {
    shown.try_update(|shown| *shown = shown.take().filter(|known| known != run));
}

#[component]
fn Result(report: SyncReport, connections: RwSignal<Vec<Connection>>, close: Callback<()>) -> impl IntoView {
    let at = crate::ui::relative_time::words::parse_iso(&report.timestamp);
    let failed = !report.success && !only_unreadable(&report);
    let held = !failed && !is_calm(&report);
    let same = same_failures(&report.results);
    let lines = report.results.clone().into_iter().zip(same).map(|(result, same)| line(result, same, connections)).collect_view();
    view! {
        <section class="card sync-result" class:sync-result-bad=failed class:sync-result-calm=held id="result" aria-label="Result of the last sync">
            <header class="card-head">
                <Icon name=whole_sign(&report) />
                <div class="grow">
                    <h2>{headline(&report)}</h2>
                    <p class="muted small">{sentence(&counts_words(&report.counts))} {at.map(|at| view! { " · " <When at /> })}</p>
                </div>
                <button class="btn btn-ghost btn-icon js-only" type="button" aria-label="Close" on:click=move |_| close.run(())>
                    <Icon name="close" />
                </button>
            </header>
            <ul class="result-lines" role="list">
                {lines}
            </ul>
        </section>
    }
    .into_any()
}

/// One calendar: what became of it, what is safe, what to do.
///
/// When a whole account fails, its first calendar says why, and the others that it is the same.
fn line(line: CalendarResult, same: bool, connections: RwSignal<Vec<Connection>>) -> AnyView {
    let words = if same { words::SAME.to_owned() } else { line_words(&line) };
    let reasons = reasons(&line);
    let failed = line.status == ResultStatus::Error;
    let connection = line.connection_id.clone();
    let calendar = line.calendar_id.clone();
    let (problem, hold, unreadable) = (line.error.clone(), line.hold.clone(), line.unreadable.clone());
    let below = view! {
        {(!reasons.is_empty()).then(|| view! { <Reasons reasons unreadable /> })}
        {failed.then(|| view! { <p class="muted"><Safe connections connection=connection.clone() calendar /></p> })}
        {problem.filter(|_| !same).map(|problem| view! { <Remedy problem connection /> })}
        {hold.map(|hold| view! { <Held hold connections /> })}
    };
    result_line(&line, words, below.into_any())
}

/// What waits for an answer, until it has one.
#[component]
fn Held(hold: HoldSummary, connections: RwSignal<Vec<Connection>>) -> impl IntoView {
    let words = held_words(&hold);
    let id = hold.id.clone();
    let open = Memo::new(move |_| {
        let waits = |calendar: &Calendar| calendar.hold.as_ref().is_some_and(|hold| hold.id == id);
        connections.with(|known| known.iter().flat_map(|connection| &connection.calendars).any(waits))
    });
    let actions = move || open.get().then(|| view! { <HoldActions hold=hold.id.clone() would_delete=hold.would_delete /> });
    view! {
        <p>{words}</p>
        {actions}
    }
    .into_any()
}

/// Why something was skipped, and what could not be read: by hover, tap or key.
#[component]
fn Reasons(reasons: Vec<String>, unreadable: Vec<Unreadable>) -> impl IntoView {
    let tip = reasons.join(", ");
    let summary = if unreadable.is_empty() { "Why skipped" } else { "Why, and which" };
    let named = unreadable.into_iter().map(|one| format!("{}: {}", one.object, one.reason.replace('_', " ")));
    view! {
        <details class="reasons">
            <summary class="small" title=tip>{summary}</summary>
            <ul class="small muted">{reasons.into_iter().chain(named).map(|reason| view! { <li>{reason}</li> }).collect_view()}</ul>
        </details>
    }
    .into_any()
}

/// "Your 812 events are still here, as of Tuesday 14:05."
#[component]
pub fn Safe(
    /// The user's connections.
    connections: RwSignal<Vec<Connection>>,
    /// The connection that failed.
    connection: syncline_domain::ids::ConnectionId,
    /// Its calendar, if it was one.
    calendar: Option<syncline_domain::ids::CalendarId>,
) -> impl IntoView {
    let kept = Memo::new(move |_| connections.with(|known| safe(known, &connection, calendar.as_ref())));
    move || {
        let (events, at) = kept.get().unwrap_or_default();
        let at = at.filter(|_| events > 0);
        view! { {safe_words(events)} {at.map(|at| view! { ", as of " <Exact at /> })} "." }
    }
}

/// What to do, with the button beside it.
#[component]
pub fn Remedy(
    /// What went wrong.
    problem: syncline_domain::failure::Problem,
    /// Where.
    connection: syncline_domain::ids::ConnectionId,
) -> impl IntoView {
    let reconnect = words::wants_reconnect(&problem.code);
    view! {
        <p>{problem.action}</p>
        {reconnect
            .then(|| {
                view! {
                    <p>
                        <a class="btn btn-sm" href=format!("/settings/connections?reconnect={connection}#reconnect")>
                            "Reconnect"
                        </a>
                    </p>
                }
            })}
    }
    .into_any()
}
