//! From a stored connection to its provider.

use super::Hub;
use crate::error::{Error, ProviderError, StoreError};
use crate::oauth::access::{Access, StoredAccess};
use crate::oauth::service;
use crate::provider::Provider;
use crate::provider::caldav::{CalDav, CalDavAccount, CalDavSettings};
use crate::provider::calendly::Calendly;
use crate::provider::google::Google;
use crate::provider::ics::{FeedProps, Ics, IcsSource};
use crate::provider::microsoft::Microsoft;
use crate::store::connections::{self, ConnectionRow};
use crate::store::{Named, Tx, on_db};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::{ProviderKind, Trigger};
use url::Url;

/// What was fetched for somebody else serves for this part of the interval, so that a feed is fetched at most so often in an interval,
/// however many have it.
const FRESH_PART: i64 = 3;
/// And no longer.
const FRESH_MS: i64 = 10 * 60_000;

/// What is stored about a feed, beside its secret address or its file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct IcsSettings {
    /// Name of the uploaded file; `None` for a feed by address.
    pub(crate) file: Option<String>,
    /// The name that the user gave; it is kept whatever the feed calls itself, over syncs and reconnects.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What the feed says about itself.
    #[serde(default)]
    pub(crate) props: FeedProps,
}

impl Hub {
    /// The provider of a connection, ready to be asked. What a schedule asks for may have been fetched for somebody else a moment ago.
    ///
    /// # Errors
    /// When the connection can not be read, or its secret was sealed with a key that is gone.
    pub(crate) async fn provider(&self, row: &ConnectionRow, trigger: Trigger) -> Result<Box<dyn Provider>, Error> {
        let id = ConnectionId::trusted(row.id.clone());
        match ProviderKind::parse(&row.provider) {
            Some(ProviderKind::Caldav) => {
                let settings: CalDavSettings = serde_json::from_str(&row.settings).map_err(broken)?;
                let account = CalDavAccount { settings, password: self.secret(row)? };
                Ok(Box::new(CalDav::new(self.0.client.clone(), account)))
            }
            Some(ProviderKind::Ics) => {
                let settings: IcsSettings = serde_json::from_str(&row.settings).map_err(broken)?;
                let source = match settings.file {
                    Some(name) => {
                        let body = connections::file(self.db(), &id).await?.ok_or(Error::NotFound("file"))?;
                        IcsSource::File { bytes: unpack(&body).map_err(broken)?, name }
                    }
                    None => IcsSource::Url { url: self.secret(row)? },
                };
                let feed = Ics::new(self.0.client.clone(), source, settings.props).named(settings.name);
                let is_scheduled = trigger == Trigger::Schedule;
                let fresh_ms = (row.interval_s * 1000 / FRESH_PART).min(FRESH_MS);
                Ok(Box::new(if is_scheduled { feed.shared(self.0.feeds.clone(), &row.id, fresh_ms) } else { feed }))
            }
            Some(ProviderKind::Google) => Ok(Box::new(self.google(self.access(row, ProviderKind::Google)).ok_or_else(no_api)?)),
            Some(ProviderKind::Microsoft) => Ok(Box::new(self.microsoft(self.access(row, ProviderKind::Microsoft)).ok_or_else(no_api)?)),
            Some(ProviderKind::Calendly) => Ok(Box::new(self.calendly(self.access(row, ProviderKind::Calendly)).ok_or_else(no_api)?)),
            None => Err(broken(format!("unknown provider {}", row.provider))),
        }
    }

    /// How a stored connection is asked.
    pub(super) fn access(&self, row: &ConnectionRow, provider: ProviderKind) -> Arc<dyn Access> {
        Arc::new(StoredAccess::new(self.clone(), ConnectionId::trusted(row.id.clone()), provider))
    }

    /// Google with some access; `None` when its address is not one.
    pub(super) fn google(&self, access: Arc<dyn Access>) -> Option<Google> {
        Some(Google::new(self.0.client.clone(), self.api(ProviderKind::Google)?, access, self.clock().clone()))
    }

    /// Microsoft with some access; `None` when its address is not one.
    pub(super) fn microsoft(&self, access: Arc<dyn Access>) -> Option<Microsoft> {
        Some(Microsoft::new(self.0.client.clone(), self.api(ProviderKind::Microsoft)?, access, self.clock().clone()))
    }

    /// Calendly with some access; `None` when its address is not one.
    pub(super) fn calendly(&self, access: Arc<dyn Access>) -> Option<Calendly> {
        Some(Calendly::new(self.0.client.clone(), self.api(ProviderKind::Calendly)?, access, self.clock().clone()))
    }

    fn api(&self, provider: ProviderKind) -> Option<Url> {
        let oauth = self.oauth();
        let (service, settings) = service::of(provider).zip(oauth.of(provider))?;
        service.api(settings)
    }

    fn secret(&self, row: &ConnectionRow) -> Result<SecretString, Error> {
        let sealed = row.secret.as_deref().ok_or_else(|| broken("no secret"))?;
        self.0.secrets.open(sealed, &row.id).map_err(broken)
    }

    /// A feed has moved for good: its new address is stored. Nothing happens for other connections.
    pub(crate) async fn move_feed(&self, tx: &mut Tx, user: &UserId, id: &ConnectionId, address: &str) -> Result<(), StoreError> {
        let sealed = self.0.secrets.seal(&SecretString::from(address), id.as_str());
        on_db!(tx, conn => sqlx::query("UPDATE connections SET secret = $3 WHERE id = $1 AND user_id = $2 AND provider = 'ics'")
            .bind(id.as_str()).bind(user.as_str()).bind(sealed).execute(conn).await.map(drop))
        .named("connections.move")
    }
}

#[cfg(feature = "test-support")]
impl Hub {
    /// The access to a stored connection, as its provider has it.
    #[must_use]
    pub fn testing_access(&self, id: &ConnectionId, provider: ProviderKind) -> Box<dyn crate::oauth::access::Access> {
        Box::new(StoredAccess::new(self.clone(), id.clone(), provider))
    }

    /// Replaces the stored secret of a connection, as if the provider had changed it.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn testing_set_secret(&self, id: &ConnectionId, secret: &str) {
        let sealed = self.0.secrets.seal(&SecretString::from(secret), id.as_str());
        let mut tx = self.db().begin().await.expect("a transaction");
        let sql = "UPDATE connections SET secret = $2 WHERE id = $1";
        on_db!(&mut tx, conn => sqlx::query(sql).bind(id.as_str()).bind(sealed).execute(conn).await.map(drop)).expect("an update");
        tx.commit().await.expect("a commit");
    }
}

fn no_api() -> Error {
    broken("no address of the API")
}

/// A stored connection that can not be turned into a provider: the user has to mend it.
fn broken(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let problem = Problem::new(
        "connection_unreadable",
        "What Syncline stored about this connection can not be read.",
        "Reconnect it; its events stay.",
    );
    ProviderError::new("provider", Class::Authentication, problem).with_source(cause).into()
}

/// A file as it goes into the database: base64 of its gzip.
pub(crate) fn pack(bytes: &[u8]) -> String {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    let packed = packed.write_all(bytes).and_then(|()| packed.finish()).unwrap_or_default();
    STANDARD.encode(packed)
}

fn unpack(text: &str) -> Result<Bytes, std::io::Error> {
    let packed = STANDARD.decode(text).map_err(std::io::Error::other)?;
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_packed_file_unpacks_to_the_same_bytes() {
        let bytes = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".repeat(50);
        let packed = super::pack(&bytes);
        assert!(packed.len() < bytes.len());
        assert_eq!(super::unpack(&packed).unwrap().as_ref(), bytes.as_slice());
    }
}
