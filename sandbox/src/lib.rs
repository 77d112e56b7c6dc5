//! Stand-ins for the providers: tests, demo mode and benchmarks start them.

pub mod caldav;
pub mod ics;
