//! The two databases have the same tables, and both answer the hot questions from an index.

use syncline_core::store::Db;
use syncline_core::store::apply::EVENTS_OF;
use syncline_core::store::connections::DUE;
use syncline_core::store::mirror::ODD;
use syncline_core::store::occurrences::{SHOWN_IN_PERIOD, WALK_TO_FUTURE, WALK_TO_PAST};
use syncline_core::store_suite;
use syncline_core::testing::db::{Backend, NOW, TestHub, run};
use syncline_core::testing::seed;
use syncline_domain::sync::ProviderKind;

store_suite! {
    occurrences_of_a_user_in_a_period_are_found_by_their_start,
    a_search_walks_along_the_start_and_sorts_nothing,
    events_are_found_by_calendar_and_remote_id,
    what_is_not_simply_in_step_is_found_without_the_rest,
    due_connections_are_found_by_their_time,
    a_user_that_goes_takes_everything_along,
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_keys_and_indexes() {
    run(Backend::Postgres, |postgres: TestHub| async move {
        let sqlite = TestHub::in_memory().await;
        for [of_sqlite, of_postgres] in [MIGRATIONS, COLUMNS, VIEWS, INDEXES, FOREIGN_KEYS] {
            let expected = sqlite.texts(of_sqlite).await;
            assert!(!expected.is_empty());
            pretty_eq(&expected, &postgres.texts(of_postgres).await);
        }
    })
    .await;
}

/// Names the lines that differ; forty equal ones help nobody.
fn pretty_eq(sqlite: &[String], postgres: &[String]) {
    let only = |a: &[String], b: &[String]| a.iter().filter(|line| !b.contains(line)).cloned().collect::<Vec<_>>();
    assert_eq!((only(sqlite, postgres), only(postgres, sqlite)), (vec![], vec![]), "only SQLite, only PostgreSQL");
}

const MIGRATIONS: [&str; 2] = [
    "SELECT version || ' ' || description FROM _sqlx_migrations ORDER BY 1",
    "SELECT version || ' ' || description FROM _sqlx_migrations ORDER BY 1",
];

const COLUMNS: [&str; 2] = [
    "SELECT t.name || '.' || c.name || ' ' || LOWER(c.type) || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' not null' ELSE '' END \
         || CASE WHEN c.pk > 0 THEN ' key ' || c.pk ELSE '' END \
     FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' ORDER BY 1",
    "SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type || CASE WHEN c.is_nullable = 'NO' THEN ' not null' ELSE '' END \
         || COALESCE(' key ' || k.ordinal_position, '') \
     FROM information_schema.columns c LEFT JOIN information_schema.table_constraints t \
         ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY' \
     LEFT JOIN information_schema.key_column_usage k ON k.constraint_name = t.constraint_name AND k.table_name = c.table_name \
         AND k.column_name = c.column_name \
     WHERE c.table_schema = 'public' AND c.table_name <> '_sqlx_migrations' \
         AND c.table_name NOT IN (SELECT v.table_name FROM information_schema.views v WHERE v.table_schema = 'public') ORDER BY 1",
];

/// The columns of views have no types of their own in SQLite.
const VIEWS: [&str; 2] = [
    "SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'view' ORDER BY 1",
    "SELECT c.table_name || '.' || c.column_name FROM information_schema.columns c \
     JOIN information_schema.views v ON v.table_schema = c.table_schema AND v.table_name = c.table_name WHERE c.table_schema = 'public' ORDER BY 1",
];

const INDEXES: [&str; 2] = [
    "SELECT i.name || ' on ' || i.tbl_name || CASE WHEN l.\"unique\" THEN ' unique ' ELSE ' ' END \
         || (SELECT group_concat(x.name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) x) \
         || CASE WHEN l.partial THEN ' partial' ELSE '' END \
     FROM sqlite_master i JOIN pragma_index_list(i.tbl_name) l ON l.name = i.name WHERE i.type = 'index' AND i.sql IS NOT NULL ORDER BY 1",
    "SELECT i.relname || ' on ' || t.relname || CASE WHEN x.indisunique THEN ' unique ' ELSE ' ' END \
         || (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(x.indkey) WITH ORDINALITY k (number, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) \
         || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END \
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid) ORDER BY 1",
];

const FOREIGN_KEYS: [&str; 2] = [
    "SELECT t.name || '.' || f.\"from\" || ' to ' || f.\"table\" || ' on delete ' || LOWER(f.on_delete) \
     FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY 1",
    "SELECT t.relname || '.' || a.attname || ' to ' || r.relname || ' on delete ' \
         || CASE c.confdeltype WHEN 'c' THEN 'cascade' WHEN 'a' THEN 'no action' ELSE c.confdeltype::text END \
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] WHERE c.contype = 'f' ORDER BY 1",
];

/// How the database would run a statement whose `$1`, `$2`, … have these values.
async fn plan(at: &TestHub, sql: &str, values: &[&str]) -> String {
    let mut text = sql.to_owned();
    for (index, value) in values.iter().enumerate().rev() {
        text = text.replace(&format!("${}", index + 1), value);
    }
    match at.db() {
        Db::Sqlite { readers, .. } => {
            let rows: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(readers).await.unwrap();
            rows.into_iter().map(|(_, _, _, line)| line + "\n").collect()
        }
        Db::Postgres { .. } => {
            at.execute("ANALYZE").await;
            at.texts(&format!("EXPLAIN {text}")).await.join("\n")
        }
    }
}

/// The plan uses the index and reads no table from end to end.
fn uses(plan: &str, index: &str) {
    assert!(plan.contains(index), "{index} is not used:\n{plan}");
    for table in ["events", "occurrences", "connections"] {
        let whole = [format!("Seq Scan on {table}"), format!("SCAN {table}"), "SCAN o".to_owned(), "SCAN e".to_owned()];
        let scanned = plan.lines().map(str::trim).find(|line| whole.iter().any(|scan| line.trim_start_matches("-> ").starts_with(scan)));
        assert!(scanned.is_none_or(|line| line.contains("USING")), "a whole table is read:\n{plan}");
    }
}

async fn occurrences_of_a_user_in_a_period_are_found_by_their_start(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::many(&at, &anna, &calendar, 3_000, jiff::civil::date(2020, 1, 1), 3_650).await;
    let user = format!("'{anna}'");
    let (from, to, reach) = (NOW.to_string(), (NOW + 31 * 86_400_000).to_string(), (NOW - 40 * 86_400_000).to_string());
    for with_statistics in [false, true] {
        if with_statistics {
            at.execute("ANALYZE").await;
        }
        let plan = plan(&at, SHOWN_IN_PERIOD, &[&user, &reach, &to, &from, &from, &to, &from, &to, "5001", "'|'", "';'"]).await;
        uses(&plan, "occurrences_by_start");
        uses(&plan, "occurrences_long");
    }
}

async fn a_search_walks_along_the_start_and_sorts_nothing(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::many(&at, &anna, &calendar, 3_000, jiff::civil::date(2020, 1, 1), 3_650).await;
    for sql in [WALK_TO_FUTURE, WALK_TO_PAST] {
        let plan = plan(&at, sql, &[&format!("'{anna}'"), &NOW.to_string(), "''", "''", "'%meeting%'", "200"]).await;
        // PostgreSQL weighs how rare the word is: for a rare one it reads the events instead, and is right.
        if at.backend != Backend::Postgres {
            uses(&plan, "occurrences_by_start");
            assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{plan}");
        }
    }
}

async fn events_are_found_by_calendar_and_remote_id(at: TestHub) {
    let sql = format!("{EVENTS_OF} IN ($2, $3)");
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::many(&at, &anna, &calendar, 3_000, jiff::civil::date(2020, 1, 1), 3_650).await;
    let calendar = format!("'{calendar}'");
    let plan = plan(&at, &sql, &[&calendar, "'meeting-7@example.org.ics'", "'meeting-8@example.org.ics'"]).await;
    uses(&plan, "events_by_remote");
}

async fn what_is_not_simply_in_step_is_found_without_the_rest(at: TestHub) {
    let (_, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    at.execute(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
         INSERT INTO mirror (calendar_id, remote_id, hash, raw, kept, unreadable) \
         SELECT '{calendar}', 'o' || i, '', '', FALSE, CASE WHEN i = 7 THEN 'no_start' END FROM n"
    ))
    .await;
    uses(&plan(&at, ODD, &[&format!("'{calendar}'")]).await, "mirror_odd");
}

async fn due_connections_are_found_by_their_time(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    seed::connection(&at, &anna, ProviderKind::Caldav, "due").await;
    let made = at
        .execute(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
             INSERT INTO connections (id, user_id, provider, name, account, host, settings, enabled, needs_user, interval_s, next_sync_at, \
                 failures, created_at) \
             SELECT 'c' || i, '{anna}', 'ics', '', '', '', '{{}}', i % 2 = 0, FALSE, 900, {NOW} + i * 1000, 0, 0 FROM n"
        ))
        .await;
    assert_eq!(made, 3_000);
    uses(&plan(&at, DUE, &[&NOW.to_string(), "10"]).await, "connections_due");
}

async fn a_user_that_goes_takes_everything_along(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    let (berta, of_berta) = seed::user_with_calendar(&at, "berta@example.org").await;
    seed::many(&at, &anna, &calendar, 30, jiff::civil::date(2026, 1, 1), 30).await;
    seed::many(&at, &berta, &of_berta, 7, jiff::civil::date(2026, 1, 1), 30).await;
    at.sign_in("anna@example.org", &seed::PASSWORD.into()).await.unwrap();
    at.create_token(&anna, "backup").await.unwrap();
    at.execute(&format!("DELETE FROM users WHERE id = '{anna}'")).await;
    for (table, left) in [("sessions", 0), ("api_tokens", 0), ("connections", 1), ("calendars", 1), ("events", 7), ("occurrences", 7)] {
        assert_eq!(at.number(&format!("SELECT COUNT(*) FROM {table}")).await, left, "{table}");
    }
}
