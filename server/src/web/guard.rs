//! Which page a browser gets to see: no account yet → `/setup`; not signed in → `/sign-in?next=…`; both work without
//! JavaScript. A page that needs nobody signed in is named here.

use crate::problem::ApiError;
use crate::state::AppState;
use app::address::safe_next;
use app::session::CurrentUser;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::atomic::Ordering;
use url::form_urlencoded;

const SETUP: &str = "/setup";
const SIGN_IN: &str = "/sign-in";

/// Middleware of the rendered pages; server functions (under `/api/`) answer for themselves.
pub async fn page(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) || request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    let signed_in = request.extensions().get::<CurrentUser>().is_some_and(|user| user.0.is_some());
    let has_account = match has_account(&state, signed_in).await {
        Ok(answer) => answer,
        Err(error) => return unavailable(error),
    };
    match destination(request.uri(), has_account, signed_in) {
        Some(to) => redirect(&to),
        None => next.run(request).await,
    }
}

async fn has_account(state: &AppState, signed_in: bool) -> Result<bool, syncline_core::error::Error> {
    if signed_in || state.has_account.load(Ordering::Relaxed) {
        return Ok(true);
    }
    let answer = !state.hub.needs_first_user().await?;
    state.has_account.store(answer, Ordering::Relaxed);
    Ok(answer)
}

/// Where the browser has to go instead, if anywhere.
fn destination(uri: &Uri, has_account: bool, signed_in: bool) -> Option<String> {
    match (uri.path(), has_account, signed_in) {
        (SETUP, false, _) => None,
        (_, false, _) => Some(SETUP.to_owned()),
        (SIGN_IN, true, true) => {
            let query = uri.query().unwrap_or_default();
            let next = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "next").map(|(_, value)| value.into_owned());
            Some(safe_next(next.as_deref()).to_owned())
        }
        (SIGN_IN, true, false) => None,
        (SETUP, true, true) => Some("/".to_owned()),
        (SETUP, true, false) => Some(SIGN_IN.to_owned()),
        (_, true, true) => None,
        (_, true, false) => Some(match uri.path_and_query().map_or("/", |path| path.as_str()) {
            "/" => SIGN_IN.to_owned(),
            path => format!("{SIGN_IN}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish()),
        }),
    }
}

/// A redirect that is not remembered.
#[must_use]
pub fn redirect(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// The database does not answer: a page of plain words, because rendering needs it.
fn unavailable(error: syncline_core::error::Error) -> Response {
    let error = ApiError::from(error);
    let body = error.body();
    let text = format!("{}\n{}\n", body.detail, body.action);
    (error.status(), [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(path: &str, has_account: bool, signed_in: bool) -> Option<String> {
        destination(&path.parse().unwrap(), has_account, signed_in)
    }

    #[test]
    fn every_page_leads_to_the_first_account_while_there_is_none() {
        assert_eq!(to("/", false, false).as_deref(), Some("/setup"));
        assert_eq!(to("/sign-in", false, false).as_deref(), Some("/setup"));
        assert_eq!(to("/setup", false, false), None);
    }

    #[test]
    fn nobody_sees_a_page_without_signing_in_and_comes_back_to_it_afterwards() {
        assert_eq!(to("/", true, false).as_deref(), Some("/sign-in"));
        assert_eq!(
            to("/holds?id=7&x=ä".replace('ä', "%C3%A4").as_str(), true, false).as_deref(),
            Some("/sign-in?next=%2Fholds%3Fid%3D7%26x%3D%25C3%25A4")
        );
        assert_eq!(to("/setup", true, false).as_deref(), Some("/sign-in"));
        assert_eq!(to("/sign-in?next=%2Fholds", true, false), None);
    }

    #[test]
    fn a_signed_in_user_has_no_business_at_the_door() {
        assert_eq!(to("/", true, true), None);
        assert_eq!(to("/sign-in?next=%2Fholds%3Fid%3D7", true, true).as_deref(), Some("/holds?id=7"));
        assert_eq!(to("/sign-in?next=https%3A%2F%2Fevil.example", true, true).as_deref(), Some("/"));
        assert_eq!(to("/setup", true, true).as_deref(), Some("/"));
    }
}
