//! The calendar list, and what every request passes.

use crate::google_list::{ME, READ, account, refused, sync_token};
use crate::support::{Api, ask, encoded};
use serde_json::{Value, json};
use syncline_sandbox::schema::GOOGLE;
use syncline_sandbox::{ClientApp, Consent, GoogleDo, Provider};

async fn lists(api: &Api, query: &str) -> Value {
    api.get(&format!("/users/me/calendarList?{query}")).await.fits(200, &GOOGLE, "CalendarList")
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect()
}

fn add(sandbox: &syncline_sandbox::Sandbox, id: &str) {
    let add = GoogleDo::AddCalendar { account: ME.into(), summary: id.to_uppercase(), zone: "UTC".into(), id: Some(id.into()) };
    sandbox.google(add).unwrap();
}

#[tokio::test]
async fn the_list_pages_and_tells_changes_by_its_own_token() {
    let (sandbox, api) = account();
    add(&sandbox, "a");
    add(&sandbox, "b");
    let first = lists(&api, "maxResults=2").await;
    assert_eq!(ids(&first), [ME, "a"]);
    assert_eq!(first["items"][0]["primary"], true);
    let last = lists(&api, &format!("maxResults=2&pageToken={}", encoded(first["nextPageToken"].as_str().unwrap()))).await;
    assert_eq!(ids(&last), ["b"]);
    let token = sync_token(&last);
    assert!(ids(&lists(&api, &format!("syncToken={token}")).await).is_empty());
    let entry = |hidden, color| GoogleDo::ListEntry {
        account: ME.into(),
        calendar: "a".into(),
        color,
        background: None,
        hidden,
        selected: None,
        name: Some("Mine".into()),
    };
    sandbox.google(entry(Some(true), Some(9))).unwrap();
    sandbox.google(GoogleDo::DeleteCalendar { calendar: "b".into() }).unwrap();
    let changed = lists(&api, &format!("syncToken={token}")).await;
    assert_eq!(ids(&changed), ["a", "b"], "hidden and deleted ones are always told with a token");
    assert_eq!((&changed["items"][0]["hidden"], &changed["items"][0]["summaryOverride"]), (&json!(true), &json!("Mine")));
    assert_eq!((&changed["items"][0]["colorId"], &changed["items"][0]["backgroundColor"]), (&json!("9"), &json!("#7bd148")));
    assert_eq!(changed["items"][1]["deleted"], true);
    assert_eq!(ids(&lists(&api, "").await), [ME]);
    assert_eq!(ids(&lists(&api, "showHidden=true").await), [ME, "a"]);
    refused(&api.get("/calendars/b/events").await, 404, "notFound");
    sandbox.google(GoogleDo::LoseListTokens { account: ME.into() }).unwrap();
    refused(&api.get(&format!("/users/me/calendarList?syncToken={token}")).await, 410, "fullSyncRequired");
}

#[tokio::test]
async fn wrong_requests_for_the_list_are_refused() {
    let (_sandbox, api) = account();
    let token = sync_token(&lists(&api, "").await);
    for query in ["minAccessRole=owner", "showDeleted=false", "showHidden=false", "showOwnOrganizationOnly=true"] {
        refused(&api.get(&format!("/users/me/calendarList?syncToken={token}&{query}")).await, 400, "invalidParameter");
    }
    for query in ["maxResults=251", "minAccessRole=king", "pageSize=3"] {
        refused(&api.get(&format!("/users/me/calendarList?{query}")).await, 400, "invalidParameter");
    }
    refused(&api.get("/users/me/calendarList?syncToken=abc").await, 400, "invalid");
    refused(&api.get("/users/me/calendarList?pageToken=abc").await, 400, "invalid");
    refused(&api.get("/users/me/nothing").await, 404, "notFound");
}

#[tokio::test]
async fn single_calendars_and_colours_are_told() {
    let (_sandbox, api) = account();
    api.get("/users/me/calendarList/primary").await.fits(200, &GOOGLE, "CalendarListEntry");
    let all = Api::new(&api.sandbox, Provider::Google, ME, &["calendar.readonly"]);
    all.get("/calendars/primary").await.fits(200, &GOOGLE, "Calendar");
    all.get("/colors").await.fits(200, &GOOGLE, "Colors");
    refused(&api.get("/calendars/primary").await, 403, "insufficientPermissions");
}

#[tokio::test]
async fn a_token_must_be_there_good_and_wide_enough() {
    let (sandbox, api) = account();
    refused(&ask(&sandbox, "GET", "/google/users/me/calendarList", &[], "").await, 401, "authError");
    let wrong = ask(&sandbox, "GET", "/google/users/me/calendarList", &[("authorization", "Bearer ya29.x")], "").await;
    refused(&wrong, 401, "authError");
    assert!(wrong.header("www-authenticate").contains("invalid_token"));
    let narrow = Api::new(&sandbox, Provider::Google, ME, &["calendar.events.readonly"]);
    let answer = narrow.get("/users/me/calendarList").await;
    refused(&answer, 403, "insufficientPermissions");
    assert_eq!(answer.json()["error"]["details"][0]["reason"], "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
    sandbox.expire_access(Provider::Google, ME);
    refused(&api.get("/users/me/calendarList").await, 401, "authError");
    let microsoft = sandbox.token(Provider::Microsoft, ME, &["Calendars.Read"]);
    let foreign = ask(&sandbox, "GET", "/google/users/me/calendarList", &[("authorization", &format!("Bearer {microsoft}"))], "").await;
    refused(&foreign, 401, "authError");
}

#[tokio::test]
async fn a_project_without_the_api_is_told_so() {
    let (sandbox, _) = account();
    sandbox.register(ClientApp::new(Provider::Google, "id", "secret", "http://127.0.0.1/back").api_disabled());
    sandbox.consent(Provider::Google, Consent::Allow { account: ME.into(), untick: vec![] });
    let tokens = crate::oauth::connect(&sandbox, Provider::Google, "https://www.googleapis.com/auth/calendar.readonly").await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let answer = ask(&sandbox, "GET", "/google/users/me/calendarList", &[("authorization", &bearer)], "").await;
    refused(&answer, 403, "accessNotConfigured");
    assert_eq!(answer.json()["error"]["details"][0]["reason"], "SERVICE_DISABLED");
}

#[tokio::test]
async fn more_requests_than_the_quota_are_refused_until_the_minute_is_over() {
    let (sandbox, api) = account();
    sandbox.habits(|habits| habits.google.per_minute = Some(3));
    for _ in 0..3 {
        lists(&api, "").await;
    }
    refused(&api.get("/users/me/calendarList").await, 403, "rateLimitExceeded");
    sandbox.advance(60_000);
    lists(&api, "").await;
    assert!(Api::new(&sandbox, Provider::Google, ME, &READ).get("/users/me/calendarList").await.status == 200);
}
