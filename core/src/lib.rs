//! The shared sync core: store, providers, recurrence, engine and background tasks behind one facade.
//!
//! Knows nothing of HTTP routes or components and never reads the environment: configuration, clock and randomness come in
//! as values.

mod advice;
pub mod clock;
mod engine;
pub mod error;
pub mod hub;
pub mod ical;
pub mod metrics;
pub mod net;
pub mod oauth;
mod private;
mod progress;
pub mod provider;
pub mod quota;
pub mod recurrence;
pub mod secrets;
pub mod store;
pub mod tasks;
#[cfg(feature = "test-support")]
pub mod testing;

pub use hub::{Config, Hub};
