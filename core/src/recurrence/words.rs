//! A recurrence in plain English words.

use syncline_domain::event::Recurrence;
use syncline_domain::time::When;

/// The recurrence as a person would say it: "Every 2 weeks on Monday and Wednesday until 29 June 2026".
#[must_use]
pub fn describe(_recurrence: &Recurrence, _when: &When) -> String {
    "Repeats (custom rule)".to_owned()
}
