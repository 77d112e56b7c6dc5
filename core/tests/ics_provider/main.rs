//! The ICS provider against a stand-in host over real sockets: each habit of a feed is a test.

mod content;
mod fetch;
mod speed;
mod user;
