//! Holds: deletions that wait for the user.

use super::{Hub, pending};
use crate::error::Error;
use syncline_domain::ids::{HoldId, UserId};
use syncline_domain::view::{Hold, HoldDecision};

impl Hub {
    /// Open holds, newest first.
    pub async fn holds(&self, _user: &UserId) -> Result<Vec<Hold>, Error> {
        pending()
    }

    /// One hold.
    pub async fn hold(&self, _user: &UserId, _id: &HoldId) -> Result<Hold, Error> {
        pending()
    }

    /// Removes the held objects, or keeps them and remembers the answer for the same situation. Gives the number of
    /// objects that were removed.
    pub async fn decide_hold(&self, _user: &UserId, _id: &HoldId, _decision: HoldDecision) -> Result<u64, Error> {
        pending()
    }
}
