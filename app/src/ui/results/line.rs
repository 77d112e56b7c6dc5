//! The line of a report for one calendar, as results and history show it.

use super::words::sign;
use crate::ui::icons::Icon;
use leptos::prelude::*;
use syncline_domain::sync::CalendarResult;

/// ✓ or ✗, the calendar and its account, what became of it in `words`, and below that what the caller has to add.
pub fn result_line(line: &CalendarResult, words: String, below: AnyView) -> AnyView {
    let (symbol, meaning) = sign(line);
    view! {
        <li class="result-line" class:result-stopped=line.error.is_some() data-status=line.status.as_str()>
            <span class="result-sign">
                <Icon name=symbol />
                <span class="sr-only">{meaning}</span>
            </span>
            <div class="grow">
                <p class="result-name">
                    <strong>{line.calendar_name.clone()}</strong>
                    <span class="muted small grow">{line.email.clone()}</span>
                    <span class="result-words">{words}</span>
                </p>
                {below}
            </div>
        </li>
    }
    .into_any()
}
