//! Stored data without a sync: users, connections, calendars and events as the engine would leave them.
//!
//! What is stored here is what the reads need; there is no mirror, no journal and no job behind it.

use crate::clock::new_id;
use crate::hub::Hub;
use crate::store::{bulk, on_db};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use sqlx::AssertSqlSafe;
use syncline_domain::event::{Event, EventKind, EventStatus};
use syncline_domain::ids::{CalendarId, ConnectionId, EventId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::time::{InstanceKey, Millis, Moment, When, ZoneName, naive_ms};

/// The password of every user that [`user`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// A user who can sign in with [`PASSWORD`]. Takes the time of one password hash.
///
/// # Panics
/// When the address is taken.
pub async fn user(hub: &Hub, email: &str) -> UserId {
    hub.add_user(email, &PASSWORD.into()).await.unwrap_or_else(|error| panic!("{email}: {}", error.problem()))
}

/// A connection that was never synced. Its secret is `hunter2`.
///
/// # Panics
/// When the database refuses it.
pub async fn connection(hub: &Hub, user: &UserId, provider: ProviderKind, name: &str) -> ConnectionId {
    const SQL: &str = "INSERT INTO connections (id, user_id, provider, name, account, host, settings, secret, enabled, needs_user, \
        interval_s, next_sync_at, failures, created_at) VALUES ($1, $2, $3, $4, 'anna', 'cal.example.org', '{}', $5, TRUE, FALSE, 900, $6, 0, $6)";
    let id = new_id(&hub.0.config.clock);
    let secret = hub.0.secrets.seal(&"hunter2".into(), &id);
    let mut tx = hub.0.db.begin().await.expect("a transaction");
    on_db!(&mut tx, conn => sqlx::query(SQL)
        .bind(&id).bind(user.as_str()).bind(provider.as_str()).bind(name).bind(secret).bind(hub.now())
        .execute(conn).await.map(drop))
    .expect("the connection is stored");
    tx.commit().await.expect("commit");
    ConnectionId::trusted(id)
}

/// An enabled, visible calendar with colour `blue`.
///
/// # Panics
/// When the database refuses it.
pub async fn calendar(hub: &Hub, user: &UserId, connection: &ConnectionId, name: &str) -> CalendarId {
    const SQL: &str = "INSERT INTO calendars (id, user_id, connection_id, remote_id, name, color, color_chosen, read_only, enabled, \
        visible, live_objects, created_at) VALUES ($1, $2, $3, $4, $5, 'blue', FALSE, FALSE, TRUE, TRUE, 0, $6)";
    let id = new_id(&hub.0.config.clock);
    let mut tx = hub.0.db.begin().await.expect("a transaction");
    on_db!(&mut tx, conn => sqlx::query(SQL)
        .bind(&id).bind(user.as_str()).bind(connection.as_str()).bind(format!("/cal/{id}/")).bind(name).bind(hub.now())
        .execute(conn).await.map(drop))
    .expect("the calendar is stored");
    tx.commit().await.expect("commit");
    CalendarId::trusted(id)
}

/// A user with one CalDAV connection ("Home server") and one calendar ("Private").
pub async fn user_with_calendar(hub: &Hub, email: &str) -> (UserId, CalendarId) {
    let user = user(hub, email).await;
    let connection = connection(hub, &user, ProviderKind::Caldav, "Home server").await;
    let calendar = calendar(hub, &user, &connection, "Private").await;
    (user, calendar)
}

/// Stores an event with its own time as its one occurrence; a cancelled one has none.
///
/// # Panics
/// When the database refuses it.
pub async fn event(hub: &Hub, user: &UserId, calendar: &CalendarId, event: &Event) -> EventId {
    let instances = if event.status == EventStatus::Cancelled { vec![] } else { vec![event.when.clone()] };
    event_with(hub, user, calendar, event, &instances).await
}

/// Stores an event with the given occurrences. All components with the same UID share a remote object.
///
/// # Panics
/// When the database refuses it.
pub async fn event_with(hub: &Hub, user: &UserId, calendar: &CalendarId, event: &Event, instances: &[When]) -> EventId {
    let mut rows = Rows::default();
    let id = rows.add(hub, user, calendar, event, instances);
    rows.store(hub).await;
    id
}

/// A confirmed, busy event with nothing but a title and a time.
#[must_use]
pub fn plain(title: &str, when: When) -> Event {
    Event {
        uid: format!("{}@example.org", title.to_lowercase().replace(' ', "-")),
        instance: None,
        this_and_future: false,
        when,
        recurrence: None,
        status: EventStatus::Confirmed,
        busy: syncline_domain::event::Busy::Busy,
        visibility: syncline_domain::event::Visibility::Public,
        title: title.to_owned(),
        description: None,
        location: None,
        url: None,
        conference_url: None,
        organizer: None,
        attendees: vec![],
        categories: vec![],
        color: None,
        sequence: 0,
        created_at: None,
        updated_at: None,
    }
}

/// A point in time on the wall of a zone.
///
/// # Panics
/// When the zone is unknown.
#[must_use]
pub fn moment(wall: DateTime, zone: &str) -> Moment {
    let rules = TimeZone::get(zone).expect("a known zone");
    let at = rules.to_timestamp(wall).expect("within jiff's range").as_millisecond();
    Moment { at, wall, zone: ZoneName(zone.to_owned()) }
}

/// A timed event's time in a zone.
#[must_use]
pub fn timed(start: DateTime, end: DateTime, zone: &str) -> When {
    When::Timed { start: moment(start, zone), end: moment(end, zone) }
}

/// Stores `number` single events with as many occurrences, evenly spread over `days` days from `first`: meetings of 45 minutes in
/// Berlin, every twentieth of them all day, with the text, place and guests of usual ones (about 700 bytes each).
///
/// # Panics
/// When the database refuses them.
pub async fn many(hub: &Hub, user: &UserId, calendar: &CalendarId, number: u32, first: Date, days: u32) {
    let mut rows = Rows::default();
    let begin = naive_ms(first.at(0, 0, 0, 0));
    let span = i64::from(days) * syncline_domain::time::DAY_MS;
    for index in 0..number {
        let at = begin + span * i64::from(index) / i64::from(number.max(1));
        let event = meeting(index, at - at.rem_euclid(300_000));
        rows.add(hub, user, calendar, &event, std::slice::from_ref(&event.when));
        if rows.events.len() == 10 * bulk::ROWS {
            std::mem::take(&mut rows).store(hub).await;
        }
    }
    rows.store(hub).await;
}

fn meeting(index: u32, at: Millis) -> Event {
    use syncline_domain::event::{Attendee, Person, Response};
    let wall = syncline_domain::time::from_naive_ms(at);
    let when = if index.is_multiple_of(20) {
        When::AllDay { start: wall.date(), end: wall.date().saturating_add(jiff::Span::new().days(1)) }
    } else {
        timed(wall, wall.saturating_add(jiff::Span::new().minutes(45)), "Europe/Berlin")
    };
    let person = |name: &str| Person { name: Some(name.to_owned()), email: Some(format!("{}@example.org", name.to_lowercase())) };
    let guest = |name: &str, me| Attendee { person: person(name), response: Response::Accepted, optional: false, me };
    Event {
        uid: format!("meeting-{index}@example.org"),
        description: Some(format!("Agenda of meeting {index}: what was done, what comes next, what is in the way.\nPlease bring figures.")),
        location: Some(format!("Room {}", index % 40)),
        organizer: Some(person("Berta")),
        attendees: vec![guest("Anna", true), guest("Berta", false), guest("Carlo", false)],
        updated_at: Some(at),
        ..plain(&format!("Meeting {index} of the team"), when)
    }
}

/// Rows that go to the database in bulk.
#[derive(Default)]
struct Rows {
    events: Vec<[String; 9]>,
    occurrences: Vec<([String; 5], Millis, Millis)>,
}

impl Rows {
    fn add(&mut self, hub: &Hub, user: &UserId, calendar: &CalendarId, event: &Event, instances: &[When]) -> EventId {
        let id = new_id(&hub.0.config.clock);
        for when in instances {
            let key = match (&event.instance, event.kind()) {
                (Some(key), EventKind::Override) => key.clone(),
                _ => start_key(when),
            };
            let (start_at, end_at) = bounds(when);
            let texts = [id.as_str(), key.as_str(), user.as_str(), calendar.as_str(), when.kind().as_str()].map(str::to_owned);
            self.occurrences.push((texts, start_at, end_at));
        }
        let content = serde_json::to_string(event).expect("an event is plain data");
        let instance = event.instance.as_ref().map_or("", InstanceKey::as_str);
        let texts = [id.as_str(), user.as_str(), calendar.as_str(), &format!("{}.ics", event.uid), instance, &event.uid];
        let [a, b, c, d, e, f] = texts.map(str::to_owned);
        self.events.push([a, b, c, d, e, f, event.kind().as_str().to_owned(), event.title.clone(), content]);
        EventId::trusted(id)
    }

    async fn store(self, hub: &Hub) {
        const EVENTS: &str = "INSERT INTO events (id, user_id, calendar_id, remote_id, instance, uid, kind, title, content, created_by, \
            updated_by, created_at, updated_at)";
        const OCCURRENCES: &str = "INSERT INTO occurrences (event_id, instance, user_id, calendar_id, kind, start_at, end_at)";
        let now = hub.now();
        let mut tx = hub.0.db.begin().await.expect("a transaction");
        for chunk in self.events.chunks(bulk::ROWS) {
            let sql = AssertSqlSafe(bulk::insert(tx.marks(), EVENTS, 13, chunk.len(), ""));
            on_db!(&mut tx, conn => {
                let mut query = sqlx::query(sql);
                for row in chunk {
                    for text in row {
                        query = query.bind(text);
                    }
                    query = query.bind("job").bind("job").bind(now).bind(now);
                }
                query.execute(conn).await.map(drop)
            })
            .expect("the events are stored");
        }
        for chunk in self.occurrences.chunks(bulk::ROWS) {
            let sql = AssertSqlSafe(bulk::insert(tx.marks(), OCCURRENCES, 7, chunk.len(), ""));
            on_db!(&mut tx, conn => {
                let mut query = sqlx::query(sql);
                for (texts, start_at, end_at) in chunk {
                    for text in texts {
                        query = query.bind(text);
                    }
                    query = query.bind(start_at).bind(end_at);
                }
                query.execute(conn).await.map(drop)
            })
            .expect("the occurrences are stored");
        }
        tx.commit().await.expect("commit");
    }
}

/// Names an instance by its start.
fn start_key(when: &When) -> InstanceKey {
    match when {
        When::AllDay { start, .. } => InstanceKey::date(*start),
        When::Timed { start, .. } => InstanceKey::utc(syncline_domain::time::from_naive_ms(start.at)),
        When::Floating { start, .. } => InstanceKey::floating(*start),
    }
}

/// Start and end as an occurrence has them: instants of timed ones, naive milliseconds of the others.
fn bounds(when: &When) -> (Millis, Millis) {
    match when {
        When::AllDay { start, end } => (naive_ms(start.at(0, 0, 0, 0)), naive_ms(end.at(0, 0, 0, 0))),
        When::Timed { start, end } => (start.at, end.at),
        When::Floating { start, end } => (naive_ms(*start), naive_ms(*end)),
    }
}
