//! Extractors of REST. Each refuses with a [`ApiError`], never with a plain text.

use crate::problem::ApiError;
use crate::state::AppState;
use crate::web::identify::Proof;
use app::session::CurrentUser;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use syncline_domain::failure::Problem;
use syncline_domain::ids::{InvalidId, UserId};

/// The user who asks, by session or token.
pub struct User(pub UserId);

impl FromRequestParts<AppState> for User {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, ApiError> {
        let viewer = parts.extensions.get::<CurrentUser>().and_then(|user| user.0.as_ref());
        viewer.map(|viewer| Self(viewer.id.clone())).ok_or_else(ApiError::signed_out)
    }
}

/// The user who asks, by session only: for what an API token must not do.
pub struct SessionUser(pub UserId);

impl FromRequestParts<AppState> for SessionUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let User(user) = User::from_request_parts(parts, state).await?;
        if parts.extensions.get::<Proof>() == Some(&Proof::Token) {
            let action = "Do it on the page under Settings → Account, or with `syncline user token`.";
            return Err(ApiError::new(StatusCode::FORBIDDEN, Problem::new("session_needed", "An API token can not do this.", action)));
        }
        Ok(Self(user))
    }
}

/// An id in the path.
pub struct Id<T>(pub T);

impl<T: std::str::FromStr<Err = InvalidId>> FromRequestParts<AppState> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        // What does not even look like an id does not exist.
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::no_such_address())?;
        text.parse().map(Self).map_err(|_| syncline_core::error::Error::NotFound("id").into())
    }
}

/// The query.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Query(value) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::bad_request("invalid_query", format!("The query can not be read: {}.", error.body_text()), HELP))?;
        Ok(Self(value))
    }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let bytes = read(request, state).await?;
        if !json {
            let problem = Problem::new("json_needed", "The body has to be JSON.", "Send it with Content-Type: application/json.");
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
        }
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be missing.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<AppState> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        if is_json(request.headers()) {
            let bytes = read(request, state).await?;
            return if bytes.is_empty() { Ok(Self(T::default())) } else { parse(&bytes).map(Self) };
        }
        match read(request, state).await?.is_empty() {
            true => Ok(Self(T::default())),
            false => {
                let problem = Problem::new("json_needed", "The body has to be JSON.", "Send it with Content-Type: application/json.");
                Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem))
            }
        }
    }
}

const HELP: &str = "Look at /api/openapi.json for what it takes.";

async fn read(request: Request, state: &AppState) -> Result<axum::body::Bytes, ApiError> {
    axum::body::Bytes::from_request(request, state).await.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let problem = Problem::new("too_large", "The body is too large.", "A file may have 25 MB; anything else 256 KB.");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, problem)
        } else {
            ApiError::bad_request("broken_body", "The body did not arrive as a whole.", "Send it again.")
        }
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::bad_request("invalid_json", format!("The body can not be used: {}.", without_values(&error)), HELP))
}

/// serde quotes what it found, which may be a password in the wrong place: of its message only field names stay.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let safe = ["missing field", "unknown field", "duplicate field"].iter().any(|start| text.starts_with(start));
    if safe { text } else { format!("line {}, column {}", error.line(), error.column()) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// A day in a query: `2026-03-10`. A time behind the day is refused rather than cut off.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub Date);

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let date = if text.len() == 10 { text.parse().ok() } else { None };
        date.map(Self).ok_or_else(|| "a day is written YYYY-MM-DD".to_owned())
    }
}
