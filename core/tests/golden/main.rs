//! Golden tests: iCalendar text in, concrete instances out. Every expectation was written by hand.

mod sample;
mod support;
