//! From what a user types to the calendars of an account.

use crate::support::{User, policy};
use syncline_core::error::ProviderError;
use syncline_core::net::OutboundPolicy;
use syncline_core::provider::caldav::AuthKind;
use syncline_domain::failure::Class;
use syncline_sandbox::caldav::{CalDavHost, Fault, Login, PASSWORD, Quirks, USER};

async fn host(quirks: Quirks) -> CalDavHost {
    let host = CalDavHost::start(quirks).await;
    host.fill("work", 2);
    host
}

async fn connect(address: &str) -> Result<User, ProviderError> {
    User::connect(address, USER, PASSWORD).await
}

async fn refused(address: &str) -> ProviderError {
    let error = connect(address).await.err().expect("this can not succeed");
    let text = format!("{error} {error:?}");
    assert!(!text.contains(PASSWORD) && !error.problem.message.contains("/dav/"), "a secret or a path is told: {text}");
    error
}

async fn names(address: &str) -> Vec<String> {
    let user = connect(address).await.unwrap_or_else(|error| panic!("{address}: {error:?}"));
    user.found.calendars.iter().map(|calendar| calendar.name.clone()).collect()
}

#[tokio::test]
async fn any_address_of_the_account_leads_to_its_calendars() {
    let host = host(Quirks::default()).await;
    host.add_calendar("home", "Home");
    let origin = host.origin();
    for path in ["", "/", "/dav/", "/dav/principals/me/", "/dav/cal/me/", "/dav/cal/me/work/"] {
        assert_eq!(names(&format!("{origin}{path}")).await, ["Home", "Work"], "from {path:?}");
    }
    let user = connect(&host.url()).await.unwrap();
    assert_eq!(user.found.settings.homes[0].url, format!("{origin}/dav/cal/me/"));
    assert_eq!(user.found.settings.addresses, ["me@example.org"]);
    assert_eq!(user.found.account_name, "me@example.org");
    assert_eq!(user.found.principal.as_ref().unwrap().path(), "/dav/principals/me/");
    assert!(host.violations().is_empty(), "{:?}", host.violations());
}

#[tokio::test]
async fn redirects_of_every_kind_keep_method_and_body() {
    for status in [301, 302, 307, 308] {
        let host = host(Quirks { well_known: Some(status), slash_redirect: Some(status), ..Quirks::default() }).await;
        assert_eq!(names(&host.origin()).await, ["Work"], "{status} from the well-known address");
        assert_eq!(names(&format!("{}/dav", host.origin())).await, ["Work"], "{status} to the slash");
        assert!(host.violations().is_empty(), "{:?}", host.violations());
    }
}

#[tokio::test]
async fn a_server_without_the_well_known_address_is_found_at_its_context() {
    let host = host(Quirks { well_known: None, ..Quirks::default() }).await;
    assert_eq!(names(&host.url()).await, ["Work"]);
    assert_eq!(refused(&host.origin()).await.problem.code, "not_caldav");
}

#[tokio::test]
async fn redirects_without_an_end_are_given_up() {
    let host = host(Quirks { redirect_to: Some("/.well-known/caldav".to_owned()), ..Quirks::default() }).await;
    let error = refused(&format!("{}/.well-known/caldav", host.origin())).await;
    assert_eq!(error.problem.code, "redirect_loop");
}

#[tokio::test]
async fn the_password_does_not_follow_a_redirect_to_another_site() {
    let stranger = host(Quirks::default()).await;
    let elsewhere = stranger.url().replace("127.0.0.1", "localhost");
    let host = host(Quirks { redirect_to: Some(elsewhere), ..Quirks::default() }).await;
    let error = refused(&format!("{}/.well-known/caldav", host.origin())).await;
    assert_eq!((error.problem.code.as_str(), error.class), ("foreign_host", Class::Refused));
    assert!(error.problem.message.contains("localhost"), "the user is told where to: {}", error.problem.message);
    assert!(stranger.take_asked().is_empty(), "nothing at all went to the stranger");
}

#[tokio::test]
async fn homes_may_be_several_and_on_another_port() {
    let other = host(Quirks::default()).await;
    let host = CalDavHost::start(Quirks { home_origin: Some(other.origin()), second_home: true, ..Quirks::default() }).await;
    host.add_calendar("shared/team", "Team");
    host.remove_calendar("work");
    let mut user = connect(&host.url()).await.unwrap();
    assert_eq!(user.found.settings.homes.len(), 2);
    assert_eq!(user.found.calendars.iter().map(|calendar| calendar.name.as_str()).collect::<Vec<_>>(), ["Team", "Work"]);
    host.fill("shared/team", 1);
    user.settle().await;
    assert_eq!(user.titles(), ["Event 0", "Event 0", "Event 1"]);
    assert_eq!(user.sync().await.requests, 2, "one for each home");
}

#[tokio::test]
async fn a_home_at_another_site_is_named_and_gets_no_password() {
    let stranger = host(Quirks::default()).await;
    let origin = stranger.origin().replace("127.0.0.1", "localhost");
    let host = CalDavHost::start(Quirks { home_origin: Some(origin), ..Quirks::default() }).await;
    // A proxy that does not know its own name: the path leads to the calendars at the address that works.
    assert_eq!(names(&host.url()).await, ["Work"]);
    // Somewhere else indeed.
    host.arm("list", Fault::Status(404, None));
    let error = refused(&host.url()).await;
    assert_eq!(error.problem.code, "foreign_host");
    assert!(error.problem.message.contains("localhost"), "{}", error.problem.message);
    assert!(stranger.take_asked().is_empty());
}

#[tokio::test]
async fn a_server_without_principals_is_found_by_its_home_or_by_one_calendar() {
    let host = host(Quirks { no_principal: true, well_known: None, ..Quirks::default() }).await;
    host.add_calendar("home", "Home");
    assert_eq!(names(&format!("{}/dav/cal/me/", host.origin())).await, ["Home", "Work"]);
    let mut user = connect(&host.calendar_url("work")).await.unwrap();
    assert_eq!(user.found.calendars.len(), 1, "only what the user has access to");
    assert!(user.found.settings.homes[0].single);
    user.settle().await;
    host.put("work", "e0.ics", syncline_sandbox::caldav::event("e0@sandbox", "Changed"));
    assert_eq!(user.sync().await.written.len(), 1);
    assert_eq!(user.sync().await.requests, 1);
    assert!(host.violations().is_empty(), "{:?}", host.violations());
}

#[tokio::test]
async fn a_wrong_password_is_said_and_tried_only_once() {
    let host = host(Quirks::default()).await;
    let error = User::connect(&host.origin(), USER, "wrong").await.err().unwrap();
    assert_eq!((error.problem.code.as_str(), error.class), ("wrong_password", Class::Authentication));
    assert!(error.problem.action.contains("app password"), "{}", error.problem.action);
    let attempts = host.take_asked().iter().filter(|asked| !asked.scheme.is_empty()).count();
    assert_eq!(attempts, 1, "more would lock the account");
}

#[tokio::test]
async fn a_wrong_password_is_said_with_digest_too() {
    let host = host(Quirks { login: Login::Digest, ..Quirks::default() }).await;
    let error = User::connect(&host.url(), USER, "wrong").await.err().unwrap();
    assert_eq!(error.problem.code, "wrong_password");
}

#[tokio::test]
async fn over_http_a_server_that_can_digest_never_sees_the_password() {
    for login in [Login::Digest, Login::Both] {
        let host = host(Quirks { login, nonce_uses: Some(3), ..Quirks::default() }).await;
        let mut user = connect(&host.origin()).await.unwrap();
        assert_eq!(user.found.settings.auth, AuthKind::Digest);
        user.settle().await;
        assert_eq!(user.titles().len(), 2);
        assert!(host.take_asked().iter().all(|asked| asked.scheme != "Basic"), "{login:?}");
        assert!(host.violations().is_empty(), "{:?}", host.violations());
    }
}

#[tokio::test]
async fn what_is_no_calendar_server_is_said_so() {
    let host = host(Quirks { html_everywhere: true, ..Quirks::default() }).await;
    let error = refused(&host.url()).await;
    assert_eq!((error.problem.code.as_str(), error.class), ("not_caldav", Class::Malformed));
    assert!(error.problem.message.contains("127.0.0.1"), "the host is named: {}", error.problem.message);
    for address in ["", "not an address", "ftp://example.org/", "me@"] {
        assert_eq!(refused(address).await.problem.code, "bad_address", "{address:?}");
    }
}

#[tokio::test]
async fn an_account_without_calendars_is_not_connected() {
    let host = CalDavHost::start(Quirks::default()).await;
    host.remove_calendar("work");
    host.add_special("inbox", "schedule-inbox");
    host.add_special("todo", "tasks");
    assert_eq!(refused(&host.url()).await.problem.code, "no_calendars");
}

#[tokio::test]
async fn a_server_that_refuses_the_account_is_told_from_one_that_is_none() {
    let host = host(Quirks::default()).await;
    for _ in 0..9 {
        host.arm("discover", Fault::Status(403, None));
    }
    assert_eq!(refused(&host.url()).await.problem.code, "forbidden");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_so() {
    let address = {
        let host = host(Quirks::default()).await;
        host.url()
    };
    // The port was free a moment ago: nobody listens there.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = refused(&format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(error.problem.code, "connection_refused", "{address}");
}

#[tokio::test]
async fn a_private_address_is_refused_by_default() {
    let host = host(Quirks::default()).await;
    let closed = OutboundPolicy { allow_private: false, ..policy() };
    let error = User::connect_with(closed, &host.url(), USER, PASSWORD).await.err().unwrap();
    assert_eq!(error.problem.code, "private_address");
    assert!(host.take_asked().is_empty());
}
