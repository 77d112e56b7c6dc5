//! Calendly: lists and single resources; what is refused on the way in.

use crate::support::{Answer, Api, ask, encoded, sandbox};
use serde_json::{Value, json};
use syncline_sandbox::schema::CALENDLY;
use syncline_sandbox::{CalendlyBooking, CalendlyDo, Provider, Sandbox};

pub(crate) const ME: &str = "praxis@example.com";

pub(crate) struct Host {
    pub(crate) sandbox: Sandbox,
    pub(crate) api: Api,
    /// The user's address, for queries.
    pub(crate) user: String,
    pub(crate) organization: String,
}

/// A host with a personal access token for everything.
pub(crate) fn host() -> Host {
    on(sandbox())
}

pub(crate) fn on(sandbox: Sandbox) -> Host {
    let made = sandbox.calendly(CalendlyDo::Account { account: ME.into(), name: "Praxis".into(), zone: "Europe/Berlin".into() }).unwrap();
    let api = Api::new(&sandbox, Provider::Calendly, ME, &["default"]);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Host { user: text("uri"), organization: text("organization"), sandbox, api }
}

pub(crate) fn booking(start: &str, email: &str) -> CalendlyBooking {
    let booking = json!({"start": start, "email": email, "name": "Eva K.", "zone": "Europe/Berlin", "answers": [["Topic?", "Tax"]]});
    serde_json::from_value(booking).unwrap()
}

impl Host {
    /// Books, and returns the addresses of event and invitee.
    pub(crate) fn book(&self, start: &str) -> (String, String) {
        let made = self.sandbox.calendly(CalendlyDo::Book { account: ME.into(), booking: booking(start, "eva@example.net") }).unwrap();
        (made["event"].as_str().unwrap().to_owned(), made["invitee"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn events(&self, query: &str) -> Value {
        let path = format!("/scheduled_events?user={}{query}", encoded(&self.user));
        self.api.get(&path).await.fits(200, &CALENDLY, "EventPage")
    }
}

pub(crate) fn days(page: &Value) -> Vec<String> {
    page["collection"].as_array().unwrap().iter().map(|event| event["start_time"].as_str().unwrap()[..10].to_owned()).collect()
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, word: &str) {
    let error = answer.fits(status, &CALENDLY, "ErrorResponse");
    let text = error.to_string();
    assert!(text.contains(word), "{word} is not in {text}");
}

#[tokio::test]
async fn events_and_invitees_come_in_the_official_form() {
    let host = host();
    let (event, invitee) = host.book("2026-03-10T08:00:00Z");
    let link = CalendlyDo::LinkCalendar { event: event.clone(), kind: "google".into(), external_id: "8suu9k3hj00mni03ss12ba0ce0".into() };
    host.sandbox.calendly(link).unwrap();
    let page = host.events("").await;
    let listed = &page["collection"][0];
    assert_eq!(
        (&listed["uri"], &listed["start_time"], &listed["end_time"]),
        (&json!(event), &json!("2026-03-10T08:00:00.000000Z"), &json!("2026-03-10T08:30:00.000000Z"))
    );
    assert_eq!(listed["calendar_event"], json!({"kind": "google", "external_id": "8suu9k3hj00mni03ss12ba0ce0"}));
    assert_eq!(listed["invitees_counter"], json!({"total": 1, "active": 1, "limit": 1}));
    assert_eq!(host.api.get(&event).await.fits(200, &CALENDLY, "EventAnswer")["resource"], *listed);
    let invitees = host.api.get(&format!("{event}/invitees")).await.fits(200, &CALENDLY, "InviteePage");
    assert_eq!((&invitees["collection"][0]["uri"], &invitees["collection"][0]["timezone"]), (&json!(invitee), &json!("Europe/Berlin")));
    assert_eq!(invitees["collection"][0]["questions_and_answers"], json!([{"question": "Topic?", "answer": "Tax", "position": 0}]));
    host.api.get(&invitee).await.fits(200, &CALENDLY, "InviteeAnswer");
    host.api.get("/users/me").await.fits(200, &CALENDLY, "UserAnswer");
    host.api.get(&host.user).await.fits(200, &CALENDLY, "UserAnswer");
    let types = host.api.get(&format!("/event_types?user={}", encoded(&host.user))).await.fits(200, &CALENDLY, "EventTypePage");
    host.api.get(types["collection"][0]["uri"].as_str().unwrap()).await.fits(200, &CALENDLY, "EventTypeAnswer");
    let members = format!("/organization_memberships?organization={}", encoded(&host.organization));
    host.api.get(&members).await.fits(200, &CALENDLY, "MembershipPage");
    let busy = format!("/user_busy_times?user={}&start_time=2026-03-09T00:00:00Z&end_time=2026-03-12T00:00:00Z", encoded(&host.user));
    assert_eq!(host.api.get(&busy).await.fits(200, &CALENDLY, "BusyTimes")["collection"].as_array().unwrap().len(), 1);
    assert!(host.sandbox.violations().is_empty());
}

#[tokio::test]
async fn the_list_is_filtered_sorted_and_paged() {
    let host = host();
    for day in ["12", "10", "11"] {
        host.book(&format!("2026-03-{day}T08:00:00Z"));
    }
    let (event, _) = host.book("2026-03-13T08:00:00Z");
    host.sandbox.calendly(CalendlyDo::CancelEvent { event, reason: Some("ill".into()) }).unwrap();
    assert_eq!(days(&host.events("").await), ["2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13"]);
    assert_eq!(days(&host.events("&sort=start_time:desc&status=active").await), ["2026-03-12", "2026-03-11", "2026-03-10"]);
    let canceled = host.events("&status=canceled").await;
    assert_eq!(canceled["collection"][0]["cancellation"], json!({"canceled_by": "Praxis", "reason": "ill", "canceler_type": "host"}));
    let window = "&min_start_time=2026-03-11T00:00:00.000000Z&max_start_time=2026-03-12T08:00:00.000000Z";
    assert_eq!(days(&host.events(window).await), ["2026-03-11"]);
    assert!(days(&host.events("&invitee_email=nobody%40example.net").await).is_empty());
    let first = host.events("&count=3").await;
    assert_eq!((&first["pagination"]["count"], &first["pagination"]["previous_page"]), (&json!(3), &Value::Null));
    let next = first["pagination"]["next_page"].as_str().unwrap();
    let last = host.api.get(next).await.fits(200, &CALENDLY, "EventPage");
    assert_eq!((days(&last), &last["pagination"]["next_page_token"]), (vec!["2026-03-13".to_owned()], &Value::Null));
    assert!(last["pagination"]["previous_page_token"].is_string());
    let token = first["pagination"]["next_page_token"].as_str().unwrap();
    assert_eq!(days(&host.events(&format!("&count=3&page_token={token}")).await), ["2026-03-13"]);
    refused(
        &host.api.get(&format!("/scheduled_events?user={}&status=active&page_token={token}", encoded(&host.user))).await,
        400,
        "page_token",
    );
}

#[tokio::test]
async fn wrong_queries_are_refused() {
    let host = host();
    let user = encoded(&host.user);
    for (query, word) in [
        ("count=20".to_owned(), "user"),
        (format!("user={user}&count=101"), "count"),
        (format!("user={user}&count=0"), "count"),
        (format!("user={user}&status=cancelled"), "status"),
        (format!("user={user}&sort=created_at:asc"), "sort"),
        (format!("user={user}&min_start_time=2026-03-01T00:00:00%2B01:00"), "min_start_time"),
        (format!("user={user}&max_start_time=2026-03-01"), "max_start_time"),
        (format!("user={user}&min_start_time=2026-03-02T00:00:00Z&max_start_time=2026-03-01T00:00:00Z"), "min_start_time"),
        (format!("user={user}&updated_since=2026-03-01T00:00:00Z"), "updated_since"),
        (format!("user={user}&user={user}"), "twice"),
        (format!("user={user}&page_token=abc"), "page_token"),
    ] {
        refused(&host.api.get(&format!("/scheduled_events?{query}")).await, 400, word);
    }
    let (event, _) = host.book("2026-03-10T08:00:00Z");
    refused(&host.api.get(&format!("{event}/invitees?status=here")).await, 400, "status");
    refused(&host.api.get(&format!("/event_types?user={user}&colour=red")).await, 400, "colour");
    let busy = format!("/user_busy_times?user={user}&start_time=2026-03-01T00:00:00Z&end_time=2026-03-09T00:00:00Z");
    refused(&host.api.get(&busy).await, 400, "seven days");
    assert_eq!(host.sandbox.violations().len(), 14);
    refused(&host.api.get("/scheduled_events/NOTHING").await, 404, "Not Found");
    refused(&host.api.get("/nothing").await, 404, "Not Found");
}

#[tokio::test]
async fn who_asks_for_others_must_be_an_admin_and_name_the_organization() {
    let host = host();
    let eva = "eva@example.com";
    let made = host.sandbox.calendly(CalendlyDo::Account { account: eva.into(), name: "Eva".into(), zone: "UTC".into() }).unwrap();
    let eva_uri = encoded(made["uri"].as_str().unwrap());
    let (mine, organization) = (encoded(&host.user), encoded(&host.organization));
    host.book("2026-03-10T08:00:00Z");
    let api = Api::new(&host.sandbox, Provider::Calendly, eva, &["default"]);
    refused(&api.get(&format!("/scheduled_events?organization={organization}")).await, 403, "Permission Denied");
    host.sandbox.calendly(CalendlyDo::Join { account: eva.into(), of: ME.into(), role: "user".into() }).unwrap();
    refused(&api.get(&format!("/scheduled_events?user={mine}")).await, 403, "Please also specify organization");
    refused(&api.get(&format!("/scheduled_events?user={mine}&organization={organization}")).await, 403, "Permission Denied");
    refused(&api.get(&format!("/scheduled_events?organization={organization}")).await, 403, "Permission Denied");
    let whole = host.api.get(&format!("/scheduled_events?organization={organization}")).await.fits(200, &CALENDLY, "EventPage");
    assert_eq!(days(&whole).len(), 1);
    let hers =
        host.api.get(&format!("/scheduled_events?user={eva_uri}&organization={organization}")).await.fits(200, &CALENDLY, "EventPage");
    assert!(days(&hers).is_empty());
    refused(&host.api.get(&format!("/scheduled_events?user={mine}x")).await, 403, "not in your organization");
}

#[tokio::test]
async fn a_token_must_be_there_good_and_wide_enough() {
    let host = host();
    refused(&ask(&host.sandbox, "GET", "/calendly/users/me", &[], "").await, 401, "The access token is invalid");
    let events = format!("/scheduled_events?user={}", encoded(&host.user));
    let narrow = Api::new(&host.sandbox, Provider::Calendly, ME, &["users:read"]);
    refused(&narrow.get(&events).await, 403, "Permission Denied");
    let writer = Api::new(&host.sandbox, Provider::Calendly, ME, &["scheduled_events:write"]);
    assert_eq!(writer.get(&events).await.status, 200, "`:write` implies `:read`");
    host.sandbox.advance(400 * crate::support::DAY);
    assert_eq!(host.api.get("/users/me").await.status, 200, "a personal access token does not expire");
    host.sandbox.revoke(Provider::Calendly, ME);
    refused(&host.api.get("/users/me").await, 401, "Unauthenticated");
}

#[tokio::test]
async fn every_answer_tells_the_limit_and_one_too_many_is_refused() {
    let host = host();
    host.sandbox.habits(|habits| habits.calendly.per_minute = Some(2));
    let first = host.api.get("/users/me").await;
    assert_eq!(
        (first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining"), first.header("x-ratelimit-reset")),
        ("2", "1", "60")
    );
    host.sandbox.advance(20_000);
    host.api.get("/users/me").await;
    let over = host.api.get("/users/me").await;
    refused(&over, 429, "rate limit");
    assert_eq!((over.header("x-ratelimit-remaining"), over.header("x-ratelimit-reset"), over.header("retry-after")), ("0", "40", ""));
    host.sandbox.advance(40_000);
    assert_eq!(host.api.get("/users/me").await.status, 200);
}

#[tokio::test]
async fn named_troubles_answer_in_calendlys_dialect() {
    use syncline_sandbox::{Fault, Trouble};
    let host = host();
    for (trouble, status, word) in [
        (Trouble::Unauthorized, 401, "Unauthenticated"),
        (Trouble::Forbidden { reason: "You do not have permission".into() }, 403, "Permission Denied"),
        (Trouble::RateLimited { status: None, retry_after: None }, 429, "rate limit"),
        (Trouble::ServerError { status: 500 }, 500, "Internal Server Error"),
    ] {
        host.sandbox.arm(Fault::on(Provider::Calendly, trouble));
        refused(&host.api.get("/users/me").await, status, word);
    }
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_not_seen() {
    let host = host();
    let (event, invitee) = host.book("2026-03-10T08:00:00Z");
    let types = host.api.get(&format!("/event_types?user={}", encoded(&host.user))).await.json();
    let kind = types["collection"][0]["uri"].as_str().unwrap().to_owned();
    let eva = "eva@example.com";
    host.sandbox.calendly(CalendlyDo::Account { account: eva.into(), name: "Eva".into(), zone: "UTC".into() }).unwrap();
    let api = Api::new(&host.sandbox, Provider::Calendly, eva, &["default"]);
    for target in [&event, &format!("{event}/invitees"), &invitee, &kind] {
        refused(&api.get(target).await, 403, "Permission Denied");
    }
    refused(&api.post(&format!("{event}/cancellation"), json!({})).await, 403, "Permission Denied");
    refused(&api.post("/invitee_no_shows", json!({"invitee": invitee})).await, 403, "Permission Denied");
    refused(&api.get(&host.user).await, 404, "Not Found");
}
