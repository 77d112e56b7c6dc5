//! API tokens. A token can not make or revoke tokens: otherwise one that leaked could outlive its revocation.

use super::input::{Body, Id, SessionUser};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use syncline_domain::ids::TokenId;
use syncline_domain::view::ApiToken;
use utoipa::ToSchema;

/// The user's tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/api/tokens", tag = "tokens", responses((status = 200, body = Vec<ApiToken>)))]
pub async fn list(State(state): State<AppState>, SessionUser(user): SessionUser) -> Result<Json<Vec<ApiToken>>, ApiError> {
    Ok(Json(state.hub.tokens(&user).await?))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What to call it.
    name: String,
}

/// A fresh token.
#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    /// How it is listed from now on.
    #[serde(flatten)]
    token: ApiToken,
    /// The token itself; it is shown only this once.
    secret: String,
}

/// Makes a token. Only with a session.
#[utoipa::path(
    post, path = "/api/tokens", tag = "tokens", request_body = TokenRequest,
    responses(
        (status = 201, body = TokenMade),
        (status = 403, description = "A token can not do this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    SessionUser(user): SessionUser,
    Body(wanted): Body<TokenRequest>,
) -> Result<(StatusCode, Json<TokenMade>), ApiError> {
    let made = state.hub.create_token(&user, &wanted.name).await?;
    Ok((StatusCode::CREATED, Json(TokenMade { token: made.token, secret: made.secret.expose_secret().to_owned() })))
}

/// Revokes a token. Only with a session.
#[utoipa::path(
    delete, path = "/api/tokens/{id}", tag = "tokens", params(("id" = TokenId, Path, description = "The token")),
    responses(
        (status = 204, description = "It is not accepted any more"),
        (status = 404, description = "There is no such token", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn revoke(State(state): State<AppState>, SessionUser(user): SessionUser, Id(id): Id<TokenId>) -> Result<StatusCode, ApiError> {
    state.hub.revoke_token(&user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
