//! Progress of jobs and calendars.
