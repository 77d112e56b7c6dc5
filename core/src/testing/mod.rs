//! What tests of this and other crates need: throw-away hubs on each database, and stored data without a sync.
//!
//! Only with feature `test-support`. This module alone may read the environment: `SYNCLINE_TEST_POSTGRES_URL` is the
//! PostgreSQL server where tests make databases of their own, `SYNCLINE_RADICALE` is a CalDAV server to start, and `SYNCLINE_TEST_STRICT=1` turns a skipped test into a failed one.

pub mod db;
pub mod radicale;
pub mod seed;
pub mod sync;
