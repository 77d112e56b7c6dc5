//! The server as its callers see it: over real sockets, and through the binary itself. One program, so that it is linked once.

mod assets;
mod calendly;
mod cli;
mod consent;
mod demo;
mod doors;
mod fixture;
mod google;
mod instance;
mod kills;
mod microsoft;
mod openapi;
mod problems;
mod rest;
mod sessions;
mod sync;
mod watch;
