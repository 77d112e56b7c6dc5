//! The calendars of an account, by their own sync token.

use super::support::{ME, OTHER, World, event};
use syncline_core::testing::db::TestHub;
use syncline_domain::sync::ResultStatus;
use syncline_domain::view::Calendar;
use syncline_sandbox::{Fault, GoogleDo, Provider, Trouble};

syncline_core::store_suite! {
    new_renamed_and_vanished_calendars_are_noticed_by_one_request,
    a_lost_token_of_the_list_reads_the_list_anew,
    a_hidden_calendar_is_left_out_and_comes_back,
    a_calendar_that_is_switched_off_stays_listed,
    one_failing_calendar_does_not_stop_the_others,
}

fn add(id: &str) -> GoogleDo {
    GoogleDo::AddCalendar { account: ME.into(), summary: id.to_uppercase(), zone: "Europe/Berlin".into(), id: Some(id.into()) }
}

async fn calendars(world: &World) -> Vec<Calendar> {
    world.connections().await.remove(0).calendars
}

async fn names(world: &World) -> Vec<String> {
    let say = |one: Calendar| if one.vanished { format!("{} (vanished)", one.name) } else { one.name };
    calendars(world).await.into_iter().map(say).collect()
}

fn list_requests(world: &World) -> Vec<bool> {
    let asked = world.sandbox.take_asked();
    asked.iter().filter(|one| one.path == "/users/me/calendarList").map(|one| one.query("syncToken").is_some()).collect()
}

async fn new_renamed_and_vanished_calendars_are_noticed_by_one_request(at: TestHub) {
    let world = World::new(at).await;
    world.act(add("work"));
    world.connect().await;
    world.sync().await;
    drop(world.sandbox.take_asked());
    world.sync().await;
    assert_eq!(list_requests(&world), [true], "only what changed is asked for");
    world.act(add("family"));
    world.act(GoogleDo::RenameCalendar { calendar: "work".into(), summary: "Office".into() });
    world.act(GoogleDo::Create { calendar: "family".into(), event: event("Picnic", "2026-03-14") });
    let report = world.sync().await;
    assert_eq!(names(&world).await, [ME, "FAMILY", "Office"]);
    assert_eq!((report.results.len(), report.counts.synced), (3, 1), "a new calendar is synced at once");
    world.act(GoogleDo::DeleteCalendar { calendar: "family".into() });
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(names(&world).await, [ME, "FAMILY (vanished)", "Office"]);
    assert_eq!(world.titles().await, ["Picnic"], "its events are kept");
    drop(list_requests(&world));
    world.sync().await;
    assert_eq!(list_requests(&world), [true]);
    assert_eq!(names(&world).await, [ME, "FAMILY (vanished)", "Office"]);
    world.is_well_behaved();
}

async fn a_lost_token_of_the_list_reads_the_list_anew(at: TestHub) {
    let world = World::new(at).await;
    world.act(add("work"));
    world.connect().await;
    world.sync().await;
    world.act(GoogleDo::LoseListTokens { account: ME.into() });
    world.act(GoogleDo::DeleteCalendar { calendar: "work".into() });
    drop(list_requests(&world));
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(list_requests(&world), [true, false]);
    assert_eq!(names(&world).await, [ME, "WORK (vanished)"]);
}

async fn a_hidden_calendar_is_left_out_and_comes_back(at: TestHub) {
    let world = World::new(at).await;
    world.act(add("work"));
    world.connect().await;
    world.sync().await;
    let hide = |hidden| GoogleDo::ListEntry {
        account: ME.into(),
        calendar: "work".into(),
        color: None,
        background: None,
        hidden: Some(hidden),
        selected: None,
        name: None,
    };
    world.act(hide(true));
    world.sync().await;
    assert_eq!(names(&world).await, [ME, "WORK (vanished)"]);
    world.act(hide(false));
    world.sync().await;
    assert_eq!(names(&world).await, [ME, "WORK"]);
}

async fn a_calendar_that_is_switched_off_stays_listed(at: TestHub) {
    let world = World::new(at).await;
    world.act(add("work"));
    world.connect().await;
    world.sync().await;
    let work = calendars(&world).await.into_iter().find(|one| one.name == "WORK").unwrap();
    let off = syncline_core::hub::CalendarChange { enabled: Some(false), ..Default::default() };
    world.at.change_calendar(&world.user, &work.id, off).await.unwrap();
    for _ in 0..2 {
        let report = world.sync().await;
        assert_eq!(report.results.len(), 1);
        assert_eq!(names(&world).await, [ME, "WORK"]);
    }
}

async fn one_failing_calendar_does_not_stop_the_others(at: TestHub) {
    let world = World::new(at).await;
    world.act(add("work"));
    world.act(GoogleDo::Share { calendar: OTHER.into(), account: ME.into(), role: "reader".into() });
    world.connect().await;
    world.sandbox.arm(Fault::on(Provider::Google, Trouble::Forbidden { reason: "forbidden".into() }).path("/calendars/work/").always());
    let report = world.sync().await;
    assert_eq!(report.message, "Synced 2 of 3 calendar(s)");
    let failed = report.results.iter().find(|line| line.status == ResultStatus::Error).unwrap();
    assert_eq!((failed.calendar_name.as_str(), failed.error.as_ref().unwrap().code.as_str()), ("WORK", "forbidden"));
}
