//! Pieces that several pages share.

pub mod form;
pub mod frame;
pub mod icons;
pub mod live;
pub mod mini_month;
pub mod problem;
pub mod progress;
pub mod rail;
pub mod relative_time;
pub mod results;
pub mod sheet;
pub mod sync_button;
pub mod toast;
pub mod toolbar;
pub mod toolbar_sync;
