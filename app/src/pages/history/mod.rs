//! Sync jobs, newest first: `/history`.

pub mod api;
pub mod words;

use crate::ui::Title;
use crate::ui::icons::Icon;
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::progress::words::{counts_words, sentence};
use crate::ui::relative_time::When;
use crate::ui::results::line::result_line;
use crate::ui::results::words::{SAME, line_words, reasons, same_failures, what_happened};
use crate::ui::{arriving, nothing};
use crate::wire::load_first;
use api::load_jobs;
use leptos::prelude::*;
use syncline_domain::sync::CalendarResult;
use syncline_domain::view::Job;

const SHOWN: u32 = 50;

/// Sync jobs, newest first: `/history`.
#[component]
pub fn HistoryPage() -> impl IntoView {
    let live = use_live();
    let jobs = load_first(move || live.version.get(), |_| load_jobs(SHOWN));
    view! {
        <Title text="History" />
        <div class="page">
            <header class="page-head">
                <h1>"History"</h1>
            </header>
            {arriving(nothing, move || async move {
                match jobs.await {
                    Ok(jobs) if jobs.is_empty() => view! { <Nothing /> }.into_any(),
                    Ok(jobs) => view! { <ul class="card list history">{jobs.into_iter().map(|job| view! { <Row job /> }).collect_view()}</ul> }.into_any(),
                    Err(error) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                }
            })}
        </div>
    }
    .into_any()
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="empty">
            <Icon name="history" />
            <h2>"Nothing was synced yet"</h2>
            <p>"Every sync is listed here with what it did to each calendar."</p>
            <a class="btn" href="/settings/calendars">"Settings for my calendars"</a>
        </div>
    }
    .into_any()
}

#[component]
fn Row(job: Job) -> impl IntoView {
    let (status, class) = words::status(&job.progress);
    let counts = sentence(&counts_words(&words::counts(&job.progress)));
    let took = words::took(&job);
    let lines: Vec<CalendarResult> = job.progress.calendars.into_iter().filter_map(|line| line.result).collect();
    let same = same_failures(&lines);
    let lines = lines.into_iter().zip(same).map(|(result, same)| line(result, same)).collect_view();
    let problem = job.progress.error;
    view! {
        <li class="history-row">
            <details>
                <summary>
                    <span class="grow">
                        <strong>{job.progress.connection_name}</strong>
                        <span class="muted small">{format!(" · {}", words::trigger(job.progress.trigger))}</span>
                        <br />
                        <span class="muted small"><When at=job.created_at /> {took} " · " {counts}</span>
                    </span>
                    <span class=class>{status}</span>
                </summary>
                {problem.map(|problem| view! { <p class="note note-bad">{what_happened(&problem.message).to_owned()} " " {problem.action}</p> })}
                <ul class="result-lines" role="list">
                    {lines}
                </ul>
            </details>
        </li>
    }
    .into_any()
}

fn line(line: CalendarResult, same: bool) -> AnyView {
    let words_of = if same { SAME.to_owned() } else { line_words(&line) };
    let reasons = reasons(&line).join(", ");
    let skipped = (!reasons.is_empty()).then(|| format!("Skipped: {reasons}. "));
    let below = view! { <p class="muted small">{skipped} {words::cost(&line)}</p> };
    result_line(&line, words_of, below.into_any())
}
