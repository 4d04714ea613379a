//! What real servers do otherwise than the RFCs say; `tests/README.md` has the table.

use super::*;

impl Server {
    fn open_at(&self, path: &str, kind: Kind) -> Dav {
        Dav::open(jana(), &self.url.replace("/cal/", path), kind).unwrap()
    }
}

fn delete(href: &str, etag: &str) -> Edit {
    Edit::Delete { href: Href::new(href), if_etag: Etag::new(etag) }
}

fn data(text: &str) -> String {
    format!("<C:calendar-data>{text}</C:calendar-data>")
}

async fn the_bytes(dav: &Dav, href: &str) -> Bytes {
    match dav.fetch(&[Href::new(href)]).await.unwrap().remove(0) {
        Fetched::Found { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

/// SOGo.
#[tokio::test]
async fn a_version_that_every_new_item_has_is_told_apart_by_its_content() {
    const FIRST: &str = "&quot;gcs00000000&quot;";
    let content = Arc::new(Mutex::new("one"));
    let shown = Arc::clone(&content);
    let server = Server::start(move |_, seen| match seen.method.as_str() {
        "REPORT" if seen.body.contains("sync-token") => {
            multistatus(&(etag("/cal/a.ics", FIRST) + "<sync-token>2</sync-token>"))
        }
        "REPORT" => {
            let found = format!("<getetag>{FIRST}</getetag>{}", data(shown.lock().unwrap().as_ref()));
            multistatus(&props("/cal/a.ics", &found))
        }
        _ => reply(204, "ETag: \"gcs00000000\"\r\n", ""),
    })
    .await;
    let dav = server.open();
    let mut versions = Vec::new();
    for text in ["one", "one", "made anew"] {
        *content.lock().unwrap() = text;
        let Observation::Delta { changed, .. } = dav.observe(Some(&sync_cursor("1"))).await.unwrap() else {
            panic!()
        };
        versions.push(changed[0].etag.as_str().to_owned());
    }
    assert_eq!(versions[0], versions[1]);
    assert_ne!(versions[1], versions[2]);

    // The write is conditional on the server's own version all the same.
    let outcomes = dav.apply(vec![replace("a.ics", &versions[0])]).await.outcomes;
    assert_eq!(outcomes, [STALE]);
    let outcomes = dav.apply(vec![replace("a.ics", &versions[2])]).await.outcomes;
    assert_eq!(outcomes, [Outcome::Stored { href: Href::new("a.ics"), etag: None }], "it is read back");
    let puts: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.method == "PUT").collect();
    assert_eq!(puts.len(), 1);
    assert!(puts[0].has("if-match: \"gcs00000000\""), "{}", puts[0].head);
}

/// SOGo, Zimbra, Posteo, GMX.
#[tokio::test]
async fn where_preconditions_are_ignored_a_look_comes_before_each_write() {
    let server = Server::start(|_, seen| {
        let there = |uid: &str, etag: &str| {
            let found = format!("<getetag>{etag}</getetag>{}", data(&event(uid)));
            multistatus(&props(&asked(seen)[0], &found))
        };
        match (seen.method.as_str(), seen.path.rsplit('/').next().unwrap()) {
            ("PROPFIND", _) => multistatus(&props("/SOGo/dav/jana/Calendar/p/", "")),
            ("GET", "free.ics" | "gone.ics") => reply(404, "", ""),
            ("GET", name) if name.starts_with("taken-") => reply(404, "", ""),
            ("GET", _) => reply(200, "", "x"),
            ("REPORT", _) if asked(seen)[0].ends_with("/same.ics") => there("same", "1"),
            ("REPORT", _) if asked(seen)[0].ends_with("/gone.ics") => {
                multistatus(&status(&asked(seen)[0], 404))
            }
            ("REPORT", _) => there("another", "2"),
            _ => reply(204, "", ""),
        }
    })
    .await;
    let edits = vec![
        create("free"),
        create("same"),
        create("taken"),
        replace("gone.ics", "1"),
        replace("a.ics", "1"),
        replace("a.ics", "2"),
        delete("a.ics", "1"),
        delete("a.ics", "2"),
    ];
    let applied = server.open_at("/SOGo/dav/jana/Calendar/p/", Kind::Events).apply(edits).await;
    insta::assert_snapshot!(lines(&applied.outcomes), @r#"
    Stored { href: "free.ics", etag: None }
    Stale { sure: true }
    Stored { href: "taken-7fc5fcb7ffb8.ics", etag: None }
    Stale { sure: true }
    Stale { sure: true }
    Stored { href: "a.ics", etag: None }
    Stale { sure: true }
    Deleted
    "#);
    let writes = server.seen().into_iter().filter(|seen| matches!(seen.method.as_str(), "PUT" | "DELETE"));
    let mut writes: Vec<String> =
        writes.map(|seen| format!("{} {}", seen.method, seen.path.rsplit('/').next().unwrap())).collect();
    writes.sort();
    assert_eq!(writes, ["DELETE a.ics", "PUT a.ics", "PUT free.ics", "PUT taken-7fc5fcb7ffb8.ics"]);
}

/// mail.ru, DavMail.
#[tokio::test]
async fn a_version_without_quotes_goes_back_as_it_came() {
    let server = Server::start(|_, _| reply(204, "ETag: 2026-11-26T10:00:00Z\r\n", "")).await;
    let outcomes = server.open().apply(vec![replace("a.ics", "1795678653")]).await.outcomes;
    let etag = Some(Etag::new("2026-11-26T10:00:00Z"));
    assert_eq!(outcomes, [Outcome::Stored { href: Href::new("a.ics"), etag }]);
    assert!(server.seen()[0].has("if-match: 1795678653"));
}

/// SOGo tells everything of the last second again.
#[tokio::test]
async fn a_change_that_is_told_twice_is_the_same_version() {
    let server = Server::start(|_, _| {
        let a = etag("/cal/a.ics", "&quot;1&quot;");
        multistatus(&format!("{a}{a}<sync-token>1795678653</sync-token>"))
    })
    .await;
    let cursor = sync_cursor("1795678653");
    let expected = Observation::Delta { changed: vec![entry("a.ics", "\"1\"")], removed: vec![], cursor };
    let dav = server.open();
    for _ in 0..2 {
        assert_eq!(dav.observe(Some(&sync_cursor("1795678653"))).await.unwrap(), expected);
    }
}

/// Radicale refuses bodies without a length.
#[tokio::test]
async fn a_large_item_is_sent_with_its_length() {
    let server = Server::start(|_, _| reply(204, "", "")).await;
    let bytes = Bytes::from("x".repeat(300_000));
    let edit = Edit::Replace { href: Href::new("a.ics"), if_etag: Etag::new("\"1\""), bytes };
    server.open().apply(vec![edit]).await;
    let put = &server.seen()[0];
    assert!(put.has("content-length: 300000") && put.body.len() == 300_000, "{}", put.head);
    assert!(!put.head.to_ascii_lowercase().contains("transfer-encoding"), "{}", put.head);
}

#[tokio::test]
async fn control_characters_do_not_end_an_answer() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => multistatus(
            &(props("/cal/", &format!("{CALENDAR}<displayname>W\u{1}o&#x1;rk&#0;</displayname>"))
                + &etag("/cal/a.ics", "1")),
        ),
        _ => multistatus(&props(
            "/cal/a.ics",
            &format!("<getetag>1</getetag>{}", data("SUMMARY:a\u{b}b\u{8}c&#x2;d&#0;e")),
        )),
    })
    .await;
    let dav = server.open();
    let Observation::Listing { entries, .. } = dav.observe(None).await.unwrap() else { panic!() };
    assert_eq!(entries, [entry("a.ics", "1")]);
    // What the server stores stays as it is; what no XML can say is left out.
    assert_eq!(the_bytes(&dav, "a.ics").await, "SUMMARY:a\u{b}b\u{8}c\u{2}de");
}

/// Open-Xchange.
#[tokio::test]
async fn odd_line_ends_are_read_and_kept() {
    let odd = event("a").replace("\r\n", "\r\r\n");
    let sent = odd.clone();
    let server = Server::start(move |_, _| {
        multistatus(&props("/cal/a.ics", &format!("<getetag>1</getetag>{}", data(&sent))))
    })
    .await;
    let bytes = the_bytes(&server.open(), "a.ics").await;
    assert_eq!(bytes, odd);
    assert_eq!(crate::item::read(&bytes).unwrap().uid.as_deref(), Some("a"));
}

#[tokio::test]
async fn hrefs_that_are_escaped_twice_name_what_they_mean() {
    let server = Server::start(|_, seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PROPFIND", _) => {
            multistatus(&(props("/cal/jana%2540x/", CALENDAR) + &etag("/cal/jana%2540x/a%2540b.ics", "1")))
        }
        ("REPORT", _) if asked(seen) == ["/cal/jana%40x/a%40b.ics"] => {
            multistatus(&props("/cal/jana%2540x/a%2540b.ics", &format!("<getetag>1</getetag>{}", data("x"))))
        }
        ("DELETE", "/cal/jana%40x/a%40b.ics") => reply(204, "", ""),
        _ => reply(404, "", ""),
    })
    .await;
    let dav = server.open_at("/cal/jana%40x/", Kind::Events);
    let Observation::Listing { entries, .. } = dav.observe(None).await.unwrap() else { panic!() };
    assert_eq!(entries, [entry("a%40b.ics", "1")]);
    assert_eq!(the_bytes(&dav, "a%40b.ics").await, "x");
    assert_eq!(dav.apply(vec![delete("a%40b.ics", "1")]).await.outcomes, [Outcome::Deleted]);
}

/// Cyrus, sabre/dav since 3.0 and with it Nextcloud.
#[tokio::test]
async fn a_card_comes_in_the_version_in_which_it_is_stored() {
    const STORED: [(&str, &str); 3] = [
        ("old", "BEGIN:VCARD\nVERSION:3.0\nFN:Old\nEND:VCARD\n"),
        ("new", "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:New\nEND:VCARD\n"),
        ("odd", "BEGIN:VCARD\nVERSION:3.0\nFN:Odd\nEND:VCARD\n"),
    ];
    for speaks in [true, false] {
        let server = Server::start(move |_, seen| {
            if seen.method == "PROPFIND" {
                let version = if speaks { "4.0" } else { "3.0" };
                let types = format!(
                    "<D:supported-address-data xmlns:D='urn:ietf:params:xml:ns:carddav'>\
                     <D:address-data-type content-type='text/vcard' version='{version}'/></D:supported-address-data>"
                );
                return multistatus(&props("/cal/", &types));
            }
            let as_4 = seen.body.contains("version=\"4.0\"");
            let card = |(name, text): (&str, &str)| {
                let shown = match as_4 {
                    true => text.replace("VERSION:3.0", "VERSION:4.0\nX-WAS:3"),
                    false => text.replace("VERSION:4.0\nKIND:group", "VERSION:3.0\nX-KIND:group"),
                };
                // It is wrong about one of them.
                let length = text.len() + usize::from(name == "odd");
                props(
                    &format!("/cal/{name}.vcf"),
                    &format!(
                        "<getetag>1</getetag><getcontentlength>{length}</getcontentlength>\
                         <D:address-data xmlns:D='urn:ietf:params:xml:ns:carddav'>{shown}</D:address-data>"
                    ),
                )
            };
            let wanted = STORED.into_iter().filter(|(name, _)| seen.body.contains(&format!("/{name}.vcf")));
            multistatus(&wanted.map(card).collect::<String>())
        })
        .await;
        let dav = server.open_at("/cal/", Kind::Contacts);
        for (name, text) in STORED {
            let shown = the_bytes(&dav, &format!("{name}.vcf")).await;
            let lost = name == "new" && !speaks;
            assert_eq!(shown == text, !lost, "{name} {speaks}: {shown:?}");
        }
        let together =
            dav.fetch(&["old", "new", "odd"].map(|name| Href::new(format!("{name}.vcf")))).await.unwrap();
        assert_eq!(together.len(), 3);
        let asked = server.seen().iter().filter(|seen| seen.method == "PROPFIND").count();
        assert_eq!(asked, 1, "what it speaks is asked once");
    }
}

/// Where no precondition counts, a second try could overwrite what somebody stored after the first.
#[tokio::test]
async fn what_no_precondition_guards_is_stored_once() {
    let item = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";
    for status in [503, 500] {
        let server = Server::start(move |_, seen| match seen.method.as_str() {
            "PUT" => reply(status, "Retry-After: 1\r\n", ""),
            _ => multistatus(&props(
                "/SOGo/dav/jana/Calendar/p/a.ics",
                &format!("<getetag>\"gcs00000001\"</getetag><C:calendar-data>{item}</C:calendar-data>"),
            )),
        })
        .await;
        let edit = Edit::Replace {
            href: Href::new("a.ics"),
            if_etag: Etag::new("\"gcs00000001\""),
            bytes: "BEGIN:VCALENDAR\r\nX:1\r\nEND:VCALENDAR\r\n".into(),
        };
        server.open_at("/SOGo/dav/jana/Calendar/p/", Kind::Events).apply(vec![edit]).await;
        assert_eq!(server.seen().iter().filter(|seen| seen.method == "PUT").count(), 1, "{status}");
    }
}

/// SOGo behind another path is known by its versions, and by the path that it gives itself.
#[tokio::test]
async fn sogo_is_known_behind_another_path() {
    let server = Server::start(|_, seen| {
        let there = |href: &str| {
            let found = format!("<getetag>\"gcs00000002\"</getetag>{}", data(&event("a")));
            multistatus(&props(href, &found))
        };
        match (seen.method.as_str(), seen.path.as_str()) {
            ("PROPFIND", _) => there("/SOGo/dav/jana/Calendar/p/a.ics"),
            ("REPORT", _) => there(&asked(seen)[0]),
            ("GET", _) => reply(200, "", "x"),
            _ => reply(204, "", ""),
        }
    })
    .await;
    let dav = server.open();
    dav.apply(vec![replace("a.ics", "\"gcs00000001\""), delete("a.ics", "\"gcs00000001\"")]).await;
    assert_eq!(server.methods(), "REPORT REPORT", "the version that is there is another one");

    dav.observe(None).await.unwrap();
    let before = server.seen().len();
    dav.apply(vec![create("free")]).await;
    let methods: Vec<String> = server.seen().drain(before..).map(|seen| seen.method).collect();
    assert_eq!(methods.first().map(String::as_str), Some("GET"), "{methods:?}");
}
