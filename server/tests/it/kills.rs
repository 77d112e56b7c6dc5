//! A sync that is killed in the middle, by `SIGKILL` and at every commit, and started again: nothing is missing, nothing is double.
//!
//! The program itself runs, `syncline sync`, against the stand-ins. Three ways lead to a kill: as soon as the database shows the n-th
//! commit; while the provider holds back its n-th answer, so that everything before it is committed; and after a delay out of a list.
//! Then it is started again on what the dead one left. What is stored afterwards is compared with what a sync stores that was left
//! alone (every column that means something) and, for Google, with what the provider itself shows, occurrence by occurrence.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use syncline_core::Hub;
use syncline_core::clock::Clock;
use syncline_core::hub::{BeginConsent, Config, ConsentAnswer, NewCalendly};
use syncline_core::net::{HttpClient, OutboundPolicy, Request};
use syncline_core::provider::Meter;
use syncline_core::testing::db::{Database, TestHub};
use syncline_domain::ids::UserId;
use syncline_domain::sync::ProviderKind;
use syncline_sandbox::{
    CalendlyBooking, CalendlyDo, ClientApp, Consent, Fault, GoogleDo, MicrosoftDo, Provider, Sandbox, SandboxClock, Trouble,
};
use tempfile::TempDir;

const ME: &str = "anna@example.com";
const EMAIL: &str = "ann@example.org";
const SESSION: &str = "the session of a browser";
const BACK: &str = "http://127.0.0.1:3000/back";
/// Whatever moment the dice choose: milliseconds after the start.
const DELAYS: [u64; 5] = [137, 223, 311, 423, 811];
const PATIENCE: Duration = Duration::from_secs(120);

/// A data folder, and its database where that is not in it.
struct Place {
    folder: TempDir,
    postgres: Option<Database>,
}

/// A stand-in with an account, and a place that is connected to it.
struct World {
    sandbox: Sandbox,
    provider: Provider,
    /// What every sync begins with.
    base: Place,
}

impl Place {
    async fn remove(self) {
        if let Some(database) = self.postgres {
            database.remove().await;
        }
    }
}

impl World {
    async fn new(provider: Provider) -> Self {
        Self::on(provider, None).await
    }

    async fn on(provider: Provider, postgres: Option<Database>) -> Self {
        let sandbox = Sandbox::start(SandboxClock::system()).await;
        sandbox.register(ClientApp::new(provider, "id", "secret", BACK));
        // So many syncs a minute are more than a user of the real ones may have.
        sandbox.habits(|habits| {
            (habits.google.per_minute, habits.microsoft.per_ten_minutes, habits.calendly.per_minute) = (None, None, None);
        });
        let base = Place { folder: tempfile::tempdir().unwrap(), postgres };
        let world = Self { sandbox, provider, base };
        match provider {
            Provider::Google => fill_google(&world.sandbox),
            Provider::Microsoft => fill_microsoft(&world.sandbox),
            Provider::Calendly => fill_calendly(&world.sandbox),
        }
        world.connect().await;
        world
    }

    fn config(&self, place: &Place) -> Config {
        let mut config = Config::in_dir(place.folder.path().to_path_buf());
        config.database_url = place.postgres.as_ref().map(|database| database.url().to_owned());
        config.outbound = OutboundPolicy { allow_private: true, ..OutboundPolicy::default() };
        let settings = match self.provider {
            Provider::Google => &mut config.oauth.google,
            Provider::Microsoft => &mut config.oauth.microsoft,
            Provider::Calendly => &mut config.oauth.calendly,
        };
        settings.api_base = Some(self.sandbox.api_base(self.provider));
        settings.oauth_base = Some(self.sandbox.oauth_base(self.provider));
        (settings.client_id, settings.client_secret) = (Some("id".to_owned()), Some("secret".into()));
        config
    }

    async fn connect(&self) {
        let hub = Hub::open(self.config(&self.base)).await.unwrap();
        let user = hub.add_user(EMAIL, &"correct horse battery staple".into()).await.unwrap();
        if self.provider == Provider::Calendly {
            let token = self.sandbox.token(Provider::Calendly, ME, &["users:read", "scheduled_events:read"]);
            hub.add_calendly(&user, NewCalendly { token: token.into(), name: None }).await.unwrap();
        } else {
            self.sandbox.consent(self.provider, Consent::Allow { account: ME.into(), untick: vec![] });
            let provider = ProviderKind::parse(self.provider.name()).unwrap();
            let begin = BeginConsent { provider, redirect_uri: BACK.into(), session: SESSION.into(), mend: None };
            let page = hub.begin_consent(&user, begin).await.unwrap();
            let answer = browser().send("test", Request::get(page.parse().unwrap()), &Meter::default()).await.unwrap();
            let back: url::Url = answer.header(reqwest::header::LOCATION).unwrap().parse().unwrap();
            let part = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            let answer = ConsentAnswer {
                provider,
                session: SESSION.into(),
                state: part("state").unwrap(),
                code: part("code").map(Into::into),
                error: None,
            };
            hub.finish_consent(&user, answer).await.unwrap();
        }
        hub.close().await;
    }

    /// `syncline sync` on a place.
    fn start(&self, place: &Place) -> Child {
        let name = |what: &str| format!("SYNCLINE_{}_{what}", self.provider.name().to_uppercase());
        let database = place.postgres.as_ref().map(|database| ("DATABASE_URL", database.url()));
        Command::new(env!("CARGO_BIN_EXE_syncline"))
            .args(["sync", "--user", EMAIL, "--json", "--allow-private-addresses"])
            .env_clear()
            .env("SYNCLINE_DATA_DIR", place.folder.path())
            .envs(database)
            .env(name("API_BASE"), self.sandbox.api_base(self.provider))
            .env(name("OAUTH_BASE"), self.sandbox.oauth_base(self.provider))
            .env(name("CLIENT_ID"), "id")
            .env(name("CLIENT_SECRET"), "secret")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }

    /// Syncs to the end and gives the report.
    async fn sync(&self, place: &Place) -> Value {
        let child = self.start(place);
        let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!((output.status.code(), report["success"].as_bool()), (Some(0), Some(true)), "{report:#}");
        report
    }

    /// A copy of the base.
    async fn copy(&self) -> Place {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.base.folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let postgres = match &self.base.postgres {
            Some(database) => Some(database.copy().await),
            None => None,
        };
        Place { folder, postgres }
    }

    /// Looks into a place.
    async fn look(&self, place: &Place) -> TestHub {
        let config = self.config(place);
        TestHub::in_memory().await.configured(|at| (*at, at.clock) = (config, Clock::System)).await
    }
}

fn browser() -> HttpClient {
    HttpClient::new(OutboundPolicy { allow_private: true, ..OutboundPolicy::default() }).unwrap()
}

/// When a sync is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// As soon as so many commits are seen.
    Commit(usize),
    /// While the provider holds back an answer, after so many others.
    Answer(u32),
    /// After so many milliseconds.
    Delay(u64),
}

/// Kills a sync and starts another one. Gives whether the kill came before the end, and whether it left something unfinished.
async fn killed(world: &World, place: &Place, at: &TestHub, kill: Kill) -> (bool, bool) {
    if let Kill::Answer(before) = kill {
        world.sandbox.arm(Fault::on(world.provider, Trouble::Hang).after(before));
    }
    let asked = world.sandbox.asked().len();
    let started = at.number("SELECT COUNT(*) FROM sync_jobs").await;
    let mut child = world.start(place);
    let (began, mut seen, mut quiet) = (Instant::now(), BTreeSet::from([commits(at).await]), 0);
    let in_time = loop {
        assert!(began.elapsed() < PATIENCE, "{kill:?} never came");
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        let is_new = seen.insert(commits(at).await);
        quiet = if is_new { 0 } else { quiet + 1 };
        let is_time = match kill {
            Kill::Commit(number) => seen.len() > number,
            // It waits for the answer, and what it had before is stored.
            Kill::Answer(before) => quiet > 40 && world.sandbox.asked().len() >= asked + before as usize && seen.len() > 1,
            Kill::Delay(millis) => began.elapsed() >= Duration::from_millis(millis),
        };
        if is_time {
            child.kill().unwrap();
            break true;
        }
        if !matches!(kill, Kill::Commit(_)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    child.wait().unwrap();
    world.sandbox.clear_faults();
    let began = at.number("SELECT COUNT(*) FROM sync_jobs").await > started;
    let is_open = began && at.number("SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NULL").await > 0;
    world.sync(place).await;
    (in_time, is_open)
}

/// Changes with every commit of a sync.
async fn commits(at: &TestHub) -> String {
    let sql = "SELECT (SELECT COALESCE(SUM(seq), 0) FROM sync_jobs) || ' ' || (SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NOT NULL) \
               || ' ' || (SELECT COUNT(*) FROM mirror) || ' ' || (SELECT COUNT(*) FROM journal) || ' ' || \
               (SELECT COUNT(*) FROM calendars WHERE cursor IS NOT NULL) || ' ' || (SELECT COUNT(*) FROM locks)";
    at.texts(sql).await.remove(0)
}

/// Everything that means something, without what differs from one sync to the next: ids, times of syncs, who did it.
async fn stored(at: &TestHub) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT 'calendar ' || remote_id || ' ' || name || ' ' || live_objects || ' ' || COALESCE(last_status, '-') || ' ' || \
         (cursor IS NOT NULL) || COALESCE(checkpoint, '') || (vanished_at IS NULL) FROM calendars ORDER BY 1",
        "SELECT 'mirror ' || c.remote_id || ' ' || m.remote_id || ' ' || COALESCE(m.version, '-') || ' ' || m.hash || ' ' || m.raw || ' ' || \
         COALESCE(CAST(m.last_end AS TEXT), '-') || (m.missing_at IS NULL) || m.kept || (m.gone_at IS NULL) || COALESCE(m.gone_reason, '') || \
         COALESCE(m.unreadable, '') FROM mirror m JOIN calendars c ON c.id = m.calendar_id ORDER BY 1",
        "SELECT 'event ' || c.remote_id || ' ' || e.remote_id || ' ' || e.instance || ' ' || e.uid || ' ' || e.kind || ' ' || e.title || ' ' || \
         e.content || ' ' || (e.deleted_at IS NULL) || COALESCE(e.copy_id, '') FROM events e JOIN calendars c ON c.id = e.calendar_id ORDER BY 1",
        "SELECT 'occurrence ' || c.remote_id || ' ' || e.remote_id || ' ' || o.instance || ' ' || o.kind || ' ' || o.start_at || ' ' || o.end_at \
         FROM occurrences o JOIN events e ON e.id = o.event_id JOIN calendars c ON c.id = e.calendar_id ORDER BY 1",
        "SELECT 'hold ' || would_delete FROM holds ORDER BY 1",
    ] {
        all.extend(at.texts(sql).await);
    }
    all
}

fn same(found: &[String], expected: &[String], kill: &dyn std::fmt::Debug) {
    let only = |these: &[String], those: &[String]| {
        let those: BTreeSet<_> = those.iter().collect();
        these.iter().filter(|line| !those.contains(line)).take(5).cloned().collect::<Vec<_>>()
    };
    assert_eq!((only(found, expected), only(expected, found)), (vec![], vec![]), "{kill:?}: too much, too little");
    assert_eq!(found.len(), expected.len(), "{kill:?}: something is double");
}

/// Kills the sync of the base at every commit and at other moments; each time it converges to what a sync stores that is left alone.
async fn every_kill(world: &World, answers: u32) -> Vec<String> {
    let whole = world.copy().await;
    let at = world.look(&whole).await;
    world.sync(&whole).await;
    let expected = stored(&at).await;
    at.close().await;
    whole.remove().await;
    let (mut kills, mut in_time, mut unfinished, mut number) = (0, 0, 0, 1);
    let others = (0..answers).map(Kill::Answer).chain(DELAYS.map(Kill::Delay));
    let mut others = others.collect::<Vec<_>>().into_iter();
    let mut commits_left = true;
    loop {
        let kill = if commits_left {
            Kill::Commit(number)
        } else {
            let Some(kill) = others.next() else { break };
            kill
        };
        let place = world.copy().await;
        let at = world.look(&place).await;
        let (was_in_time, was_open) = killed(world, &place, &at, kill).await;
        same(&stored(&at).await, &expected, &kill);
        // Once more changes nothing: the cursors are stored, and fit what is.
        let again = world.sync(&place).await;
        assert_eq!((&again["synced"], &again["updated"], &again["deleted"]), (&json!(0), &json!(0), &json!(0)), "{kill:?}: {again:#}");
        same(&stored(&at).await, &expected, &kill);
        at.close().await;
        place.remove().await;
        (kills, in_time, unfinished) = (kills + 1, in_time + usize::from(was_in_time), unfinished + usize::from(was_open));
        if commits_left {
            // Beyond the last commit it ends before it is killed.
            commits_left = was_in_time && number < 40;
            number += 1;
        }
    }
    println!("{}: {} commits, {kills} kills, {in_time} in time, {unfinished} left a job open", world.provider.name(), number - 1);
    assert!(unfinished >= 4, "the kills hit the middle of a sync: {unfinished} of {kills}");
    expected
}

fn google(sandbox: &Sandbox, what: GoogleDo) -> Value {
    sandbox.google(what).unwrap_or_else(|refusal| panic!("{refusal}"))
}

const WORK: &str = "work@group.calendar.google.com";

/// Today and so many days and hours, as a wall time of UTC.
fn day(days: i64, hour: i64) -> String {
    let today = jiff::Timestamp::from_millisecond(Clock::System.now()).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    let at = today.saturating_add(jiff::Span::new().days(days)).at(i8::try_from(hour).unwrap(), 0, 0, 0);
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn timed(summary: &str, days: i64, hour: i64) -> Value {
    let time = |hour: i64| json!({"dateTime": format!("{}Z", day(days, hour)), "timeZone": "UTC"});
    json!({"summary": summary, "location": format!("Room {hour}"), "description": format!("About {summary}"), "start": time(hour), "end": time(hour + 1)})
}

fn fill_google(sandbox: &Sandbox) {
    google(sandbox, GoogleDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() });
    google(sandbox, GoogleDo::AddCalendar { account: ME.into(), summary: "Work".into(), zone: "UTC".into(), id: Some(WORK.into()) });
    let events = (0..1600).map(|number| timed(&format!("Event {number}"), number % 300 - 150, number % 20)).collect();
    google(sandbox, GoogleDo::Fill { calendar: ME.into(), events });
    let events = (0..30).map(|number| timed(&format!("Task {number}"), number, 9)).collect();
    google(sandbox, GoogleDo::Fill { calendar: WORK.into(), events });
    for (calendar, name) in [(ME, "Choir"), (WORK, "Stand-up")] {
        let mut series = timed(name, 0, 7);
        series["recurrence"] = json!(["RRULE:FREQ=DAILY;COUNT=20"]);
        let master = google(sandbox, GoogleDo::Create { calendar: calendar.into(), event: series })["id"].as_str().unwrap().to_owned();
        let original = |days: i64| format!("{}Z", day(days, 7));
        google(sandbox, GoogleDo::CancelInstance { calendar: calendar.into(), master: master.clone(), original: original(3) });
        let patch = json!({"summary": format!("{name}, moved"), "start": timed("", 5, 15)["start"], "end": timed("", 5, 15)["end"]});
        google(sandbox, GoogleDo::ChangeInstance { calendar: calendar.into(), master, original: original(5), patch });
    }
    // Pages without events between the others.
    sandbox.habits(|habits| habits.google.empty_pages = true);
}

/// Ids of all events of a calendar that stand for themselves, as Google lists them.
async fn google_events(world: &World, calendar: &str, query: &str) -> Vec<Value> {
    let token = world.sandbox.token(Provider::Google, ME, &["https://www.googleapis.com/auth/calendar.readonly"]);
    let mut url: url::Url = world.sandbox.api_base(Provider::Google).parse().unwrap();
    url.path_segments_mut().unwrap().pop_if_empty().extend(["calendars", calendar, "events"]);
    let (mut items, mut page) = (Vec::new(), None::<String>);
    loop {
        let mut url = url.clone();
        url.set_query(Some(query));
        url.query_pairs_mut().append_pair("maxResults", "2500");
        if let Some(page) = &page {
            url.query_pairs_mut().append_pair("pageToken", page);
        }
        let bearer = format!("Bearer {token}").parse().unwrap();
        let request = Request::get(url).header(reqwest::header::AUTHORIZATION, bearer);
        let answer = browser().send("test", request, &Meter::default()).await.unwrap();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        items.extend(body["items"].as_array().unwrap_or_else(|| panic!("{body}")).iter().cloned());
        match body["nextPageToken"].as_str() {
            Some(next) => page = Some(next.to_owned()),
            None => return items,
        }
    }
}

/// What a place shows is what Google shows, with every series expanded there.
async fn shows_what_google_shows(world: &World, place: &Place) {
    let at = world.look(place).await;
    let user: UserId = at.user_by_email(EMAIL).await.unwrap().unwrap().id;
    let today = jiff::Timestamp::from_millisecond(Clock::System.now()).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
    let month = jiff::Span::new().months(7);
    let (from, to) = (today.saturating_sub(month), today.saturating_add(month));
    let mut found: Vec<[String; 5]> = Vec::new();
    for one in at.occurrences(&user, from, to, Some("UTC")).await.unwrap() {
        let instant = |text: &str| text.parse::<jiff::Timestamp>().unwrap().to_string();
        found.push([
            one.summary,
            instant(&one.start),
            instant(&one.end),
            one.location.unwrap_or_default(),
            one.description.unwrap_or_default(),
        ]);
    }
    let mut expected = Vec::new();
    for calendar in [ME, WORK] {
        let query = format!("singleEvents=true&timeMin={from}T00:00:00Z&timeMax={to}T00:00:00Z");
        for item in google_events(world, calendar, &query).await {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let instant = |value: &Value| value["dateTime"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().to_string();
            let (start, end) = (instant(&item["start"]), instant(&item["end"]));
            expected.push([text(&item["summary"]), start, end, text(&item["location"]), text(&item["description"])]);
        }
    }
    found.sort();
    expected.sort();
    assert!(expected.len() > 1000, "{}", expected.len());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    at.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_google_sync_that_is_killed_at_every_commit_converges() {
    converges(World::new(Provider::Google).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_google_sync_that_is_killed_at_every_commit_converges_on_postgresql() {
    if let Some(database) = Database::make().await {
        converges(World::on(Provider::Google, Some(database)).await).await;
    }
}

async fn converges(world: World) {
    every_kill(&world, 5).await;

    // The same with what changed since: the base is synced to the end, then the world changes.
    world.sync(&world.base).await;
    shows_what_google_shows(&world, &world.base).await;
    let all = google_events(&world, ME, "singleEvents=false").await;
    let singles = all.iter().filter(|item| item["recurrence"].is_null() && item["recurringEventId"].is_null());
    for (number, item) in singles.enumerate().take(900) {
        let event = item["id"].as_str().unwrap().to_owned();
        let calendar = ME.to_owned();
        if number % 9 == 0 {
            google(&world.sandbox, GoogleDo::Delete { calendar, event });
        } else {
            google(&world.sandbox, GoogleDo::Change { calendar, event, patch: json!({"summary": format!("Changed {number}")}) });
        }
    }
    let events = (0..700).map(|number| timed(&format!("New {number}"), number % 100, 11)).collect();
    google(&world.sandbox, GoogleDo::Fill { calendar: ME.into(), events });
    let master = all.iter().find(|item| !item["recurrence"].is_null()).unwrap()["id"].as_str().unwrap().to_owned();
    google(&world.sandbox, GoogleDo::CancelInstance { calendar: ME.into(), master, original: format!("{}Z", day(8, 7)) });
    every_kill(&world, 4).await;
    world.sync(&world.base).await;
    shows_what_google_shows(&world, &world.base).await;
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
    world.base.remove().await;
}

fn fill_microsoft(sandbox: &Sandbox) {
    let act = |what| sandbox.microsoft(what).unwrap_or_else(|refusal| panic!("{refusal}"));
    act(MicrosoftDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() });
    for number in 0..1100 {
        let time = |hour: i64| json!({"dateTime": day(number % 200 - 100, hour), "timeZone": "UTC"});
        let event = json!({"subject": format!("Event {number}"), "start": time(number % 20), "end": time(number % 20 + 1)});
        act(MicrosoftDo::Create { account: ME.into(), calendar: None, event });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microsoft_sync_that_is_killed_at_every_commit_converges() {
    let world = World::new(Provider::Microsoft).await;
    let expected = every_kill(&world, 4).await;
    assert_eq!(expected.iter().filter(|line| line.starts_with("event ")).count(), 1100);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}

fn fill_calendly(sandbox: &Sandbox) {
    sandbox.calendly(CalendlyDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() }).unwrap();
    for number in 0..40_i64 {
        let booking = CalendlyBooking {
            event_type: None,
            start: format!("{}Z", day(number + 1, 9)),
            email: format!("guest{number}@example.net"),
            name: format!("Guest {number}"),
            zone: "UTC".to_owned(),
            location: None,
            calendar_event: None,
            answers: Vec::new(),
        };
        sandbox.calendly(CalendlyDo::Book { account: ME.into(), booking }).unwrap_or_else(|refusal| panic!("{refusal}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendly_sync_that_is_killed_at_every_commit_converges() {
    let world = World::new(Provider::Calendly).await;
    let expected = every_kill(&world, 3).await;
    assert_eq!(expected.iter().filter(|line| line.starts_with("event ")).count(), 40);
    assert_eq!(world.sandbox.violations(), Vec::<String>::new());
}
