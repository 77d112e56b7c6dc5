//! The user's syncs, live: one `EventSource` per tab, one shared clock, and the signals that every part of the page reads.
//!
//! [`LiveRoot`] stands once around the frame. It asks for the overview (so that the server renders running syncs and the last
//! one), then the browser opens the stream. Whoever shows something about syncs takes [`use_live`]:
//!
//! - [`LiveSync::state`]: running jobs and reports ([`state::LiveState`], pure and tested);
//! - [`LiveSync::version`]: grows whenever events, connections or calendars may have changed. Put it into the key of a
//!   resource and the resource refreshes itself;
//! - [`LiveSync::now`]: the server's "now", moved on every 15 seconds: relative times read it and so update themselves.
//!
//! When a run ends, whoever started it, `window` receives `calendarSyncComplete` once in this tab (design.md §5.1).

pub mod announce;
pub mod api;
pub mod patience;
pub mod state;
#[cfg(feature = "hydrate")]
pub mod storage;
#[cfg(feature = "hydrate")]
mod stream;

use crate::ui::toast::{ToastRegion, Toasts, Tone};
use crate::ui::{arriving, nothing};
use crate::wire::{Packed, load_first};
use leptos::prelude::*;
use state::{Happened, LiveState};
use syncline_domain::ids::JobId;
use syncline_domain::sync::{SyncReport, Trigger};
use syncline_domain::view::{Live, SyncOverview};

/// The user's syncs as this tab knows them.
#[derive(Debug, Clone, Copy)]
pub struct LiveSync {
    /// Running jobs and the reports of runs that ended.
    pub state: RwSignal<LiveState>,
    /// Grows whenever events, connections or calendars may have changed.
    pub version: RwSignal<u32>,
    /// The server's "now", unix milliseconds; 0 until the overview is here.
    pub now: RwSignal<i64>,
    /// The last run that ended while this tab was open.
    pub completed: RwSignal<Option<SyncReport>>,
    toasts: Toasts,
}

/// The live store.
///
/// # Panics
/// Outside of [`LiveRoot`].
#[must_use]
pub fn use_live() -> LiveSync {
    expect_context::<LiveSync>()
}

impl LiveSync {
    fn new(overview: &SyncOverview) -> Self {
        Self {
            state: RwSignal::new(LiveState::of(overview)),
            version: RwSignal::new(0),
            now: RwSignal::new(overview.now),
            completed: RwSignal::new(None),
            toasts: expect_context::<Toasts>(),
        }
    }

    /// Something of the user's changed: every resource that has [`Self::version`] in its key is asked for again.
    pub fn refresh(self) {
        self.version.update(|version| *version += 1);
    }

    /// This tab started a run, or was told that one is at work.
    pub fn expect(self, run: &JobId) {
        self.state.update(|state| state.expect(run));
    }

    /// Takes a message of the stream.
    pub fn apply(self, message: Live) {
        let happened = self.state.try_update(|state| state.apply(message)).flatten();
        happened.into_iter().for_each(|happened| self.handle(happened));
    }

    /// Takes an overview that was asked for.
    pub fn reconcile(self, overview: &SyncOverview) {
        let happened = self.state.try_update(|state| state.reconcile(overview)).unwrap_or_default();
        happened.into_iter().for_each(|happened| self.handle(happened));
    }

    /// Asks the server how the syncs stand. Only the browser does.
    pub fn ask(self) {
        leptos::task::spawn_local(async move {
            if let Ok(overview) = api::load_overview().await.and_then(Packed::open) {
                self.reconcile(&overview);
            }
        });
    }

    fn handle(self, happened: Happened) {
        match happened {
            Happened::Changed => self.refresh(),
            Happened::Completed(report, trigger) => self.complete(report, trigger),
            Happened::ReportMissing(run) => leptos::task::spawn_local(async move {
                match api::load_report(run.clone()).await.and_then(Packed::open) {
                    Ok(report) => self.apply(Live::Complete(report)),
                    Err(_) => self.state.update(|state| state.give_up(&run)),
                }
            }),
        }
    }

    fn complete(self, report: SyncReport, trigger: Option<Trigger>) {
        #[cfg(feature = "hydrate")]
        {
            stream::send_complete(&report);
            storage::remember(&report);
        }
        self.refresh();
        if let Some((tone, text)) = announce::announcement(&report, trigger) {
            self.toasts.push(tone, text, (tone == Tone::Bad).then_some(("See what happened", "/settings/calendars#result")));
        }
        self.completed.set(Some(report));
    }
}

/// Provides [`LiveSync`] and [`Toasts`] to what is inside, and keeps them live in the browser.
#[component]
pub fn LiveRoot(children: TypedChildrenFn<impl IntoView + 'static>) -> impl IntoView {
    let overview = load_first(|| (), |()| api::load_overview());
    let children = children.into_inner();
    provide_context(Toasts::default());
    view! {
        <ToastRegion />
        // Not one that is taken away while it waits: whatever is read anywhere inside counts for it, too, and it would take the whole frame away (with the
        // focus and how far one has scrolled) until that is here.
        {arriving(nothing, move || {
            let children = children.clone();
            async move {
                let live = LiveSync::new(&overview.await.unwrap_or_default());
                provide_context(live);
                #[cfg(feature = "hydrate")]
                stream::keep_open(live);
                children().into_any()
            }
        })}
    }
    .into_any()
}
