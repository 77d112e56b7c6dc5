//! The frame around every page of a signed-in user: toolbar, rail, and the page in one scroll container.
//!
//! What every page shares is provided here: the live store and the messages ([`LiveRoot`]), the state of the calendar
//! ([`CalendarState`]), the keyboard.

use crate::memo::Memo;
use crate::pages;
use crate::pages::calendar::keys::Keys;
use crate::pages::calendar::state::CalendarState;
use crate::route::Page;
use crate::ui::demo::{Place, demo};
use crate::ui::live::LiveRoot;
use crate::ui::rail::Rail;
use crate::ui::toolbar::Toolbar;
use crate::wire::shared;
use leptos::prelude::*;

/// The frame around every page of a signed-in user.
#[component]
pub fn Frame(
    /// What it stands around.
    page: Memo<Option<Page>>,
) -> impl IntoView {
    // The same on the server and at hydration, so that "today" and the line of now do not jump.
    let offset = RwSignal::new(shared(offset));
    view! {
        <a class="skip" href="#main">
            "Skip to the content"
        </a>
        <LiveRoot>
            <Inside offset page />
        </LiveRoot>
    }
}

#[component]
fn Inside(offset: RwSignal<i64>, page: Memo<Option<Page>>) -> impl IntoView {
    let state = CalendarState::provide(offset);
    #[cfg(feature = "hydrate")]
    learn_habits(state);
    view! {
        <div class="frame">
            <Toolbar state />
            <Rail state />
            <main class="main" id="main" tabindex="-1">
                {move || page.get().map(inner)}
            </main>
            {demo(Place::Frame)}
        </div>
        <Keys state />
    }
    .into_any()
}

/// What the frame stands around.
fn inner(page: Page) -> AnyView {
    match page {
        Page::Calendar => pages::calendar::CalendarPage().into_any(),
        Page::Calendars => pages::settings::SettingsPage().into_any(),
        Page::Connections => pages::connections::ConnectionsPage().into_any(),
        Page::Account => pages::account::AccountPage().into_any(),
        Page::Holds => pages::holds::HoldsPage().into_any(),
        Page::Hold => pages::holds::HoldPage().into_any(),
        Page::History => pages::history::HistoryPage().into_any(),
        Page::Health | Page::Instance | Page::Checks | Page::Shown => view! { <pages::served::ServedPage page /> }.into_any(),
        // They stand without it; see [`crate::App`].
        Page::Setup | Page::SignIn => ().into_any(),
    }
}

/// What the viewer's clock is ahead of UTC, in milliseconds.
fn offset() -> i64 {
    #[cfg(feature = "ssr")]
    {
        let zone = crate::context::viewer().and_then(|viewer| viewer.preferences.time_zone);
        crate::context::hub().map_or(0, |hub| {
            let ahead = syncline_domain::time::naive_ms(hub.wall_now(zone.as_deref())) - hub.now();
            // Both clocks were read one after the other.
            (ahead + 30_000).div_euclid(60_000) * 60_000
        })
    }
    #[cfg(all(feature = "hydrate", not(feature = "ssr")))]
    {
        -60_000 * js_sys::Date::new_0().get_timezone_offset() as i64
    }
    #[cfg(not(any(feature = "ssr", feature = "hydrate")))]
    0
}

/// The first time that a user's browser is here, it tells its zone, clock and week.
#[cfg(feature = "hydrate")]
fn learn_habits(state: CalendarState) {
    use crate::pages::calendar::api::learn_browser;
    let session = crate::use_session();
    Effect::new(move |_| {
        let known = session.0.with_untracked(|viewer| viewer.as_ref().is_none_or(|viewer| viewer.preferences.time_zone.is_some()));
        if known {
            return;
        }
        let (zone, week_start, hour12) = crate::pages::sign_in::browser::ask::browser();
        leptos::task::spawn_local(async move {
            // What the browser says may be unknown to the server; then the user sets it in the settings.
            let Ok(Some(learnt)) = learn_browser(Some(zone), Some(week_start.to_owned()), Some(hour12.to_owned())).await else { return };
            session.0.update(|viewer| viewer.iter_mut().for_each(|viewer| viewer.preferences = learnt.clone()));
            state.offset.set(offset());
            state.version.update(|version| *version += 1);
        });
    });
}
