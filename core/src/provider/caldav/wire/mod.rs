//! The forms of requests and answers. Knows XML, knows nothing of the network.

mod body;
mod feed;
mod multistatus;
mod tag;

pub(crate) use body::{ALL_WITH_DATA, Listing, MEMBERS, PRINCIPAL, STATE, calendar_multiget, list_properties, sync_collection};
pub(crate) use feed::{Feed, Piece};
pub(crate) use multistatus::{Parser, Props, Row, WireError};
