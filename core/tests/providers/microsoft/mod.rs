//! Microsoft: the suite of all providers, and what is Microsoft's own.

mod alone;
mod consent;
mod listing;
mod rounds;
mod series;
mod suite;
mod support;
mod windows;
