//! Rules about what the code of a layer may say.

use crate::report;
use crate::scan::{item_end, line_of, scan};
use crate::sources::{Source, files, is_test_file};

/// What a thin server function needs at most: the facade from the context, the call, the mapping of the error.
const LONGEST_SERVER_FUNCTION: usize = 15;

/// `path:line` of every place in the code outside of tests where one of the words stands.
fn places(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| !is_test_file(&source.path)) {
        let code = scan(&source.text).production_code();
        for word in words {
            for (offset, _) in code.match_indices(word) {
                let inside_a_word = code[..offset]
                    .chars()
                    .next_back()
                    .is_some_and(|c| (c.is_alphanumeric() || c == '_') && word.starts_with(char::is_alphabetic));
                if !inside_a_word {
                    findings.push(format!("{}:{}: {word}", source.path, line_of(&code, offset)));
                }
            }
        }
    }
    findings
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    let sources = files(&["app/src", "core/src", "domain/src", "frontend/src", "server/src", "xtask/src"], &["rs"]);
    report(
        &places(&sources, &[".unwrap()", ".unwrap_err()"]),
        "handle the error, or write `expect(\"why this cannot fail\")` where that is provable.",
    );
}

#[test]
fn only_the_tasks_of_the_core_and_the_server_spawn() {
    let mut sources = files(&["app/src", "core/src", "domain/src"], &["rs"]);
    sources.retain(|source| !source.path.starts_with("core/src/tasks"));
    let words = ["tokio::spawn(", "task::spawn(", "spawn_blocking(", "spawn_local(", "thread::spawn(", "thread::Builder"];
    // Effects in the browser are no tasks of the server.
    let findings: Vec<String> =
        places(&sources, &words).into_iter().filter(|place| !(place.starts_with("app/") && place.ends_with("spawn_local("))).collect();
    report(&findings, "use core::tasks, which knows how to stop what it started and logs what panics.");
}

#[test]
fn the_core_does_not_read_the_environment() {
    let findings = places(
        &files(&["core/src", "domain/src", "app/src"], &["rs"]),
        &["env::var", "env::vars", "env::temp_dir", "env::current_dir", "env::args"],
    );
    report(&findings, "take the value as configuration: the server reads the environment once.");
}

#[test]
fn only_the_core_speaks_sql() {
    let mut findings = Vec::new();
    for source in
        files(&["app/src", "domain/src", "frontend/src", "server/src"], &["rs"]).iter().filter(|source| !is_test_file(&source.path))
    {
        findings.extend(
            scan(&source.text)
                .strings
                .iter()
                .filter(|(_, text)| is_sql(text))
                .map(|(line, text)| format!("{}:{line}: {text}", source.path)),
        );
    }
    report(&findings, "move the statement to core/src/store and call the facade.");
}

fn is_sql(text: &str) -> bool {
    let has = |first: &str, then: &str| text.find(first).is_some_and(|at| text[at..].contains(then));
    has("SELECT ", " FROM ") || has("INSERT INTO ", "(") || has("UPDATE ", " SET ") || has("DELETE FROM ", "") || has("CREATE TABLE ", "")
}

#[test]
fn server_functions_are_thin() {
    let mut findings = Vec::new();
    for source in files(&["app/src"], &["rs"]) {
        let code = scan(&source.text).production_code();
        findings.extend(
            server_functions(&code)
                .into_iter()
                .filter(|(_, _, lines)| *lines > LONGEST_SERVER_FUNCTION)
                .map(|(line, name, lines)| format!("{}:{line}: {name} has {lines} lines", source.path)),
        );
    }
    report(
        &findings,
        "a server function takes the facade from its context, calls it, and maps the error; logic belongs to the core or the domain.",
    );
}

/// Line, name and lines of the body of every function with the attribute `#[server]`.
fn server_functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("#[server").filter(|(start, _)| code[start + 8..].starts_with(['(', ']'])) {
        let end = item_end(code, start);
        let item = &code[start..end];
        let Some(function) = item.find("fn ") else { continue };
        let name = item[function + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = item[function..].find('{').map(|at| function + at + 1) else { continue };
        let lines = item[open..item.len() - 1].lines().filter(|line| !line.trim().is_empty()).count();
        found.push((line_of(code, start + function), name, lines));
    }
    found
}

#[test]
fn bodies_of_server_functions_are_counted() {
    let code = "#[server(prefix = \"/x\")]\npub async fn one(a: [u8; 2]) -> Result<(), E> {\n    b();\n\n    Ok(())\n}\n#[server]\nasync fn two() {}\n";
    assert_eq!(server_functions(code), [(2, "one".to_owned(), 2), (8, "two".to_owned(), 0)]);
}

#[test]
fn sql_is_recognised_and_prose_is_not() {
    assert!(is_sql("SELECT id FROM users") && is_sql("UPDATE users SET x = 1") && is_sql("DELETE FROM users"));
    assert!(!is_sql("Select a calendar from the list") && !is_sql("UPDATE available"));
}

#[test]
fn places_are_found_outside_of_tests_only() {
    let source = |path: &str| Source {
        path: path.to_owned(),
        text: "fn a() {\n    b.unwrap();\n}\n#[test]\nfn c() { d.unwrap() }\n// e.unwrap()\n".to_owned(),
    };
    assert_eq!(places(&[source("core/src/a.rs"), source("core/tests/a.rs")], &[".unwrap()"]), ["core/src/a.rs:2: .unwrap()"]);
}
