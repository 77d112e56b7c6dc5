//! Connections and calendars.

use super::{Hub, pending};
use crate::error::Error;
use secrecy::SecretString;
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};
use syncline_domain::view::Connection;

/// A CalDAV account as the user typed it.
#[derive(Debug, Clone)]
pub struct NewCaldav {
    /// A full address, a bare domain, or an e-mail address.
    pub address: String,
    /// User name.
    pub username: String,
    /// Password or app password.
    pub password: SecretString,
    /// What to call it; `None` takes the host.
    pub name: Option<String>,
}

/// An ICS feed as the user gave it.
#[derive(Debug, Clone)]
pub enum NewIcs {
    /// By address; `webcal://` too.
    Address {
        /// The address, which may be a secret.
        url: SecretString,
        /// What to call it; `None` takes the feed's own name.
        name: Option<String>,
    },
    /// An uploaded file.
    File {
        /// File name.
        file_name: String,
        /// Its bytes, plain or gzip.
        bytes: Vec<u8>,
        /// What to call it; `None` takes the feed's own name, else the file's.
        name: Option<String>,
    },
}

/// What the user gives to mend a connection.
#[derive(Debug, Clone)]
pub enum Reconnect {
    /// A new password for the same account.
    Password(SecretString),
    /// A new address for a feed.
    Address(SecretString),
    /// A new upload of a file.
    File {
        /// File name.
        file_name: String,
        /// Its bytes, plain or gzip.
        bytes: Vec<u8>,
    },
}

/// What the user changes about a calendar; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct CalendarChange {
    /// Sync it.
    pub enabled: Option<bool>,
    /// Show it.
    pub visible: Option<bool>,
    /// One of `domain::color::NAMES`.
    pub color: Option<String>,
}

impl Hub {
    /// Finds the account at the server, checks the password, and stores the connection with its calendars. Nothing is
    /// stored when anything fails.
    pub async fn add_caldav(&self, _user: &UserId, _new: NewCaldav) -> Result<Connection, Error> {
        pending()
    }

    /// Reads the feed once and stores the connection. Nothing is stored when it can not be read.
    pub async fn add_ics(&self, _user: &UserId, _new: NewIcs) -> Result<Connection, Error> {
        pending()
    }

    /// The user's connections with their calendars, by name.
    pub async fn connections(&self, _user: &UserId) -> Result<Vec<Connection>, Error> {
        pending()
    }

    /// One of them.
    pub async fn connection(&self, _user: &UserId, _id: &ConnectionId) -> Result<Connection, Error> {
        pending()
    }

    /// Switches a connection on or off. Its events stay.
    pub async fn set_connection_enabled(&self, _user: &UserId, _id: &ConnectionId, _enabled: bool) -> Result<(), Error> {
        pending()
    }

    /// Seconds between syncs: 0 (only by hand) or 300 to 86,400.
    pub async fn set_interval(&self, _user: &UserId, _id: &ConnectionId, _seconds: u64) -> Result<(), Error> {
        pending()
    }

    /// Mends a connection: checks what was given with the provider, then stores it. Calendars and events stay.
    pub async fn reconnect(&self, _user: &UserId, _id: &ConnectionId, _with: Reconnect) -> Result<Connection, Error> {
        pending()
    }

    /// Removes a connection, its calendars and their events from here (never from the provider).
    pub async fn disconnect(&self, _user: &UserId, _id: &ConnectionId) -> Result<(), Error> {
        pending()
    }

    /// Changes a calendar.
    pub async fn change_calendar(&self, _user: &UserId, _id: &CalendarId, _change: CalendarChange) -> Result<(), Error> {
        pending()
    }
}
