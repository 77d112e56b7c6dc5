//! The pure model of Syncline.
//!
//! Everything here compiles to wasm32 and does no I/O, reads no clock, and knows no runtime, database, HTTP client or
//! component framework. What crosses the wire to the page is in [`view`]; what the provider stores is in [`event`];
//! the decision what a sync does with one remote object is in [`plan`].
//!
//! Times: instants are unix milliseconds (`i64`), wall times and dates are [`jiff::civil`] values. A date is never
//! turned into an instant here, because that needs a zone, and zones live in `syncline-core`.

pub mod civil;
pub mod color;
pub mod event;
pub mod event_type;
pub mod failure;
pub mod guard;
pub mod health;
pub mod ids;
pub mod layout;
pub mod packed;
pub mod plan;
pub mod sync;
pub mod time;
pub mod view;
