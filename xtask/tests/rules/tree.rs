//! Rules about files as such.

use crate::report;
use crate::scan::scan;
use crate::sources::{files, read, root};
use std::collections::BTreeSet;
use std::process::Command;

/// 300 lines is a good size, this is the end.
const LONGEST: usize = 500;

#[test]
fn no_file_is_longer_than_500_lines() {
    let findings: Vec<String> = files(&[""], &["rs", "ts", "js", "mjs", "css", "sql"])
        .into_iter()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    report(&findings, "split the file by topic into a folder; tests may move to a file of their own.");
}

#[test]
fn nothing_is_left_to_do_in_comments() {
    let unfinished = |text: &str| {
        ["TODO", "FIXME", "XXX", "HACK"].iter().any(|word| text.split(|c: char| !c.is_alphanumeric()).any(|found| found == *word))
    };
    let mut findings = Vec::new();
    for source in files(&[""], &["rs"]) {
        let comments = scan(&source.text).comments;
        findings.extend(
            comments.iter().filter(|(_, text)| unfinished(text)).map(|(line, text)| format!("{}:{line}: {}", source.path, text.trim())),
        );
    }
    for source in files(&[""], &["ts", "css", "sql", "toml", "md"]) {
        let lines = source.text.lines().enumerate().filter(|(_, text)| unfinished(text));
        findings.extend(lines.map(|(index, text)| format!("{}:{}: {}", source.path, index + 1, text.trim())));
    }
    report(&findings, "finish it, or open an issue and say in the comment what holds today.");
}

#[test]
fn every_style_sheet_is_imported() {
    let main = read(&root().join("style/main.css"));
    let imported =
        |path: &str| path.rsplit('/').next().is_some_and(|name| main.contains(&format!("{name}\"")) || main.contains(&format!("{name})")));
    let findings: Vec<String> = files(&["style"], &["css"])
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path != "style/main.css" && !imported(path))
        .collect();
    report(&findings, "import it from style/main.css, in the layer that it belongs to, or remove it.");
}

#[test]
fn the_lock_file_of_the_browser_tests_names_no_registry() {
    let lock = read(&root().join("end2end/package-lock.json"));
    let findings: Vec<String> = lock
        .lines()
        .filter(|line| line.contains("\"resolved\""))
        .map(|line| format!("end2end/package-lock.json: {}", line.trim()))
        .collect();
    report(&findings, "run `npm install` in end2end (its .npmrc leaves the addresses out), so that the lock file works with every mirror.");
}

#[test]
fn the_commands_that_the_readme_names_exist() {
    let help = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("--help").output().expect("xtask runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let known: BTreeSet<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(known.contains("serve"), "the list of commands was not understood: {help}");
    let mut findings = Vec::new();
    for source in files(&[""], &["md"]) {
        for (index, line) in source.text.lines().enumerate() {
            for rest in line.split("cargo xtask ").skip(1) {
                let command: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                if !command.is_empty() && !command.starts_with('-') && !known.contains(command.as_str()) {
                    findings.push(format!("{}:{}: cargo xtask {command}", source.path, index + 1));
                }
            }
        }
    }
    report(&findings, "correct the text, or add the command to xtask.");
}
