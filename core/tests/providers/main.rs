//! Providers with OAuth against the stand-in, on every database. [`suite`] is what every provider has to do, [`world`] a user with
//! an account there; a folder holds what is a provider's own.
//!
//! To add a provider: a folder with its [`suite::Service`] and a line `provider_suite!`.

mod calendly;
mod google;
mod microsoft;
mod suite;
mod world;
