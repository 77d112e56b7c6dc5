//! Pieces that several pages share.

pub mod arriving;
pub mod demo;
pub mod form;
pub mod frame;
pub mod icons;
pub mod listed;
pub mod live;
pub mod mini_month;
pub mod problem;
pub mod progress;
pub mod rail;
pub mod relative_time;
pub mod results;
pub mod sheet;
pub mod sync_button;
pub mod title;
pub mod toast;
pub mod toolbar;
pub mod toolbar_sync;

pub use arriving::{arriving, nothing};
pub use listed::listed;
pub use title::Title;
