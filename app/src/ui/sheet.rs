//! The side sheet: beside the grid on the desktop, over the whole screen on the phone.

use crate::ui::icons::Icon;
use leptos::prelude::*;

/// A sheet. It is closed by a link, so that it closes without scripts; Escape is the page's business.
#[component]
pub fn Sheet(
    /// What it is, for those who do not see it.
    label: &'static str,
    /// Where one is when it is closed.
    #[prop(into)]
    close: Signal<String>,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="sheet" role="dialog" aria-label=label>
            <div class="sheet-bar">
                <a class="btn btn-ghost btn-icon" href=close aria-label="Close" data-close="">
                    <Icon name="close" />
                </a>
            </div>
            {children()}
        </div>
    }
}
