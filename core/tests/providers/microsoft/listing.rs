//! The calendars of a mailbox.

use super::support::{ME, OTHER, World, event};
use syncline_core::testing::db::TestHub;
use syncline_domain::sync::ResultStatus;
use syncline_domain::view::Calendar;
use syncline_sandbox::{Fault, MicrosoftDo, Provider, Trouble};

syncline_core::store_suite! {
    new_renamed_and_vanished_calendars_are_noticed,
    names_colours_and_rights_are_taken_over,
    a_shared_calendar_that_may_not_be_read_does_not_stop_the_others,
    never_more_than_four_requests_are_under_way_at_once,
}

async fn calendars(world: &World) -> Vec<Calendar> {
    world.connections().await.remove(0).calendars
}

async fn names(world: &World) -> Vec<String> {
    let say = |one: Calendar| if one.vanished { format!("{} (vanished)", one.name) } else { one.name };
    calendars(world).await.into_iter().map(say).collect()
}

async fn new_renamed_and_vanished_calendars_are_noticed(at: TestHub) {
    let world = World::new(at).await;
    let work = world.add_calendar("Work");
    world.connect().await;
    world.sync().await;
    let family = world.add_calendar("Family");
    let rename = MicrosoftDo::ChangeCalendar { account: ME.into(), calendar: work, name: Some("Office".into()), color: None, hex: None };
    world.act(rename);
    world.create_in(Some(&family), event("Picnic", "2026-03-14"));
    let report = world.sync().await;
    assert_eq!(names(&world).await, ["Calendar", "Family", "Office"]);
    assert_eq!((report.results.len(), report.counts.synced), (3, 1), "a new calendar is synced at once");
    world.act(MicrosoftDo::DeleteCalendar { account: ME.into(), calendar: family });
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(names(&world).await, ["Calendar", "Family (vanished)", "Office"]);
    assert_eq!(world.titles().await, ["Picnic"], "its events are kept");
    world.is_well_behaved();
}

async fn names_colours_and_rights_are_taken_over(at: TestHub) {
    let world = World::new(at).await;
    for number in 0..120 {
        world.add_calendar(&format!("C{number:03}"));
    }
    let change = |calendar: &str, color: Option<&str>, hex: Option<&str>| {
        let (color, hex) = (color.map(str::to_owned), hex.map(str::to_owned));
        world.act(MicrosoftDo::ChangeCalendar { account: ME.into(), calendar: calendar.into(), name: None, color, hex });
    };
    change(&world.add_calendar("Palette"), Some("lightTeal"), None);
    change(&world.add_calendar("Own"), Some("lightTeal"), Some("#EF6C00"));
    world.act(MicrosoftDo::Share { account: OTHER.into(), calendar: None, with: ME.into(), can_edit: false });
    world.connect().await;
    let calendars = calendars(&world).await;
    assert_eq!(calendars.len(), 124, "the list has more than one page");
    let color = |name: &str| calendars.iter().find(|one| one.name == name).unwrap().color.clone();
    assert_eq!((color("Palette").as_str(), color("Own").as_str()), ("cyan", "orange"), "the nearest of ours");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM calendars WHERE read_only").await, 1, "the one that is only shared for reading");
    world.is_well_behaved();
}

async fn a_shared_calendar_that_may_not_be_read_does_not_stop_the_others(at: TestHub) {
    let world = World::new(at).await;
    world.act(MicrosoftDo::Share { account: OTHER.into(), calendar: None, with: ME.into(), can_edit: false });
    world.add_calendar("Work");
    world.create(event("Dentist", "2026-03-11"));
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(report.message, "Synced 2 of 3 calendar(s)");
    let failed = report.results.iter().find(|line| line.status == ResultStatus::Error).unwrap();
    let problem = failed.error.as_ref().unwrap();
    assert!(problem.code == "forbidden" && problem.action.contains("switch it off"), "{problem:?}");
    assert_eq!(world.titles().await, ["Dentist"]);
}

async fn never_more_than_four_requests_are_under_way_at_once(at: TestHub) {
    let world = World::new(at).await;
    for number in 0..11 {
        let calendar = world.add_calendar(&format!("C{number:02}"));
        world.create_in(Some(&calendar), event("Event", "2026-03-14"));
    }
    world.connect().await;
    world.sandbox.arm(Fault::on(Provider::Microsoft, Trouble::Delay { millis: 40 }).always());
    drop(world.sandbox.take_asked());
    let report = world.sync().await;
    assert!(report.success && report.counts.synced == 11, "{report:?}");
    let asked = world.sandbox.take_asked();
    assert_eq!(asked.iter().filter(|one| one.status == 429).count(), 0, "the stand-in refuses a fifth");
    assert_eq!(asked.len(), 13, "the list, and one for each calendar");
}
