//! Bytes are sacred: what passes through is the same to the octet, and what is not to be changed is not.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use pimbridge::item::Kind;
use pimbridge::server::{self, Options};

use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, Server, Software, USER};
use crate::support::{http, item};

/// Events with all that real files have.
fn odd_events() -> BTreeMap<&'static str, Bytes> {
    let wrap = |inside: &str| {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{inside}END:VEVENT\r\nEND:VCALENDAR\r\n")
    };
    let line_feeds =
        wrap("UID:lf\r\nDTSTART:20260501T100000Z\r\nSUMMARY:Line feeds\r\n").replace("\r\n", "\n");
    let folded = wrap(
        "UID:folded\r\nDTSTART:2026\r\n 0501T100000Z\r\nSUM\r\n MARY:Fol\r\n\tded \r\n  oddly\r\nX-A;X-B=\"c:d;e,f\":g\r\n",
    );
    let attachment = "QUJD".repeat(100_000);
    let attached = wrap(&format!(
        "UID:attached\r\nDTSTART:20260501T100000Z\r\nSUMMARY:Attachment\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:{attachment}\r\n"
    ));
    let text = wrap(
        "UID:text\r\nDTSTART;VALUE=DATE:20260501\r\nSUMMARY:Ärger & <Freude> \"👩‍👩‍👧\" ]]> &amp; \\, \\; \\n\r\nDESCRIPTION:  blanks  \r\n",
    );
    let components = wrap(
        "UID:components\r\nDTSTART:20260501T100000Z\r\nSUMMARY:Components\r\nBEGIN:X-STRANGE\r\nX-Y:z\r\nEND:X-STRANGE\r\n\
         BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nACTION:AUDIO\r\nEND:VALARM\r\nBEGIN:VALARM\r\nTRIGGER;RELATED=END:PT0S\r\nACTION:DISPLAY\r\n\
         DESCRIPTION:end\r\nEND:VALARM\r\n",
    );
    let lower = "begin:vcalendar\r\nversion:2.0\r\nbegin:vevent\r\nuid:lower\r\ndtstart:20260501T100000Z\r\nsummary:lower case\r\nend:vevent\r\nend:vcalendar";
    [
        ("lf", line_feeds),
        ("folded", folded),
        ("attached", attached),
        ("text", text),
        ("components", components),
        ("lower", lower.to_owned()),
    ]
    .map(|(name, text)| (name, Bytes::from(text)))
    .into()
}

#[test]
fn both_ways_to_the_octet() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options = Options { credentials: Some((USER.into(), PASSWORD.into())), ..Options::default() };
    let server = runtime.block_on(server::Server::start(options)).unwrap();
    let path = format!("calendars/{USER}/odd");
    let url = server.create_collection(&path, Kind::Events, "Odd");
    let home = Home::default();
    let folder = home.folder("odd");
    home.profile("odd", Kind::Events, &url, "");
    for (n, (name, bytes)) in odd_events().into_iter().enumerate() {
        match n % 2 {
            0 => fs::write(folder.join(format!("{name}.ics")), bytes).unwrap(),
            _ => server.put(&path, &format!("{name}.ics"), bytes),
        }
    }
    home.sync("odd", 0);
    let expected: BTreeMap<String, Bytes> =
        odd_events().into_iter().map(|(name, bytes)| (format!("{name}.ics"), bytes)).collect();
    assert_eq!(files(&folder), expected);
    assert_eq!(server.items(&path), expected);
}

/// A server may store an item in a form of its own; that must not come back as a change, and the local
/// file must stay as it is.
fn a_server_that_rewrites(software: Software, kind: Kind) {
    let Some(server) = Server::start_if_installed(software) else { return };
    let url = server.create("odd", kind);
    let home = Home::default();
    let folder = home.folder("odd");
    home.profile("odd", kind, &url, "");
    let mut items: BTreeMap<String, Bytes> = BTreeMap::new();
    // Cyrus and sabre/dav refuse some of them, and SOGo gives an event without an end one.
    let takes_odd = !matches!(software, Software::Cyrus | Software::Sabre | Software::Sogo);
    if kind == Kind::Events && takes_odd {
        items.extend(odd_events().into_iter().map(|(name, bytes)| (format!("{name}.ics"), bytes)));
    }
    for n in 0..3 {
        let name = format!("item-{n}.{}", kind.extension());
        items.insert(name, item(kind, &format!("item-{n}"), &format!("Item {n}"), n));
    }
    for (name, bytes) in &items {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let first = home.sync("odd", 0);
    assert_eq!(first["remote"]["created"], items.len(), "{first:#}");
    assert_eq!(files(&folder), items);
    let stored = http::items(&url);

    // All over again without a memory of it: everything is recognised, nothing is written.
    fs::remove_dir_all(home.path().join("state")).unwrap();
    let again = home.sync("odd", 0);
    for (name, bytes) in files(&folder) {
        if bytes != items[&name] {
            eprintln!(
                "{name}\n{}\n----\n{}",
                String::from_utf8_lossy(&items[&name][..items[&name].len().min(900)]),
                String::from_utf8_lossy(&bytes[..bytes.len().min(900)])
            );
        }
    }
    assert_eq!((&again["local"], &again["remote"]), (&nothing(), &nothing()), "{again:#}");
    assert_eq!(files(&folder), items);
    assert_eq!(http::items(&url), stored);

    // One item changes on the server: the others stay as they are on both sides.
    let name = format!("item-1.{}", kind.extension());
    http::put(&url, &name, kind.media_type(), &item(kind, "item-1", "Changed", 50));
    let changed = http::items(&url);
    let report = home.sync("odd", 0);
    assert_eq!(report["local"]["updated"], 1, "{report:#}");
    let mut expected = items;
    expected.insert(name.clone(), changed[&name].clone());
    assert_eq!(files(&folder), expected);
    assert_eq!(http::items(&url), changed);
}

fn nothing() -> serde_json::Value {
    serde_json::json!({ "created": 0, "updated": 0, "deleted": 0 })
}

#[test]
fn events_on_radicale() {
    a_server_that_rewrites(Software::Radicale, Kind::Events);
}

#[test]
fn events_on_xandikos() {
    a_server_that_rewrites(Software::Xandikos, Kind::Events);
}

#[test]
fn contacts_on_radicale() {
    a_server_that_rewrites(Software::Radicale, Kind::Contacts);
}

#[test]
fn contacts_on_xandikos() {
    a_server_that_rewrites(Software::Xandikos, Kind::Contacts);
}

#[test]
fn events_on_cyrus() {
    a_server_that_rewrites(Software::Cyrus, Kind::Events);
}

#[test]
fn contacts_on_cyrus() {
    a_server_that_rewrites(Software::Cyrus, Kind::Contacts);
}

#[test]
fn events_on_davical() {
    a_server_that_rewrites(Software::Davical, Kind::Events);
}

#[test]
fn contacts_on_davical() {
    a_server_that_rewrites(Software::Davical, Kind::Contacts);
}

#[test]
fn events_on_sabre() {
    a_server_that_rewrites(Software::Sabre, Kind::Events);
}

#[test]
fn contacts_on_sabre() {
    a_server_that_rewrites(Software::Sabre, Kind::Contacts);
}

#[test]
fn events_on_sogo() {
    a_server_that_rewrites(Software::Sogo, Kind::Events);
}

#[test]
fn contacts_on_sogo() {
    a_server_that_rewrites(Software::Sogo, Kind::Contacts);
}

/// Cyrus tells 3.0 to whoever does not ask for 4.0, and 4.0 to whoever does.
#[test]
fn cards_of_both_versions_come_as_they_are_stored() {
    let Some(server) = Server::start_if_installed(Software::Cyrus) else { return };
    let url = server.create("cards", Kind::Contacts);
    let card = |version: &str, title: &str| {
        let more = if version == "4.0" { "KIND:individual\r\n" } else { "X-ABLABEL:Größe\r\n" };
        let uid = version.replace('.', "-");
        format!(
            "BEGIN:VCARD\r\nVERSION:{version}\r\nUID:{uid}\r\nFN:{title}\r\nN:{title};;;;\r\n{more}TEL;TYPE=CELL:+49 30 1\r\nEND:VCARD\r\n"
        )
    };
    let home = Home::default();
    let folder = home.folder("cards");
    home.profile("cards", Kind::Contacts, &url, "");
    fs::write(folder.join("4-0.vcf"), card("4.0", "Here")).unwrap();
    http::put(&url, "3-0.vcf", "text/vcard", card("3.0", "There").as_bytes());
    home.sync("cards", 0);
    http::put(&url, "4-0.vcf", "text/vcard", card("4.0", "Changed").as_bytes());
    http::put(&url, "3-0.vcf", "text/vcard", card("3.0", "Changed").as_bytes());
    home.sync("cards", 0);
    let expected = [("3-0.vcf", card("3.0", "Changed")), ("4-0.vcf", card("4.0", "Changed"))];
    let expected = expected.map(|(name, text)| (name.to_owned(), Bytes::from(text)));
    assert_eq!(files(&folder), BTreeMap::from(expected));
}
