//! What those see who watch the server.

use crate::fixture::{TestApp, header, problem, send};
use reqwest::Method;
use serde_json::{Value, json};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_server::config::WebArgs;

async fn ready_lines(app: &TestApp) -> String {
    let response = app.get("/readyz").await;
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

#[tokio::test]
async fn a_server_is_ready_when_database_tables_scheduler_and_folder_are() {
    let app = TestApp::start_on(TestHub::on_file().await, WebArgs::default()).await;
    assert_eq!(ready_lines(&app).await, "database: ok\nmigrations: ok\nscheduler: ok\ndata_folder: ok\n");
    app.hub.execute("DELETE FROM _sqlx_migrations WHERE version = 5").await;
    let body = problem(app.get("/readyz").await, 503, "not_ready").await;
    assert_eq!(body["detail"], "Syncline is not ready. migrations: the tables are of another version of Syncline.");
    assert_eq!(app.get("/healthz").await.status(), 200, "it is alive, and would not be better after a restart");
}

#[tokio::test]
async fn a_data_folder_that_went_away_makes_a_server_unready() {
    let app = TestApp::start_on(TestHub::on_file().await, WebArgs::default()).await;
    ready_lines(&app).await;
    let dir = &app.hub.config.data_dir;
    std::fs::rename(dir, dir.with_extension("away")).unwrap();
    let body = problem(app.get("/readyz").await, 503, "not_ready").await;
    assert!(body["detail"].as_str().unwrap().contains("data_folder: it can not be written"), "{body}");
    std::fs::rename(dir.with_extension("away"), dir).unwrap();
}

#[tokio::test]
async fn a_hub_whose_tasks_do_not_run_is_not_ready() {
    let hub = TestHub::in_memory().await;
    let wrong: Vec<_> = hub.readiness().await.into_iter().filter_map(|check| Some((check.name, check.wrong?))).collect();
    assert_eq!(wrong, [("scheduler", "it was not started")]);
}

#[tokio::test]
async fn figures_count_what_syncs_do_and_name_nobody() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let feed = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260301T000000Z\r\nDTSTART:20260310T090000Z\r\n\
        DTEND:20260310T100000Z\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let body = json!({"provider": "ics", "name": "Ann's secret plans", "file": {"name": "plans.ics", "contentBase64": base64(feed)}});
    let added = send(app.request(Method::POST, "/api/calendar/connections").bearer_auth(&account.token).json(&body)).await;
    assert_eq!(added.status(), 201, "{}", added.text().await.unwrap());
    let synced = send(app.request(Method::POST, "/api/calendar/sync/manual").bearer_auth(&account.token).json(&json!({}))).await;
    assert_eq!(synced.status(), 200);
    let response = app.get("/metrics").await;
    assert_eq!(header(&response, "content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = response.text().await.unwrap();
    for line in [
        r#"syncline_sync_jobs_total{provider="ics",trigger="manual",outcome="completed"} 1"#,
        r#"syncline_events_applied_total{provider="ics",change="new"} 1"#,
        r#"syncline_sync_job_duration_seconds_count{provider="ics"} 1"#,
        r#"syncline_connections{state="ok"} 1"#,
        "syncline_sync_jobs_open 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    for private in ["ann", "plans", "Dentist", account.id.as_str()] {
        assert!(!text.to_lowercase().contains(&private.to_lowercase()), "{private} is in\n{text}");
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn figures_are_read_by_this_machine_or_with_the_token() {
    let app = TestApp::start().await;
    problem(send(app.request(Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.9")).await, 403, "metrics_closed").await;
    let web = WebArgs { metrics_token: Some("figures".into()), ..WebArgs::default() };
    let app = TestApp::start_with(web).await;
    problem(app.get("/metrics").await, 401, "wrong_metrics_token").await;
    assert_eq!(send(app.request(Method::GET, "/metrics").bearer_auth("figures")).await.status(), 200);
}

#[tokio::test]
async fn a_script_and_the_page_are_told_how_each_connection_stands() {
    let app = TestApp::start().await;
    let (account, eve) = (app.account().await, app.other_account("eve@example.org").await);
    let connection = seed::connection(&app.hub, &account.id, syncline_domain::sync::ProviderKind::Caldav, "Home <server>").await;
    app.hub.execute("UPDATE connections SET last_success_at = created_at - 3 * 900000 - 1, failures = 2").await;
    let get = |token: &str| send(app.request(Method::GET, "/api/calendar/health").bearer_auth(token));
    let told: Value = get(&account.token).await.json().await.unwrap();
    assert_eq!((&told[0]["connectionId"], &told[0]["state"], &told[0]["webhook"]), (&json!(connection), &json!("stale"), &json!("none")));
    assert_eq!(get(&eve.token).await.json::<Value>().await.unwrap(), json!([]));
    let page = |cookie: &str| send(app.request(Method::GET, "/health").header("cookie", cookie));
    let html = page(&account.cookie).await.text().await.unwrap();
    assert!(html.contains("Home &lt;server&gt;") && !html.contains("Home <server>"), "what users type is text");
    assert!(html.contains("No sync went well for three intervals.") && html.contains("This server"));
    let html = page(&eve.cookie).await.text().await.unwrap();
    assert!(html.contains("Nothing is connected yet") && !html.contains("This server"), "only an administrator sees the server");
}
