//! Google: the suite of all providers, and what is Google's own.

mod consent;
mod events;
mod listing;
mod push;
mod suite;
mod support;
mod tokens;
