//! `calendarView/delta`.

use crate::microsoft_read::{IMMUTABLE, MARCH, ME, READ, account, create, event, refused, subjects, weekly};
use crate::support::{Api, DAY, encoded};
use serde_json::{Value, json};
use syncline_sandbox::schema::MICROSOFT;
use syncline_sandbox::{MicrosoftDo, Provider, Sandbox};

async fn page(api: &Api, link: &str) -> Value {
    let page = api.send("GET", link, &[IMMUTABLE, ("prefer", "odata.maxpagesize=50")], None).await.fits(200, &MICROSOFT, "EventPage");
    assert_ne!(page.get("@odata.nextLink").is_some(), page.get("@odata.deltaLink").is_some(), "one of the two");
    page
}

async fn first(api: &Api) -> Value {
    page(api, &format!("/me/calendarView/delta?{MARCH}")).await
}

fn link(page: &Value) -> &str {
    page["@odata.deltaLink"].as_str().expect("a delta link")
}

fn act(sandbox: &Sandbox, what: MicrosoftDo) -> Value {
    sandbox.microsoft(what).unwrap()
}

#[tokio::test]
async fn occurrences_are_bare_exceptions_are_full_and_the_master_comes_with_them() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let moved = event("", "2026-03-17");
    let patch = json!({"start": moved["start"], "end": moved["end"]});
    act(
        &sandbox,
        MicrosoftDo::ChangeInstance { account: ME.into(), master: master.clone(), original: "2026-03-16T08:00:00Z".into(), patch },
    );
    let round = first(&api).await;
    assert_eq!(subjects(&round), ["Team weekly:seriesMaster", "-:occurrence", "Team weekly:exception", "-:occurrence", "-:occurrence"]);
    let bare = round["value"][1].as_object().unwrap();
    assert_eq!(bare.keys().collect::<Vec<_>>(), ["@odata.etag", "@odata.type", "end", "id", "seriesMasterId", "start", "type"]);
    assert_eq!(bare["seriesMasterId"], master);
    let exception = &round["value"][2];
    assert_eq!(
        (&exception["originalStart"], &exception["start"]["dateTime"]),
        (&json!("2026-03-16T08:00:00.0000000Z"), &json!("2026-03-17T08:00:00.0000000"))
    );
    assert_eq!(round["value"][0]["start"]["dateTime"], "2026-03-09T08:00:00.0000000");
}

#[tokio::test]
async fn the_master_carries_its_first_start_also_outside_of_the_window() {
    let (sandbox, api) = account();
    weekly(&sandbox);
    let late = page(&api, "/me/calendarView/delta?startDateTime=2026-03-20T00:00:00Z&endDateTime=2026-03-25T00:00:00Z").await;
    assert_eq!(subjects(&late), ["Team weekly:seriesMaster", "-:occurrence"]);
    assert_eq!(late["value"][0]["start"]["dateTime"], "2026-03-09T08:00:00.0000000");
    let none = page(&api, "/me/calendarView/delta?startDateTime=2026-04-20T00:00:00Z&endDateTime=2026-04-25T00:00:00Z").await;
    assert!(subjects(&none).is_empty());
}

#[tokio::test]
async fn the_next_round_tells_changes_and_removals_and_nothing_when_there_are_none() {
    let (sandbox, api) = account();
    let (kept, gone, leaves) = (
        create(&sandbox, event("Kept", "2026-03-10")),
        create(&sandbox, event("Gone", "2026-03-11")),
        create(&sandbox, event("Leaves", "2026-03-12")),
    );
    let round = first(&api).await;
    let none = page(&api, link(&round)).await;
    assert!(subjects(&none).is_empty());
    act(&sandbox, MicrosoftDo::Change { account: ME.into(), event: kept, patch: json!({"subject": "Renamed"}) });
    act(&sandbox, MicrosoftDo::Delete { account: ME.into(), event: gone.clone() });
    let april = event("", "2026-04-12");
    act(
        &sandbox,
        MicrosoftDo::Change { account: ME.into(), event: leaves.clone(), patch: json!({"start": april["start"], "end": april["end"]}) },
    );
    let outside = create(&sandbox, event("Outside", "2026-05-01"));
    let changes = page(&api, link(&none)).await;
    assert_eq!(subjects(&changes), ["Renamed", "removed", "removed", "removed"]);
    for (at, id) in [(1, &gone), (2, &leaves), (3, &outside)] {
        assert_eq!(changes["value"][at], json!({"@odata.type": "#microsoft.graph.event", "id": id, "@removed": {"reason": "deleted"}}));
    }
    assert!(subjects(&page(&api, link(&changes)).await).is_empty());
    assert_eq!(subjects(&page(&api, link(&none)).await).len(), 4, "a link can be followed twice");
}

#[tokio::test]
async fn a_cancelled_occurrence_is_simply_missing_when_the_series_comes_again() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let round = first(&api).await;
    act(&sandbox, MicrosoftDo::CancelInstance { account: ME.into(), master: master.clone(), original: "2026-03-16T08:00:00Z".into() });
    let again = page(&api, link(&round)).await;
    assert_eq!(subjects(&again), ["Team weekly:seriesMaster", "-:occurrence", "-:occurrence", "-:occurrence"]);
    let whole =
        api.get(&format!("/me/events/{}?$select=subject,cancelledOccurrences", encoded(&master))).await.fits(200, &MICROSOFT, "Event");
    assert_eq!(whole["cancelledOccurrences"].as_array().unwrap().len(), 1);
    act(&sandbox, MicrosoftDo::Delete { account: ME.into(), event: master.clone() });
    let end = page(&api, link(&again)).await;
    assert_eq!((subjects(&end), &end["value"][0]["id"]), (vec!["removed".to_owned()], &json!(master)));
}

#[tokio::test]
async fn this_and_following_makes_two_series() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let round = first(&api).await;
    act(
        &sandbox,
        MicrosoftDo::ChangeFollowing {
            account: ME.into(),
            master,
            original: "2026-03-23T08:00:00Z".into(),
            patch: json!({"subject": "Later"}),
        },
    );
    let changes = page(&api, link(&round)).await;
    assert_eq!(
        subjects(&changes),
        ["Team weekly:seriesMaster", "-:occurrence", "-:occurrence", "Later:seriesMaster", "-:occurrence", "-:occurrence"]
    );
    assert_eq!(changes["value"][0]["recurrence"]["range"]["endDate"], "2026-03-22");
    assert_eq!(changes["value"][3]["recurrence"]["range"]["numberOfOccurrences"], 2);
}

#[tokio::test]
async fn pages_may_be_empty_or_repeat_an_item_and_never_split_a_series() {
    let (sandbox, api) = account();
    create(&sandbox, event("One", "2026-03-10"));
    weekly(&sandbox);
    create(&sandbox, event("Two", "2026-03-11"));
    sandbox.habits(|habits| {
        habits.microsoft.empty_pages = true;
        habits.microsoft.repeat_items = true;
    });
    let (mut next, mut sizes) = (format!("/me/calendarView/delta?{MARCH}"), Vec::new());
    loop {
        let page = api.send("GET", &next, &[("prefer", "odata.maxpagesize=2")], None).await.fits(200, &MICROSOFT, "EventPage");
        sizes.push(subjects(&page).len());
        let Some(link) = page["@odata.nextLink"].as_str() else { break };
        next = link.to_owned();
    }
    assert_eq!(sizes, [7, 0, 1], "one, a series of five, and the first again");
}

#[tokio::test]
async fn what_a_delta_does_not_take_is_refused() {
    let (sandbox, api) = account();
    for option in ["$select=subject", "$filter=x", "$orderby=x", "$expand=x", "$search=x", "$top=5"] {
        refused(&api.get(&format!("/me/calendarView/delta?{MARCH}&{option}")).await, 400, "ErrorInvalidUrlQuery");
    }
    refused(&api.get("/me/calendarView/delta").await, 400, "ErrorInvalidParameter");
    refused(&api.get(&format!("/me/calendarView/delta?{MARCH}&x=y")).await, 400, "ErrorInvalidUrlQuery");
    refused(
        &api.send("GET", &format!("/me/calendarView/delta?{MARCH}"), &[("prefer", "odata.maxpagesize=5000")], None).await,
        400,
        "ErrorInvalidRequest",
    );
    let round = first(&api).await;
    let other = sandbox.microsoft(MicrosoftDo::AddCalendar { account: ME.into(), name: "O".into() }).unwrap();
    let token = link(&round).split_once("$deltatoken=").unwrap().1;
    for wrong in [
        format!("{}&startDateTime=2026-03-01T00:00:00Z", link(&round)),
        link(&round).replace("$deltatoken", "$skiptoken"),
        "/me/calendarView/delta?$deltatoken=R0usmcCM996atia".to_owned(),
        format!("/me/calendars/{}/calendarView/delta?$deltatoken={token}", encoded(other["id"].as_str().unwrap())),
    ] {
        refused(&api.get(&wrong).await, 400, "BadRequest");
    }
    assert_eq!(sandbox.violations().len(), 13);
}

#[tokio::test]
async fn a_lost_link_answers_with_the_address_of_a_fresh_start() {
    let (sandbox, api) = account();
    create(&sandbox, event("E", "2026-03-10"));
    let round = first(&api).await;
    act(&sandbox, MicrosoftDo::LoseTokens { account: ME.into() });
    let lost = api.get(link(&round)).await;
    refused(&lost, 410, "SyncStateNotFound");
    let fresh = page(&api, lost.header("location")).await;
    assert_eq!(subjects(&fresh), ["E"]);
    sandbox.advance(31 * DAY);
    let api = Api::new(&sandbox, Provider::Microsoft, ME, &READ);
    refused(&api.get(link(&fresh)).await, 410, "SyncStateNotFound");
}

#[tokio::test]
async fn an_event_that_moves_leaves_one_calendar_and_comes_to_the_other() {
    let (sandbox, api) = account();
    let other = act(&sandbox, MicrosoftDo::AddCalendar { account: ME.into(), name: "O".into() })["id"].as_str().unwrap().to_owned();
    let id = create(&sandbox, event("E", "2026-03-10"));
    let here = first(&api).await;
    let there = page(&api, &format!("/me/calendars/{}/calendarView/delta?{MARCH}", encoded(&other))).await;
    act(&sandbox, MicrosoftDo::Move { account: ME.into(), event: id.clone(), to: other });
    assert_eq!(subjects(&page(&api, link(&here)).await), ["removed"]);
    let came = page(&api, link(&there)).await;
    assert_eq!((subjects(&came), &came["value"][0]["id"]), (vec!["E".to_owned()], &json!(id)));
}

#[tokio::test]
async fn a_change_can_be_told_before_the_api_shows_it() {
    let (sandbox, api) = account();
    let round = first(&api).await;
    sandbox.habits(|habits| habits.lag = 5_000);
    let id = create(&sandbox, event("Late", "2026-03-10"));
    refused(&api.get(&format!("/me/events/{}", encoded(&id))).await, 404, "ErrorItemNotFound");
    let still = page(&api, link(&round)).await;
    assert!(subjects(&still).is_empty());
    sandbox.advance(5_000);
    assert_eq!(subjects(&page(&api, link(&still)).await), ["Late"]);
}
