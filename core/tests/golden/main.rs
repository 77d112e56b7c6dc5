//! Golden tests: iCalendar text in, concrete instances out. Every expectation was written by hand.

mod bombs;
mod clocks;
mod ends;
mod exceptions;
mod mapping;
mod overrides;
mod rules;
mod sample;
mod support;
mod syntax;
mod until;
mod zones;
