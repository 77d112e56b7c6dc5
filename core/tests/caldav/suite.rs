//! What every CalDAV server must give, on Radicale and on the stand-in with each habit that should make no difference.

use crate::support::{HOUR, User};
use syncline_core::provider::Pass;
use syncline_core::testing::radicale::{self, Radicale};
use syncline_sandbox::caldav::{self as sandbox, BulkQuery, CalDavHost, Hrefs, Login, Prefixes, Quirks, Signs, StaleToken, event};

/// A server with one calendar that the test can change.
enum Server {
    Radicale(Box<Radicale>),
    StandIn(CalDavHost),
}

impl Server {
    async fn user(&self) -> User {
        let user = match self {
            Self::Radicale(server) => User::connect(&server.url(), radicale::USER, radicale::PASSWORD).await,
            Self::StandIn(host) => User::connect(&host.url(), sandbox::USER, sandbox::PASSWORD).await,
        };
        user.expect("the account is found")
    }

    async fn put(&self, object: &str, title: &str) {
        // The same object keeps its UID.
        let data = event(&format!("{}@test", object.replace([' ', ';'], "-")), title);
        match self {
            Self::Radicale(server) => server.put("work", &encode(object), data).await,
            Self::StandIn(host) => host.put("work", object, data),
        }
    }

    async fn delete(&self, object: &str) {
        match self {
            Self::Radicale(server) => server.delete("work", &encode(object)).await,
            Self::StandIn(host) => assert!(host.delete("work", object)),
        }
    }

    fn forget_tokens(&self) {
        match self {
            Self::Radicale(server) => server.forget_tokens("work"),
            Self::StandIn(host) => host.forget_tokens(),
        }
    }

    /// Ends a test: the stand-in must have nothing to complain about.
    fn check(&self) {
        if let Self::StandIn(host) = self {
            assert!(host.violations().is_empty(), "{:#?}", host.violations());
        }
    }
}

fn encode(object: &str) -> String {
    object.replace('%', "%25").replace(' ', "%20").replace('#', "%23").replace('?', "%3F")
}

async fn radicale() -> Option<Server> {
    let server = Radicale::start().await?;
    server.make_calendar("work", "Work").await;
    Some(Server::Radicale(Box::new(server)))
}

async fn stand_in(quirks: Quirks) -> Option<Server> {
    Some(Server::StandIn(CalDavHost::start(quirks).await))
}

async fn the_first_sync_brings_every_event(server: Server, _: Signs) {
    for at in 0..5 {
        server.put(&format!("{at}.ics"), &format!("Event {at}")).await;
    }
    let mut user = server.user().await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles(), ["Event 0", "Event 1", "Event 2", "Event 3", "Event 4"]);
    assert_eq!(outcome.totals.last(), Some(&Some(5)));
    server.check();
}

async fn the_second_sync_proves_the_first_and_changes_nothing(server: Server, _: Signs) {
    server.put("a.ics", "A").await;
    server.put("b.ics", "B").await;
    let mut user = server.user().await;
    let first = user.sync().await;
    let second = user.sync().await;
    assert!(first.error.is_none() && second.is_quiet(), "{first:?} {second:?}");
    if first.ends[0].next_sync_s.is_some() {
        assert_eq!(second.same, 2, "each version was compared");
    }
    assert_eq!(second.ends[0].next_sync_s, None);
    server.check();
}

async fn a_sync_without_changes_asks_once(server: Server, signs: Signs) {
    server.put("a.ics", "A").await;
    let mut user = server.user().await;
    user.settle().await;
    let outcome = user.sync().await;
    assert!(outcome.is_quiet(), "{outcome:?}");
    // Without any sign of a change, the versions have to be listed.
    assert_eq!(outcome.requests, if signs == Signs::Nothing { 2 } else { 1 });
    server.check();
}

async fn new_changed_and_deleted_events_are_seen(server: Server, _: Signs) {
    for name in ["a.ics", "b.ics", "c.ics", "d.ics"] {
        server.put(name, name).await;
    }
    let mut user = server.user().await;
    user.settle().await;
    server.put("b.ics", "b changed").await;
    server.put("e.ics", "e is new").await;
    server.delete("c.ics").await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles(), ["a.ics", "b changed", "d.ics", "e is new"]);
    assert_eq!((outcome.written.len(), outcome.removed.len() + outcome.swept.len()), (2, 1), "{outcome:?}");
    assert!(user.sync().await.is_quiet());
    server.check();
}

async fn what_changes_between_the_first_pass_and_its_proof_is_not_lost(server: Server, _: Signs) {
    for name in ["a.ics", "b.ics", "c.ics"] {
        server.put(name, name).await;
    }
    let mut user = server.user().await;
    user.sync().await;
    server.delete("a.ics").await;
    server.put("b.ics", "b changed").await;
    server.put("d.ics", "d is new").await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles(), ["b changed", "c.ics", "d is new"]);
    server.check();
}

async fn an_emptied_calendar_is_empty(server: Server, _: Signs) {
    for name in ["a.ics", "b.ics", "c.ics"] {
        server.put(name, name).await;
    }
    let mut user = server.user().await;
    user.settle().await;
    for name in ["a.ics", "b.ics", "c.ics"] {
        server.delete(name).await;
    }
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert!(user.titles().is_empty());
    server.check();
}

async fn an_empty_calendar_fills(server: Server, _: Signs) {
    let mut user = server.user().await;
    user.settle().await;
    assert!(user.titles().is_empty());
    server.put("a.ics", "A").await;
    assert_eq!(user.sync().await.written.len(), 1);
    server.check();
}

async fn names_in_any_spelling_are_one_object(server: Server, _: Signs) {
    let names = ["a b@ü.ics", "50% off & more.ics", "x+y=z;1.ics", "日本.ics", "hash#1.ics"];
    for name in names {
        server.put(name, name).await;
    }
    let mut user = server.user().await;
    user.settle().await;
    let ids: Vec<String> = user.mirror().titles.keys().map(|id| id.rsplit('/').next().unwrap().to_owned()).collect();
    let mut wanted: Vec<&str> = names.to_vec();
    wanted.sort_unstable();
    assert_eq!(ids, wanted, "remote ids are decoded");
    for name in names {
        server.put(name, &format!("{name} changed")).await;
    }
    assert_eq!(user.sync().await.written.len(), names.len());
    server.delete(names[0]).await;
    user.sync().await;
    assert_eq!(user.titles().len(), names.len() - 1);
    assert!(user.sync().await.is_quiet());
    server.check();
}

async fn a_forgotten_token_loses_nothing(server: Server, _: Signs) {
    for at in 0..6 {
        server.put(&format!("{at}.ics"), &format!("Event {at}")).await;
    }
    let mut user = server.user().await;
    user.settle().await;
    server.put("0.ics", "changed").await;
    server.delete("1.ics").await;
    server.delete("2.ics").await;
    server.put("9.ics", "new").await;
    server.forget_tokens();
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(user.titles(), ["Event 3", "Event 4", "Event 5", "changed", "new"]);
    assert!(user.sync().await.is_quiet());
    server.put("3.ics", "works again").await;
    assert_eq!(user.sync().await.written.len(), 1);
    server.check();
}

async fn many_changes_come_in_chunks(server: Server, _: Signs) {
    for at in 0..130 {
        server.put(&format!("{at}.ics"), &format!("Event {at}")).await;
    }
    let mut user = server.user().await;
    user.settle().await;
    assert_eq!(user.titles().len(), 130);
    for at in 0..110 {
        server.put(&format!("{at}.ics"), &format!("Changed {at}")).await;
    }
    server.delete("129.ics").await;
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!((outcome.written.len(), outcome.removed.len() + outcome.swept.len()), (110, 1));
    assert!(outcome.requests <= 60, "{} requests", outcome.requests);
    server.check();
}

async fn an_unfinished_first_pass_is_resumed_without_fetching_twice(server: Server, _: Signs) {
    for at in 0..8 {
        server.put(&format!("{at}.ics"), &format!("Event {at}")).await;
    }
    let mut user = server.user().await;
    user.sync().await;
    // As if the process had been killed after the first page.
    let mirror = user.mirror();
    mirror.cursor = None;
    mirror.checkpoint = Some("begun".to_owned());
    for gone in mirror.titles.keys().skip(5).cloned().collect::<Vec<_>>() {
        mirror.titles.remove(&gone);
        mirror.versions.remove(&gone);
    }
    let outcome = user.sync().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!((outcome.same, outcome.written.len()), (5, 3));
    assert_eq!(user.titles().len(), 8);
    server.check();
}

async fn a_full_pass_and_a_day_without_one_compare_everything(server: Server, _: Signs) {
    for name in ["a.ics", "b.ics", "c.ics"] {
        server.put(name, name).await;
    }
    let mut user = server.user().await;
    user.settle().await;
    // Stored, but not at the server: what a forgotten removal leaves behind.
    let mirror = user.mirror();
    let ghost = mirror.titles.keys().next().unwrap().replace("a.ics", "ghost.ics");
    mirror.titles.insert(ghost.clone(), "Ghost".to_owned());
    mirror.versions.insert(ghost.clone(), Some("\"1\"".to_owned()));
    user.now += 25 * HOUR;
    let outcome = user.sync().await;
    assert_eq!((outcome.same, outcome.swept), (3, vec![ghost.clone()]), "a day is over");
    user.mirror().titles.insert(ghost.clone(), "Ghost".to_owned());
    let outcome = user.sync_as(Some(Pass::Full)).await;
    assert_eq!((outcome.same, outcome.swept), (3, vec![ghost]), "the user asked");
    server.check();
}

macro_rules! suite {
    ($($(#[$doc:meta])* $name:ident: $server:expr, $signs:expr;)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;
            suite!(@cases $server, $signs;
                the_first_sync_brings_every_event,
                the_second_sync_proves_the_first_and_changes_nothing,
                a_sync_without_changes_asks_once,
                new_changed_and_deleted_events_are_seen,
                what_changes_between_the_first_pass_and_its_proof_is_not_lost,
                an_emptied_calendar_is_empty,
                an_empty_calendar_fills,
                names_in_any_spelling_are_one_object,
                a_forgotten_token_loses_nothing,
                many_changes_come_in_chunks,
                an_unfinished_first_pass_is_resumed_without_fetching_twice,
                a_full_pass_and_a_day_without_one_compare_everything);
        }
    )*};
    (@cases $server:expr, $signs:expr; $($case:ident),*) => {$(
        #[tokio::test]
        async fn $case() {
            if let Some(server) = $server.await {
                super::$case(server, $signs).await;
            }
        }
    )*};
}

/// Pages of three rows, and the collection itself among them.
fn paging() -> Quirks {
    Quirks { page: Some(3), lists_itself: true, ..Quirks::default() }
}

/// What DAViCal does all at once.
fn davical_like() -> Quirks {
    Quirks {
        stale_token: StaleToken::FullListing,
        repeats_last: true,
        omits_missing: true,
        hrefs: Hrefs::DoubleSlash,
        well_known: Some(302),
        ..Quirks::default()
    }
}

/// Behind a proxy that does not know its name, with a server that has no query for everything.
fn proxied() -> Quirks {
    Quirks { hrefs: Hrefs::Absolute, bulk_query: BulkQuery::Refused(400), lists_past_removals: true, ..Quirks::default() }
}

fn cutting() -> Quirks {
    Quirks { bulk_query: BulkQuery::CutAt(2), weak_etags: true, prefixes: Prefixes::Default, ..Quirks::default() }
}

suite! {
    radicale_3: radicale(), Signs::Tokens;
    well_behaved: stand_in(Quirks::default()), Signs::Tokens;
    lower_case_hrefs_and_tokens_only: stand_in(Quirks { hrefs: Hrefs::LowerCase, signs: Signs::TokensOnly, ..Quirks::default() }), Signs::TokensOnly;
    relative_hrefs_and_odd_prefixes: stand_in(Quirks { hrefs: Hrefs::Relative, prefixes: Prefixes::Odd, ..Quirks::default() }), Signs::Tokens;
    thorough_hrefs_and_depth_one: stand_in(Quirks { hrefs: Hrefs::Thorough, wants_depth_one: true, ..Quirks::default() }), Signs::Tokens;
    behind_a_proxy_without_bulk_query: stand_in(proxied()), Signs::Tokens;
    cut_queries_and_weak_etags: stand_in(cutting()), Signs::Tokens;
    pages_of_changes: stand_in(paging()), Signs::Tokens;
    like_davical: stand_in(davical_like()), Signs::Tokens;
    ctag_only: stand_in(Quirks { signs: Signs::CtagOnly, ..Quirks::default() }), Signs::CtagOnly;
    no_signs_of_change: stand_in(Quirks { signs: Signs::Nothing, forbids_properties: true, ..Quirks::default() }), Signs::Nothing;
    digest_with_a_short_lived_nonce: stand_in(Quirks { login: Login::Both, ..Quirks::default() }), Signs::Tokens;
}
