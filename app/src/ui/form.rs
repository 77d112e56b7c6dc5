//! Fields with labels and their errors.
