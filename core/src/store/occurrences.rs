//! Reading occurrences with the events that give their content. Every statement names the user.
//!
//! "In a period" means two things at once: timed occurrences are instants, all-day and floating ones are wall times read as
//! if they were in UTC, and the two have different bounds (`Span`). Both are found by one range scan over the start, which
//! reaches back 8 days; the few that are longer have an index of their own.

use super::{Db, Named as _, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{CalendarId, EventId, UserId};
use syncline_domain::time::{DAY_MS, Millis, TimeKind};

/// The range scan by start reaches back so far; longer occurrences are in the index `occurrences_long`.
const LONG_MS: Millis = 8 * DAY_MS;

/// A period as the two kinds of time see it, ends exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Instants, for timed occurrences.
    pub(crate) timed: (Millis, Millis),
    /// Naive milliseconds, for all-day and floating occurrences.
    pub(crate) naive: (Millis, Millis),
}

impl Span {
    /// The earlier of the two beginnings.
    pub(crate) fn earliest(&self) -> Millis {
        self.timed.0.min(self.naive.0)
    }

    /// The later of the two ends.
    pub(crate) fn latest(&self) -> Millis {
        self.timed.1.max(self.naive.1)
    }
}

/// Which calendars are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calendars {
    /// Those that the user syncs and shows.
    Shown,
    /// Those that the user syncs.
    Enabled,
}

/// An occurrence with its event.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) event_id: EventId,
    /// The original start.
    pub(crate) instance: String,
    pub(crate) calendar_id: CalendarId,
    pub(crate) time: TimeKind,
    pub(crate) start_at: Millis,
    pub(crate) end_at: Millis,
    /// Of a master or an override.
    pub(crate) recurring: bool,
    /// JSON of the event.
    pub(crate) content: String,
}

/// By position: finding columns by name takes a third of the time of a big read.
type Columns = (String, String, String, String, i64, i64, String, String);

impl From<Columns> for Row {
    fn from((event_id, instance, calendar_id, time, start_at, end_at, kind, content): Columns) -> Self {
        Self {
            event_id: EventId::trusted(event_id),
            instance,
            calendar_id: CalendarId::trusted(calendar_id),
            time: TimeKind::parse(&time).unwrap_or(TimeKind::Timed),
            start_at,
            end_at,
            recurring: kind != "single",
            content,
        }
    }
}

macro_rules! columns {
    () => {
        "o.event_id, o.instance, o.calendar_id, o.kind AS time_kind, o.start_at, o.end_at, e.kind, e.content \
         FROM occurrences o JOIN events e ON e.id = o.event_id "
    };
}

/// Between the fields of a packed row, and between packed rows. No field holds either: ids and keys are our own, and JSON
/// writes control characters as escapes.
const FIELD: &str = "\u{1f}";
/// See [`FIELD`].
const ROW: &str = "\u{1e}";

// All rows come packed into one: handing each over from the database's thread takes twice the time of finding it.
macro_rules! in_period {
    ($calendars:literal) => {
        concat!(
            "SELECT string_agg(event_id || $10 || instance || $10 || calendar_id || $10 || time_kind || $10 || CAST(start_at AS TEXT) \
              || $10 || CAST(end_at AS TEXT) || $10 || kind || $10 || content, $11) FROM (",
            "SELECT ", columns!(), "WHERE o.user_id = $1 AND o.start_at >= $2 AND o.start_at < $3 AND ", in_period!(@both $calendars),
            " UNION ALL SELECT ", columns!(), "WHERE o.user_id = $1 AND o.end_at >= $4 AND o.end_at - o.start_at > 691200000 \
              AND +o.start_at < $2 AND ", in_period!(@both $calendars), " ORDER BY 5 LIMIT $9) AS found",
        )
    };
    (@both $calendars:literal) => {
        concat!(
            "((o.kind = 'timed' AND +o.start_at < $6 AND (o.end_at > $5 OR +o.start_at >= $5)) \
               OR (o.kind <> 'timed' AND +o.start_at < $8 AND (o.end_at > $7 OR +o.start_at >= $7))) \
             AND e.deleted_at IS NULL AND o.calendar_id IN (SELECT id FROM calendars WHERE user_id = $1 AND ", $calendars, ")",
        )
    };
}

// `+o.start_at` keeps SQLite from looking for the long ones along the start, which would read everything before the period.

/// The statement behind `in_period` for shown calendars; public for the test that asks the databases how they run it.
pub const SHOWN_IN_PERIOD: &str = in_period!("enabled AND visible");
const ENABLED_IN_PERIOD: &str = in_period!("enabled");

/// What overlaps a period, by start, at most `limit`.
pub(crate) async fn in_period(db: &Db, user: &UserId, span: Span, calendars: Calendars, limit: i64) -> Result<Vec<Row>, StoreError> {
    let sql = match calendars {
        Calendars::Shown => SHOWN_IN_PERIOD,
        Calendars::Enabled => ENABLED_IN_PERIOD,
    };
    let packed: Option<String> = on_db!(read db, conn => sqlx::query_scalar(sql)
        .bind(user.as_str())
        .bind(span.earliest().saturating_sub(LONG_MS)).bind(span.timed.1.max(span.naive.1)).bind(span.earliest())
        .bind(span.timed.0).bind(span.timed.1).bind(span.naive.0).bind(span.naive.1)
        .bind(limit).bind(FIELD).bind(ROW)
        .fetch_one(conn).await)
    .named("occurrences.in_period")?;
    Ok(packed.as_deref().map(|rows| rows.split(ROW).filter_map(unpack).collect()).unwrap_or_default())
}

fn unpack(row: &str) -> Option<Row> {
    let mut fields = row.splitn(8, FIELD);
    let mut next = || fields.next();
    let texts = [next()?, next()?, next()?, next()?];
    let (start_at, end_at) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let [event_id, instance, calendar_id, time] = texts.map(str::to_owned);
    Some(Row::from((event_id, instance, calendar_id, time, start_at, end_at, next()?.to_owned(), next()?.to_owned())))
}

/// One occurrence of the user's, whatever its calendar's switches say.
pub(crate) async fn one(db: &Db, user: &UserId, event: &EventId, instance: &str) -> Result<Option<Row>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", columns!(), "WHERE o.user_id = $1 AND o.event_id = $2 AND o.instance = $3 AND e.deleted_at IS NULL");
    let row: Option<Columns> =
        on_db!(read db, conn => sqlx::query_as(SQL).bind(user.as_str()).bind(event.as_str()).bind(instance).fetch_optional(conn).await)
            .named("occurrences.one")?;
    Ok(row.map(Row::from))
}

/// The way a search walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Towards {
    /// From a point in time on.
    Future,
    /// Back from a point in time, itself not included.
    Past,
}

/// Where a walk stands: behind the occurrence with this start, event and instance.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) start_at: Millis,
    pub(crate) event_id: String,
    pub(crate) instance: String,
}

impl Place {
    /// In front of everything that starts at or after an instant.
    pub(crate) fn at(start_at: Millis) -> Self {
        Self { start_at, event_id: String::new(), instance: String::new() }
    }

    /// Behind an occurrence.
    pub(crate) fn behind(row: &Row) -> Self {
        Self { start_at: row.start_at, event_id: row.event_id.as_str().to_owned(), instance: row.instance.clone() }
    }
}

macro_rules! walk {
    ($comparison:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            "WHERE o.user_id = $1 AND o.start_at ",
            $comparison,
            "= $2 AND (o.start_at ",
            $comparison,
            " $2 OR (o.event_id, o.instance) ",
            $comparison,
            " ($3, $4)) AND e.deleted_at IS NULL \
             AND o.calendar_id IN (SELECT id FROM calendars WHERE user_id = $1 AND enabled AND visible) \
             AND LOWER(e.content) LIKE $5 \
             ORDER BY o.start_at ",
            $order,
            ", o.event_id ",
            $order,
            ", o.instance ",
            $order,
            " LIMIT $6",
        )
    };
}

/// The statements behind `walk`; public for the test that asks the databases how they run them.
pub const WALK_TO_FUTURE: &str = walk!(">", "ASC");
/// See [`WALK_TO_FUTURE`].
pub const WALK_TO_PAST: &str = walk!("<", "DESC");

/// The next occurrences behind a place whose event's JSON matches a LIKE pattern in lower case, of shown calendars.
pub(crate) async fn walk(db: &Db, user: &UserId, towards: Towards, from: &Place, like: &str, limit: i64) -> Result<Vec<Row>, StoreError> {
    let sql = match towards {
        Towards::Future => WALK_TO_FUTURE,
        Towards::Past => WALK_TO_PAST,
    };
    let rows: Vec<Columns> = on_db!(read db, conn => sqlx::query_as(sql)
        .bind(user.as_str()).bind(from.start_at).bind(&from.event_id).bind(&from.instance).bind(like).bind(limit)
        .fetch_all(conn).await)
    .named("occurrences.walk")?;
    Ok(rows.into_iter().map(Row::from).collect())
}
