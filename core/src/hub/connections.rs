//! Connections and calendars.

use super::Hub;
use super::provide::{IcsSettings, pack};
use crate::advice::while_connecting;
use crate::clock::new_id;
use crate::engine::listing::store_calendars;
use crate::error::Error;
use crate::provider::caldav::{self, CalDavSettings};
use crate::provider::ics::{self, Ics, IcsSource, ProbedFeed};
use crate::provider::{Meter, Provider as _, RemoteCalendar};
use crate::store::calendars;
use crate::store::connections::{self, ConnectionRow};
use crate::store::locks;
use crate::tasks;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::{Connection, Live};

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
    /// A personal access token of the same Calendly account.
    Token(SecretString),
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

/// Seconds between syncs of a new connection. Bookings change seldom, and a look at them costs more.
fn default_interval(provider: ProviderKind, is_file: bool) -> i64 {
    match provider {
        _ if is_file => 0,
        ProviderKind::Calendly => 7200,
        _ => 900,
    }
}

/// What is stored about a new or mended connection.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) host: String,
    pub(super) settings: String,
    pub(super) secret: Option<SecretString>,
    /// An uploaded file, packed.
    pub(super) file: Option<String>,
    pub(super) calendars: Vec<RemoteCalendar>,
}

impl Hub {
    /// Finds the account at the server, checks the password, and stores the connection with its calendars. Nothing is
    /// stored when anything fails.
    ///
    /// # Errors
    /// What [`caldav::discover`] gives; `already_connected` when the user has this account.
    pub async fn add_caldav(&self, user: &UserId, new: NewCaldav) -> Result<Connection, Error> {
        let found = self.look_caldav(&new.address, &new.username, &new.password).await?;
        let same = connections::list(self.db(), user)
            .await?
            .into_iter()
            .find(|row| row.provider == ProviderKind::Caldav.as_str() && row.host == found.host && row.account == found.account);
        if let Some(row) = same {
            return Err(Error::invalid(
                "already_connected",
                format!("This account is connected already as \u{201c}{}\u{201d}.", row.name),
                "Use Reconnect there to give a new password.",
            ));
        }
        self.store_connection(user, ProviderKind::Caldav, found, new.name).await
    }

    async fn look_caldav(&self, address: &str, username: &str, password: &SecretString) -> Result<Found, Error> {
        require("address", address, "the address of your CalDAV server", "https://cal.example.com or example.com")?;
        require("username", username, "your user name", "anna@example.com")?;
        require("password", password.expose_secret(), "the password", "an app password from your provider's settings")?;
        let found = caldav::discover(&self.0.client, address.trim(), username.trim(), password, &Meter::default()).await;
        let found = found.map_err(while_connecting)?;
        Ok(Found {
            name: found.host.clone(),
            account: found.account_name,
            host: found.host,
            settings: serde_json::to_string(&found.settings).unwrap_or_default(),
            secret: Some(password.clone()),
            file: None,
            calendars: found.calendars,
        })
    }

    /// Reads the feed once and stores the connection. Nothing is stored when it can not be read.
    ///
    /// # Errors
    /// What [`ics::probe`] gives; `already_connected` when the user has this feed.
    pub async fn add_ics(&self, user: &UserId, new: NewIcs) -> Result<Connection, Error> {
        let (found, name) = match new {
            NewIcs::Address { url, name } => {
                let name = given(name);
                let found = self.look_feed(&url, name.clone()).await?;
                self.refuse_same_feed(user, &found).await?;
                (found, name)
            }
            NewIcs::File { file_name, bytes, name } => {
                let name = given(name);
                (self.look_file(&file_name, bytes, name.clone()).await?, name)
            }
        };
        self.store_connection(user, ProviderKind::Ics, found, name).await
    }

    async fn look_feed(&self, url: &SecretString, name: Option<String>) -> Result<Found, Error> {
        require("url", url.expose_secret(), "the address of the feed", "https://example.com/calendar.ics")?;
        let probed = ics::probe(&self.0.client, url.expose_secret(), &Meter::default(), self.now()).await;
        let probed = probed.map_err(while_connecting)?;
        let address = probed.url.clone().unwrap_or_else(|| url.clone());
        let host = url::Url::parse(address.expose_secret()).ok().and_then(|url| url.host_str().map(str::to_owned));
        let settings = IcsSettings { file: None, name, props: probed.props.clone() };
        self.found_feed(probed, settings, host.unwrap_or_else(|| "feed".to_owned()), IcsSource::Url { url: address }).await
    }

    async fn look_file(&self, file_name: &str, bytes: Vec<u8>, name: Option<String>) -> Result<Found, Error> {
        let bytes = Bytes::from(bytes);
        let probed = ics::probe_file(bytes.clone(), file_name).await?;
        let source = IcsSource::File { bytes, name: file_name.to_owned() };
        let settings = IcsSettings { file: Some(file_name.to_owned()), name, props: probed.props.clone() };
        self.found_feed(probed, settings, file_name.to_owned(), source).await
    }

    async fn found_feed(&self, probed: ProbedFeed, settings: IcsSettings, host: String, source: IcsSource) -> Result<Found, Error> {
        let feed = Ics::new(self.0.client.clone(), source.clone(), settings.props.clone()).named(settings.name.clone());
        let (secret, file) = match source {
            IcsSource::Url { url } => (Some(url), None),
            IcsSource::File { bytes, .. } => (None, Some(pack(&bytes))),
        };
        Ok(Found {
            calendars: feed.list(&[], &Meter::default()).await?,
            name: probed.name,
            account: host.clone(),
            host,
            settings: serde_json::to_string(&settings).unwrap_or_default(),
            secret,
            file,
        })
    }

    async fn refuse_same_feed(&self, user: &UserId, found: &Found) -> Result<(), Error> {
        let address = found.secret.as_ref().map(SecretString::expose_secret);
        for row in connections::list(self.db(), user).await? {
            let stored = row.secret.as_deref().and_then(|sealed| self.0.secrets.open(sealed, &row.id).ok());
            if row.provider == ProviderKind::Ics.as_str() && stored.as_ref().map(SecretString::expose_secret) == address {
                return Err(Error::invalid(
                    "already_connected",
                    format!("This feed is connected already as \u{201c}{}\u{201d}.", row.name),
                    "Press Sync there to fetch it again.",
                ));
            }
        }
        Ok(())
    }

    pub(super) async fn store_connection(
        &self,
        user: &UserId,
        provider: ProviderKind,
        found: Found,
        name: Option<String>,
    ) -> Result<Connection, Error> {
        let id = ConnectionId::trusted(new_id(self.clock()));
        let name = given(name).unwrap_or(found.name);
        let interval_s = default_interval(provider, found.file.is_some());
        let row = ConnectionRow {
            id: id.as_str().to_owned(),
            user_id: user.as_str().to_owned(),
            provider: provider.as_str().to_owned(),
            name,
            account: found.account,
            host: found.host,
            settings: found.settings,
            secret: found.secret.map(|secret| self.0.secrets.seal(&secret, id.as_str())),
            enabled: true,
            needs_user: false,
            interval_s,
            // Whoever adds it syncs it, usually at once; if nobody does, the schedule will.
            next_sync_at: (interval_s > 0).then(|| self.now() + interval_s * 1000),
            last_attempt_at: None,
            last_success_at: None,
            failures: 0,
            problem: None,
            created_at: self.now(),
            grant_expires_at: None,
            pace_s: 0,
        };
        let others = calendars::list(self.db(), user).await?;
        let mut tx = self.db().begin().await?;
        connections::insert(&mut tx, &row).await?;
        if let Some(file) = &found.file {
            connections::put_file(&mut tx, &id, file, self.now()).await?;
        }
        let new: Vec<&RemoteCalendar> = found.calendars.iter().collect();
        store_calendars(&mut tx, user, &id, &new, &others, self.clock()).await?;
        tx.commit().await?;
        self.tell_changed(user);
        self.connection(user, &id).await
    }

    /// Switches a connection on or off. Its events stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn set_connection_enabled(&self, user: &UserId, id: &ConnectionId, enabled: bool) -> Result<(), Error> {
        let row = connections::find(self.db(), user, id).await?.ok_or(Error::NotFound("connection"))?;
        let due = (enabled && row.interval_s > 0).then(|| self.now());
        let mut tx = self.db().begin().await?;
        found(connections::set_enabled(&mut tx, user, id, enabled, due).await?)?;
        tx.commit().await?;
        self.see_to_webhooks(id.clone());
        self.after_change(user);
        Ok(())
    }

    /// Seconds between syncs: 0 (only by hand) or 300 to 86,400.
    ///
    /// # Errors
    /// `bad_interval`, or [`Error::NotFound`] when it is not the user's.
    pub async fn set_interval(&self, user: &UserId, id: &ConnectionId, seconds: u64) -> Result<(), Error> {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        if seconds != 0 && !(300..=86_400).contains(&seconds) {
            return Err(Error::invalid("bad_interval", "The interval is out of range.", "Choose from 5 minutes to a day, or off."));
        }
        let row = connections::find(self.db(), user, id).await?.ok_or(Error::NotFound("connection"))?;
        let from = row.last_attempt_at.unwrap_or_else(|| self.now());
        // A refused password is not tried again by itself.
        let due = (row.enabled && seconds > 0 && !row.needs_user).then(|| from + seconds * 1000);
        let mut tx = self.db().begin().await?;
        found(connections::set_interval(&mut tx, user, id, seconds, due).await?)?;
        tx.commit().await?;
        self.after_change(user);
        Ok(())
    }

    /// Mends a connection: checks what was given with the provider, then stores it. Calendars and events stay.
    ///
    /// # Errors
    /// What the provider gives; `wrong_kind` when what was given does not fit the connection.
    pub async fn reconnect(&self, user: &UserId, id: &ConnectionId, with: Reconnect) -> Result<Connection, Error> {
        let row = connections::find(self.db(), user, id).await?.ok_or(Error::NotFound("connection"))?;
        let (is_caldav, is_ics) = (row.provider == ProviderKind::Caldav.as_str(), row.provider == ProviderKind::Ics.as_str());
        let chosen = || serde_json::from_str::<IcsSettings>(&row.settings).ok().and_then(|settings| settings.name);
        let found = match with {
            Reconnect::Password(password) if is_caldav => {
                let stored = serde_json::from_str::<CalDavSettings>(&row.settings).ok();
                let address = stored.as_ref().and_then(|settings| Some(settings.homes.first()?.url.clone()));
                let username = stored.map_or_else(|| row.account.clone(), |settings| settings.username);
                self.look_caldav(&address.unwrap_or(row.host), &username, &password).await?
            }
            Reconnect::Address(url) if is_ics => self.look_feed(&url, chosen()).await?,
            Reconnect::File { file_name, bytes } if is_ics => self.look_file(&file_name, bytes, chosen()).await?,
            Reconnect::Token(token) if row.provider == ProviderKind::Calendly.as_str() => self.mend_calendly(&row, &token).await?,
            _ => {
                return Err(Error::invalid(
                    "wrong_kind",
                    "That does not fit this connection.",
                    "Give the password of a CalDAV account, the address or file of a feed, or the token of a Calendly account.",
                ));
            }
        };
        let secret = found.secret.as_ref().map(|secret| self.0.secrets.seal(secret, id.as_str()));
        let mut tx = self.db().begin().await?;
        self::found(connections::mend(&mut tx, user, id, &found.settings, secret.as_deref(), &found.host).await?)?;
        if let Some(file) = &found.file {
            connections::put_file(&mut tx, id, file, self.now()).await?;
        }
        if row.interval_s > 0 {
            connections::set_due(&mut tx, id, Some(self.now())).await?;
        }
        tx.commit().await?;
        self.subscribe_soon(id).await;
        self.after_change(user);
        self.connection(user, id).await
    }

    /// Removes a connection, its calendars and their events from here (never from the provider). A job that is at work on
    /// it stops.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn disconnect(&self, user: &UserId, id: &ConnectionId) -> Result<(), Error> {
        if let Some(row) = connections::find(self.db(), user, id).await? {
            self.unsubscribe(&row).await;
            self.give_back(&row).await?;
        }
        let mut tx = self.db().begin().await?;
        // The lock first, as a job does it that is at work: on PostgreSQL they would wait for each other.
        locks::find(&mut tx, id).await?;
        found(connections::delete(&mut tx, user, id).await?)?;
        tx.commit().await?;
        self.after_change(user);
        Ok(())
    }

    /// Changes a calendar.
    ///
    /// # Errors
    /// `unknown_color`, or [`Error::NotFound`] when it is not the user's.
    pub async fn change_calendar(&self, user: &UserId, id: &CalendarId, change: CalendarChange) -> Result<(), Error> {
        if let Some(color) = &change.color
            && !syncline_domain::color::NAMES.contains(&color.as_str())
        {
            return Err(Error::invalid("unknown_color", "There is no such colour.", "Choose one of the twelve."));
        }
        let mut tx = self.db().begin().await?;
        let done = calendars::change(&mut tx, user, id, change.enabled, change.visible, change.color.as_deref()).await?;
        let Some(connection) = done else { return Err(Error::NotFound("calendar")) };
        tx.commit().await?;
        if change.enabled.is_some() {
            self.see_to_webhooks(connection);
        }
        self.tell_changed(user);
        Ok(())
    }

    /// What is synced has changed, and so has what providers are to tell about; nobody waits for them.
    fn see_to_webhooks(&self, connection: ConnectionId) {
        let hub = self.clone();
        tasks::detach(async move { hub.look_after(&connection).await });
    }

    pub(super) fn after_change(&self, user: &UserId) {
        self.due().notify_one();
        self.tell_changed(user);
    }

    pub(crate) fn tell_changed(&self, user: &UserId) {
        self.bus().tell(user, self.now(), Live::Changed);
    }
}

fn found(done: bool) -> Result<(), Error> {
    if done { Ok(()) } else { Err(Error::NotFound("connection")) }
}

/// A name that was typed, unless it is empty.
fn given(name: Option<String>) -> Option<String> {
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

pub(super) fn require(field: &str, text: &str, what: &str, example: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        Err(Error::invalid(&format!("missing_{field}"), format!("Please give {what}."), format!("For example: {example}.")))
    } else {
        Ok(())
    }
}
