//! Rules about the migrations of the two databases.

use crate::report;
use crate::scan::scan;
use crate::sources::{Source, files, is_test_file};
use std::collections::BTreeMap;

/// What a transaction of the engine may begin with: the fencing token, the lock itself, or the state that it was computed from.
const FIRST: [&str; 4] = ["locks::check(", "locks::find(", "move_if_same(", "forget_if_same("];
/// In so many lines behind its beginning.
const SOON: usize = 8;

/// `path:line` of every transaction that does not begin with one of the checks.
fn unchecked(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| !is_test_file(&source.path)) {
        let code = scan(&source.text).production_code();
        let lines: Vec<&str> = code.lines().collect();
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| line.contains(".begin().await")) {
            let next = lines[index..].iter().take(SOON + 1);
            if !next.clone().any(|line| FIRST.iter().any(|first| line.contains(first))) {
                findings.push(format!("{}:{}", source.path, index + 1));
            }
        }
    }
    findings
}

#[test]
fn every_transaction_of_the_engine_checks_its_lock_first() {
    let sources = files(&["core/src/engine"], &["rs"]);
    assert!(sources.iter().filter(|source| source.text.contains(".begin().await")).count() > 3, "the transactions were not found");
    report(
        &unchecked(&sources),
        "call locks::check first and write nothing when it says no; without a job, check that what was read is still so.",
    );
}

#[test]
fn a_transaction_without_its_check_is_found() {
    let source = |text: &str| [Source { path: "core/src/engine/a.rs".to_owned(), text: text.to_owned() }];
    let good = "fn a() {\n    let mut tx = db.begin().await?;\n    if !locks::check(&mut tx).await? {\n    }\n}\n";
    assert_eq!(unchecked(&source(good)), [""; 0]);
    assert_eq!(unchecked(&source(&good.replace("locks::check", "calendars::advance"))), ["core/src/engine/a.rs:2"]);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let of = |dialect: &str| -> BTreeMap<String, String> {
        let names = files(&[&format!("core/migrations/{dialect}")], &["sql"])
            .into_iter()
            .filter_map(|source| source.path.rsplit('/').next().map(str::to_owned));
        names.map(|name| (name.split('_').next().unwrap_or_default().to_owned(), name)).collect()
    };
    let (sqlite, postgres) = (of("sqlite"), of("postgres"));
    assert!(!sqlite.is_empty(), "no migrations were found");
    let findings: Vec<String> = sqlite
        .iter()
        .filter(|(number, name)| postgres.get(*number) != Some(*name))
        .map(|(_, name)| format!("core/migrations/postgres has no {name}"))
        .chain(
            postgres
                .iter()
                .filter(|(number, name)| sqlite.get(*number) != Some(*name))
                .map(|(_, name)| format!("core/migrations/sqlite has no {name}")),
        )
        .collect();
    report(&findings, "a migration is a pair of files with the same number and name, one for each database.");
}
