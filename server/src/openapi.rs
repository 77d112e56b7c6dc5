//! The description of REST: OpenAPI 3.1, made from the handlers and the types that they answer with.

use crate::{api, problem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// The document at `/api/openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Syncline",
        description = "Sync calendars, watch the syncs, read the events. Errors are `application/problem+json` with a stable `code` \
                       and an `action` that says what to do. Instants are unix milliseconds where a field ends in `At`.",
    ),
    paths(
        api::sync::manual,
        api::connections::list,
        api::connections::add,
        api::connections::one,
        api::connections::change,
        api::connections::remove,
        api::connections::reconnect,
        api::calendars::change,
        api::calendly::sync,
        api::calendly::webhook,
        api::calendly::webhook_test,
        api::google::notifications,
        api::microsoft::notifications,
        api::events::list,
        api::jobs::list,
        api::jobs::one,
        api::jobs::cancel,
        api::stream::stream,
        api::holds::list,
        api::holds::decide,
        api::tokens::list,
        api::tokens::create,
        api::tokens::revoke,
        api::health::connections,
        api::health::openapi,
        api::health::alive,
        api::health::ready,
        api::health::metrics,
    ),
    components(schemas(problem::ProblemBody, syncline_domain::sync::JobProgress, syncline_domain::sync::SyncReport)),
    tags(
        (name = "sync", description = "Starting, watching and stopping syncs"),
        (name = "calendar", description = "Connections, calendars and occurrences"),
        (name = "calendly", description = "Webhooks of Calendly, and its bookings alone"),
        (name = "google", description = "Notifications of Google Calendar"),
        (name = "microsoft", description = "Notifications of Microsoft Graph"),
        (name = "holds", description = "Deletions that wait for the user"),
        (name = "tokens", description = "API tokens"),
        (name = "health", description = "For those who watch the server"),
    ),
    security(("token" = []), ("session" = [])),
    modifiers(&Schemes),
)]
pub struct ApiDoc;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token: `syn_…`")).build();
        let session = ApiKeyValue::with_description("syncline_session", "The session of a browser; `__Host-syncline_session` behind https");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}
