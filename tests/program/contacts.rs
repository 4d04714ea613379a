//! How contacts are different on the server: groups, versions, the form of numbers. And the calendar of birthdays.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use pimbridge::item::Kind;

use crate::support::http;
use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};

fn put_here(folder: &Path, name: &str, lines: &str) {
    let card = format!("BEGIN:VCARD\r\n{}END:VCARD\r\n", lines.replace('\n', "\r\n"));
    fs::write(folder.join(name), card).unwrap();
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// What the server has under this name. SOGo shows lists only to programs that say who they are.
fn there(url: &str, name: &str) -> String {
    let answer = http::send("GET", &format!("{url}{name}"), &[("User-Agent", "tests")], b"");
    assert_eq!(answer.status, 200, "GET {name}");
    text(&answer.body)
}

/// How often a run wrote to each side.
fn writes(report: &serde_json::Value) -> (u64, u64) {
    let of = |side: &str| {
        ["created", "updated", "deleted"].iter().map(|what| report[side][what].as_u64().unwrap()).sum()
    };
    (of("local"), of("remote"))
}

#[test]
fn groups_are_lists_on_sogo() {
    let Some(server) = Server::start_if_installed(Software::Sogo) else { return };
    let url = server.create("people", Kind::Contacts);
    let home = Home::default();
    home.profile("people", Kind::Contacts, &url, "conflict = \"merge\"\n[mapping]\ngroups = \"vlist\"");
    let folder = home.folder("people");
    put_here(&folder, "ann.vcf", "VERSION:3.0\nUID:ann\nN:Doe;Ann;;;\nFN:Doe, Ann\nEMAIL:ann@x.org\n");
    put_here(&folder, "bo.vcf", "VERSION:3.0\nUID:bo\nN:Doe;Bo;;;\nFN:Bo Doe\nEMAIL:bo@x.org\n");
    let group = "VERSION:3.0\nUID:team\nN:Team;;;;\nFN:Team\nX-ADDRESSBOOKSERVER-KIND:group\n";
    let member = |uid: &str| format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}\n");
    put_here(&folder, "team.vcf", &format!("{group}{}", member("ann")));
    let before = files(&folder);

    assert_eq!(writes(&home.sync("people", 0)), (0, 3));
    let list = there(&url, "team.vcf");
    assert!(list.starts_with("BEGIN:VLIST\n"), "{list}");
    assert!(list.lines().any(|line| line.starts_with("CARD;") && line.ends_with(":ann.vcf")), "{list}");
    assert!(list.contains("EMAIL=ann@x.org"), "{list}");
    assert_eq!(writes(&home.sync("people", 0)), (0, 0));
    assert_eq!(files(&folder), before);

    // SOGo's own list, and a new member of the one that is here.
    let list = "BEGIN:VLIST\r\nUID:own.vlf\r\nVERSION:1.0\r\nFN:Own\r\nCARD;EMAIL=other@x.org;FN=Bo:bo.vcf\r\nEND:VLIST\r\n";
    let headers = [("User-Agent", "tests"), ("Content-Type", "text/vcard")];
    assert_eq!(http::send("PUT", &format!("{url}own.vlf"), &headers, list.as_bytes()).status, 201);
    put_here(&folder, "team.vcf", &format!("{group}{}{}", member("ann"), member("bo")));
    assert_eq!(writes(&home.sync("people", 0)), (1, 1));
    let list = there(&url, "team.vcf");
    assert!(list.contains(":ann.vcf\n") && list.contains(":bo.vcf\n"), "{list}");
    let here = files(&folder);
    let (name, own) = here.iter().find(|(_, bytes)| text(bytes).contains("FN:Own")).unwrap();
    assert!(
        text(own).contains(&format!("X-ADDRESSBOOKSERVER-KIND:group\nUID:own.vlf\nFN:Own\n{}", member("bo"))),
        "{own:?}"
    );

    // What SOGo has chosen for a member stays when another one comes to it.
    fs::write(folder.join(name), text(own).replace("END:", &format!("{}END:", member("ann")))).unwrap();
    assert_eq!(writes(&home.sync("people", 0)), (0, 1));
    let list = there(&url, "own.vlf");
    assert!(list.contains("EMAIL=other@x.org") && list.contains(":ann.vcf\n"), "{list}");
    assert_eq!(writes(&home.sync("people", 0)), (0, 0));
}

#[test]
fn birthdays_become_a_calendar_that_goes_on_to_a_server() {
    let server = Server::start(Software::Radicale);
    let (people, days) = (server.create("people", Kind::Contacts), server.create("days", Kind::Events));
    let home = Home::default();
    let calendar = home.folder("days");
    home.profile("people", Kind::Contacts, &people, &format!("birthdays = {calendar:?}"));
    home.profile("days", Kind::Events, &days, "mode = \"merge-to-server\"");
    let folder = home.folder("people");
    put_here(&folder, "ann.vcf", "VERSION:3.0\nUID:ann\nN:Doe;Ann;;;\nFN:Ann Doe\nBDAY:1970-05-03\n");
    http::put(
        &people,
        "bo.vcf",
        "text/vcard",
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bo\r\nN:Doe;Bo;;;\r\nFN:Bo Doe\r\nBDAY:19720229\r\nEND:VCARD\r\n",
    );

    home.run(&["sync", "people", "--dry-run"]).expect(0);
    assert!(files(&calendar).is_empty());
    let first = home.run(&["sync", "people"]).expect(0);
    assert!(first.stdout.contains("The calendar of birthdays: 2 new"), "{}", first.stdout);
    let stored = home.run(&["report", "show", "people"]).expect(0);
    assert!(stored.stdout.contains("The calendar of birthdays: 2 new"), "{}", stored.stdout);
    let before = files(&calendar);
    let again = home.run(&["sync", "people"]).expect(0);
    assert!(!again.stdout.contains("birthdays"), "{}", again.stdout);
    assert_eq!(files(&calendar), before);

    assert_eq!(home.sync("days", 0)["remote"]["created"], 2);
    put_here(&folder, "ann.vcf", "VERSION:3.0\nUID:ann\nN:Doe;Ann;;;\nFN:Ann Roe\nBDAY:1970-05-04\n");
    fs::remove_file(folder.join("bo.vcf")).unwrap();
    let third = home.run(&["sync", "people"]).expect(0);
    assert!(third.stdout.contains("The calendar of birthdays: 1 changed, 1 deleted"), "{}", third.stdout);
    home.sync("days", 0);
    let there: Vec<String> = http::items(&days).values().map(text).collect();
    assert_eq!(there.len(), 1);
    assert!(
        there[0].contains("SUMMARY:Ann Roe\n") && there[0].contains("DTSTART;VALUE=DATE:19700504\n"),
        "{there:?}"
    );
}

#[test]
fn cards_are_written_otherwise_on_the_server() {
    let server = Server::start(Software::Radicale);
    let url = server.create("people", Kind::Contacts);
    let home = Home::default();
    let profile = |version: &str| {
        let mapping = format!(
            "conflict = \"merge\"\n[mapping]\nvcard_version = \"{version}\"\nphone_numbers = \"digits\"\ninstant_messaging = \"impp\""
        );
        home.profile("people", Kind::Contacts, &url, &mapping);
    };
    profile("3.0");
    let folder = home.folder("people");
    let own = "PHOTO:data:image/jpeg;base64,/9j/4AAQ\nTEL;PREF=1:+49 170-123\nTEL;TYPE=\"work,voice\":0170 / 4\nBDAY:--0503\n\
               X-SKYPE:ann.doe\nitem1.ADR;TYPE=home;LABEL=\"Street 1\\nTown\":;;Street 1;Town;;;\nitem1.X-ABLABEL:x\n";
    let ann =
        |more: &str| format!("VERSION:4.0\nUID:ann\nN;SORT-AS=\"Doe\":Doe;Ann;;;\nFN:Ann Doe\n{own}{more}");
    put_here(&folder, "ann.vcf", &ann("NOTE:one\n"));
    put_here(&folder, "team.vcf", "VERSION:4.0\nUID:team\nFN:Team\nKIND:group\nMEMBER:urn:uuid:ann\n");
    let before = files(&folder);
    assert_eq!(writes(&home.sync("people", 0)), (0, 2));
    let card = there(&url, "ann.vcf");
    for line in [
        "VERSION:3.0",
        "PHOTO;ENCODING=B;TYPE=JPEG:/9j/4AAQ",
        "TEL;TYPE=pref:+49170123",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-03",
        "IMPP:skype:ann.doe",
        "SORT-STRING:Doe",
        "item1.LABEL;TYPE=home:Street 1\\nTown",
    ] {
        assert!(card.lines().any(|own| own.eq_ignore_ascii_case(line)), "{line}: {card}");
    }
    assert!(there(&url, "team.vcf").contains("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ann\n"));
    assert_eq!(writes(&home.sync("people", 0)), (0, 0));
    assert_eq!(files(&folder), before, "nothing here is written anew");

    // A change there changes one line here, and a new card there gets the version of those here.
    let changed = card.replace("NOTE:one", "NOTE:two\nTEL;TYPE=pref:+49 1").replace('\n', "\r\n");
    http::put(&url, "ann.vcf", "text/vcard", changed.as_bytes());
    http::put(&url, "bo.vcf", "text/vcard", b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bo\r\nN:Doe;Bo;;;\r\nFN:Bo Doe\r\nBDAY:1972-02-29\r\nEND:VCARD\r\n");
    assert_eq!(writes(&home.sync("people", 0)), (2, 0));
    let here = files(&folder);
    let mut lines: Vec<String> = text(&here["ann.vcf"]).lines().map(str::to_owned).collect();
    let mut expected: Vec<String> = text(&before["ann.vcf"])
        .replace("NOTE:one", "NOTE:two\nTEL;PREF=1:+491")
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
    let bo = text(&here["bo.vcf"]);
    assert!(bo.contains("VERSION:4.0\n") && bo.contains("BDAY:19720229\n"), "{bo}");

    // A change here changes one line there.
    put_here(
        &folder,
        "ann.vcf",
        &text(&here["ann.vcf"])
            .replace("BEGIN:VCARD\n", "")
            .replace("END:VCARD\n", "")
            .replace("--0503", "--0504"),
    );
    let before = there(&url, "ann.vcf");
    assert_eq!(writes(&home.sync("people", 0)), (0, 1));
    let mut lines: Vec<String> = there(&url, "ann.vcf").lines().map(str::to_owned).collect();
    let mut expected: Vec<String> =
        before.replace("1604-05-03", "1604-05-04").lines().map(str::to_owned).collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
    assert_eq!(writes(&home.sync("people", 0)), (0, 0));

    // Nothing is written because an option is another.
    profile("keep");
    assert_eq!(writes(&home.sync("people", 0)), (0, 0));
    assert_eq!(writes(&home.sync("people", 0)), (0, 0));
}
