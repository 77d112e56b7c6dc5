use super::*;

fn rows(text: &str) -> Result<(Vec<Row>, Option<String>), WireError> {
    let mut parser = Parser::new(text.as_bytes());
    let mut rows = Vec::new();
    while let Some(row) = parser.next()? {
        rows.push(row);
    }
    let token = parser.sync_token();
    Ok((rows, token))
}

#[test]
fn elements_are_told_apart_by_namespace_and_not_by_prefix() {
    let (rows, token) = rows(
        r#"<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:x="urn:ietf:params:xml:ns:caldav">
        <response><href>/c/a.ics</href><propstat><prop><getetag>"1"</getetag><x:calendar-data>BEGIN:VCALENDAR&#13;
X:a &lt;b&gt; &amp; c<![CDATA[ <d> ]]>
END:VCALENDAR</x:calendar-data><getetag xmlns="urn:other">"2"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response>
        <Y:response xmlns:Y="DAV:"><Y:href>/c/b.ics</Y:href><Y:status>HTTP/1.1 404 Not Found</Y:status></Y:response>
        <sync-token> http://t/1 </sync-token></multistatus>"#,
    )
    .unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].props.etag.as_deref(), Some("\"1\""));
    assert_eq!(rows[0].props.data.as_deref(), Some("BEGIN:VCALENDAR\r\nX:a <b> & c <d> \nEND:VCALENDAR"));
    assert_eq!((rows[1].href.as_str(), rows[1].status), ("/c/b.ics", Some(404)));
    assert_eq!(token.as_deref(), Some("http://t/1"));
}

#[test]
fn a_forbidden_property_leaves_the_others_alone() {
    let (rows, _) = rows(
        r#"<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"
            xmlns:ic="http://apple.com/ns/ical/"><d:response><d:href>/u/work</d:href>
        <d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>Work</d:displayname></d:prop>
            <d:status>HTTP/1.1 200 OK</d:status></d:propstat>
        <d:propstat><d:prop><cs:getctag>secret</cs:getctag></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat>
        <d:propstat><d:status>HTTP/1.1 200 OK</d:status><d:prop><ic:calendar-color>#FF0000FF</ic:calendar-color>
            <c:supported-calendar-component-set><c:comp name="vevent"/><c:comp name="VTODO"></c:comp></c:supported-calendar-component-set>
            <d:current-user-privilege-set><d:privilege><d:read/></d:privilege></d:current-user-privilege-set></d:prop></d:propstat>
        </d:response></d:multistatus>"#,
    )
    .unwrap();
    let props = &rows[0].props;
    assert_eq!(props.name.as_deref(), Some("Work"));
    assert_eq!(props.kind, ResourceKind { collection: true, calendar: true, special: false });
    assert_eq!(props.ctag, None, "a value under 403 does not count");
    assert_eq!(props.color.as_deref(), Some("#FF0000FF"));
    assert_eq!(props.components.as_deref(), Some(&["VEVENT".to_owned(), "VTODO".to_owned()][..]));
    assert_eq!(props.writable, Some(false));
}

#[test]
fn principal_and_homes_are_told_from_the_href_of_the_row() {
    let (rows, _) = rows(
        r#"<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/</d:href><d:propstat><d:prop>
        <d:current-user-principal><d:href>/p/u1/</d:href></d:current-user-principal>
        <c:calendar-home-set><d:href>/cal/u1/</d:href><d:href>https://other/cal/</d:href></c:calendar-home-set>
        <c:calendar-user-address-set><d:href>mailto:u1@example.org</d:href></c:calendar-user-address-set>
        </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"#,
    )
    .unwrap();
    assert_eq!(rows[0].href, "/");
    assert_eq!(rows[0].props.principal.as_deref(), Some("/p/u1/"));
    assert_eq!(rows[0].props.homes, ["/cal/u1/", "https://other/cal/"]);
    assert_eq!(rows[0].props.addresses, ["mailto:u1@example.org"]);
}

#[test]
fn several_hrefs_with_one_status_are_several_rows() {
    let (rows, _) = rows(
        r#"<multistatus xmlns="DAV:"><response><href>/a</href><href>/b</href><href>/c</href><status>HTTP/1.1 404 X</status></response></multistatus>"#,
    )
    .unwrap();
    assert_eq!(
        rows.iter().map(|row| (row.href.as_str(), row.status)).collect::<Vec<_>>(),
        [("/a", Some(404)), ("/b", Some(404)), ("/c", Some(404))]
    );
}

#[test]
fn a_cut_off_document_gives_its_rows_and_then_an_error() {
    let whole = r#"<multistatus xmlns="DAV:"><response><href>/a</href><status>HTTP/1.1 404 X</status></response><response><href>/b</href></response></multistatus>"#;
    let first = whole.find("</response>").unwrap() + "</response>".len();
    for cut in 1..whole.len() {
        let mut parser = Parser::new(&whole.as_bytes()[..cut]);
        let mut seen = 0;
        let error = loop {
            match parser.next() {
                Ok(Some(_)) => seen += 1,
                Ok(None) => panic!("a document cut at {cut} must not look complete"),
                Err(error) => break error,
            }
        };
        assert_eq!(seen >= 1, cut >= first, "cut at {cut}: {error}");
    }
}

#[test]
fn what_is_no_multistatus_is_recognised() {
    assert!(matches!(rows("<!DOCTYPE html><html><head><title>Sign in</title></head></html>"), Err(WireError::Html)));
    assert!(matches!(rows("<html xmlns=\"http://www.w3.org/1999/xhtml\"></html>"), Err(WireError::Html)));
    assert!(matches!(rows(""), Err(WireError::Empty)));
    assert!(matches!(rows("It works!"), Err(WireError::Empty | WireError::Unexpected)));
    assert!(matches!(rows("<feed xmlns=\"http://www.w3.org/2005/Atom\"/>"), Err(WireError::Unexpected)));
    assert!(matches!(rows(&"<multistatus xmlns='DAV:'>".repeat(200)), Err(WireError::Unexpected)));
}

#[test]
fn an_unescaped_ampersand_and_an_unknown_entity_are_text() {
    let (rows, _) = rows(
        r#"<multistatus xmlns="DAV:"><response><href>/a</href><propstat><prop><displayname>R &amp; D, A&B&nbsp;C &</displayname></prop></propstat></response></multistatus>"#,
    )
    .unwrap();
    assert_eq!(rows[0].props.name.as_deref(), Some("R & D, A&B&nbsp;C &"));
}
