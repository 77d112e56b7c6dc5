//! One folder per page: `mod.rs` is the page, `api.rs` its server functions, one file per larger component.
//!
//! To add a page: its folder here, its route in [`crate::App`]; a page that needs nobody signed in is also named in the
//! server's `guard.rs`.

pub mod account;
pub mod calendar;
pub mod connections;
pub mod history;
pub mod holds;
pub mod served;
pub mod settings;
pub mod setup;
pub mod sign_in;
