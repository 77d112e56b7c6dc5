//! Child processes: shown before they start, stopped when this tool is interrupted.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static WATCHING: Once = Once::new();

/// How often a waiting loop looks up.
const TICK: Duration = Duration::from_millis(20);
/// What an interrupted child gets to end by itself.
const GRACE: Duration = Duration::from_secs(8);

/// From here on Ctrl-C and SIGTERM stop the running child and let destructors clean up, instead of ending the process at once.
pub(crate) fn watch_for_interrupt() -> Result<()> {
    let mut outcome = Ok(());
    WATCHING.call_once(|| {
        outcome = ctrlc::set_handler(|| {
            // The second one means it.
            if INTERRUPTED.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        });
    });
    outcome.context("cannot listen for Ctrl-C")
}

/// `cargo` as the user has it, without what `cargo run` put into our environment: build scripts that watch such variables would run anew.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let set_by_cargo_run = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        if set_by_cargo_run || ["CARGO", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&text.as_ref()) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Text in a colour where a person looks at it.
pub(crate) fn style(code: &str, text: &str) -> String {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Says what happens next.
pub(crate) fn step(text: &str) {
    eprintln!("{} {text}", style("1;36", "==>"));
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let quote = |word: &OsStr| {
        let word = word.to_string_lossy();
        if word.is_empty() || word.contains(|c: char| c.is_whitespace() || "'\"$&|;<>(){}*?!".contains(c)) {
            format!("'{word}'")
        } else {
            word.into_owned()
        }
    };
    let mut words = vec![quote(command.get_program())];
    words.extend(command.get_args().map(quote));
    words.join(" ")
}

/// Starts a child in a process group of its own, so that everything it starts can be stopped with it.
pub(crate) fn start(command: &mut Command) -> Result<Running> {
    let child = command.process_group(0).spawn().with_context(|| format!("cannot start `{}`", shown(command)))?;
    Ok(Running { child, ended: false })
}

/// Shows the command, runs it with our output, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("{}", style("2", &format!("    $ {}", shown(command))));
    let status = start(command.stdin(Stdio::null()))?.wait()?;
    if !status.success() {
        bail!("`{}` failed ({})", shown(command), ending(status));
    }
    Ok(())
}

/// Runs the command and hands every line of its standard output to `line` while it runs. The status is the caller's to judge.
pub(crate) fn run_lines(command: &mut Command, mut line: impl FnMut(&str) + Send) -> Result<ExitStatus> {
    eprintln!("{}", style("2", &format!("    $ {}", shown(command))));
    let mut running = start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let stdout = running.child.stdout.take().context("the child has no standard output")?;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for text in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                line(&String::from_utf8_lossy(&text));
            }
        });
        running.wait()
    })
}

/// Runs the command silently and gives its standard output; what it says on standard error is part of the error.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({}): {}", shown(command), ending(output.status), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote something else than text", shown(command)))
}

/// True when the command can be started and says yes.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The first of these programs in `PATH`.
pub(crate) fn which(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|candidate| candidate.is_file()))
}

/// Whether somebody pressed Ctrl-C.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Waits until `ready` says yes; an interrupt or the time limit ends the wait with an error that names what was awaited.
pub(crate) fn wait_until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + limit;
    while !ready() {
        if interrupted() {
            bail!("interrupted");
        }
        if Instant::now() > deadline {
            bail!("{what} was not ready within {} s", limit.as_secs());
        }
        std::thread::sleep(TICK);
    }
    Ok(())
}

/// "2 m 05 s", "3.4 s".
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 { format!("{} m {:02} s", seconds / 60, seconds % 60) } else { format!("{:.1} s", time.as_secs_f64()) }
}

fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().map_or_else(|| format!("signal {}", status.signal().unwrap_or_default()), |code| format!("exit {code}"))
}

/// A child with its process group; whatever is left of it ends when this is dropped.
pub(crate) struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    /// Waits for the end. An interrupt is passed on to the whole group, and is an error.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.ended = true;
                if interrupted() {
                    bail!("interrupted");
                }
                return Ok(status);
            }
            if interrupted() {
                self.stop("INT");
                bail!("interrupted");
            }
            std::thread::sleep(TICK);
        }
    }

    /// Sends the group a signal, and KILL when it takes too long.
    pub(crate) fn stop(&mut self, signal: &str) {
        if self.ended {
            return;
        }
        self.signal(signal);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                self.ended = true;
                return;
            }
            std::thread::sleep(TICK);
        }
        self.signal("KILL");
        self.ended = self.child.wait().is_ok();
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        succeeds(Command::new("kill").args(["-s", signal, "--", &group]));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop("TERM");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("cargo");
        command.args(["test", "a name with spaces", "--", "-D"]);
        assert_eq!(shown(&command), "cargo test 'a name with spaces' -- -D");
    }

    #[test]
    fn what_a_dropped_child_started_ends_with_it() {
        let mut shell = start(Command::new("sh").args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped())).expect("sh starts");
        let stdout = shell.child.stdout.take().expect("piped");
        let mut grandchild = String::new();
        BufReader::new(stdout).read_line(&mut grandchild).expect("a line");
        drop(shell);
        let stat = format!("/proc/{}/stat", grandchild.trim());
        // Gone, or a zombie that nobody has collected yet.
        let ended = || std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "));
        wait_until("the end of the grandchild", Duration::from_secs(10), ended).expect("it ended");
    }

    #[test]
    fn lines_arrive_and_the_status_is_the_childs() {
        let mut lines = Vec::new();
        let status =
            run_lines(Command::new("sh").args(["-c", "echo one; echo two; exit 3"]), |line| lines.push(line.to_owned())).expect("sh runs");
        assert_eq!((lines, status.code()), (vec!["one".to_owned(), "two".to_owned()], Some(3)));
    }

    #[test]
    fn a_failing_command_is_named_in_the_error() {
        let error = run(Command::new("sh").args(["-c", "exit 7"])).expect_err("it fails");
        assert_eq!(error.to_string(), "`sh -c 'exit 7'` failed (exit 7)");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(Duration::from_millis(3_440)), "3.4 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 m 05 s");
    }
}
