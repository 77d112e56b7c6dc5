//! The binary itself: what it prints and how it exits.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
