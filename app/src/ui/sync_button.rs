//! The sync button.
