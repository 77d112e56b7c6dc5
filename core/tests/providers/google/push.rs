//! Watch channels: whose they are, once each message, what follows, and how long they live.

use super::support::{ME, MINUTE, World, event};
use syncline_core::error::Error;
use syncline_core::hub::{CalendarChange, GoogleNotification, Taken};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{counts, only};
use syncline_domain::sync::{SyncReport, Trigger};
use syncline_domain::view::Connection;
use syncline_sandbox::{Fault, GoogleDo, Provider, Trouble};

syncline_core::store_suite! {
    the_list_and_each_calendar_have_a_channel_which_go_when_they_are_not_wanted,
    a_calendar_that_google_does_not_tell_about_is_asked_once_and_polled,
    a_channel_is_followed_by_another_before_it_ends,
    who_slept_beyond_the_end_gets_new_channels_and_a_sync,
    only_who_bears_the_token_of_a_channel_is_believed,
    a_message_counts_once_and_the_first_starts_nothing,
    a_message_syncs_its_calendar_and_leaves_the_schedule_of_the_others,
    messages_that_come_while_a_sync_is_at_work_are_followed_by_one_more,
    what_google_refuses_for_now_is_asked_again_after_an_hour,
    who_is_asked_to_slow_down_does,
    a_message_waits_as_long_as_google_asked_for,
    who_is_told_polls_less_often_until_a_poll_finds_what_nobody_told,
}

const DAY: i64 = 86_400_000;
const WORK: &str = "work@group.calendar.google.com";
const HOLIDAYS: &str = "de.german#holiday@group.v.calendar.google.com";

/// A server that Google can reach, and an account that is connected with its calendar and another one. Webhooks stay with Google.
async fn start(at: TestHub) -> (World, Connection) {
    let mut world = World::new(at).await;
    world.0 = world.0.with_public_address().await;
    world.act(GoogleDo::AddCalendar { account: ME.into(), summary: "Work".into(), zone: "UTC".into(), id: Some(WORK.into()) });
    world.sandbox.hold_webhooks();
    let connection = world.connect().await;
    (world, connection)
}

/// The topics of all channels.
async fn topics(world: &World) -> Vec<String> {
    world.at.texts("SELECT topic FROM webhook_subscriptions ORDER BY topic").await
}

async fn channel(world: &World, topic: &str) -> String {
    world.at.texts(&format!("SELECT id FROM webhook_subscriptions WHERE topic = '{topic}' ORDER BY renew_at DESC")).await.remove(0)
}

/// Requests about channels since the last look.
fn asked(world: &World) -> Vec<String> {
    let asked = world.sandbox.take_asked();
    let push = asked.iter().filter(|one| one.path.ends_with("/watch") || one.path.ends_with("/stop"));
    push.map(|one| format!("{} {}", one.path.rsplit('/').next().unwrap(), one.status)).collect()
}

/// As [`asked`], where several are asked at once.
fn asked_in_any_order(world: &World) -> Vec<String> {
    let mut asked = asked(world);
    asked.sort();
    asked
}

fn later(world: &World, millis: i64) {
    world.at.advance(millis);
    world.sandbox.advance(millis);
}

/// Until the subscriptions are as they should be: what changes them need not wait for Google.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

/// What Google sends for a channel, with the true token as Google has it.
fn message(world: &World, channel: &str, state: &str, number: u64) -> GoogleNotification {
    let open = world.sandbox.google_channels().into_iter().find(|open| open.id == channel).expect("Google has the channel");
    GoogleNotification {
        channel: Some(open.id),
        token: open.token,
        resource: Some(open.resource),
        state: Some(state.to_owned()),
        number: Some(number.to_string()),
    }
}

async fn tell(world: &World, topic: &str, state: &str, number: u64) -> Result<Taken, Error> {
    let told = message(world, &channel(world, topic).await, state, number);
    take(world, told).await
}

/// A second later, so that jobs have an order.
async fn take(world: &World, told: GoogleNotification) -> Result<Taken, Error> {
    later(world, 1000);
    world.at.take_google_notification(told).await
}

async fn jobs(world: &World) -> usize {
    world.at.jobs(&world.user, 50).await.unwrap().len()
}

/// Waits for the sync that follows a webhook.
async fn followed(world: &World, earlier: usize) -> SyncReport {
    until("a sync follows", async || {
        let jobs = world.at.jobs(&world.user, 50).await.unwrap();
        jobs.len() > earlier && jobs.iter().all(|job| job.finished_at.is_some())
    })
    .await;
    let job = world.at.jobs(&world.user, 50).await.unwrap().remove(0);
    assert_eq!(job.progress.trigger, Trigger::Webhook);
    world.at.report(&world.user, &job.progress.run_id).await.unwrap()
}

async fn the_list_and_each_calendar_have_a_channel_which_go_when_they_are_not_wanted(at: TestHub) {
    let (world, connection) = start(at).await;
    assert_eq!(topics(&world).await, ["", ME, WORK]);
    assert_eq!(asked(&world), ["watch 200"; 3]);
    let sealed = world.at.texts("SELECT signing_key FROM webhook_subscriptions").await.remove(0);
    let token = message(&world, &channel(&world, "").await, "", 0).token.unwrap();
    assert!(!sealed.contains(&token) && token.len() >= 32, "the token is sealed");
    world.at.testing_tidy_webhooks().await;
    assert!(asked(&world).is_empty(), "nothing has to be done");

    let work = connection.calendars.iter().find(|calendar| calendar.name == "Work").unwrap();
    let switch = async |enabled| {
        let change = CalendarChange { enabled: Some(enabled), ..CalendarChange::default() };
        world.at.change_calendar(&world.user, &work.id, change).await.unwrap();
    };
    switch(false).await;
    until("its channel is stopped", async || topics(&world).await == ["", ME]).await;
    assert_eq!(asked(&world), ["stop 204"]);
    switch(true).await;
    until("it has a channel again", async || topics(&world).await.len() == 3).await;
    world.at.set_connection_enabled(&world.user, &connection.id, false).await.unwrap();
    until("nothing is told about what is switched off", async || topics(&world).await.is_empty()).await;
    world.at.set_connection_enabled(&world.user, &connection.id, true).await.unwrap();
    until("it is told again", async || topics(&world).await.len() == 3).await;
    until("it is over", async || world.sandbox.google_channels().len() == 3).await;
    asked(&world);
    world.at.disconnect(&world.user, &connection.id).await.unwrap();
    assert_eq!((asked(&world), world.sandbox.google_channels().len()), (vec!["stop 204".to_owned(); 3], 0));
    world.is_well_behaved();
}

async fn a_calendar_that_google_does_not_tell_about_is_asked_once_and_polled(at: TestHub) {
    let (world, _) = start(at).await;
    world.act(GoogleDo::AddCalendar { account: ME.into(), summary: "Holidays".into(), zone: "UTC".into(), id: Some(HOLIDAYS.into()) });
    world.sync().await;
    asked(&world);
    world.at.testing_tidy_webhooks().await;
    assert_eq!((asked(&world), topics(&world).await.len()), (vec!["watch 400".to_owned()], 3));
    assert_eq!(world.at.texts("SELECT code FROM webhook_refusals").await, ["push_unsupported"]);
    later(&world, DAY);
    world.at.testing_tidy_webhooks().await;
    assert!(asked(&world).is_empty(), "it is remembered");
    // It is polled as ever.
    world.act(GoogleDo::Create { calendar: HOLIDAYS.into(), event: event("Easter", "2026-04-05") });
    let report = world.sync().await;
    assert_eq!((report.success, report.counts.synced), (true, 1), "{report:?}");
}

async fn a_channel_is_followed_by_another_before_it_ends(at: TestHub) {
    let (world, _) = start(at).await;
    world.sync().await;
    let first = channel(&world, ME).await;
    tell(&world, ME, "sync", 1).await.unwrap();
    later(&world, 6 * DAY - 5 * MINUTE);
    world.at.testing_tidy_webhooks().await;
    assert!(channel(&world, ME).await == first, "not a day too early");
    later(&world, 5 * MINUTE);
    asked(&world);
    // What comes by the old one is taken until the new one is there.
    let last = message(&world, &first, "exists", 7);
    let before = jobs(&world).await;
    assert_eq!(take(&world, last.clone()).await.unwrap(), Taken::New { connections: 1 });
    followed(&world, before).await;
    world.at.testing_tidy_webhooks().await;
    let mut order = asked(&world);
    assert_eq!(order.first().map(String::as_str), Some("watch 200"), "the new ones are opened first: {order:?}");
    assert_eq!(order.last().map(String::as_str), Some("stop 204"), "{order:?}");
    order.sort();
    assert_eq!(order, [["stop 204"; 3], ["watch 200"; 3]].concat());
    assert!(channel(&world, ME).await != first && topics(&world).await.len() == 3);
    // The old one is nobody's now.
    let late = GoogleNotification { number: Some("9".into()), ..last };
    assert!(matches!(take(&world, late).await, Err(Error::NotFound(_))));
    let before = jobs(&world).await;
    assert_eq!(tell(&world, ME, "exists", 2).await.unwrap(), Taken::New { connections: 1 });
    followed(&world, before).await;
    world.is_well_behaved();
}

async fn who_slept_beyond_the_end_gets_new_channels_and_a_sync(at: TestHub) {
    let (world, _) = start(at).await;
    world.sync().await;
    world.create(event("Dentist", "2026-04-09"));
    later(&world, 8 * DAY);
    let before = jobs(&world).await;
    world.at.testing_tidy_webhooks().await;
    let report = followed(&world, before).await;
    assert_eq!(report.counts.synced, 1, "what nobody told is not missed: {report:?}");
    assert_eq!((topics(&world).await.len(), world.sandbox.google_channels().len()), (3, 3));
}

async fn only_who_bears_the_token_of_a_channel_is_believed(at: TestHub) {
    let (world, _) = start(at).await;
    world.sync().await;
    let before = jobs(&world).await;
    let mine = channel(&world, ME).await;
    let good = message(&world, &mine, "exists", 2);
    let others = message(&world, &channel(&world, WORK).await, "exists", 2);
    let sealed = world.at.texts("SELECT signing_key FROM webhook_subscriptions").await.remove(0);
    for token in [None, Some(String::new()), others.token.clone(), Some(sealed), good.token.clone().map(|token| token + "x")] {
        let error = take(&world, GoogleNotification { token, ..good.clone() }).await.unwrap_err();
        assert_eq!(error.problem().code, "channel_token_wrong");
    }
    for told in [
        GoogleNotification { channel: None, ..good.clone() },
        GoogleNotification { channel: Some("somebody else's".into()), ..good.clone() },
        GoogleNotification { resource: others.resource.clone(), ..good.clone() },
        GoogleNotification { resource: None, ..good.clone() },
    ] {
        assert!(matches!(take(&world, told).await, Err(Error::NotFound(_))));
    }
    assert_eq!((world.at.number("SELECT COUNT(*) FROM webhook_deliveries").await, jobs(&world).await), (0, before));
    assert_eq!(take(&world, good).await.unwrap(), Taken::New { connections: 1 });
    followed(&world, before).await;
}

async fn a_message_counts_once_and_the_first_starts_nothing(at: TestHub) {
    let (world, _) = start(at).await;
    world.sync().await;
    let before = jobs(&world).await;
    assert_eq!(tell(&world, ME, "sync", 1).await.unwrap(), Taken::Ignored);
    assert_eq!(jobs(&world).await, before);
    // A later message may come first: numbers tell messages apart, and nothing else.
    for (number, jobs_more) in [(9, 1), (4, 2)] {
        assert_eq!(tell(&world, ME, "exists", number).await.unwrap(), Taken::New { connections: 1 });
        followed(&world, before + jobs_more - 1).await;
        assert_eq!(tell(&world, ME, "exists", number).await.unwrap(), Taken::Repeated);
    }
    assert_eq!(jobs(&world).await, before + 2);
    // Each channel counts for itself.
    assert_eq!(tell(&world, WORK, "exists", 9).await.unwrap(), Taken::New { connections: 1 });
    followed(&world, before + 2).await;
    assert_eq!(world.at.number("SELECT COUNT(*) FROM webhook_deliveries").await, 4);
}

async fn a_message_syncs_its_calendar_and_leaves_the_schedule_of_the_others(at: TestHub) {
    let (world, connection) = start(at).await;
    world.sync().await;
    let last = world.at.now();
    later(&world, 5 * MINUTE);
    world.act(GoogleDo::Create { calendar: WORK.into(), event: event("Review", "2026-03-12") });
    world.create(event("Dentist", "2026-03-13"));
    asked(&world);
    let before = jobs(&world).await;
    tell(&world, WORK, "exists", 2).await.unwrap();
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0), "{report:?}");
    let requests = world.sandbox.take_asked().iter().filter(|one| one.method == "GET").count();
    assert_eq!(requests, 2, "the list, and this calendar");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM events WHERE synced_via_webhook").await, 1);
    let due = world.at.connection(&world.user, &connection.id).await.unwrap().next_sync_at.unwrap();
    assert!((due - last - 15 * MINUTE).abs() <= 2 * MINUTE, "the other calendar is polled when it would have been: {}", due - last);
    // What happens to the list is about everything.
    later(&world, MINUTE);
    tell(&world, "", "exists", 2).await.unwrap();
    let report = followed(&world, before + 1).await;
    assert_eq!((report.results.len(), report.counts.synced), (2, 1), "{report:?}");
}

async fn messages_that_come_while_a_sync_is_at_work_are_followed_by_one_more(at: TestHub) {
    let (world, _) = start(at).await;
    world.sync().await;
    let before = jobs(&world).await;
    // The first one's answer is on its way while more changes, so that it does not tell of them.
    world.sandbox.arm(Fault::on(Provider::Google, Trouble::Delay { millis: 400 }).path("/calendars/"));
    for number in 2..7 {
        assert_eq!(tell(&world, ME, "exists", number).await.unwrap(), Taken::New { connections: 1 });
        until("it is at work", async || !world.at.sync_overview(&world.user).await.unwrap().running.is_empty()).await;
        world.create(event(&format!("Guest {number}"), "2026-03-12"));
    }
    let report = followed(&world, before + 1).await;
    assert!(report.success, "{report:?}");
    assert_eq!(jobs(&world).await, before + 2, "five messages, two syncs");
    assert_eq!(world.titles().await.len(), 5, "and nothing is missed");
}

async fn what_google_refuses_for_now_is_asked_again_after_an_hour(at: TestHub) {
    let world = World::new(at).await;
    let world = World(world.0.with_public_address().await);
    let answer = world.way(None).await;
    world.sandbox.arm(Fault::on(Provider::Google, Trouble::ServerError { status: 503 }).method("POST").path("/calendars/").always());
    world.at.finish_consent(&world.user, answer).await.unwrap();
    assert_eq!((asked_in_any_order(&world), topics(&world).await.len()), (vec!["watch 200".to_owned(), "watch 503".to_owned()], 1));
    world.sandbox.clear_faults();
    later(&world, 59 * MINUTE);
    world.at.testing_tidy_webhooks().await;
    assert!(asked(&world).is_empty());
    later(&world, 2 * MINUTE);
    world.at.testing_tidy_webhooks().await;
    assert_eq!((asked(&world), topics(&world).await.len()), (vec!["watch 200".to_owned()], 2));
    assert_eq!(world.at.number("SELECT COUNT(*) FROM webhook_refusals").await, 0);
}

async fn who_is_asked_to_slow_down_does(at: TestHub) {
    let world = World::new(at).await;
    let world = World(world.0.with_public_address().await);
    for number in 0..20 {
        let id = Some(format!("calendar{number}"));
        world.act(GoogleDo::AddCalendar { account: ME.into(), summary: format!("Calendar {number}"), zone: "UTC".into(), id });
    }
    let answer = world.way(None).await;
    let limited = Trouble::RateLimited { status: Some(403), retry_after: None };
    world.sandbox.arm(Fault::on(Provider::Google, limited).method("POST").path("/calendars/").after(3).always());
    world.at.finish_consent(&world.user, answer).await.unwrap();
    assert_eq!((asked(&world).len(), topics(&world).await.len()), (6, 4), "not all 22 are asked for");
    world.sandbox.clear_faults();
    later(&world, 10 * MINUTE);
    world.at.testing_tidy_webhooks().await;
    assert_eq!(topics(&world).await.len(), 20, "those that were not refused");
    later(&world, 61 * MINUTE);
    world.at.testing_tidy_webhooks().await;
    assert_eq!(topics(&world).await.len(), 22);
}

async fn a_message_waits_as_long_as_google_asked_for(at: TestHub) {
    let (world, connection) = start(at).await;
    world.sync().await;
    let limited = Trouble::RateLimited { status: Some(429), retry_after: Some(600) };
    world.sandbox.arm(Fault::on(Provider::Google, limited).path("/calendars/").method("GET"));
    assert!(!world.sync().await.success);
    let before = jobs(&world).await;
    world.create(event("Dentist", "2026-03-13"));
    assert_eq!(tell(&world, ME, "exists", 2).await.unwrap(), Taken::New { connections: 1 });
    // As a process does that looks while the net for a lost message is due.
    later(&world, 10_000);
    world.at.testing_start_due().await;
    assert_eq!(jobs(&world).await, before);
    let due = world.at.connection(&world.user, &connection.id).await.unwrap().next_sync_at.unwrap();
    assert!((580_000..=601_000).contains(&(due - world.at.now())), "{}", due - world.at.now());
    later(&world, 10 * MINUTE);
    world.at.testing_start_due().await;
    until("it is synced", async || world.titles().await == ["Dentist"]).await;
    assert_eq!(jobs(&world).await, before + 1);
}

async fn who_is_told_polls_less_often_until_a_poll_finds_what_nobody_told(at: TestHub) {
    let (world, connection) = start(at).await;
    let pace = async |trigger: Trigger| {
        later(&world, MINUTE);
        let options = syncline_core::hub::SyncOptions { mode: syncline_domain::sync::Mode::Auto, trigger };
        let started = world.at.start_sync(&world.user, syncline_core::hub::Scope::Everything, options).await.unwrap();
        world.at.wait_for(&world.user, &started.run_id).await.unwrap();
        let connection = world.at.connection(&world.user, &connection.id).await.unwrap();
        let minutes = (connection.next_sync_at.unwrap() - world.at.now()) / MINUTE;
        let whole = [15, 60].into_iter().find(|whole| (whole * 9 / 10 - 1..=whole * 11 / 10).contains(&minutes));
        whole.unwrap_or_else(|| panic!("{minutes} minutes"))
    };
    assert_eq!(pace(Trigger::Manual).await, 15, "nobody knows whether Google reaches us");
    for topic in ["", ME] {
        tell(&world, topic, "sync", 1).await.unwrap();
    }
    assert_eq!(pace(Trigger::Schedule).await, 15, "one channel is not proven");
    tell(&world, WORK, "sync", 1).await.unwrap();
    assert_eq!(pace(Trigger::Schedule).await, 60);
    // Between two such polls nothing is out of date.
    later(&world, 100 * MINUTE);
    let state = async || format!("{:?}", world.at.connection(&world.user, &connection.id).await.unwrap().state);
    assert_eq!(state().await, "Ok");
    later(&world, 100 * MINUTE);
    assert_eq!(state().await, "Stale");
    world.create(event("Dentist", "2026-03-13"));
    assert_eq!(pace(Trigger::Schedule).await, 15, "nobody told of it");
    assert_eq!(pace(Trigger::Schedule).await, 15);
    for topic in ["", ME, WORK] {
        tell(&world, topic, "sync", 2).await.unwrap();
    }
    assert_eq!(pace(Trigger::Schedule).await, 60);
    world.at.set_interval(&world.user, &connection.id, 600).await.unwrap();
    let due = world.at.connection(&world.user, &connection.id).await.unwrap().next_sync_at.unwrap();
    assert_eq!(due - world.at.now(), 10 * MINUTE, "what the user sets counts at once");
}
