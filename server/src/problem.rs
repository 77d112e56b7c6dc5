//! Errors of REST: `application/problem+json` (RFC 9457) with a stable `code` and an `action` that says what to do next.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use syncline_core::error::Error;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::ids::JobId;
use syncline_domain::view::Job;
use utoipa::ToSchema;

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The body of every error.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// `urn:syncline:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// Stable and made for machines: `wrong_password`, `already_in_progress`, …
    pub code: String,
    /// What to do.
    pub action: String,
    /// The sync that is at work (only `already_in_progress`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// How far it is (only `already_in_progress`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
}

/// An error on its way to a caller of REST. Made from the core's error by `?`; a fault of the server is logged here, once,
/// and nothing of its text leaves.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    problem: Problem,
    retry_after_s: Option<u64>,
    job: Option<Job>,
    job_id: Option<JobId>,
}

impl ApiError {
    /// A refusal.
    #[must_use]
    pub fn new(status: StatusCode, problem: Problem) -> Self {
        Self(Box::new(Inner { status, problem, retry_after_s: None, job: None, job_id: None }))
    }

    /// What was sent can not be used.
    #[must_use]
    pub fn bad_request(code: &str, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Problem::new(code, message, action))
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn signed_out() -> Self {
        let action = "Sign in on the page, or send an API token: Authorization: Bearer syn_…";
        Self::new(StatusCode::UNAUTHORIZED, Problem::new("not_signed_in", "This needs a signed-in user.", action))
    }

    /// The token is not one of ours.
    #[must_use]
    pub fn wrong_token() -> Self {
        let action = "Make a new one under Settings → Account, or with `syncline user token`.";
        Self::new(StatusCode::UNAUTHORIZED, Problem::new("wrong_token", "The API token is not known. It may have been revoked.", action))
    }

    /// A page of another site tried to change something.
    #[must_use]
    pub fn other_origin() -> Self {
        let problem = Problem::new(
            "other_origin",
            "This request comes from another site.",
            "Open the page itself. Behind a proxy, set SYNCLINE_BASE_URL to the address that browsers use. Scripts use an API token.",
        );
        Self::new(StatusCode::FORBIDDEN, problem)
    }

    /// There is no such address.
    #[must_use]
    pub fn no_such_address() -> Self {
        let problem = Problem::new("no_such_address", "There is nothing at this address.", "Look at /api/openapi.json.");
        Self::new(StatusCode::NOT_FOUND, problem)
    }

    /// The address exists, but not for this method.
    #[must_use]
    pub fn wrong_method() -> Self {
        let problem = Problem::new("wrong_method", "This address does not know this method.", "Look at /api/openapi.json.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, problem)
    }

    /// A fault of our own.
    #[must_use]
    pub fn internal() -> Self {
        let problem = Problem::new(
            "internal_error",
            "Syncline met a fault of its own. Nothing was lost.",
            "Try again; if it stays, report it with the server's log of this moment.",
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
    }

    /// The server stops.
    #[must_use]
    pub fn shutting_down() -> Self {
        let problem = Problem::new("shutting_down", "The server is shutting down.", "Try again in a moment.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, problem)
    }

    /// It took too long.
    #[must_use]
    pub fn timed_out() -> Self {
        let problem = Problem::new("timed_out", "This took too long and was stopped.", "Try again in a moment.");
        Self::new(StatusCode::GATEWAY_TIMEOUT, problem)
    }

    /// A sync is at work; `job` is how far it is, when that is known.
    #[must_use]
    pub fn already_running(job_id: JobId, job: Option<Job>) -> Self {
        let mut error = Self::from(Error::AlreadyRunning { job: job_id.clone() });
        error.0.job_id = Some(job_id);
        error.0.job = job;
        error
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        let Inner { status, problem, job, job_id, .. } = &*self.0;
        ProblemBody {
            kind: format!("urn:syncline:problem:{}", problem.code),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: problem.message.clone(),
            code: problem.code.clone(),
            action: problem.action.clone(),
            job_id: job_id.clone(),
            job: job.clone(),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::AlreadyRunning { .. } => StatusCode::CONFLICT,
            Error::Provider(error) => provider_status(error.class),
            Error::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = &error as &dyn std::error::Error, "a request failed");
        }
        let mut api = Self::new(status, error.problem());
        match error {
            Error::Throttled { retry_after_s } => api.0.retry_after_s = Some(retry_after_s),
            Error::Provider(error) => api.0.retry_after_s = error.retry_after.map(|after| after.as_secs().max(1)),
            Error::AlreadyRunning { job } => api.0.job_id = Some(job),
            _ => {}
        }
        api
    }
}

/// What the user can mend is a 422; what the provider has to mend is a 502 (503 where waiting helps).
fn provider_status(class: Class) -> StatusCode {
    match class {
        Class::Transient | Class::CursorInvalid => StatusCode::BAD_GATEWAY,
        Class::RateLimited | Class::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        Class::Authentication | Class::NotFound | Class::Malformed | Class::Refused | Class::Permanent => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Storage => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Syncline\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_core::error::ProviderError;

    fn status(error: Error) -> u16 {
        ApiError::from(error).status().as_u16()
    }

    fn provider(class: Class) -> Error {
        ProviderError::new("test", class, Problem::new("x", "y", "z")).into()
    }

    #[test]
    fn each_class_of_error_has_its_status() {
        assert_eq!(status(Error::NotFound("calendar")), 404);
        assert_eq!(status(Error::invalid("a", "b", "c")), 422);
        assert_eq!(status(Error::Throttled { retry_after_s: 3 }), 429);
        assert_eq!(status(Error::AlreadyRunning { job: JobId::trusted("j") }), 409);
        assert_eq!(status(provider(Class::Transient)), 502);
        assert_eq!(status(provider(Class::RateLimited)), 503);
        assert_eq!(status(provider(Class::Authentication)), 422);
    }

    #[test]
    fn a_wait_is_said_in_the_header() {
        let response = ApiError::from(Error::Throttled { retry_after_s: 7 }).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
    }
}
