//! Deletions that wait for the user.

use super::input::{Body, Id, User};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use syncline_domain::ids::HoldId;
use syncline_domain::view::{Hold, HoldDecision};
use utoipa::ToSchema;

/// Open holds, newest first.
#[utoipa::path(get, path = "/api/holds", tag = "holds", responses((status = 200, body = Vec<Hold>)))]
pub async fn list(State(state): State<AppState>, User(user): User) -> Result<Json<Vec<Hold>>, ApiError> {
    Ok(Json(state.hub.holds(&user).await?))
}

/// The answer to a hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Remove the objects, or keep them.
    decision: HoldDecision,
}

/// What the decision did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// Objects that were removed.
    removed: u64,
}

/// Approves or rejects a hold.
#[utoipa::path(
    post, path = "/api/holds/{id}", tag = "holds", params(("id" = HoldId, Path, description = "The hold")), request_body = Decision,
    responses(
        (status = 200, body = Decided),
        (status = 404, description = "There is no such open hold", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn decide(
    State(state): State<AppState>,
    User(user): User,
    Id(id): Id<HoldId>,
    Body(answer): Body<Decision>,
) -> Result<Json<Decided>, ApiError> {
    Ok(Json(Decided { removed: state.hub.decide_hold(&user, &id, answer.decision).await? }))
}
