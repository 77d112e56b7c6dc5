//! The Rust tests of every crate but `frontend`, which is WASM.

use super::{Outcome, Surroundings};
use crate::process::{self, duration, step};
use crate::workspace::Workspace;
use anyhow::Result;
use std::time::Instant;

/// Compiles and runs them all, also after a failure, so that one run shows everything.
pub(super) fn run(workspace: &Workspace, surroundings: &Surroundings, filter: Option<&str>) -> Result<Outcome> {
    step("the Rust tests");
    let started = Instant::now();
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--exclude", "frontend", "--no-fail-fast"]).args(filter);
    cargo.envs(surroundings.variables.iter().map(|(name, value)| (name, value)));
    let mut counts = Counts::default();
    let status = process::run_lines(&mut cargo, |line| {
        println!("{line}");
        counts.read(line);
    })?;
    let Counts { passed, failed, ignored } = counts;
    let mut summary = format!("Rust: {passed} passed, {failed} failed, {ignored} ignored in {}", duration(started.elapsed()));
    if failed == 0 && !status.success() {
        summary.push_str(" (cargo failed: the code does not compile, or a test ended its process)");
    }
    Ok(Outcome { summary, failed: !status.success() })
}

#[derive(Default, PartialEq, Debug)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    /// Adds a line like `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else { return };
        for count in counts.split("; ") {
            if let Some((number, kind)) = count.split_once(' ')
                && let Ok(number) = number.parse::<u64>()
            {
                match kind {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut counts = Counts::default();
        counts.read("test a ... ok");
        counts.read("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        counts.read("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.01s");
        assert_eq!(counts, Counts { passed: 5, failed: 4, ignored: 1 });
    }
}
