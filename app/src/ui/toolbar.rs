//! The toolbar above the grid.
