//! Short messages about what happened, in the corner. A success goes after 5 seconds, an error stays until it is closed.
//!
//! The region is the page's one live region for results: a screen reader announces each message once. A message that only leads
//! to the page that is open is not seen there, only heard: the page says it in full.

use crate::error::{WireError, WireKind};
use crate::route::use_route;
use crate::ui::icons::Icon;
use crate::ui::listed;
use leptos::prelude::*;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well; the message goes by itself.
    Good,
    /// It did not; the message stays.
    Bad,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
    link: Option<(&'static str, &'static str)>,
}

impl Toast {
    fn leads_to(&self, path: &str) -> bool {
        self.link.is_some_and(|(_, href)| href.split('#').next() == Some(path))
    }
}

/// The messages of this tab.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

/// At most so many messages are shown; the oldest goes.
const AT_ONCE: usize = 4;

impl Default for Toasts {
    fn default() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }
}

impl Toasts {
    /// Says something. `link` is a word and an address for the next step.
    pub fn push(self, tone: Tone, text: impl Into<String>, link: Option<(&'static str, &'static str)>) {
        let text = text.into();
        let id = self.next.try_update_value(|next| std::mem::replace(next, next.wrapping_add(1))).unwrap_or_default();
        self.list.update(|list| {
            // The same message again replaces itself.
            list.retain(|toast| toast.text != text);
            list.push(Toast { id, tone, text, link });
            list.drain(..list.len().saturating_sub(AT_ONCE));
        });
        if tone == Tone::Good {
            set_timeout(move || self.close(id), std::time::Duration::from_secs(5));
        }
    }

    /// Says what went well.
    pub fn good(self, text: impl Into<String>) {
        self.push(Tone::Good, text, None);
    }

    /// Says what went wrong.
    pub fn bad(self, text: impl Into<String>) {
        self.push(Tone::Bad, text, None);
    }

    /// Says why the server refused, with the way to the sign-in when that is why.
    pub fn refused(self, error: &WireError) {
        let link = (error.kind == WireKind::Unauthenticated).then_some(("Sign in", "/sign-in"));
        self.push(Tone::Bad, error.problem.to_string(), link);
    }

    fn close(self, id: u32) {
        self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Says something from anywhere in the page.
///
/// # Panics
/// Outside of the frame.
#[must_use]
pub fn use_toasts() -> Toasts {
    expect_context::<Toasts>()
}

/// Where the messages stand. Once in the page.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    let route = use_route();
    // Whoever comes to the page that a message leads to, or leaves it, has seen what it is about.
    Effect::new(move |before: Option<String>| {
        let now = route.with(|address| address.path.clone());
        if let Some(before) = before.filter(|before| *before != now) {
            toasts.list.update(|list| list.retain(|toast| !toast.leads_to(&before) && !toast.leads_to(&now)));
        }
        now
    });
    view! {
        <div class="toast-region" role="status" aria-live="polite" aria-relevant="additions">
            {listed(move || toasts.list.get(), |toast| toast.id.to_string(), move |toast| {
                if route.with_untracked(|address| toast.leads_to(&address.path)) {
                    view! { <span class="sr-only">{toast.text}</span> }.into_any()
                } else {
                    seen(toasts, toast)
                }
            })}
        </div>
    }
    .into_any()
}

fn seen(toasts: Toasts, toast: Toast) -> AnyView {
    view! {
        <div class="toast" class:toast-bad=toast.tone == Tone::Bad>
            <span class="toast-text">{toast.text}</span>
            {toast.link.map(|(word, href)| view! { <a href=href>{word}</a> })}
            <button class="toast-close" type="button" aria-label="Close" on:click=move |_| toasts.close(toast.id)>
                <Icon name="close" />
            </button>
        </div>
    }
    .into_any()
}
