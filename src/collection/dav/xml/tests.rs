use super::super::fetch::Form;
use super::*;
use crate::item::Kind;

const NAMESPACES: &str = r#"xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav""#;

async fn read(text: &[u8]) -> Result<Vec<Part>, Fault> {
    let mut parts = Multistatus::new(tokio::io::BufReader::with_capacity(4096 + text.len() % 61, text));
    let mut all = Vec::new();
    while let Some(part) = parts.next().await? {
        all.push(part);
    }
    Ok(all)
}

async fn responses(inner: &str) -> Vec<Response> {
    let text = format!("<multistatus {NAMESPACES}>{inner}</multistatus>");
    let parts = read(text.as_bytes()).await.unwrap();
    parts
        .into_iter()
        .filter_map(|part| match part {
            Part::Response(response) => Some(*response),
            Part::SyncToken(_) => None,
        })
        .collect()
}

fn item(data: &str) -> String {
    format!(
        "<response><href>/a.ics</href><propstat><prop><C:calendar-data>{data}</C:calendar-data></prop>\
         <status>HTTP/1.1 200 OK</status></propstat></response>"
    )
}

/// As Cyrus answered, shortened.
const CYRUS_PAGE: &[u8] = br#"<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:response>
    <D:href>/dav/cal/a%20b.ics</D:href>
    <D:propstat>
      <D:prop><D:getetag>&quot;7d-1&quot;</D:getetag><D:resourcetype/></D:prop>
      <D:status>HTTP/1.1 200 OK</D:status>
    </D:propstat>
  </D:response>
  <D:response>
    <D:href>/dav/cal/gone.ics</D:href>
    <D:status>HTTP/1.1 404 Not Found</D:status>
  </D:response>
  <D:response>
    <D:href>/dav/cal/</D:href>
    <D:status>HTTP/1.1 507 Insufficient Storage</D:status>
    <D:error><D:number-of-matches-within-limits/></D:error>
    <D:responsedescription>cut short</D:responsedescription>
  </D:response>
  <D:sync-token>data:,12-3</D:sync-token>
</D:multistatus>"#;

#[tokio::test]
async fn a_page_of_changes_is_read() {
    let parts = read(CYRUS_PAGE).await.unwrap();
    let [Part::Response(changed), Part::Response(gone), Part::Response(own), Part::SyncToken(token)] =
        parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    assert_eq!(changed.hrefs, ["/dav/cal/a%20b.ics"]);
    assert_eq!(changed.props.etag.as_deref(), Some("\"7d-1\""));
    assert_eq!(changed.props.resource_type.as_deref(), Some(&[][..]));
    assert_eq!((changed.status, changed.overall()), (None, 200));
    assert_eq!((gone.status, gone.overall()), (Some(404), 404));
    assert_eq!(own.status, Some(507));
    assert_eq!(own.errors, ["number-of-matches-within-limits"]);
    assert_eq!(own.description.as_deref(), Some("cut short"));
    assert_eq!(token, "data:,12-3");
}

#[tokio::test]
async fn cut_anywhere_it_is_no_answer() {
    for end in 0..CYRUS_PAGE.len() {
        let fault = read(&CYRUS_PAGE[..end]).await.unwrap_err();
        let in_entity = CYRUS_PAGE[..end].iter().rposition(|b| *b == b'&').is_some_and(|at| end - at <= 5);
        assert!(matches!(fault, Fault::CutOff) || in_entity, "at {end}: {fault:?}");
    }
}

/// As Xandikos answers: other prefixes, the status before the properties, and what is not there in
/// a propstat of its own.
#[tokio::test]
async fn what_is_not_found_does_not_hide_what_is() {
    let all = read(
        br#"<ns0:multistatus xmlns:ns0="DAV:" xmlns:x="http://calendarserver.org/ns/"><ns0:response><ns0:href>/c/</ns0:href>
        <ns0:propstat><ns0:status>HTTP/1.1 404 Not Found</ns0:status><ns0:prop><ns0:getetag>"no"</ns0:getetag></ns0:prop></ns0:propstat>
        <ns0:propstat><ns0:status>HTTP/1.1 200 OK</ns0:status><ns0:prop><x:getctag>7</x:getctag>
        <ns0:resourcetype><ns0:collection/><c:calendar xmlns:c="urn:ietf:params:xml:ns:caldav"/></ns0:resourcetype>
        <ns0:supported-report-set><ns0:supported-report><ns0:report><ns0:sync-collection/></ns0:report></ns0:supported-report></ns0:supported-report-set>
        <ns0:current-user-privilege-set><ns0:privilege><ns0:read/></ns0:privilege></ns0:current-user-privilege-set>
        <c:supported-calendar-component-set xmlns:c="urn:ietf:params:xml:ns:caldav"><c:comp name="VEVENT"/><c:comp name='vtodo'/></c:supported-calendar-component-set>
        </ns0:prop></ns0:propstat></ns0:response></ns0:multistatus>"#,
    )
    .await
    .unwrap();
    let [Part::Response(response)] = all.as_slice() else { panic!("{all:?}") };
    let props = &response.props;
    assert_eq!(response.overall(), 200);
    assert_eq!((props.etag.as_deref(), props.ctag.as_deref()), (None, Some("7")));
    assert!(props.is("calendar") && props.is("collection"));
    assert!(props.reports.iter().any(|report| report == "sync-collection"));
    assert!(props.privileges.iter().flatten().any(|privilege| privilege == "read"));
    assert_eq!(props.components.as_deref(), Some(&["VEVENT".to_owned(), "VTODO".to_owned()][..]));
}

#[tokio::test]
async fn bytes_come_out_as_the_server_sent_them() {
    for (data, bytes) in [
        ("A&#13;\nB&#xD;\r\nC\n", "A\r\nB\r\r\nC\n"),
        (
            "  a &amp;amp; &lt;b&gt; &quot;&apos; é\u{1F600}&#x1F600;\t",
            "  a &amp; <b> \"' é\u{1F600}\u{1F600}\t",
        ),
        ("<![CDATA[a & <b> ]]>]]&gt;<![CDATA[\r\n]]>", "a & <b> ]]>\r\n"),
        ("a<!-- not this -->b", "ab"),
        ("a\u{1}b", "a\u{1}b"),
    ] {
        let all = responses(&item(data)).await;
        assert_eq!(all[0].props.data, Some(Data::Bytes(Bytes::from(bytes))), "{data:?}");
    }
}

#[tokio::test]
async fn an_item_that_is_too_large_is_not_held() {
    let line = "x".repeat(1 << 20) + "&#13;\n";
    let all = responses(&(item(&line.repeat(33)) + &item("small"))).await;
    assert_eq!(all[0].props.data, Some(Data::TooLarge));
    assert_eq!(all[1].props.data, Some(Data::Bytes(Bytes::from("small"))));
    let one_text = format!("<multistatus {NAMESPACES}>{}", item(&"x".repeat(33 << 20)));
    assert!(matches!(read(one_text.as_bytes()).await, Err(Fault::TooLarge(_))));
}

#[tokio::test]
async fn what_is_no_multistatus_is_an_error() {
    let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><multistatus xmlns="DAV:"/>"#;
    let deep = format!(r#"<multistatus xmlns="DAV:">{}"#, "<a>".repeat(1000));
    for (text, expected) in [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        ("<html><head>", "a web page"),
        (bomb, "document type definition"),
        (r#"<multistatus xmlns="DAV:"><response>&a;"#, "unknown entity &a;"),
        (r#"<multistatus xmlns="elsewhere"/>"#, "<multistatus> instead"),
        (r#"<a/>"#, "<a> instead"),
        (r#"<multistatus xmlns="DAV:"></response>"#, "cannot be understood"),
        (r#"<multistatus xmlns="DAV:"/><multistatus xmlns="DAV:"/>"#, "more after its end"),
        (&deep, "nested too deep"),
        ("", "broke off"),
        ("{}", "broke off"),
    ] {
        let message = read(text.as_bytes()).await.unwrap_err().to_string();
        assert!(message.contains(expected), "{text:.60}: {message}");
    }
    let latin1 = b"<multistatus xmlns=\"DAV:\"><response><href>/\xe9.ics</href></response></multistatus>";
    assert!(matches!(read(latin1).await, Err(Fault::Malformed(_))));
}

#[test]
fn requests_are_escaped() {
    insta::assert_snapshot!(
        sync_collection("a&b<c>\"'"),
        @r#"<?xml version="1.0" encoding="utf-8"?><sync-collection xmlns="DAV:"><sync-token>a&amp;b&lt;c&gt;&quot;&apos;</sync-token><sync-level>1</sync-level><prop><getetag/><resourcetype/></prop></sync-collection>"#
    );
    insta::assert_snapshot!(
        multiget(Kind::Contacts, Form::Usual, ["/a&b.vcf", "/%3C.vcf"].into_iter()),
        @r#"<?xml version="1.0" encoding="utf-8"?><C:addressbook-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><prop><getetag/><getlastmodified/><getcontentlength/><C:address-data/></prop><href>/a&amp;b.vcf</href><href>/%3C.vcf</href></C:addressbook-multiget>"#
    );
}

#[tokio::test]
async fn a_principal_and_a_collection_are_read() {
    let inner = r#"<response><href>/p/jana</href><propstat><prop>
        <current-user-principal><href>/p/jana</href></current-user-principal><principal-URL><href>/p/jana/</href></principal-URL>
        <C:calendar-home-set><href>/c/jana/</href><href>https://p07.example.org/c/</href></C:calendar-home-set>
        <A:addressbook-home-set xmlns:A="urn:ietf:params:xml:ns:carddav"><href>/a/jana/</href></A:addressbook-home-set>
        <S:calendar-proxy-read-for xmlns:S="http://calendarserver.org/ns/"><href>/p/bob/</href></S:calendar-proxy-read-for>
        <S:calendar-proxy-write-for xmlns:S="http://calendarserver.org/ns/"/>
        </prop><status>HTTP/1.1 200 OK</status></propstat></response>
        <response><href>/c/jana/work/</href><propstat><prop><owner><href>/p/bob/</href></owner>
        <I:calendar-color xmlns:I="http://apple.com/ns/ical/"> #FF0000FF </I:calendar-color>
        <C:calendar-description>Our &amp; theirs</C:calendar-description>
        <acl><ace><principal><href>/p/eve/</href></principal></ace></acl>
        <current-user-principal><unauthenticated/></current-user-principal>
        </prop><status>HTTP/1.1 200 OK</status></propstat></response>"#;
    let [principal, collection] = responses(inner).await.try_into().unwrap();
    assert_eq!(principal.hrefs, ["/p/jana"]);
    assert_eq!(principal.props.current_user, Some(CurrentUser::Principal("/p/jana".into())));
    assert_eq!(principal.props.principal_url.as_deref(), Some("/p/jana/"));
    assert_eq!(principal.props.calendar_homes, ["/c/jana/", "https://p07.example.org/c/"]);
    assert_eq!(principal.props.addressbook_homes, ["/a/jana/"]);
    assert_eq!(principal.props.proxy_for, ["/p/bob/"]);
    assert_eq!(collection.hrefs, ["/c/jana/work/"]);
    assert_eq!(collection.props.owner.as_deref(), Some("/p/bob/"));
    assert_eq!(collection.props.color.as_deref(), Some("#FF0000FF"));
    assert_eq!(collection.props.description.as_deref(), Some("Our & theirs"));
    assert_eq!(collection.props.current_user, Some(CurrentUser::Unauthenticated));
}

#[tokio::test]
async fn characters_in_two_halves_are_put_together() {
    let named = |text: &str| {
        format!(
            "<response><href>/x</href><propstat><prop><displayname>{text}</displayname></prop>\
             <status>HTTP/1.1 200 OK</status></propstat></response>"
        )
    };
    for (text, shown) in [
        ("Neu &#55356;&#57225;!", "Neu 🎉!"),
        ("&#xD83C;&#xDF89;", "🎉"),
        ("&#127881;", "🎉"),
        ("a&#57225;", "a\u{fffd}"),
        ("a&#55356;b", "a\u{fffd}b"),
    ] {
        let [response] = responses(&named(text)).await.try_into().unwrap();
        assert_eq!(response.props.display_name.as_deref(), Some(shown), "{text}");
    }
    let [_, next] = responses(&(named("a&#55356;") + &named("&#55356;&#57225;"))).await.try_into().unwrap();
    assert_eq!(
        next.props.display_name.as_deref(),
        Some("🎉"),
        "a half at the end of a text is not kept for the next"
    );
}
