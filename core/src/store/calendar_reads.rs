//! What the views read besides occurrences: calendars with their source, and what only an event's details show.

use super::{Db, Named as _, hidden, on_db};
use crate::error::StoreError;
use std::collections::HashMap;
use syncline_domain::event_type::Hidden;
use syncline_domain::ids::{CalendarId, ConnectionId, EventId, UserId};
use syncline_domain::sync::ProviderKind;

/// A calendar with where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) color: String,
    pub(crate) calendar_name: String,
    pub(crate) connection_id: ConnectionId,
    pub(crate) connection_name: String,
    pub(crate) provider: ProviderKind,
    /// What is not shown of it.
    pub(crate) hidden: Hidden,
}

/// The user's calendars.
pub(crate) type Sources = HashMap<CalendarId, Source>;

/// The user's calendars. One of a provider that this version does not know is left out.
pub(crate) async fn sources(db: &Db, user: &UserId) -> Result<Sources, StoreError> {
    const SQL: &str = "SELECT c.id, c.color, c.name, k.id, k.name, k.provider, k.hidden FROM calendars c JOIN connections k ON k.id = c.connection_id \
        WHERE c.user_id = $1 AND k.user_id = $1";
    let rows: Vec<(String, String, String, String, String, String, String)> =
        on_db!(read db, conn => sqlx::query_as(SQL).bind(user.as_str()).fetch_all(conn).await).named("calendars.sources")?;
    let source = |(id, color, calendar_name, connection_id, connection_name, provider, hidden): (_, _, _, String, _, String, String)| {
        let (connection_id, provider) = (ConnectionId::trusted(connection_id), ProviderKind::parse(&provider)?);
        let hidden = hidden::read(&hidden);
        Some((CalendarId::trusted(id as String), Source { color, calendar_name, connection_id, connection_name, provider, hidden }))
    };
    Ok(rows.into_iter().filter_map(source).collect())
}

/// What the row of an event says besides its content.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct EventMeta {
    /// When a sync last changed it.
    pub(crate) updated_at: i64,
    /// The content of the master of its series; its own for a master, none for a single event.
    pub(crate) master: Option<String>,
}

/// The meta data of a live event of the user.
pub(crate) async fn event_meta(db: &Db, user: &UserId, event: &EventId) -> Result<Option<EventMeta>, StoreError> {
    const SQL: &str = "SELECT e.updated_at, m.content AS master FROM events e LEFT JOIN events m ON m.calendar_id = e.calendar_id \
        AND m.remote_id = e.remote_id AND m.instance = '' AND m.kind = 'master' AND m.deleted_at IS NULL \
        WHERE e.id = $2 AND e.user_id = $1 AND e.deleted_at IS NULL";
    on_db!(read db, conn => sqlx::query_as(SQL).bind(user.as_str()).bind(event.as_str()).fetch_optional(conn).await).named("events.meta")
}
