//! What a sync button shows in each state.

use super::state::{ALREADY, Face};
use super::{Size, Variant};
use crate::memo::Memo;
use crate::ui::icons::Icon;
use crate::ui::progress::words::{Share, counts_words};
use leptos::prelude::*;

/// Everything that the looks of a button depend on.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The state.
    pub face: Memo<Face>,
    /// How far it is, in thousandths; never goes back.
    pub permille: Memo<Option<u32>>,
    /// How far it is, in objects.
    pub share: Memo<Share>,
    /// What it says when it rests.
    pub label: &'static str,
    /// Its tooltip when it rests.
    pub idle_tip: Memo<String>,
    /// Whether it says how far it is.
    pub show_progress: bool,
    /// How large it is.
    pub size: Size,
}

impl Shown {
    /// The words on the button.
    #[must_use]
    pub fn words(self) -> String {
        self.face.with(|face| match face {
            Face::Idle => self.label.to_owned(),
            Face::Syncing { .. } => match self.permille.get().filter(|_| self.show_progress) {
                Some(permille) => format!("Syncing… {} %", permille / 10),
                None => "Syncing…".to_owned(),
            },
            Face::Success(_) => "Synced!".to_owned(),
            Face::Error(_) => "Failed".to_owned(),
            Face::Partial(_) => "Continue".to_owned(),
        })
    }

    /// The tooltip.
    #[must_use]
    pub fn tip(self) -> String {
        self.face.with(|face| match face {
            Face::Idle => self.idle_tip.get(),
            Face::Syncing { already: true } => ALREADY.to_owned(),
            Face::Syncing { already: false } => self.share.get().words(),
            Face::Success(counts) => counts_words(counts),
            Face::Error(message) => format!("{message} Press to try again."),
            Face::Partial(message) => format!("{message} Press to continue where it stopped."),
        })
    }

    /// What stands beside the button.
    fn beside(self) -> Option<String> {
        self.face.with(|face| match face {
            Face::Idle => None,
            Face::Syncing { already: true } => Some(ALREADY.to_owned()),
            Face::Syncing { already: false } => Some(self.share.get().words()),
            Face::Success(counts) => Some(counts_words(counts)),
            // A page says that in full, once; the button has it as its tooltip.
            Face::Error(_) | Face::Partial(_) => None,
        })
    }
}

/// The state for style sheets and tests.
#[must_use]
pub fn state_name(face: &Face) -> &'static str {
    match face {
        Face::Idle => "idle",
        Face::Syncing { .. } => "syncing",
        Face::Success(_) => "success",
        Face::Error(_) => "error",
        Face::Partial(_) => "partial",
    }
}

/// The classes of the button.
#[must_use]
pub fn classes(variant: Variant, size: Size) -> String {
    let variant = match variant {
        Variant::Default => " btn-primary",
        Variant::Outline => "",
        Variant::Ghost => " btn-ghost",
    };
    let size = match size {
        Size::Default => "",
        Size::Sm => " btn-sm",
        Size::Lg => " btn-lg",
        Size::Icon => " btn-icon",
    };
    format!("btn sync-press{variant}{size}")
}

/// Icon and words.
#[component]
pub fn Inside(
    /// What it depends on.
    shown: Shown,
) -> impl IntoView {
    let icon = move || {
        shown.face.with(|face| match face {
            Face::Success(_) => "check",
            Face::Error(_) => "alert",
            _ => "sync",
        })
    };
    let turns = move || shown.face.with(|face| matches!(face, Face::Syncing { .. }));
    let words = move || (shown.size != Size::Icon || turns()).then(|| view! { <span class="sync-words">{move || shown.words()}</span> });
    view! {
        <span class="sync-icon" class:spinning=turns>
            <Icon name=Signal::derive(icon) />
        </span>
        {words}
    }
    .into_any()
}

/// How far it is, or what became of it.
#[component]
pub fn Beside(
    /// What it depends on.
    shown: Shown,
) -> impl IntoView {
    (shown.show_progress && shown.size != Size::Icon)
        .then(|| view! { <span class="sync-beside small" data-state=move || shown.face.with(state_name)>{move || shown.beside()}</span> })
}
