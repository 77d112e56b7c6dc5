//! Properties of the reader and of the expansion, and comparisons with crates that do a part of the same: `rrule` for
//! rules, `calcard` for syntax. They are oracles here and nowhere else.

mod expansion;
mod oracle_rules;
mod oracle_syntax;
mod reading;
mod speed;
