//! "+3 more": a link to the day, and with scripts a popover that lists it in place.

use super::look::{Look, spoken};
use super::state::use_calendar;
use crate::ui::icons::Icon;
use jiff::civil::Date;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use syncline_domain::layout::agenda::{Entry, agenda};
use syncline_domain::layout::days;
use syncline_domain::layout::month::Day;
use syncline_domain::layout::{Span, words};
use syncline_domain::view::{GridEvent, Period};

/// The popover is one for the whole grid, and empty until it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct More {
    /// The day whose events it lists.
    pub day: RwSignal<Option<Date>>,
    /// The element.
    pub popover: NodeRef<html::Div>,
}

impl More {
    /// A closed one.
    pub(super) fn closed() -> Self {
        Self { day: RwSignal::new(None), popover: NodeRef::new() }
    }
}

/// The link in the last line of a full cell. The month catches its clicks.
pub(super) fn more_link(day: &Day, look: &Look) -> AnyView {
    view! {
        <a class="chip more" data-more=day.date.to_string() href=look.day_href(day.date)>
            <span class="sr-only">"Show "</span>
            {format!("+{}", day.hidden)}
            <span class="more-word">" more"</span>
        </a>
    }
    .into_any()
}

/// Lists a whole day above the grid.
#[component]
pub fn MorePopover(
    /// Which day it lists.
    more: More,
    /// The occurrences that it lists from.
    period: Arc<Period>,
) -> impl IntoView {
    let state = use_calendar();
    #[cfg(feature = "hydrate")]
    super::browser::close_more(more);
    let content = move || {
        let date = more.day.get()?;
        let look = Look::of(state);
        let span = Span { from: date, to: days::add(date, 1) };
        let entries = agenda(span, &period.events).pop().map(|day| day.entries).unwrap_or_default();
        let lines = entries.iter().map(|entry| line(*entry, &period.events[entry.event], &look)).collect_view();
        Some(
            view! {
                <div class="more-head">
                    <h2 id="more-title">
                        <a href=look.day_href(date)>
                            <span class="more-weekday">{words::weekday_short(date)}</span>
                            <span class="more-day">{date.day()}</span>
                            <span class="sr-only">{format!(" {} {}", words::month_name(date), date.year())}</span>
                        </a>
                    </h2>
                    <button class="btn btn-ghost btn-icon" type="button" popovertarget="more" popovertargetaction="hide" aria-label="Close">
                        <Icon name="close" />
                    </button>
                </div>
                <div class="more-list">{lines}</div>
            }
            .into_any(),
        )
    };
    view! {
        <div class="popover more-popover" id="more" popover="auto" role="dialog" aria-labelledby="more-title" node_ref=more.popover>
            {content}
        </div>
    }
}

fn line(entry: Entry, event: &GridEvent, look: &Look) -> AnyView {
    let bar = entry.whole_day || entry.of > 1;
    let class = look.class(if bar { "chip bar" } else { "chip timed" }, event);
    view! {
        <a class=class href=look.href(event)>
            {(!bar).then(|| view! { <span class="dot"></span> })}
            {(!entry.whole_day && entry.day == 1)
                .then(|| view! { <span class="chip-time">{look.time(event.start.time())}</span> })}
            <span class="chip-title">{event.title.clone()}</span>
            {spoken(event)}
        </a>
    }
    .into_any()
}
