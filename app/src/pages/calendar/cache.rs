//! Periods that the browser has loaded, so that the neighbours are there before one goes to them. On the server it only loads.
//!
//! What was loaded counts for one version of the user's events; the next version begins empty.

use super::api;
use crate::error::WireError;
use crate::wire::Packed;
use syncline_domain::layout::Span;
use syncline_domain::view::Period;

/// The period, from the cache or the server.
pub(super) async fn load(span: Span, version: u32) -> Result<Packed<Period>, WireError> {
    #[cfg(feature = "hydrate")]
    if let Some(period) = kept::get(span, version) {
        return Ok(period);
    }
    let period = api::load_period(span.from, span.to).await?;
    #[cfg(feature = "hydrate")]
    kept::put(span, version, &period);
    #[cfg(not(feature = "hydrate"))]
    let _ = version;
    Ok(period)
}

/// Loads a period for later. Only in the browser.
#[cfg(feature = "hydrate")]
pub(super) fn fetch_ahead(span: Span, version: u32) {
    if kept::get(span, version).is_none() {
        leptos::task::spawn_local(async move {
            // What fails here is asked for again, and then said, when one goes there.
            let _ = load(span, version).await;
        });
    }
}

/// Takes a period that came with the document.
#[cfg(feature = "hydrate")]
pub(super) fn keep(span: Span, version: u32, period: &Packed<Period>) {
    kept::put(span, version, period);
}

#[cfg(feature = "hydrate")]
mod kept {
    use super::{Packed, Period, Span};
    use std::cell::RefCell;

    /// At most so many; the oldest goes.
    const AT_ONCE: usize = 16;

    struct Kept {
        version: u32,
        periods: Vec<(Span, Packed<Period>)>,
    }

    thread_local! {
        static KEPT: RefCell<Kept> = const { RefCell::new(Kept { version: 0, periods: Vec::new() }) };
    }

    pub(super) fn get(span: Span, version: u32) -> Option<Packed<Period>> {
        KEPT.with_borrow(|kept| {
            let found = kept.periods.iter().find(|(of, _)| *of == span).map(|(_, period)| period.clone());
            found.filter(|_| kept.version == version)
        })
    }

    pub(super) fn put(span: Span, version: u32, period: &Packed<Period>) {
        KEPT.with_borrow_mut(|kept| {
            if kept.version != version {
                *kept = Kept { version, periods: Vec::new() };
            }
            kept.periods.retain(|(of, _)| *of != span);
            if kept.periods.len() >= AT_ONCE {
                kept.periods.remove(0);
            }
            kept.periods.push((span, period.clone()));
        });
    }
}
