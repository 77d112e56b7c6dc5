//! Where things stand in the grid: pure functions from a period and its events to rows, lanes and columns.
//!
//! Invariants: only civil dates and times (no zones, no clock; "today" is an argument); nothing here knows of components
//! or CSS, and places are small integers (days, lanes, rows, minutes, columns). Results name events by their index in the slice that
//! was given, so an event is never copied. Day arithmetic goes through [`days`], which keeps jiff's span machinery out of the WASM.
//!
//! To add a view: a variant of [`View`], its span, step and title in `period.rs`, and a file for its layout with table tests.

pub mod agenda;
pub mod columns;
pub mod days;
pub mod extent;
pub mod lanes;
pub mod month;
mod period;
pub mod text;
pub mod words;

pub use period::{Span, Title, View};
