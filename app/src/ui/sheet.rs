//! Side sheet and dialogs.
