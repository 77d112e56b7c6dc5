//! The rules of the repository, as tests. Each failure names the file and says what to do.
//!
//! To add a rule: a `#[test]` whose name is the rule, which collects what breaks it and hands that to [`report`].

mod code;
mod manifests;
mod scan;
mod sources;
mod store;
mod tree;

/// Fails with every finding and the remedy, or passes when there is none.
#[track_caller]
fn report(findings: &[String], remedy: &str) {
    assert!(findings.is_empty(), "\n\n  {}\n\nWhat to do: {remedy}\n", findings.join("\n  "));
}
