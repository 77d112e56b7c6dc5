//! What crosses the wire to the page.
