//! What the browser gets: the rendered page, its assets, and the rules that guard both.

pub mod assets;
pub mod consent;
pub mod guard;
pub mod headers;
pub mod identify;
pub mod pages;
