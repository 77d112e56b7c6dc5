//! The live stream of the page: one `EventSource`, window events, signals.
