//! Microsoft: the suite of all providers, and what is Microsoft's own.

mod suite;
mod support;
