//! What is fetched, and when.

use super::support::{Booked, DAY, ME, MINUTE, World};
use serde_json::Value;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{FULL, counts, only};
use syncline_domain::sync::{Counts, ResultStatus};
use syncline_sandbox::{CalendlyBooking, CalendlyDo, Fault, Provider, Trouble};

syncline_core::store_suite! {
    a_booking_says_who_comes_and_keeps_the_id_of_its_copy,
    a_quiet_sync_costs_two_lists_at_most_and_never_asks_for_invitees,
    invitees_are_asked_for_only_when_their_event_is_new_or_changed,
    the_first_sync_reaches_far_and_later_ones_less,
    what_is_outside_of_the_smaller_window_stays,
    a_full_sync_reaches_far_again,
    a_cancelled_booking_goes_and_does_not_come_back,
    a_booking_cancelled_before_the_first_sync_is_counted_and_costs_nothing,
    an_invitee_who_leaves_a_group_does_not_end_it,
    an_erased_booking_is_asked_for_before_it_goes,
    a_booking_that_another_host_took_over_goes,
    pages_that_are_refused_are_asked_for_again_from_the_start,
    a_first_sync_that_meets_the_limit_keeps_what_it_has,
    a_booking_that_can_not_be_read_stops_no_other,
}

async fn a_booking_says_who_comes_and_keeps_the_id_of_its_copy(at: TestHub) {
    let world = World::new(at).await;
    let booking = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let shown = world.shown().await;
    let (title, start, end) = &shown[0];
    assert_eq!(title, "30 Minute Meeting: Eva");
    assert_eq!((start.as_str(), end.as_str()), ("2026-03-12T09:00:00+01:00", "2026-03-12T09:30:00+01:00"));
    let copy = || world.at.texts("SELECT COALESCE(copy_id, '') FROM events");
    assert_eq!(copy().await, [""]);
    world.sandbox.advance(MINUTE);
    world.act(CalendlyDo::LinkCalendar { event: booking.event, kind: "google".into(), external_id: "8suu9k3h".into() });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert_eq!(copy().await, ["8suu9k3h"]);
    let content: Value = serde_json::from_str(&world.at.texts("SELECT content FROM events").await[0]).unwrap();
    assert_eq!(content["attendees"][0]["person"]["email"], "eva@example.net");
    assert_eq!(content["conference_url"], "https://zoom.us/j/123456");
    assert!(content["description"].as_str().unwrap().contains("Topic? Tax"));
    world.is_well_behaved();
}

fn fill(world: &World, from_day: i64, number: i64) {
    let day = |nth: i64| jiff::Timestamp::from_millisecond(world.at.now() + (from_day + nth) * DAY).unwrap();
    let bookings = (0..number).map(|nth| CalendlyBooking {
        event_type: None,
        start: day(nth).to_string(),
        email: format!("guest{nth}@example.net"),
        name: format!("Guest {nth}"),
        zone: "UTC".to_owned(),
        location: None,
        calendar_event: None,
        answers: Vec::new(),
    });
    world.act(CalendlyDo::Fill { account: ME.into(), bookings: bookings.collect() });
}

async fn a_quiet_sync_costs_two_lists_at_most_and_never_asks_for_invitees(at: TestHub) {
    let world = World::new(at).await;
    world.sandbox.habits(|habits| habits.calendly.per_minute = None);
    fill(&world, -40, 180);
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(180, 0, 0, 0), "{report:?}");
    let (_, invitees, _) = world.asked();
    assert_eq!(invitees, 180);
    for _ in 0..2 {
        let report = world.sync().await;
        assert_eq!(only(&report).counts, counts(0, 0, 0, 180));
        assert_eq!(only(&report).requests, 2);
        assert_eq!(world.asked(), (2, 0, 0));
    }
    world.is_well_behaved();
}

async fn invitees_are_asked_for_only_when_their_event_is_new_or_changed(at: TestHub) {
    let world = World::new(at).await;
    world.book("Adam", "2026-03-11T08:00:00Z");
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    world.asked();
    world.book("Ida", "2026-03-13T08:00:00Z");
    world.act(CalendlyDo::Rename { event: eva.event, name: "Long talk".into() });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 1, 0, 1), "{report:?}");
    assert_eq!(world.asked(), (1, 2, 0));
    assert_eq!(world.titles().await, ["30 Minute Meeting: Adam", "Long talk: Eva", "30 Minute Meeting: Ida"]);
}

fn windows(world: &World) -> Vec<(String, String)> {
    let asked = world.sandbox.take_asked();
    let day = |text: Option<&str>| text.unwrap().split('T').next().unwrap().to_owned();
    let lists = asked.iter().filter(|one| one.path == "/scheduled_events");
    lists.map(|one| (day(one.query("min_start_time")), day(one.query("max_start_time")))).collect()
}

fn of(from: &str, until: &str) -> (String, String) {
    (from.to_owned(), until.to_owned())
}

async fn the_first_sync_reaches_far_and_later_ones_less(at: TestHub) {
    let world = World::new(at).await;
    world.connect().await;
    world.asked();
    // 10 March 2026, and 730 days back, 365 ahead; what is soon comes first.
    world.sync().await;
    assert_eq!(windows(&world), [of("2026-03-03", "2027-03-10"), of("2024-03-10", "2026-03-03")]);
    world.sync().await;
    assert_eq!(windows(&world), [of("2025-12-10", "2026-09-06")]);
}

async fn what_is_outside_of_the_smaller_window_stays(at: TestHub) {
    let world = World::new(at).await;
    // More than are asked for one by one.
    fill(&world, -600, 30);
    world.book("Soon", "2026-03-12T08:00:00Z");
    world.book("Far-ahead", "2027-01-12T08:00:00Z");
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(32, 0, 0, 0), "{report:?}");
    world.asked();
    for _ in 0..2 {
        let report = world.sync().await;
        assert_eq!(only(&report).counts, counts(0, 0, 0, 32), "{report:?}");
        assert_eq!(world.asked(), (1, 0, 0), "nobody asks for them either");
    }
    // What rolls out of the window stays, too.
    world.at.advance(120 * DAY);
    world.sandbox.advance(120 * DAY);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 32), "{report:?}");
    assert_eq!(world.events().await.len(), 32);
}

async fn a_full_sync_reaches_far_again(at: TestHub) {
    let world = World::new(at).await;
    world.connect().await;
    world.sync().await;
    let old = world.book("Long-ago", "2024-06-01T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 0), "a later sync does not look so far back");
    world.asked();
    let report = world.at.sync_with(&world.user, FULL).await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0), "{report:?}");
    assert_eq!(windows(&world).len(), 2);
    // Far back it is seen that something is gone, too.
    world.act(CalendlyDo::Erase { event: old.event });
    let report = world.at.sync_with(&world.user, FULL).await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 0), "{report:?}");
    world.sync().await;
    assert_eq!(windows(&world).last(), Some(&of("2025-12-10", "2026-09-06")));
}

async fn a_cancelled_booking_goes_and_does_not_come_back(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.book("Adam", "2026-03-13T08:00:00Z");
    world.connect().await;
    world.sync().await;
    world.act(CalendlyDo::CancelInvitee { invitee: eva.invitee, reason: Some("ill".into()) });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "{report:?}");
    assert_eq!(world.titles().await, ["30 Minute Meeting: Adam"]);
    world.asked();
    let report = world.sync().await;
    assert_eq!(only(&report).counts, Counts { skipped: 1, ..counts(0, 0, 0, 1) }, "{report:?}");
    assert_eq!(world.asked(), (1, 0, 0));
}

async fn a_booking_cancelled_before_the_first_sync_is_counted_and_costs_nothing(at: TestHub) {
    let world = World::new(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.act(CalendlyDo::CancelEvent { event: eva.event, reason: None });
    world.connect().await;
    world.asked();
    for _ in 0..2 {
        let report = world.sync().await;
        assert_eq!(only(&report).counts, Counts { skipped: 1, ..Counts::default() }, "{report:?}");
        assert_eq!(only(&report).skipped_reasons["cancelled"], 1);
        assert_eq!(world.asked().1, 0);
    }
}

async fn an_invitee_who_leaves_a_group_does_not_end_it(at: TestHub) {
    let world = World::new(at).await;
    let kind = world.group("Workshop");
    let eva = world.book_type(Some(&kind), "Eva", "2026-03-12T08:00:00Z");
    let adam = world.book_type(Some(&kind), "Adam", "2026-03-12T08:00:00Z");
    assert_eq!(eva.event, adam.event);
    world.connect().await;
    world.sync().await;
    assert_eq!(world.titles().await, ["Workshop"]);
    world.act(CalendlyDo::CancelInvitee { invitee: eva.invitee, reason: None });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    let content: Value = serde_json::from_str(&world.at.texts("SELECT content FROM events").await[0]).unwrap();
    let answers: Vec<_> = content["attendees"].as_array().unwrap().iter().map(|one| one["response"].as_str().unwrap().to_owned()).collect();
    assert_eq!(answers, ["accepted", "declined"], "{content}");
    // The last one to leave ends it.
    world.act(CalendlyDo::CancelInvitee { invitee: adam.invitee, reason: None });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 0), "{report:?}");
}

async fn an_erased_booking_is_asked_for_before_it_goes(at: TestHub) {
    let world = World::new(at).await;
    fill(&world, 1, 12);
    let eva = world.book("Eva", "2026-03-31T08:00:00Z");
    world.connect().await;
    world.sync().await;
    world.asked();
    // An answer without any booking, although all are there.
    let empty = r#"{"collection":[],"pagination":{"count":0,"next_page":null,"previous_page":null,"next_page_token":null,"previous_page_token":null}}"#;
    let trouble = Trouble::Status { status: 200, headers: Default::default(), body: empty.into() };
    world.sandbox.arm(Fault::on(Provider::Calendly, trouble).path("/scheduled_events"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 13), "{report:?}");
    assert_eq!(world.asked(), (1, 0, 13), "each was asked for");
    world.act(CalendlyDo::Erase { event: eva.event });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 12), "{report:?}");
    assert_eq!(world.asked(), (1, 0, 1));
    world.sync().await;
    assert_eq!(world.asked(), (1, 0, 0), "what is gone is not asked for again");
}

async fn a_booking_that_another_host_took_over_goes(at: TestHub) {
    let world = World::new(at).await;
    let (eva, adam) = (world.book("Eva", "2026-03-12T08:00:00Z"), world.book("Adam", "2026-03-13T08:00:00Z"));
    world.book("Ida", "2026-03-14T08:00:00Z");
    world.connect().await;
    world.sync().await;
    // Our list does not name them any more; one we may still look at, the other not.
    for booking in [&eva, &adam] {
        world.act(CalendlyDo::Erase { event: booking.event.clone() });
    }
    let path = |booking: &Booked| format!("/scheduled_events/{}", booking.event.rsplit('/').next().unwrap());
    let body = format!(
        r#"{{"resource":{{"uri":"{}","status":"active","start_time":"2026-03-12T08:00:00Z","event_memberships":[{{"user":"https://x/users/BERT"}}]}}}}"#,
        eva.event
    );
    let answer = Trouble::Status { status: 200, headers: Default::default(), body };
    world.sandbox.arm(Fault::on(Provider::Calendly, answer).path(&path(&eva)));
    world.sandbox.arm(Fault::on(Provider::Calendly, Trouble::Forbidden { reason: "You do not have permission".into() }).path(&path(&adam)));
    let report = world.sync().await;
    assert!(report.success, "the connection needs nobody: {report:?}");
    assert_eq!(only(&report).counts, counts(0, 0, 2, 1), "{report:?}");
    assert_eq!(world.titles().await, ["30 Minute Meeting: Ida"]);
}

async fn pages_that_are_refused_are_asked_for_again_from_the_start(at: TestHub) {
    let world = World::new(at).await;
    world.sandbox.habits(|habits| habits.calendly.per_minute = None);
    fill(&world, 0, 150);
    world.connect().await;
    let body = r#"{"title":"Invalid Argument","message":"The supplied parameters are invalid.","details":[{"parameter":"page_token","message":"is invalid"}]}"#;
    let trouble = Trouble::Status { status: 400, headers: Default::default(), body: body.into() };
    // The second page: behind the first one and its invitees.
    world.sandbox.arm(Fault::on(Provider::Calendly, trouble).path("/scheduled_events").after(101));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(150, 0, 0, 0), "{report:?}");
    assert_eq!(world.events().await.len(), 150);
}

async fn a_first_sync_that_meets_the_limit_keeps_what_it_has(at: TestHub) {
    let world = World::new(at).await;
    fill(&world, 1, 30);
    world.connect().await;
    let limited = Trouble::RateLimited { status: None, retry_after: Some(60) };
    world.sandbox.arm(Fault::on(Provider::Calendly, limited).path("/scheduled_events").after(20).always());
    let report = world.sync().await;
    assert_eq!(only(&report).status, ResultStatus::Partial, "{report:?}");
    assert_eq!(only(&report).error.as_ref().unwrap().code, "rate_limited");
    // Some are asked for at the same time, so that it is not always the same number.
    let kept = only(&report).counts.synced;
    assert!((5..20).contains(&kept), "{report:?}");
    let next = world.connections().await[0].next_sync_at.unwrap();
    assert!(next >= world.at.now() + 60_000, "it waits as long as it was asked to");
    world.sandbox.clear_faults();
    world.asked();
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(30 - kept, 0, 0, kept), "{report:?}");
    let (lists, invitees, _) = world.asked();
    assert_eq!((lists, invitees as u64), (2, 30 - kept), "it reaches far still, and asks for no invitees twice");
}

async fn a_booking_that_can_not_be_read_stops_no_other(at: TestHub) {
    let world = World::new(at).await;
    world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let broken =
        r#"{"uri":"https://api.calendly.com/scheduled_events/BROKEN","name":"x","status":"canceled","start_time":"soon","updated_at":"1"}"#;
    let odd = r#"{"uri":"https://api.calendly.com/scheduled_events/ODD","name":7}"#;
    let body = format!(r#"{{"collection":[{broken},{odd}],"pagination":{{"count":2,"next_page_token":null}}}}"#);
    let trouble = Trouble::Status { status: 200, headers: Default::default(), body };
    world.sandbox.arm(Fault::on(Provider::Calendly, trouble).path("/scheduled_events"));
    let report = world.sync().await;
    let line = only(&report);
    assert_eq!((line.counts.errors, line.counts.unchanged), (2, 1), "{report:?}");
    let named: Vec<_> = line.unreadable.iter().map(|one| (one.object.as_str(), one.reason.as_str())).collect();
    assert_eq!(named, [("BROKEN", "bad_start"), ("ODD", "malformed")]);
    assert_eq!(world.titles().await.len(), 1);
}
