//! The toolbar above every page: where one is in time, the views, search, sync, the account.

use crate::memo::Memo;
use crate::pages::calendar::place::Place;
use crate::pages::calendar::search::SearchForm;
use crate::pages::calendar::state::CalendarState;
use crate::pages::sign_in::SignOutButton;
use crate::route::use_route;
use crate::ui::icons::Icon;
use crate::ui::toolbar_sync::ToolbarSync;
use crate::use_session;
use leptos::prelude::*;
use syncline_domain::layout::View;

/// The toolbar. The parts that belong to the calendar stand only above the calendar.
#[component]
pub fn Toolbar(
    /// The frame's state.
    state: CalendarState,
) -> impl IntoView {
    let route = use_route();
    let on_calendar = Memo::new(move |_| route.with(|address| address.path == "/"));
    view! {
        <header class="toolbar">
            <button class="btn btn-ghost btn-icon rail-open" type="button" popovertarget="rail" aria-label="Calendars and months">
                <Icon name="menu" />
            </button>
            {move || if on_calendar.get() { period(state) } else { back() }}
            <div class="toolbar-tools">
                {move || on_calendar.get().then(|| reload(state))}
                <ToolbarSync />
                <Account />
            </div>
        </header>
    }
    .into_any()
}

fn back() -> AnyView {
    view! {
        <a class="btn btn-ghost" href="/">
            <Icon name="left" />
            "Calendar"
        </a>
        <span class="grow"></span>
    }
    .into_any()
}

fn period(state: CalendarState) -> AnyView {
    let searching = move || state.place.with(|place| place.query.is_some());
    let title = Memo::new(move |_| state.view.get().title(state.day.get(), state.week_start.get()));
    let today = move || Place { view: state.view.get(), ..Place::default() }.href();
    let word = move || match state.view.get() {
        View::Month => "month",
        View::Week => "week",
        View::Day => "day",
        View::Agenda => "weeks",
    };
    let views = View::ALL.into_iter().map(|view| view_link(state, view)).collect_view();
    view! {
        <div class="toolbar-period">
            <a class="btn" href=today>
                "Today"
            </a>
            <a class="btn btn-ghost btn-icon" href=move || state.stepped(-1).href() aria-label=move || format!("Previous {}", word())>
                <Icon name="left" />
            </a>
            <a class="btn btn-ghost btn-icon" href=move || state.stepped(1).href() aria-label=move || format!("Next {}", word())>
                <Icon name="right" />
            </a>
        </div>
        <h1 class="toolbar-title" aria-live="polite">
            {move || if searching() { "Search".into_any() } else { title.with(title_words) }}
        </h1>
        <nav class="btn-group toolbar-views" aria-label="View">
            {views}
        </nav>
        {move || (!searching()).then(|| view! { <SearchForm /> })}
    }
    .into_any()
}

fn title_words(title: &syncline_domain::layout::Title) -> AnyView {
    let week = title.week.map(|week| view! { <span class="week-number">{format!("Week {week}")}</span> });
    view! {
        <span class="title-long">{title.long.clone()}</span>
        <span class="title-short" aria-hidden="true">
            {title.short.clone()}
        </span>
        {week}
    }
    .into_any()
}

fn view_link(state: CalendarState, view: View) -> AnyView {
    let here = move || (state.view.get() == view && state.place.with(|place| place.query.is_none())).then_some("page");
    let name = view.label();
    view! {
        <a href=move || state.place.with(|place| place.seen_as(view).href()) aria-current=here>
            <span class="view-long">{name}</span>
            <span class="view-short" aria-hidden="true">
                {&name[..1]}
            </span>
        </a>
    }
    .into_any()
}

fn reload(state: CalendarState) -> AnyView {
    let href = move || state.place.with(Place::href);
    let search = move || state.place.with(|place| place.searching("").href());
    let click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        state.version.update(|version| *version += 1);
    };
    view! {
        <a class="btn btn-ghost btn-icon toolbar-search-link" href=search aria-label="Search">
            <Icon name="search" />
        </a>
        <a class="btn btn-ghost btn-icon tip toolbar-reload" href=href on:click=click aria-label="Refresh" data-tip="Refresh the view">
            <Icon name="refresh" />
        </a>
    }
    .into_any()
}

#[component]
fn Account() -> impl IntoView {
    let session = use_session();
    let email = move || session.0.with(|viewer| viewer.as_ref().map(|viewer| viewer.email.clone()).unwrap_or_default());
    let letter = move || email().chars().next().map(|first| first.to_string()).unwrap_or_default();
    let keys = move |_| {
        #[cfg(feature = "hydrate")]
        crate::pages::calendar::keys::show_list();
    };
    view! {
        <button class="btn btn-ghost btn-icon" type="button" popovertarget="account" aria-label="Account and settings">
            <span class="avatar" aria-hidden="true">
                {letter}
            </span>
        </button>
        <div class="popover account-menu" id="account" popover="auto">
            <nav class="menu" aria-label="Account">
                <span class="menu-label truncate">{email}</span>
                <a href="/settings/calendars">
                    <Icon name="settings" />
                    "Settings for my calendars"
                </a>
                <a href="/history">
                    <Icon name="history" />
                    "History"
                </a>
                <a href="/settings/account">
                    <Icon name="user" />
                    "Account"
                </a>
                <button class="js-only" type="button" popovertarget="account" popovertargetaction="hide" on:click=keys>
                    <Icon name="keyboard" />
                    "Keyboard shortcuts"
                </button>
                <hr />
                <SignOutButton class="" />
            </nav>
        </div>
    }
    .into_any()
}
