//! Inline SVG icons.
