//! Connections: list, add, change, mend, remove.

use super::input::{Body, Id, User};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;
use syncline_core::hub::{NewCaldav, NewCalendly, NewIcs, Reconnect};
use syncline_domain::ids::ConnectionId;
use syncline_domain::view::Connection;
use utoipa::ToSchema;

/// The user's connections with their calendars, by name.
#[utoipa::path(get, path = "/api/calendar/connections", tag = "calendar", responses((status = 200, body = Vec<Connection>)))]
pub async fn list(State(state): State<AppState>, User(user): User) -> Result<Json<Vec<Connection>>, ApiError> {
    Ok(Json(state.hub.connections(&user).await?))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/calendar/connections/{id}", tag = "calendar", params(("id" = ConnectionId, Path, description = "The connection")),
    responses(
        (status = 200, body = Connection),
        (status = 404, description = "There is no such connection", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn one(State(state): State<AppState>, User(user): User, Id(id): Id<ConnectionId>) -> Result<Json<Connection>, ApiError> {
    Ok(Json(state.hub.connection(&user, &id).await?))
}

/// An uploaded file.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upload {
    /// File name.
    name: String,
    /// The file, plain or gzip, in base64; at most 25 MB before that.
    content_base64: String,
}

impl Upload {
    fn bytes(&self) -> Result<Vec<u8>, ApiError> {
        STANDARD.decode(self.content_base64.trim()).map_err(|_| {
            ApiError::bad_request("invalid_base64", "The file is not in base64.", "Encode it in standard base64 with padding.")
        })
    }
}

/// A connection to add.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "provider", rename_all = "snake_case", deny_unknown_fields)]
pub enum NewConnection {
    /// A CalDAV account.
    Caldav {
        /// A full address, a bare domain, or an e-mail address.
        url: String,
        /// User name.
        username: String,
        /// Password or app password.
        #[schema(value_type = String, format = Password)]
        password: SecretString,
        /// What to call it; the host when it is missing.
        name: Option<String>,
    },
    /// An ICS feed: either `url` or `file`.
    Ics {
        /// The feed's address (https, http or webcal).
        #[schema(value_type = Option<String>)]
        url: Option<SecretString>,
        /// A file in place of an address.
        file: Option<Upload>,
        /// What to call it; the feed's own name when it is missing.
        name: Option<String>,
    },
    /// A Calendly account by a personal access token. By OAuth it is connected on the page.
    Calendly {
        /// The token, with the scopes `users:read` and `scheduled_events:read`.
        #[schema(value_type = String, format = Password)]
        token: SecretString,
        /// What to call it; the account's address when it is missing.
        name: Option<String>,
    },
}

/// Adds a connection. Nothing is stored when the provider can not be reached or refuses the password.
#[utoipa::path(
    post, path = "/api/calendar/connections", tag = "calendar", request_body = NewConnection,
    responses(
        (status = 201, description = "Added; nothing is synced yet", body = Connection),
        (status = 400, description = "The request can not be read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Wrong address, password or file", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "The provider does not answer", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn add(
    State(state): State<AppState>,
    User(user): User,
    Body(new): Body<NewConnection>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Connection>), ApiError> {
    let connection = match new {
        NewConnection::Caldav { url, username, password, name } => {
            state.hub.add_caldav(&user, NewCaldav { address: url, username, password, name }).await?
        }
        NewConnection::Ics { url: Some(url), file: None, name } => state.hub.add_ics(&user, NewIcs::Address { url, name }).await?,
        NewConnection::Ics { url: None, file: Some(file), name } => {
            let bytes = file.bytes()?;
            state.hub.add_ics(&user, NewIcs::File { file_name: file.name, bytes, name }).await?
        }
        NewConnection::Calendly { token, name } => state.hub.add_calendly(&user, NewCalendly { token, name }).await?,
        NewConnection::Ics { .. } => {
            return Err(ApiError::bad_request("one_source", "A feed has one source.", "Give either url or file."));
        }
    };
    let location = format!("/api/calendar/connections/{}", connection.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(connection)))
}

/// What to change; what is missing stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionPatch {
    /// Sync it.
    enabled: Option<bool>,
    /// Seconds between syncs: 0 (only by hand) or 300 to 86,400.
    interval_s: Option<u64>,
}

/// Switches a connection on or off, or sets how often it is synced.
#[utoipa::path(
    patch, path = "/api/calendar/connections/{id}", tag = "calendar", params(("id" = ConnectionId, Path, description = "The connection")),
    request_body = ConnectionPatch,
    responses(
        (status = 200, body = Connection),
        (status = 404, description = "There is no such connection", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The interval is not allowed", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    State(state): State<AppState>,
    User(user): User,
    Id(id): Id<ConnectionId>,
    Body(patch): Body<ConnectionPatch>,
) -> Result<Json<Connection>, ApiError> {
    if let Some(seconds) = patch.interval_s {
        state.hub.set_interval(&user, &id, seconds).await?;
    }
    if let Some(enabled) = patch.enabled {
        state.hub.set_connection_enabled(&user, &id, enabled).await?;
    }
    Ok(Json(state.hub.connection(&user, &id).await?))
}

/// What mends a connection: one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mend {
    /// A new password for the same account.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
    /// A new address for a feed.
    #[schema(value_type = Option<String>)]
    url: Option<SecretString>,
    /// A new upload of a file.
    file: Option<Upload>,
    /// A new personal access token for the same Calendly account.
    #[schema(value_type = Option<String>, format = Password)]
    token: Option<SecretString>,
}

/// Mends a connection. Calendars and events stay.
#[utoipa::path(
    post, path = "/api/calendar/connections/{id}/reconnect", tag = "calendar",
    params(("id" = ConnectionId, Path, description = "The connection")), request_body = Mend,
    responses(
        (status = 200, body = Connection),
        (status = 404, description = "There is no such connection", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The provider refuses it", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn reconnect(
    State(state): State<AppState>,
    User(user): User,
    Id(id): Id<ConnectionId>,
    Body(with): Body<Mend>,
) -> Result<Json<Connection>, ApiError> {
    let with = match with {
        Mend { password: None, url: None, file: None, token: Some(token) } => Reconnect::Token(token),
        Mend { password: Some(password), url: None, file: None, token: None } => Reconnect::Password(password),
        Mend { password: None, url: Some(url), file: None, token: None } => Reconnect::Address(url),
        Mend { password: None, url: None, file: Some(file), token: None } => {
            let bytes = file.bytes()?;
            Reconnect::File { file_name: file.name, bytes }
        }
        _ => {
            return Err(ApiError::bad_request("one_remedy", "Exactly one thing mends a connection.", "Give password, url, file or token."));
        }
    };
    Ok(Json(state.hub.reconnect(&user, &id, with).await?))
}

/// Removes a connection with its calendars and events from here. Nothing changes at the provider.
#[utoipa::path(
    delete, path = "/api/calendar/connections/{id}", tag = "calendar", params(("id" = ConnectionId, Path, description = "The connection")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "There is no such connection", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn remove(State(state): State<AppState>, User(user): User, Id(id): Id<ConnectionId>) -> Result<StatusCode, ApiError> {
    state.hub.disconnect(&user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
