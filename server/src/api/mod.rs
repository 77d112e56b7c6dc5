//! REST. One file per area; a handler reads its input with the extractors of [`input`], makes one call of the facade, and
//! answers. The addresses are in [`crate::router`], their description in [`crate::openapi`]; a test holds both together.
//!
//! To add an endpoint: the handler here with `#[utoipa::path]`, its line in the router's list, its name in the list of
//! `openapi.rs`.

pub mod calendars;
pub mod calendly;
pub mod connections;
pub mod events;
pub mod google;
pub mod health;
pub mod holds;
pub mod input;
pub mod jobs;
pub mod microsoft;
pub mod stream;
pub mod sync;
pub mod tokens;
