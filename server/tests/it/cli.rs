//! The binary itself: what it prints and how it exits.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use syncline_sandbox::ics::{Calendar, Fault, Feed, IcsHost};
use syncline_sandbox::{CalendlyBooking, CalendlyDo, Provider, Sandbox, SandboxClock};

fn syncline(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_syncline"))
        .args(arguments)
        .env_clear()
        .env("SYNCLINE_DATA_DIR", data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // a command that ends without reading its input closes the pipe
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("the binary ends")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const PASSWORD: &str = "correct horse battery staple\n";

#[test]
fn an_account_and_a_token_are_made_without_a_server() {
    let data = tempfile::tempdir().unwrap();
    let made = syncline(data.path(), &["user", "add", "Ann@example.org", "--password-stdin"], PASSWORD);
    assert_eq!(code(&made), 0, "{}", err(&made));
    let token = syncline(data.path(), &["user", "token", "ann@example.org", "--name", "backup"], "");
    assert_eq!(code(&token), 0, "{}", err(&token));
    let token = out(&token);
    assert!(token.starts_with("syn_") && token.trim_end().lines().count() == 1, "the token alone: {token}");
    let twice = syncline(data.path(), &["user", "add", "ann@example.org", "--password-stdin"], PASSWORD);
    assert_eq!(code(&twice), 1);
    assert!(!err(&twice).is_empty());
}

#[test]
fn a_wrong_command_line_is_not_an_error_of_the_work() {
    let data = tempfile::tempdir().unwrap();
    for wrong in [
        &["frobnicate"][..],
        &["user", "add", "ann@example.org"],
        &["sync"],
        &["events", "--user", "a@b", "--from", "tomorrow", "--to", "2026-01-01"],
        &["connection", "add", "ics", "--user", "a@b", "--url", "x", "--file", "y"],
        &["connection", "remove", "7"],
        &["hold", "approve", "7", "--user", "a@b"],
        &["hold", "reject", "018f2f3a-0000-7000-8000-000000000001"],
        &["--sync-budget", "soon", "doctor"],
    ] {
        let output = syncline(data.path(), wrong, "");
        assert_eq!(code(&output), 2, "{wrong:?}: {}", err(&output));
    }
    assert!(!data.path().join("syncline.db").exists(), "nothing was opened for it");
}

#[test]
fn an_unknown_account_is_named_in_words_and_for_machines() {
    let data = tempfile::tempdir().unwrap();
    let output = syncline(data.path(), &["sync", "--user", "nobody@example.org", "--json"], "");
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("nobody@example.org"), "{}", err(&output));
    let problem: serde_json::Value = serde_json::from_str(&out(&output)).expect("JSON on the standard output");
    assert_eq!(problem["code"], "unknown_user");
}

#[test]
fn an_empty_password_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let output = syncline(data.path(), &["user", "add", "ann@example.org", "--password-stdin"], "\n");
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("password"));
}

#[test]
fn the_doctor_finds_a_fresh_folder_in_order_and_a_file_in_its_place_not() {
    let data = tempfile::tempdir().unwrap();
    let fresh = syncline(data.path(), &["doctor"], "");
    assert_eq!(code(&fresh), 0, "{}", out(&fresh));
    assert!(out(&fresh).contains("✓ data folder"));
    syncline(data.path(), &["user", "add", "ann@example.org", "--password-stdin"], PASSWORD);
    let used = syncline(data.path(), &["doctor", "--json"], "");
    let report: serde_json::Value = serde_json::from_str(&out(&used)).unwrap();
    assert_eq!((code(&used), &report["ok"]), (0, &serde_json::Value::Bool(true)), "{report}");

    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let wrong = syncline(&file, &["doctor"], "");
    assert_eq!(code(&wrong), 1);
    assert!(out(&wrong).contains("✗ data folder"), "{}", out(&wrong));
}

#[cfg(unix)]
#[test]
fn the_doctor_minds_a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().unwrap();
    syncline(data.path(), &["user", "add", "ann@example.org", "--password-stdin"], PASSWORD);
    let key = data.path().join(syncline_core::secrets::KEY_FILE);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = syncline(data.path(), &["doctor"], "");
    assert_eq!(code(&output), 1, "{}", out(&output));
    assert!(out(&output).contains("chmod 600"), "{}", out(&output));
}

/// A folder with an account; private addresses are allowed.
fn with_account() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let made = syncline(data.path(), &["user", "add", "ann@example.org", "--password-stdin"], PASSWORD);
    assert_eq!(code(&made), 0, "{}", err(&made));
    data
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&out(output)).unwrap_or_else(|error| panic!("{error}: {}{}", out(output), err(output)))
}

const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nX-WR-CALNAME:Home\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260101T000000Z\r\n\
    DTSTART;TZID=Europe/Berlin:20260310T090000\r\nDTEND;TZID=Europe/Berlin:20260310T094500\r\nSUMMARY:Dentist\r\nLOCATION:Main St\r\n\
    END:VEVENT\r\nBEGIN:VEVENT\r\nUID:two\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260311\r\nSUMMARY:Birthday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn an_event_that_can_not_be_read_is_named_and_fails_nothing() {
    let data = with_account();
    let file = data.path().join("home.ics");
    std::fs::write(&file, FILE.replace("DTSTART;VALUE=DATE:20260311\r\n", "")).unwrap();
    let run = |words: &[&str]| syncline(data.path(), &[words, &["--user", "ann@example.org"]].concat(), "");
    assert_eq!(code(&run(&["connection", "add", "ics", "--file", file.to_str().unwrap()])), 0);
    for synced in [1, 0] {
        let output = run(&["sync", "--json"]);
        let report = json(&output);
        assert_eq!((code(&output), &report["success"], &report["status"]), (0, &true.into(), &"completed".into()), "{report}");
        assert_eq!((&report["synced"], &report["errors"], &report["total"]), (&synced.into(), &1.into(), &2.into()), "{report}");
        assert_eq!(report["results"][0]["unreadable"], serde_json::json!([{"object": "two", "reason": "no_start"}]));
    }
    let text = out(&run(&["sync"]));
    assert!(text.starts_with("✓ ") && text.contains("unreadable: two (no_start)"), "{text}");
}

#[test]
fn a_file_is_connected_synced_listed_and_removed() {
    let data = with_account();
    let file = data.path().join("home.ics");
    std::fs::write(&file, FILE).unwrap();
    let user = ["--user", "ann@example.org"];
    let run = |words: &[&str]| syncline(data.path(), &[words, &user].concat(), "");
    let added = run(&["connection", "add", "ics", "--file", file.to_str().unwrap(), "--json"]);
    assert_eq!(code(&added), 0, "{}", err(&added));
    let id = json(&added)["id"].as_str().unwrap().to_owned();

    let synced = run(&["sync", "--json"]);
    assert_eq!(code(&synced), 0, "{}", err(&synced));
    assert_eq!(err(&synced), "", "no progress where there is no terminal");
    let report = json(&synced);
    assert_eq!((&report["success"], &report["synced"], &report["message"]), (&true.into(), &2.into(), &"Synced 1 of 1 calendar(s)".into()));
    let again = run(&["sync", "--connection", &id]);
    assert!(out(&again).starts_with("✓ Home"), "{}", out(&again));

    let events = json(&run(&["events", "--from", "2026-03-10", "--to", "2026-03-12", "--timezone", "Europe/Berlin", "--json"]));
    assert_eq!(events.as_array().unwrap().len(), 2);
    assert_eq!((&events[0]["start"], &events[0]["allDay"]), (&"2026-03-10T09:00:00+01:00".into(), &false.into()));
    assert_eq!((&events[1]["start"], &events[1]["end"]), (&"2026-03-11".into(), &"2026-03-12".into()));
    let text = out(&run(&["events", "--from", "2026-03-10", "--to", "2026-03-12"]));
    assert!(text.contains("Dentist @ Main St"), "{text}");

    let listed = json(&run(&["connection", "list", "--json"]));
    assert_eq!((&listed[0]["id"], &listed[0]["calendars"][0]["events"]), (&id.as_str().into(), &2.into()));
    let removed = syncline(data.path(), &["connection", "remove", &id], "");
    assert_eq!(code(&removed), 0, "{}", err(&removed));
    assert_eq!(json(&run(&["connection", "list", "--json"])), serde_json::json!([]));
    let twice = syncline(data.path(), &["connection", "remove", &id], "");
    assert_eq!(code(&twice), 1);
    let nothing = run(&["sync", "--json"]);
    assert_eq!((code(&nothing), &json(&nothing)["code"]), (1, &"nothing_to_sync".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_feed_is_exit_three_and_a_running_sync_exit_four() {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let data = with_account();
    let user = ["--user", "ann@example.org", "--allow-private-addresses"];
    let run = |words: &[&str]| syncline(data.path(), &[words, &user].concat(), "");
    let url = host.url("feed.ics");
    let added = run(&["connection", "add", "ics", "--url", &url]);
    assert_eq!(code(&added), 0, "{}", err(&added));
    assert!(!out(&added).contains("secret-path"), "the address may be a secret: {}", out(&added));

    host.change(|feed| feed.fault = Some(Fault::Html));
    let broken = run(&["sync"]);
    assert_eq!(code(&broken), 3, "{}{}", out(&broken), err(&broken));
    assert!(out(&broken).starts_with('✗'), "{}", out(&broken));

    host.change(|feed| feed.fault = Some(Fault::Hang));
    let before = host.asked().len();
    let mut first = Command::new(env!("CARGO_BIN_EXE_syncline"))
        .args([&["sync"][..], &user].concat())
        .env_clear()
        .env("SYNCLINE_DATA_DIR", data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while host.asked().len() == before {
        assert!(first.try_wait().unwrap().is_none(), "the first sync hangs at the host");
        tokio::task::yield_now().await;
    }
    let second = run(&["sync", "--json"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(code(&second), 4, "{}{}", out(&second), err(&second));
    assert_eq!(json(&second)["code"], "already_in_progress");
    assert!(json(&second)["jobId"].as_str().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_listed_rejected_and_approved() {
    let host = IcsHost::with(Feed::new(Calendar::many(30))).await;
    let data = with_account();
    let user = ["--user", "ann@example.org", "--allow-private-addresses"];
    let run = |words: &[&str]| syncline(data.path(), &[words, &user].concat(), "");
    let held = |entries: usize| {
        host.change(|feed| feed.calendar = Calendar::many(30));
        run(&["sync", "--json"]);
        host.change(|feed| feed.calendar.entries.truncate(entries));
        json(&run(&["sync", "--json"]))["results"][0]["hold"]["id"].as_str().expect("a hold").to_owned()
    };
    run(&["connection", "add", "ics", "--url", &host.url("feed.ics")]);
    assert_eq!(out(&run(&["hold", "list"])), "Nothing is on hold.\n");
    assert_eq!(json(&run(&["hold", "list", "--json"])), serde_json::json!([]));

    let first = held(5);
    let listed = json(&run(&["hold", "list", "--json"]));
    assert_eq!((&listed[0]["id"], &listed[0]["wouldDelete"], &listed[0]["live"]), (&first.as_str().into(), &25.into(), &30.into()));
    let text = out(&run(&["hold", "list"]));
    assert!(text.starts_with(&first) && text.contains("25 of 30 events would go"), "{text}");
    assert!(text.contains("    and 5 more\n"), "{text}");
    let kept = run(&["hold", "reject", &first]);
    assert_eq!((code(&kept), out(&kept).starts_with("Kept everything.")), (0, true), "{}", err(&kept));
    assert_eq!(json(&run(&["connection", "list", "--json"]))[0]["calendars"][0]["events"], 30);

    let second = held(5);
    assert_ne!(first, second, "listed again and gone again is a new situation");
    let other = syncline(data.path(), &["user", "add", "bert@example.org", "--password-stdin"], PASSWORD);
    assert_eq!(code(&other), 0, "{}", err(&other));
    let foreign = syncline(data.path(), &["hold", "approve", &second, "--user", "bert@example.org", "--json"], "");
    assert_eq!((code(&foreign), &json(&foreign)["code"]), (1, &"not_found".into()));
    let removed = run(&["hold", "approve", &second, "--json"]);
    assert_eq!((code(&removed), &json(&removed)["removed"]), (0, &25.into()), "{}", err(&removed));
    assert_eq!(json(&run(&["connection", "list", "--json"]))[0]["calendars"][0]["events"], 5);
    let twice = run(&["hold", "approve", &second]);
    assert_eq!(code(&twice), 1);
    assert!(err(&twice).contains("There is no such hold."), "{}", err(&twice));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_refused_until_it_is_allowed() {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let data = with_account();
    let url = host.url("feed.ics");
    let refused = syncline(data.path(), &["connection", "add", "ics", "--user", "ann@example.org", "--url", &url, "--json"], "");
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("SYNCLINE_ALLOW_PRIVATE_ADDRESSES"), "{}", err(&refused));
    assert!(host.asked().is_empty(), "the host was not even asked");
    let listed = syncline(data.path(), &["connection", "list", "--user", "ann@example.org", "--json"], "");
    assert_eq!(json(&listed), serde_json::json!([]));
}

#[cfg(unix)]
#[test]
fn a_server_says_where_it_listens_and_ends_on_a_signal() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let data = with_account();
    let mut server = Command::new(env!("CARGO_BIN_EXE_syncline"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_clear()
        .env("SYNCLINE_DATA_DIR", data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("Syncline listens on http://").expect(&line).to_owned();
    let ask = || {
        let mut socket = std::net::TcpStream::connect(&address).unwrap();
        socket.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    // It answers before its scheduler has begun, and says so.
    let answer = (0..500).map(|_| ask()).find(|answer| !answer.contains("it was not started")).expect("it becomes ready");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    // the command line works beside a running server
    let token = syncline(data.path(), &["user", "token", "ann@example.org", "--name", "x"], "");
    assert_eq!(code(&token), 0, "{}", err(&token));
    let taken = syncline(data.path(), &["serve", "--listen", &address], "");
    assert_eq!(code(&taken), 1);
    assert!(err(&taken).contains("can not listen"), "{}", err(&taken));

    assert!(Command::new("kill").arg(server.id().to_string()).status().unwrap().success());
    assert!(server.wait().unwrap().success(), "an asked-for end is no failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendly_account_is_connected_by_its_token_and_synced() {
    const ME: &str = "anna@example.com";
    let sandbox = Sandbox::start(SandboxClock::system()).await;
    sandbox.calendly(CalendlyDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() }).unwrap();
    let start = jiff::Timestamp::from_millisecond(sandbox.clock().now() + 7_200_000).unwrap();
    let booking = CalendlyBooking {
        event_type: None,
        start: start.to_string(),
        email: "eva@example.net".into(),
        name: "Eva".into(),
        zone: "UTC".into(),
        location: None,
        calendar_event: None,
        answers: Vec::new(),
    };
    sandbox.calendly(CalendlyDo::Book { account: ME.into(), booking }).unwrap();
    let data = with_account();
    let api = sandbox.api_base(Provider::Calendly);
    let run = |arguments: &[&str], input: &str| {
        let all = [arguments, &["--user", "ann@example.org", "--calendly-api-base", &api, "--allow-private-addresses", "--json"]].concat();
        syncline(data.path(), &all, input)
    };
    let add = ["connection", "add", "calendly", "--token-stdin"];
    let refused = run(&add, "wrong\n");
    assert_eq!((code(&refused), json(&refused)["code"].as_str()), (1, Some("token_refused")));
    assert!(err(&run(&add, "\n")).contains("no token"));
    let token = sandbox.token(Provider::Calendly, ME, &["users:read", "scheduled_events:read"]);
    let added = run(&add, &format!("{token}\n"));
    assert_eq!(json(&added)["account"], ME, "{}", err(&added));
    let report = json(&run(&["sync"], ""));
    assert_eq!((report["synced"].as_u64(), report["success"].as_bool()), (Some(1), Some(true)), "{report}");
    assert!(!out(&added).contains(&token), "it is not shown");
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}
