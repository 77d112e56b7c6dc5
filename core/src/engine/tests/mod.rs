//! The engine against a provider that does as it is told: what no real host can be made to do at the right moment.

mod ends;
mod horizons;
mod jobs;
mod pages;
mod support;
