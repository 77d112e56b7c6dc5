use super::*;
use serde_json::{Value, json};
use syncline_domain::event::EventKind;

/// 2025 to 2027.
const WINDOW: Window = Window { from: 1_735_689_600_000, to: 1_798_761_600_000 };

fn part(value: Value) -> Part {
    Part::read(RawValue::from_string(value.to_string()).unwrap()).unwrap()
}

fn at(time: &str) -> Value {
    json!({"dateTime": format!("{time}.0000000"), "timeZone": "UTC"})
}

/// Mondays at nine in Berlin, four times from 9 March 2026.
fn master(etag: &str) -> Part {
    part(json!({"id": "m", "@odata.etag": etag, "type": "seriesMaster", "subject": "Team", "iCalUId": "0400M",
        "start": at("2026-03-09T08:00:00"), "end": at("2026-03-09T09:00:00"), "originalStartTimeZone": "W. Europe Standard Time",
        "recurrence": {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "numbered", "startDate": "2026-03-09", "numberOfOccurrences": 4}}}))
}

fn bare(number: usize) -> Part {
    let start = ["2026-03-09T08:00:00", "2026-03-16T08:00:00", "2026-03-23T08:00:00", "2026-03-30T07:00:00"][number];
    let end = start.replace("08:00:00", "09:00:00").replace("07:00:00", "08:00:00");
    part(
        json!({"id": format!("m.{number}"), "@odata.etag": "b", "seriesMasterId": "m", "type": "occurrence", "start": at(start), "end": at(&end)}),
    )
}

fn moved(subject: &str) -> Part {
    part(json!({"id": "m.1", "@odata.etag": subject, "seriesMasterId": "m", "type": "exception", "subject": subject, "iCalUId": "0400X",
        "originalStart": "2026-03-16T08:00:00Z", "start": at("2026-03-17T13:00:00"), "end": at("2026-03-17T14:00:00")}))
}

fn group(parts: impl IntoIterator<Item = Part>) -> Group {
    let mut group = Group::default();
    parts.into_iter().for_each(|part| group.put(part));
    group
}

fn put_together(group: Group, stored: Option<&str>) -> Object {
    match series("m", group, stored, WINDOW, &Reading::default(), false).content {
        Content::Present(object) => object,
        other => panic!("{other:?}"),
    }
}

fn shown(object: &Object) -> Vec<String> {
    let all = expand(&object.events, WINDOW.from, WINDOW.to, 100);
    all.instances.iter().map(|one| from_naive_ms(one.start_ms).strftime("%d.%m. %H:%M").to_string()).collect()
}

#[test]
fn a_series_shows_what_was_told_in_whatever_order_it_came() {
    let parts = |order: &[usize]| {
        order.iter().map(|number| [master("1"), bare(0), moved("Team"), bare(3)].into_iter().nth(*number).unwrap()).collect::<Vec<_>>()
    };
    let object = put_together(group(parts(&[0, 1, 2, 3])), None);
    assert_eq!(shown(&object), ["09.03. 08:00", "17.03. 13:00", "30.03. 07:00"], "the third occurrence was not told");
    assert_eq!(object.events.iter().map(Event::kind).collect::<Vec<_>>(), [EventKind::Master, EventKind::Override]);
    assert_eq!(object.events[1].uid, "0400M", "parts of a series have one UID");
    for order in [[3, 2, 1, 0], [2, 0, 3, 1]] {
        assert_eq!(put_together(group(parts(&order)), None).hash, object.hash, "{order:?}");
    }
}

#[test]
fn a_master_in_another_version_begins_the_series_anew_and_the_same_one_does_not() {
    let told = [master("1"), bare(0), bare(1), bare(2), bare(3)];
    let again = group(told.into_iter().chain([master("1")]));
    assert_eq!(shown(&put_together(again, None)).len(), 4, "an item may come twice");
    let told = [master("1"), bare(0), bare(1), bare(2), bare(3)];
    let anew = group(told.into_iter().chain([master("2"), bare(0), bare(3)]));
    assert_eq!(shown(&put_together(anew, None)), ["09.03. 08:00", "30.03. 07:00"], "it was changed while the round went on");
}

#[test]
fn parts_without_their_master_join_what_is_stored() {
    let stored = put_together(group([master("1"), bare(0), bare(1), bare(3)]), None).raw;
    let mut told = group([moved("Later"), bare(2)]);
    told.master = Some(master("1"));
    let object = put_together(told, Some(&stored));
    assert_eq!(
        shown(&object),
        ["09.03. 08:00", "17.03. 13:00", "23.03. 08:00", "30.03. 07:00"],
        "nothing is concluded from what is absent"
    );
}

#[test]
fn an_occurrence_that_the_rule_does_not_have_is_added() {
    let odd = part(
        json!({"id": "m.9", "seriesMasterId": "m", "type": "occurrence", "start": at("2026-04-04T10:00:00"), "end": at("2026-04-04T11:00:00")}),
    );
    let object = put_together(group([master("1"), bare(0), bare(1), bare(2), bare(3), odd]), None);
    assert_eq!(shown(&object).last().unwrap(), "04.04. 10:00");
    let again = put_together(group([master("2"), bare(0), bare(1), bare(2), bare(3)]), Some(&object.raw));
    assert_eq!(shown(&again).len(), 4, "and goes when it is not told any more");
}

#[test]
fn another_window_is_no_change() {
    let told = || group([master("1"), bare(0), moved("Team"), bare(3)]);
    let version = |window: Window, stored: Option<&str>| {
        let change = series("m", told(), stored, window, &Reading::default(), false);
        let Content::Present(object) = change.content else { panic!("present") };
        (change.version, object.hash, object.raw)
    };
    let first = version(WINDOW, None);
    let moved = Window { from: WINDOW.from + 30 * DAY_MS, to: WINDOW.to + 30 * DAY_MS };
    assert_eq!(version(moved, Some(&first.2)), first);
}

#[test]
fn a_broken_exception_does_not_stop_its_series() {
    let broken =
        part(json!({"id": "m.1", "seriesMasterId": "m", "type": "exception", "subject": "x", "originalStart": "2026-03-16T08:00:00Z"}));
    let object = put_together(group([master("1"), bare(0), broken, bare(2), bare(3)]), None);
    assert_eq!((shown(&object).len(), object.warnings.as_slice()), (4, ["bad_instance"].as_slice()), "it stands where it stood");
}

#[test]
fn an_item_that_is_no_event_is_told_by_its_id() {
    let unread = Part::read(RawValue::from_string(r#"{"id":"a","start":7}"#.to_owned()).unwrap()).unwrap_err();
    assert!(unread.remote_id == "a" && matches!(unread.content, Content::Unreadable { reason: "malformed", .. }));
}
