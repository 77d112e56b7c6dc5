//! The one HTTP client. See `design` in this module for the outbound rules.
