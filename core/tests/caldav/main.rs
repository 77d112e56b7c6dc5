//! The CalDAV provider against a real server and against the stand-in.

mod discovery;
mod figures;
mod list;
mod quirks;
mod suite;
mod support;
