//! Calendly: the suite of all providers, and what is Calendly's own.

mod bookings;
mod connecting;
mod moved;
mod suite;
mod support;
mod tokens;
mod webhooks;
