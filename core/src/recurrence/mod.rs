//! Recurrence: from what a provider stores to the concrete instances in a window of time. Pure: no clock, no I/O.
//!
//! `written` and `rule` read, `engine` finds the occurrences of one rule on the wall clock, `series` turns them into
//! instants and merges RDATE, EXDATE and overrides by (UID, original start), `zone`, `tzid` and `vtimezone` know zones,
//! `words` describes a rule to a person.
//!
//! Decisions where the RFC leaves room or practice differs:
//! - A rule runs on the wall clock of DTSTART's zone. What falls into a DST gap is *shifted* by the gap (02:30 becomes
//!   03:30), as Google and most libraries do; RFC 5545 §3.3.10 would leave it out, which loses an appointment. In an overlap
//!   the first of the two counts.
//! - HOURLY and below without BYDAY, BYHOUR and the like run on real time, so that "every hour" has neither a hole nor a
//!   double in the night of the change; with such parts they run on the wall clock.
//! - DTSTART is always an instance and counts in COUNT, also where the rule does not produce it (warning
//!   `start_outside_rule`).
//! - Every instance lasts as long on the wall clock as the first one; only a DURATION of hours and minutes is exact time.
//! - A cancelled override removes its instance; an override of a slot that the rule does not have, or that an EXDATE names,
//!   is an instance of its own. A cancelled master or single event still has its instances: whether to show them is the
//!   caller's choice.
//! - Nothing is guessed: a rule that can not be read, or counts in another calendar (RSCALE), gives DTSTART alone and a
//!   warning.
//!
//! Invariants: the cost is bounded by the window and by `engine::BUDGET`, whatever the rule, and further by an [`Effort`]; dates are never shifted by a
//! zone; keys are unique within an expansion; instances are ordered by start.

mod effort;
mod engine;
mod key;
mod rule;
mod series;
mod tzid;
mod vtimezone;
mod words;
mod written;
mod zone;

pub use effort::Effort;
pub use key::instance_key;
pub(crate) use key::instant_of_key;
pub use series::{Expansion, Instance, expand, expand_within, last_end, last_end_within};
pub use tzid::{Timezones, label, resolve};
pub use vtimezone::{Observance, VTimezone};
pub use words::describe;
pub(crate) use written::{Written, written};
pub use zone::Zone;
pub(crate) use zone::{offset_seconds, shift};
