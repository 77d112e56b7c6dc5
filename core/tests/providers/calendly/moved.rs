//! A booking that takes another time is one booking that moved.

use super::support::{World, second_process};
use syncline_core::testing::db::{Backend, TestHub};
use syncline_core::testing::sync::{FULL, counts, only};
use syncline_domain::sync::Counts;
use syncline_sandbox::CalendlyDo;

syncline_core::store_suite! {
    a_moved_booking_is_the_same_event_at_another_time,
    a_booking_that_moves_before_or_behind_its_old_place_is_one,
    a_booking_that_moves_out_of_the_window_is_followed,
    a_booking_that_moves_twice_between_two_syncs_is_one,
    a_booking_that_moves_again_and_again_is_one,
    a_moved_booking_that_is_cancelled_goes,
    a_booking_that_moved_before_the_first_sync_is_there_once,
    one_of_a_group_who_moves_makes_a_second_event,
}

async fn times(world: &World) -> Vec<String> {
    world.shown().await.into_iter().map(|(_, start, _)| start).collect()
}

async fn a_moved_booking_is_the_same_event_at_another_time(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.book("Adam", "2026-03-11T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let before = world.events().await;
    world.reschedule(&eva, "2026-03-17T10:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 1), "{report:?}");
    assert_eq!(world.events().await, before, "the same events");
    assert_eq!(times(&world).await, ["2026-03-11T09:00:00+01:00", "2026-03-17T11:00:00+01:00"]);
    world.asked();
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 2), "{report:?}");
    assert_eq!(world.asked(), (1, 0, 0));
    // Nor does comparing everything make two of it, and another process sees the same.
    let report = world.at.sync_with(&world.user, FULL).await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 2), "{report:?}");
    if world.at.backend != Backend::SqliteMemory {
        let second = second_process(&world.at).await;
        assert_eq!(second.connections(&world.user).await.unwrap()[0].calendars[0].events, 2);
        second.close().await;
    }
    world.is_well_behaved();
}

async fn a_booking_that_moves_before_or_behind_its_old_place_is_one(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-20T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let eva = world.reschedule(&eva, "2026-03-12T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "earlier: {report:?}");
    world.reschedule(&eva, "2026-03-27T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "later: {report:?}");
    assert_eq!(times(&world).await, ["2026-03-27T09:00:00+01:00"]);
}

async fn a_booking_that_moves_out_of_the_window_is_followed(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let before = world.events().await;
    let eva = world.reschedule(&eva, "2026-12-12T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert_eq!(world.events().await, before);
    let start = "SELECT CAST(start_at AS BIGINT) FROM occurrences";
    assert_eq!(world.at.number(start).await, 1_797_062_400_000, "12 December 2026, 8 o'clock");
    world.asked();
    let report = world.sync().await;
    assert_eq!((only(&report).counts, world.asked()), (counts(0, 0, 0, 1), (1, 0, 0)), "{report:?}");
    // And back: the old event is not in the window, the new one says which it was.
    world.reschedule(&eva, "2026-03-13T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert_eq!(world.events().await, before);
    assert_eq!(times(&world).await, ["2026-03-13T09:00:00+01:00"]);
}

async fn a_booking_that_moves_twice_between_two_syncs_is_one(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    let ida = world.book("Ida", "2026-03-12T10:00:00Z");
    world.connect().await;
    world.sync().await;
    let before = world.events().await;
    let eva = world.reschedule(&eva, "2026-03-16T08:00:00Z");
    world.reschedule(&eva, "2026-03-18T08:00:00Z");
    // The second one leaves the window with its second move.
    let ida = world.reschedule(&ida, "2026-03-17T10:00:00Z");
    world.reschedule(&ida, "2026-12-12T10:00:00Z");
    let report = world.sync().await;
    assert_eq!((only(&report).counts.synced, only(&report).counts.updated, only(&report).counts.deleted), (0, 2, 0), "{report:?}");
    assert_eq!(world.events().await, before);
    assert_eq!(times(&world).await, ["2026-03-18T09:00:00+01:00"]);
    let report = world.sync().await;
    assert_eq!((only(&report).counts.updated, only(&report).counts.unchanged), (0, 2), "{report:?}");
}

async fn a_booking_that_moves_again_and_again_is_one(at: TestHub) {
    let world = World::new(at).await;
    let mut eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let before = world.events().await;
    for day in [16, 17, 13, 20] {
        eva = world.reschedule(&eva, &format!("2026-03-{day}T08:00:00Z"));
        let report = world.sync().await;
        assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
        assert_eq!(times(&world).await, [format!("2026-03-{day}T09:00:00+01:00")]);
    }
    assert_eq!(world.events().await, before);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
}

async fn a_moved_booking_that_is_cancelled_goes(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let eva = world.reschedule(&eva, "2026-03-16T08:00:00Z");
    world.sync().await;
    world.act(CalendlyDo::CancelInvitee { invitee: eva.invitee, reason: None });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 0), "{report:?}");
    assert!(world.events().await.is_empty());
    let report = world.sync().await;
    assert_eq!(only(&report).counts, Counts { skipped: 1, ..Counts::default() }, "{report:?}");
}

async fn a_booking_that_moved_before_the_first_sync_is_there_once(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    let eva = world.reschedule(&eva, "2026-03-16T08:00:00Z");
    world.connect().await;
    for counts in [Counts { skipped: 1, ..counts(1, 0, 0, 0) }, Counts { skipped: 1, ..counts(0, 0, 0, 1) }] {
        let report = world.sync().await;
        assert_eq!(only(&report).counts, counts, "{report:?}");
        assert_eq!(times(&world).await, ["2026-03-16T09:00:00+01:00"]);
    }
    world.reschedule(&eva, "2026-03-18T08:00:00Z");
    let report = world.sync().await;
    assert_eq!((only(&report).counts.updated, only(&report).counts.synced), (1, 0), "{report:?}");
}

async fn one_of_a_group_who_moves_makes_a_second_event(at: TestHub) {
    let world = World::new(at).await;
    let kind = world.group("Workshop");
    let eva = world.book_type(Some(&kind), "Eva", "2026-03-12T08:00:00Z");
    world.book_type(Some(&kind), "Adam", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    world.reschedule(&eva, "2026-03-19T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 1, 0, 0), "{report:?}");
    assert_eq!(times(&world).await, ["2026-03-12T09:00:00+01:00", "2026-03-19T09:00:00+01:00"]);
    let texts = world.at.texts("SELECT content FROM events ORDER BY content").await;
    assert_eq!(texts.iter().filter(|text| text.contains("eva@example.net")).count(), 1, "she is in one of them");
}
