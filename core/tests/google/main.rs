//! Providers with OAuth against the stand-in, on every database. `suite` is what every provider has to do; the other files are what
//! is Google's own. To add a provider: an instance of [`suite::Service`] and a line `provider_suite!`.

mod consent;
mod events;
mod listing;
mod suite;
mod support;
mod tokens;
