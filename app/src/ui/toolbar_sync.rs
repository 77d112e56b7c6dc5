//! The sync icon of the toolbar.

use crate::ui::sync_button::{Size, SyncButton, SyncTarget, Variant};
use leptos::prelude::*;

/// Syncs everything. It turns and says "Syncing…" meanwhile; its tooltip says when the last sync was.
#[component]
pub fn ToolbarSync() -> impl IntoView {
    view! { <SyncButton target=SyncTarget::Everything variant=Variant::Ghost size=Size::Icon show_progress=false /> }.into_any()
}
