//! The left rail: mini-month and calendars.
