//! A real CalDAV server for tests: Radicale 3 on a free port, with a throw-away folder.
//!
//! The program is looked for in `SYNCLINE_RADICALE`, then in `target/tools/venv/bin`, then in `PATH`.

use crate::net::{HttpClient, OutboundPolicy, Request};
use crate::provider::Meter;
use http::{HeaderValue, Method, header};
use secrecy::SecretString;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use url::Url;

/// The user of the account.
pub const USER: &str = "me";
/// The password of the account.
pub const PASSWORD: &str = "correct horse battery staple";

const CONFIG: &str = "\
[server]
hosts = 127.0.0.1:{port}
max_connections = 30
[auth]
type = htpasswd
htpasswd_filename = {dir}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {dir}/data
[logging]
level = warning
";

/// A running Radicale. It is killed, and its folder removed, when it is dropped.
pub struct Radicale {
    child: Child,
    dir: TempDir,
    port: u16,
    client: HttpClient,
}

impl Radicale {
    /// Starts a server. `None` when the program is not there: the test is then skipped, with a word on standard error.
    ///
    /// # Panics
    /// When it is not there and `SYNCLINE_TEST_STRICT=1`, and when it is there and does not start.
    pub async fn start() -> Option<Self> {
        Self::start_with(|_| {}).await
    }

    /// As [`Radicale::start`], after `prepare` has put something into the folder of the user's calendars (see [`seed`]).
    ///
    /// # Panics
    /// As [`Radicale::start`].
    pub async fn start_with(prepare: impl FnOnce(&Path)) -> Option<Self> {
        let Some(program) = program() else {
            let message = "Radicale was not found. Install it with `python3 -m venv target/tools/venv && \
                 target/tools/venv/bin/pip install radicale`, or name the program in SYNCLINE_RADICALE.";
            assert!(std::env::var("SYNCLINE_TEST_STRICT").as_deref() != Ok("1"), "{message}");
            eprintln!("skipped: {message}");
            return None;
        };
        // The server syncs every object to disk; in memory that costs nothing.
        let dir = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary folder");
        let calendars = dir.path().join("data/collection-root").join(USER);
        std::fs::create_dir_all(&calendars).expect("the folder is ours");
        std::fs::write(dir.path().join("users"), format!("{USER}:{PASSWORD}\n")).expect("the folder is ours");
        prepare(&calendars);
        let policy = OutboundPolicy { allow_private: true, ..OutboundPolicy::default() };
        let client = HttpClient::new(policy).expect("a client");
        // Between choosing a port and binding it somebody else may take it; then another one does.
        for _ in 0..5 {
            let (mut child, port) = launch(&program, dir.path());
            if is_up(&mut child, port).await {
                return Some(Self { child, dir, port, client });
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        panic!("{} does not start:\n{log}", program.display());
    }

    /// The address that a user would type.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The address of a calendar.
    #[must_use]
    pub fn calendar_url(&self, calendar: &str) -> String {
        format!("{}{USER}/{calendar}/", self.url())
    }

    /// The password as the provider wants it.
    #[must_use]
    pub fn password() -> SecretString {
        SecretString::from(PASSWORD)
    }

    /// Makes a calendar.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn make_calendar(&self, calendar: &str, name: &str) {
        let body = format!(
            r#"<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>{name}</D:displayname></D:prop></D:set></C:mkcalendar>"#
        );
        assert_eq!(self.send("MKCALENDAR", &format!("{calendar}/"), "application/xml", body).await, 201);
    }

    /// Makes or changes an object, as another client would.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn put(&self, calendar: &str, object: &str, data: impl Into<String>) {
        let status = self.send("PUT", &format!("{calendar}/{object}"), "text/calendar; charset=utf-8", data.into()).await;
        assert!((200..300).contains(&status), "PUT {object}: {status}");
    }

    /// Deletes an object; with an empty name, the calendar.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn delete(&self, calendar: &str, object: &str) {
        let status = self.send("DELETE", &format!("{calendar}/{object}"), "text/plain", String::new()).await;
        assert!((200..300).contains(&status), "DELETE {object}: {status}");
    }

    /// Lets the server forget every token that it gave out.
    ///
    /// # Panics
    /// When its folder can not be read.
    pub fn forget_tokens(&self, calendar: &str) {
        let folder = self.dir.path().join("data/collection-root").join(USER).join(calendar).join(".Radicale.cache/sync-token");
        std::fs::remove_dir_all(&folder).expect("the server keeps its tokens there");
    }

    async fn send(&self, method: &str, path: &str, kind: &'static str, body: String) -> u16 {
        let url = Url::parse(&format!("{}{USER}/", self.url())).and_then(|base| base.join(path)).expect("an address");
        let request = Request::new(Method::from_bytes(method.as_bytes()).expect("a method"), url)
            .basic_auth(USER, PASSWORD)
            .header(header::CONTENT_TYPE, HeaderValue::from_static(kind))
            .body(body);
        let response = self.client.send("test.radicale", request, &Meter::default()).await.expect("the server answers");
        let status = response.status.as_u16();
        let _ = response.bytes().await;
        status
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a calendar of `number` objects straight to disk, one in fifty of them a series: for [`Radicale::start_with`].
///
/// # Panics
/// When the folder can not be written.
pub fn seed(calendars: &Path, calendar: &str, number: usize) {
    let folder = calendars.join(calendar);
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    std::fs::write(folder.join(".Radicale.props"), r#"{"tag":"VCALENDAR","D:displayname":"Big"}"#).expect("the folder is ours");
    let first: jiff::civil::DateTime = jiff::civil::date(2024, 1, 1).at(8, 0, 0, 0);
    for at in 0..number {
        let start = first.saturating_add(jiff::Span::new().hours(i64::try_from(at).unwrap_or(0) * 3)).strftime("%Y%m%dT%H%M%SZ");
        let rule = if at % 50 == 0 { "RRULE:FREQ=WEEKLY;COUNT=20\r\n" } else { "" };
        let mut text = String::with_capacity(512);
        let _ = write!(
            text,
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:e{at}@x\r\nDTSTAMP:20260101T000000Z\r\n\
             DTSTART:{start}\r\nDURATION:PT1H\r\n{rule}SUMMARY:Event number {at}\r\nDESCRIPTION:Some text that describes event {at} \
             at length\\, with commas\r\nLOCATION:Room {room}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            room = at % 20
        );
        std::fs::write(folder.join(format!("e{at}.ics")), text).expect("the folder is ours");
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SYNCLINE_RADICALE") {
        return Some(PathBuf::from(named));
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/venv/bin/radicale");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(own).chain(std::env::split_paths(&path).map(|folder| folder.join("radicale"))).find(|file| file.is_file())
}

fn launch(program: &Path, dir: &Path) -> (Child, u16) {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port").port();
    let config = CONFIG.replace("{port}", &port.to_string()).replace("{dir}", &dir.display().to_string());
    std::fs::write(dir.join("config"), config).expect("the folder is ours");
    let log = std::fs::File::create(dir.join("log")).expect("the folder is ours");
    let child = Command::new(program)
        .arg("--config")
        .arg(dir.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    (child, port)
}

/// Waits until the server takes connections; `false` when it ended before it did.
async fn is_up(child: &mut Child, port: u16) -> bool {
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        if child.try_wait().ok().flatten().is_some() {
            return false;
        }
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    false
}
