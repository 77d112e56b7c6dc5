//! The sync button: one component for everything, a connection or a calendar, wherever a sync can be started.
//!
//! What it does is in [`state`] (pure); here it is wired to clicks, answers, the live store and timers. Without JavaScript it is
//! a form: the page comes back and shows the running sync, then its result.

pub mod api;
pub mod face;
pub mod state;
pub mod target;

pub use target::SyncTarget;

use crate::error::{WireError, WireKind};
use crate::memo::Memo;
use crate::ui::live::{LiveSync, use_live};
use crate::ui::progress::use_share;
use crate::ui::relative_time::words::last_synced;
use crate::ui::toast::{Toasts, use_toasts};
use api::{StartSync, start_sync};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use state::{Effect as Doing, Event, Face, Machine, report_of_job};
use std::time::Duration;
use syncline_domain::sync::SyncReport;

/// How the button looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Variant {
    /// Filled, the one thing to press.
    #[default]
    Default,
    /// With a line around it.
    Outline,
    /// Without.
    Ghost,
}

/// How large it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Size {
    /// As other buttons.
    #[default]
    Default,
    /// Small.
    Sm,
    /// Large.
    Lg,
    /// An icon; while it works it also says "Syncing…".
    Icon,
}

/// A sync button.
#[component]
pub fn SyncButton(
    /// What it syncs.
    target: SyncTarget,
    /// How it looks.
    #[prop(optional)]
    variant: Variant,
    /// How large it is.
    #[prop(optional)]
    size: Size,
    /// Whether it shows how far the sync is, and what became of it, beside the button.
    #[prop(default = true)]
    show_progress: bool,
    /// What it says when it rests.
    #[prop(default = "Sync")]
    label: &'static str,
    /// Why it can not be pressed, if it can not.
    #[prop(optional, into)]
    disabled: Signal<Option<&'static str>>,
    /// The last sync of the target that went well, unix milliseconds; by default that of anything.
    #[prop(optional, into)]
    last_success: Option<Signal<Option<i64>>>,
    /// Called when a sync of the target has ended, whoever started it.
    #[prop(optional, into)]
    on_complete: Option<Callback<SyncReport>>,
) -> impl IntoView {
    let live = use_live();
    let wired = wire(live, &target, on_complete);
    let (share, permille) = use_share(target.clone());
    let last = last_success.unwrap_or_else(|| Signal::derive(move || live.state.with(|state| state.last_success_at)));
    let last = remembered(last, &target);
    let shown = face::Shown { face: wired.face, permille, share, label, idle_tip: tip(last, live.now, disabled), show_progress, size };
    let resting = move || wired.face.with(|face| !matches!(face, Face::Syncing { .. }));
    let inert = move || disabled.get().is_some() || !resting();
    let resume = move || if wired.face.with(|face| matches!(face, Face::Partial(_))) { "true" } else { "false" };
    let press = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if disabled.get_untracked().is_none() {
            wired.click.run(());
        }
    };
    view! {
        <form class="sync-button" action=StartSync::url() method="post" on:submit=press>
            <input type="hidden" name="target" value=target.to_string() />
            <input type="hidden" name="resume" value=resume />
            <button
                class=face::classes(variant, size)
                type="submit"
                data-state=move || wired.face.with(face::state_name)
                aria-disabled=move || inert().then_some("true")
                aria-busy=move || (!resting()).then_some("true")
                aria-label=move || (size == Size::Icon).then(|| shown.words())
                title=move || shown.tip()
            >
                <face::Inside shown />
            </button>
            <face::Beside shown />
        </form>
    }
    .into_any()
}

/// A machine wired to the live store.
#[derive(Clone, Copy)]
struct Wired {
    face: Memo<Face>,
    click: Callback<()>,
}

fn wire(live: LiveSync, target: &SyncTarget, on_complete: Option<Callback<SyncReport>>) -> Wired {
    let at_work = {
        let target = target.clone();
        Memo::new(move |_| live.state.with(|state| state.jobs().any(|job| target.is_of(job) && !job.status.is_final())))
    };
    let machine = Machine::new(target.clone(), at_work.get_untracked());
    let machine = RwSignal::new(live.state.with_untracked(|state| machine.after(state.last_report())));
    let feed = Feed { live, machine, target: StoredValue::new(target.clone()), toasts: use_toasts() };
    Effect::new(move |_| feed.take(Event::Running(at_work.get())));
    if let SyncTarget::Connection(id) = target.clone() {
        let ended = Memo::new(move |_| {
            live.state.with(|state| state.jobs().find(|job| job.connection_id == id && job.status.is_final()).map(report_of_job))
        });
        Effect::new(move |before: Option<()>| {
            let report = ended.get().filter(|_| before.is_some());
            report.iter().for_each(|report| feed.take(Event::Finished(report)));
        });
    }
    // What had ended when the button came to the page is no news.
    Effect::new(move |before: Option<()>| {
        if let Some(report) = live.completed.get().filter(|_| before.is_some()) {
            feed.take(Event::Finished(&report));
            let about =
                feed.target.with_value(|target| *target == SyncTarget::Everything || report.results.iter().any(|line| target.is_in(line)));
            on_complete.filter(|_| about).iter().for_each(|callback| callback.run(report.clone()));
        }
    });
    let face = Memo::new(move |_| machine.with(|machine| machine.face().clone()));
    Wired { face, click: Callback::new(move |()| feed.take(Event::Click)) }
}

/// Gives events to the machine and does what it says.
#[derive(Clone, Copy)]
struct Feed {
    live: LiveSync,
    machine: RwSignal<Machine>,
    target: StoredValue<SyncTarget>,
    toasts: Toasts,
}

impl Feed {
    fn take(self, event: Event<'_>) {
        let doing = self.machine.try_update(|machine| machine.on(event)).flatten();
        match doing {
            Some(Doing::After { ms, number }) => {
                set_timeout(move || self.take(Event::Timeout(number)), Duration::from_millis(ms.into()));
            }
            Some(Doing::Start { resume }) => leptos::task::spawn_local(async move { self.start(resume).await }),
            None => {}
        }
    }

    async fn start(self, resume: bool) {
        let answer = start_sync(self.target.with_value(ToString::to_string), resume).await;
        match answer {
            Ok(started) => self.follow(Event::Started(started.run.clone()), &started.run),
            Err(WireError { kind: WireKind::AlreadyRunning { job }, .. }) => self.follow(Event::AlreadyRunning(job.clone()), &job),
            Err(error) => {
                // No run, so no result says why.
                self.toasts.refused(&error);
                self.take(Event::Refused(error.problem.to_string()));
            }
        }
    }

    fn follow(self, event: Event<'_>, run: &syncline_domain::ids::JobId) {
        self.take(event);
        self.live.expect(run);
        // The report may have come before the answer.
        let report = self.live.state.with_untracked(|state| state.report_of(run).cloned());
        report.iter().for_each(|report| self.take(Event::Finished(report)));
    }
}

/// "Last synced 5 minutes ago", "Never synced", or why the button can not be pressed.
fn tip(last: Memo<Option<i64>>, now: RwSignal<i64>, disabled: Signal<Option<&'static str>>) -> Memo<String> {
    Memo::new(move |_| disabled.get().map_or_else(|| last_synced(last.get(), now.get()), ToOwned::to_owned))
}

/// The last sync as the server says it or, until it does, as the browser remembers it.
fn remembered(last: Signal<Option<i64>>, target: &SyncTarget) -> Memo<Option<i64>> {
    let stored = RwSignal::new(None);
    #[cfg(feature = "hydrate")]
    {
        let id = target.storage_id().to_owned();
        Effect::new(move |_| match last.get() {
            Some(at) => crate::ui::live::storage::remember_success(Some(at), &id),
            None => stored.set(crate::ui::live::storage::recall(&id)),
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = target;
    Memo::new(move |_| last.get().or(stored.get()))
}
