//! The browser's side of the live stream: `EventSource`, its fall-back, the shared clock. Only in the page.
//!
//! The browser reconnects by itself and sends `Last-Event-ID`. Whenever the stream (re)opens, less and less often while it is
//! lost, and when it is silent for long in the middle of a sync, the overview is asked for ([`super::patience`]), so that nothing is
//! missed. A tab that nobody has looked at for a minute gives its connection back (browsers allow six for each host over HTTP/1.1)
//! and asks now and then until it is looked at again.

use super::LiveSync;
use super::patience::{TICK_MS, asks_when_lost, asks_when_silent};
use crate::wire::Packed;
use gloo_timers::callback::Interval;
use js_sys::{Date, Object, Reflect};
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use syncline_domain::sync::SyncReport;
use syncline_domain::view::Live;
use wasm_bindgen::prelude::*;
use web_sys::{CustomEvent, CustomEventInit, EventSource, MessageEvent, VisibilityState};

const CLOCK_TICKS: u32 = 5;
const HIDDEN_TICKS: u32 = 20;

struct Stream {
    source: EventSource,
    /// Ticks since the last message.
    silent: Rc<Cell<u32>>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _open: Closure<dyn FnMut()>,
}

impl Stream {
    fn open(live: LiveSync, fresh: bool) -> Option<Self> {
        let source = EventSource::new("/api/sync/stream?as=packed").ok()?;
        let silent = Rc::new(Cell::new(0_u32));
        let news = Rc::clone(&silent);
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            news.set(0);
            event.data().as_string().and_then(|text| read(&event.type_(), &text)).into_iter().for_each(|message| live.apply(message));
        });
        for name in ["progress", "complete", "changed"] {
            source.add_event_listener_with_callback(name, message.as_ref().unchecked_ref()).ok()?;
        }
        // The overview that came with the document is as fresh as the first opening.
        let first = Cell::new(fresh && !live.state.with_untracked(super::LiveState::is_running));
        let open = Closure::<dyn FnMut()>::new(move || {
            if !first.replace(false) {
                live.ask();
            }
        });
        source.set_onopen(Some(open.as_ref().unchecked_ref()));
        Some(Self { source, silent, _message: message, _open: open })
    }

    /// Ticks since the last message while it is open; `None` while it is not.
    fn silence(&self) -> Option<u32> {
        self.silent.set(self.silent.get().saturating_add(1));
        (self.source.ready_state() == EventSource::OPEN).then(|| self.silent.get())
    }

    fn is_dead(&self) -> bool {
        self.source.ready_state() == EventSource::CLOSED
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.close();
    }
}

/// The event's name is the tag of the message, its data the content.
fn read(name: &str, text: &str) -> Option<Live> {
    match name {
        "progress" => Packed::from_text(text)?.open().ok().map(Live::Progress),
        "complete" => Packed::from_text(text)?.open().ok().map(Live::Complete),
        "changed" => Some(Live::Changed),
        _ => None,
    }
}

/// Opens the stream and keeps it open, or asks in its place, until the owner is cleaned up.
pub(super) fn keep_open(live: LiveSync) {
    Effect::new(move |_| {
        super::storage::remember_success(live.state.with_untracked(|state| state.last_success_at), "all");
        let skew = live.now.get_untracked() as f64 - Date::now();
        let stream = StoredValue::new_local(Stream::open(live, true));
        let away = Rc::new(Away::default());
        let mut ticks = 0_u32;
        let counter = Rc::clone(&away);
        let timer = Interval::new(TICK_MS, move || {
            ticks = ticks.wrapping_add(1);
            if ticks.is_multiple_of(CLOCK_TICKS) {
                live.now.set((Date::now() + skew) as i64);
            }
            tend(live, stream, &counter);
        });
        let timer = StoredValue::new_local(Some(timer));
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            if is_visible() {
                away.hidden.set(0);
                live.now.set((Date::now() + skew) as i64);
                reopen_unless_open(live, stream);
            }
        });
        let gone = window_event_listener_untyped("pagehide", move |_| stream.set_value(None));
        let back = window_event_listener_untyped("pageshow", move |_| reopen_unless_open(live, stream));
        on_cleanup(move || {
            stream.try_set_value(None);
            timer.try_set_value(None);
            [shown, gone, back].into_iter().for_each(|listener| listener.remove());
        });
    });
}

/// Ticks since the tab was last looked at, and since the stream was last open.
#[derive(Default)]
struct Away {
    hidden: Cell<u32>,
    lost: Cell<u32>,
}

fn tend(live: LiveSync, stream: StoredValue<Option<Stream>, LocalStorage>, away: &Away) {
    let visible = is_visible();
    away.hidden.set(if visible { 0 } else { away.hidden.get().saturating_add(1) });
    if away.hidden.get() == HIDDEN_TICKS {
        stream.set_value(None);
    }
    if let Some(silence) = stream.with_value(|stream| stream.as_ref().and_then(Stream::silence)) {
        away.lost.set(0);
        if asks_when_silent(silence) && live.state.with_untracked(super::LiveState::is_running) {
            live.ask();
        }
        return;
    }
    away.lost.set(away.lost.get().saturating_add(1));
    if asks_when_lost(away.lost.get(), visible) {
        live.ask();
        if visible {
            reopen_unless_open(live, stream);
        }
    }
}

fn reopen_unless_open(live: LiveSync, stream: StoredValue<Option<Stream>, LocalStorage>) {
    if stream.with_value(|stream| stream.as_ref().is_none_or(Stream::is_dead)) {
        stream.set_value(Stream::open(live, false));
    }
}

fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Dispatches `calendarSyncComplete` on `window` (design.md §5.1).
pub(super) fn send_complete(report: &SyncReport) {
    let detail = Object::new();
    let set = |name: &str, value: JsValue| {
        Reflect::set(&detail, &name.into(), &value).expect("a plain object takes every property");
    };
    set("success", report.success.into());
    set("message", report.message.as_str().into());
    set("jobId", report.job_id.as_str().into());
    let counts = report.counts;
    for (name, number) in [
        ("synced", counts.synced),
        ("updated", counts.updated),
        ("deleted", counts.deleted),
        ("skipped", counts.skipped),
        ("errors", counts.errors),
    ] {
        set(name, (number as f64).into());
    }
    let init = CustomEventInit::new();
    init.set_detail(&detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict("calendarSyncComplete", &init) {
        _ = window().dispatch_event(&event);
    }
}
