//! Both sides changed the same item, on real servers: `conflict = "merge"` puts the changes together, and
//! `conflict = "ask"` waits for the person.

use std::collections::BTreeSet;
use std::fs;

use bytes::Bytes;
use pimbridge::item::Kind;

use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{http, item, title};

const KINDS: [Kind; 3] = [Kind::Events, Kind::Tasks, Kind::Contacts];

/// A folder and a collection on a server, which can both be edited.
struct Two {
    home: Home,
    url: String,
    kind: Kind,
}

impl Two {
    fn new(server: &Server, name: &str, kind: Kind, conflict: &str) -> Two {
        let (home, url) = (Home::default(), server.create(name, kind));
        home.profile("work", kind, &url, &format!("conflict = \"{conflict}\""));
        Two { home, url, kind }
    }

    fn name(&self, uid: &str) -> String {
        format!("{uid}.{}", self.kind.extension())
    }

    fn here(&self) -> std::collections::BTreeMap<String, Bytes> {
        files(&self.home.folder("work"))
    }

    fn put_here(&self, uid: &str, bytes: &[u8]) {
        fs::write(self.home.folder("work").join(self.name(uid)), bytes).unwrap();
    }

    fn put_there(&self, uid: &str, bytes: &[u8]) {
        let media_type = if self.kind == Kind::Contacts { "text/vcard" } else { "text/calendar" };
        http::put(&self.url, &self.name(uid), media_type, bytes);
    }

    fn edit_here(&self, uid: &str, edits: &[(&str, &str)]) {
        let old = self.here()[&self.name(uid)].clone();
        self.put_here(uid, &edited(&old, edits));
    }

    fn edit_there(&self, uid: &str, edits: &[(&str, &str)]) {
        let old = http::items(&self.url)[&self.name(uid)].clone();
        self.put_there(uid, &edited(&old, edits));
    }

    fn delete_here(&self, uid: &str) {
        fs::remove_file(self.home.folder("work").join(self.name(uid))).unwrap();
    }

    fn delete_there(&self, uid: &str) {
        http::delete(&self.url, &self.name(uid));
    }

    fn titles(&self) -> (Vec<String>, Vec<String>) {
        let sorted = |items: std::collections::BTreeMap<String, Bytes>| {
            let mut titles: Vec<String> = items.values().map(title).collect();
            titles.sort();
            titles
        };
        (sorted(self.here()), sorted(http::items(&self.url)))
    }

    /// The title's line, and that of the last change at this minute.
    fn titled(&self, title: &str, minute: u32) -> [(&'static str, String); 2] {
        let time = format!("20260101T{:02}{:02}00Z", minute / 60, minute % 60);
        match self.kind {
            Kind::Contacts => [("FN:", format!("FN:{title}")), ("REV:", format!("REV:{time}"))],
            _ => [
                ("SUMMARY:", format!("SUMMARY:{title}")),
                ("LAST-MODIFIED:", format!("LAST-MODIFIED:{time}")),
            ],
        }
    }

    fn retitle_here(&self, uid: &str, title: &str, minute: u32) {
        self.edit_here(uid, &self.titled(title, minute).each_ref().map(|(old, new)| (*old, new.as_str())));
    }

    fn retitle_there(&self, uid: &str, title: &str, minute: u32) {
        self.edit_there(uid, &self.titled(title, minute).each_ref().map(|(old, new)| (*old, new.as_str())));
    }

    /// What a command showed, with the names of conflicts left out.
    fn shown(&self, arguments: &[&str], status: i32) -> String {
        let mut text = self.home.shown(&self.home.run(arguments).expect(status));
        for id in self.conflicts() {
            text = text.replace(&id, "ID");
        }
        text
    }

    /// The names of the conflicts that wait.
    fn conflicts(&self) -> Vec<String> {
        let listed = self.home.run(&["conflict", "list", "work"]).expect(0).stdout;
        let conflicts = listed.lines().filter_map(|line| line.strip_prefix("work  "));
        conflicts.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    }

    /// The name of the conflict about this item.
    fn conflict(&self, title: &str) -> String {
        let listed = self.home.run(&["conflict", "list", "work"]).expect(0).stdout;
        let line = listed.lines().find(|line| line.contains(title)).unwrap_or_else(|| panic!("{listed}"));
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// Both sides agree, so another run does nothing.
    #[track_caller]
    fn is_settled(&self) {
        let again = self.home.sync("work", 0);
        let nothing = |side: &str| again[side].as_object().unwrap().values().all(|n| n == 0);
        assert!(nothing("local") && nothing("remote") && again["conflicts"] == 0, "{again:#}");
    }
}

/// With each line that begins so replaced; a line of the name `+X` is added before the line X.
fn edited(item: &Bytes, edits: &[(&str, &str)]) -> Vec<u8> {
    let mut out = String::new();
    for line in String::from_utf8_lossy(item).split_inclusive("\r\n") {
        let is_before = |start: &str| start.strip_prefix('+').is_some_and(|start| line.starts_with(start));
        for (_, new) in edits.iter().filter(|(start, _)| is_before(start)) {
            out.push_str(&format!("{new}\r\n"));
        }
        match edits.iter().find(|(start, _)| line.starts_with(start)) {
            Some((_, new)) => out.push_str(&format!("{new}\r\n")),
            None => out.push_str(line),
        }
    }
    out.into_bytes()
}

fn lines(item: &Bytes) -> BTreeSet<String> {
    String::from_utf8_lossy(item).split("\r\n").map(str::to_owned).collect()
}

/// The content lines, whatever their order and folding: a server has its own.
fn unfolded(item: &Bytes) -> BTreeSet<String> {
    String::from_utf8_lossy(item).replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

/// Stamps of when an item was changed: a merge writes them anew.
fn is_stamp(line: &str) -> bool {
    ["LAST-MODIFIED", "DTSTAMP", "SEQUENCE", "REV"].iter().any(|stamp| line.starts_with(stamp))
}

/// What the other side adds.
fn addition(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Contacts => ("+X-UNKNOWN", "NOTE:Room 7"),
        _ => ("+X-UNKNOWN", "LOCATION:Room 7"),
    }
}

fn both_changes_are_kept(server: &Server, kind: Kind) {
    let two = Two::new(server, &format!("both-{kind}"), kind, "merge");
    two.put_here("x", &item(kind, "x", "Planned", 0));
    two.home.sync("work", 0);

    two.retitle_here("x", "A better title", 30);
    let here = two.here()[&two.name("x")].clone();
    two.edit_there("x", &[addition(kind)]);
    let there = http::items(&two.url)[&two.name("x")].clone();
    let report = two.home.sync("work", 0);
    assert_eq!((&report["conflicts"], &report["local"]["updated"]), (&1.into(), &1.into()), "{report:#}");
    assert_eq!(report["remote"]["updated"], 1, "{report:#}");

    // Here every line is as it was, octet for octet, but for what came from the server.
    let merged = two.here()[&two.name("x")].clone();
    let (before, after) = (lines(&here), lines(&merged));
    let lost: Vec<&String> = before.difference(&after).filter(|line| !is_stamp(line)).collect();
    let added: Vec<&String> = after.difference(&before).filter(|line| !is_stamp(line)).collect();
    assert!(lost.is_empty(), "{kind} {lost:?}\n{merged:?}");
    assert!(added.iter().any(|line| *line == addition(kind).1), "{kind}\n{merged:?}");
    assert!(added.iter().all(|line| lines(&there).contains(*line)), "{kind} {added:?}\n{there:?}");
    // There the changes of both are as well, in the server's own order and folding.
    let stored = http::items(&two.url)[&two.name("x")].clone();
    let missing: Vec<String> =
        unfolded(&there).difference(&unfolded(&stored)).filter(|line| !is_stamp(line)).cloned().collect();
    assert!(missing.iter().all(|line| line.contains("Planned")), "{kind} {missing:?}\n{stored:?}");
    assert_eq!(title(&stored), "A better title");

    // Both old versions are in the history.
    let listed = two.home.run(&["history", "list", "work"]).expect(0).stdout;
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let kept: Vec<Bytes> =
        ids.iter().map(|id| two.home.run(&["history", "show", "work", id]).expect(0).stdout.into()).collect();
    assert!(kept.contains(&here) && kept.contains(&there), "{kind} {listed}\n{kept:?}");
    two.is_settled();
}

fn the_newer_wins_where_both_changed_the_same(server: &Server, kind: Kind) {
    let two = Two::new(server, &format!("same-{kind}"), kind, "merge");
    for uid in ["a", "b"] {
        two.put_here(uid, &item(kind, uid, "Planned", 0));
    }
    two.home.sync("work", 0);
    two.retitle_here("a", "Here later", 30);
    two.retitle_there("a", "There earlier", 10);
    two.retitle_here("b", "Here earlier", 10);
    two.retitle_there("b", "There later", 30);
    let shown = two.shown(&["sync", "work"], 0);
    let what = if kind == Kind::Contacts { "name" } else { "title" };
    for choice in [
        format!(
            "{what} changed on both sides: \"Here later\" from this computer, which is newer, instead of \
             \"There earlier\" from the server"
        ),
        format!(
            "{what} changed on both sides: \"There later\" from the server, which is newer, instead of \
             \"Here earlier\" from this computer"
        ),
    ] {
        assert!(shown.contains(&choice), "{choice}\n{shown}");
    }
    let expected = vec!["Here later".to_owned(), "There later".to_owned()];
    assert_eq!(two.titles(), (expected.clone(), expected), "{kind}");
    two.is_settled();
}

fn a_change_beats_a_deletion(server: &Server, kind: Kind) {
    let two = Two::new(server, &format!("deleted-{kind}"), kind, "merge");
    for uid in ["a", "b"] {
        two.put_here(uid, &item(kind, uid, "Planned", 0));
    }
    two.home.sync("work", 0);
    two.delete_here("a");
    two.retitle_there("a", "Changed there", 30);
    two.retitle_here("b", "Changed here", 30);
    two.delete_there("b");
    let report = two.home.sync("work", 0);
    assert_eq!(
        (&report["local"]["deleted"], &report["remote"]["deleted"]),
        (&0.into(), &0.into()),
        "{report:#}"
    );
    let expected = vec!["Changed here".to_owned(), "Changed there".to_owned()];
    assert_eq!(two.titles(), (expected.clone(), expected), "{kind}");
    two.is_settled();
}

/// Two versions of one item that were never compared before.
fn the_first_sync_keeps_both(server: &Server, kind: Kind) {
    let two = Two::new(server, &format!("first-{kind}"), kind, "merge");
    two.put_here("x", &edited(&item(kind, "x", "Here", 30), &[addition(kind)]));
    let category = if kind == Kind::Contacts { "NICKNAME:Jo" } else { "CATEGORIES:Travel" };
    two.put_there("x", &edited(&item(kind, "x", "There", 10), &[("+X-UNKNOWN", category)]));
    let report = two.home.sync("work", 0);
    assert_eq!((&report["conflicts"], &report["linked"]), (&1.into(), &0.into()), "{report:#}");
    assert_eq!(two.titles(), (vec!["Here".into()], vec!["Here".into()]));
    for stored in [&two.here()[&two.name("x")], &http::items(&two.url)[&two.name("x")]] {
        let lines = unfolded(stored);
        for line in [addition(kind).1, category] {
            assert!(lines.contains(line), "{kind} {line}\n{stored:?}");
        }
    }
    two.is_settled();
}

fn merge_on(software: Software) {
    let server = Server::start(software);
    for kind in KINDS {
        both_changes_are_kept(&server, kind);
        the_newer_wins_where_both_changed_the_same(&server, kind);
        a_change_beats_a_deletion(&server, kind);
        the_first_sync_keeps_both(&server, kind);
    }
}

#[test]
fn merge_on_radicale() {
    merge_on(Software::Radicale);
}

#[test]
fn merge_on_xandikos() {
    merge_on(Software::Xandikos);
}

/// Four conflicts of all sorts wait, and an ordinary change goes on.
fn four_parked(server: &Server, kind: Kind) -> Two {
    let two = Two::new(server, &format!("ask-{kind}"), kind, "ask");
    for (uid, title) in
        [("a", "Dentist"), ("b", "Choir"), ("c", "Picnic"), ("d", "Cinema"), ("e", "Ordinary")]
    {
        two.put_here(uid, &item(kind, uid, title, 0));
    }
    two.home.sync("work", 0);
    two.retitle_here("a", "Dentist at nine", 30);
    two.edit_there("a", &[addition(kind)]);
    two.delete_here("b");
    two.retitle_there("b", "Choir on Monday", 30);
    two.retitle_here("c", "Picnic by the lake", 30);
    two.delete_there("c");
    two.retitle_here("d", "Cinema at eight", 30);
    two.retitle_there("d", "Cinema at nine", 10);
    two.retitle_here("e", "Ordinary changed", 30);
    two
}

fn ask_on(software: Software) {
    let server = Server::start(software);
    for kind in KINDS {
        let two = four_parked(&server, kind);
        let before = (two.here(), http::items(&two.url));
        let report = two.home.sync("work", 1);
        assert_eq!(report["outcome"], "partial");
        assert_eq!(report["errors"].as_array().unwrap().len(), 4, "each is told: {report:#}");
        assert_eq!(report["remote"], serde_json::json!({ "created": 0, "updated": 1, "deleted": 0 }));
        let again = two.home.sync("work", 1);
        assert_eq!(again["errors"].as_array().unwrap().len(), 0, "and told once: {again:#}");
        assert_eq!(again["requests"], 1, "what waits costs nothing");
        let mut after = (two.here(), http::items(&two.url));
        assert_eq!(title(&after.1[&two.name("e")]), "Ordinary changed");
        after.1.insert(two.name("e"), before.1[&two.name("e")].clone());
        assert_eq!(after, before, "both sides are as they were");

        let resolve = |title: &str, take: &str| {
            two.home.run(&["conflict", "resolve", "work", &two.conflict(title), take]).expect(0)
        };
        resolve("Dentist", "merge");
        resolve("Choir", "local");
        resolve("Picnic", "remote");
        assert_eq!(two.home.sync("work", 1)["errors"].as_array().unwrap().len(), 0);
        resolve("Cinema", "both");
        let expected: Vec<String> =
            ["Cinema at eight", "Cinema at nine", "Dentist at nine", "Ordinary changed"]
                .map(str::to_owned)
                .into();
        assert_eq!(two.titles(), (expected.clone(), expected), "{kind}");
        let dentist = http::items(&two.url)[&two.name("a")].clone();
        assert!(unfolded(&dentist).contains(addition(kind).1), "{dentist:?}");
        two.is_settled();
        // What was deleted or overwritten by the decisions can be brought back.
        let listed = two.home.run(&["history", "list", "work"]).expect(0).stdout;
        for lost in ["Choir on Monday", "Picnic by the lake"] {
            assert!(listed.contains(lost), "{lost}\n{listed}");
        }
    }
}

#[test]
fn ask_on_radicale() {
    ask_on(Software::Radicale);
}

#[test]
fn ask_on_xandikos() {
    ask_on(Software::Xandikos);
}

/// Found different in the first sync, where one of the sides is taken.
#[test]
fn what_differs_in_the_first_sync_can_be_decided() {
    let server = Server::start(Software::Radicale);
    let two = Two::new(&server, "first", Kind::Events, "ask");
    for uid in ["a", "b"] {
        two.put_here(uid, &item(Kind::Events, uid, &format!("Here {uid}"), 0));
        two.put_there(uid, &item(Kind::Events, uid, &format!("There {uid}"), 0));
    }
    two.home.sync("work", 1);
    for (id, take) in two.conflicts().iter().zip(["remote", "local"]) {
        two.home.run(&["conflict", "resolve", "work", id, take]).expect(0);
    }
    let expected = vec!["Here b".to_owned(), "There a".to_owned()];
    let found = two.titles();
    assert!(found.0 == expected || found.0 == ["Here a", "There b"], "{found:?}");
    assert_eq!(found.0, found.1);
    two.is_settled();
}

#[test]
fn what_a_person_reads() {
    let server = Server::start(Software::Radicale);
    let two = four_parked(&server, Kind::Events);
    insta::assert_snapshot!(two.shown(&["sync", "work"], 1), @"
    work: synced, except for what waits for your decision.
      On the server: 1 changed.

      What changed:
        changed on the server     Ordinary changed, 1 May 2026 (changed on this computer)

      4 conflicts wait for your decision (both sides stay as they are until then):
        Dentist at nine, 1 May 2026: it was changed on both sides
        Choir on Monday, 1 May 2026: it was deleted on this computer, but changed on the server
        Picnic by the lake, 1 May 2026: it was changed on this computer, but deleted on the server
        Cinema at eight, 1 May 2026: it was changed on both sides
      To decide: pimbridge conflict list work
      (TRAFFIC)
    ");
    insta::assert_snapshot!(two.shown(&["sync", "work"], 1), @"
    work: synced, except for what waits for your decision.

      4 conflicts wait for your decision. To see which: pimbridge conflict list work
      (TRAFFIC)
    ");
    insta::assert_snapshot!(two.shown(&["status"], 0), @"work: 4 conflicts wait for your decision (DAY TIME)");
    insta::assert_snapshot!(two.shown(&["conflict", "list"], 0), @"
    work  ID  Dentist at nine, 1 May 2026: it was changed on both sides (since DAY)
    work  ID  Choir on Monday, 1 May 2026: it was deleted on this computer, but changed on the server (since DAY)
    work  ID  Picnic by the lake, 1 May 2026: it was changed on this computer, but deleted on the server (since DAY)
    work  ID  Cinema at eight, 1 May 2026: it was changed on both sides (since DAY)

    To see one of them, and how to decide it: pimbridge conflict show work ID
    ");
    let (dentist, choir) = (two.conflict("Dentist"), two.conflict("Choir"));
    insta::assert_snapshot!(two.shown(&["conflict", "show", "work", &choir], 0), @r#"
    Choir on Monday, 1 May 2026: It was deleted on this computer, but changed on the server. Both sides are left as they are until you decide.

    --- on this computer: it is not there any more

    --- on the server:
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Somebody//Something 1.0//DE
    BEGIN:VEVENT
    UID:b
    DTSTART;TZID=Europe/Berlin:20260501T100000
    DURATION:PT1H
    ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJDREVGRw==
    DESCRIPTION:Grüße aus Köln\, mit einer Zeile\ndie so lang ist\; dass sie gefaltet werden muss 🎉
    DTSTAMP:20260101T000000Z
    LAST-MODIFIED:20260101T003000Z
    SUMMARY:Choir on Monday
    BEGIN:VALARM
    ACTION:DISPLAY
    DESCRIPTION:first
    TRIGGER:-PT15M
    END:VALARM
    BEGIN:VALARM
    ACTION:DISPLAY
    DESCRIPTION:second
    TRIGGER:-PT5M
    END:VALARM
    X-UNKNOWN;X-PARAM="a:b;c":kept
    END:VEVENT
    END:VCALENDAR

    To decide, one of these:
      pimbridge conflict resolve work ID remote  keep it, and bring it back to this computer
      pimbridge conflict resolve work ID local   delete it on the server too
    "#);
    insta::assert_snapshot!(two.shown(&["conflict", "show", "work", &dentist], 0), @r#"
    Dentist at nine, 1 May 2026: It was changed on both sides. Both sides are left as they are until you decide.

    --- on this computer:
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Somebody//Something 1.0//DE
    BEGIN:VEVENT
    UID:a
    DTSTAMP:20260101T000000Z
    LAST-MODIFIED:20260101T003000Z
    DTSTART;TZID=Europe/Berlin:20260501T100000
    DURATION:PT1H
    SUMMARY:Dentist at nine
    DESCRIPTION:Grüße aus Köln\, mit einer Zeile\ndie so lang ist\; dass sie gefaltet werden muss 🎉
    X-UNKNOWN;X-PARAM="a:b;c":kept
    ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJDREVGRw==
    BEGIN:VALARM
    ACTION:DISPLAY
    TRIGGER:-PT15M
    DESCRIPTION:first
    END:VALARM
    BEGIN:VALARM
    ACTION:DISPLAY
    TRIGGER:-PT5M
    DESCRIPTION:second
    END:VALARM
    END:VEVENT
    END:VCALENDAR

    --- on the server:
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Somebody//Something 1.0//DE
    BEGIN:VEVENT
    UID:a
    DTSTART;TZID=Europe/Berlin:20260501T100000
    DURATION:PT1H
    ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJDREVGRw==
    DESCRIPTION:Grüße aus Köln\, mit einer Zeile\ndie so lang ist\; dass sie gefaltet werden muss 🎉
    DTSTAMP:20260101T000000Z
    LAST-MODIFIED:20260101T000000Z
    LOCATION:Room 7
    SUMMARY:Dentist
    BEGIN:VALARM
    ACTION:DISPLAY
    DESCRIPTION:first
    TRIGGER:-PT15M
    END:VALARM
    BEGIN:VALARM
    ACTION:DISPLAY
    DESCRIPTION:second
    TRIGGER:-PT5M
    END:VALARM
    X-UNKNOWN;X-PARAM="a:b;c":kept
    END:VEVENT
    END:VCALENDAR

    --- put together: title from this computer; place from the server

    To decide, one of these:
      pimbridge conflict resolve work ID local   what is on this computer
      pimbridge conflict resolve work ID remote  what is on the server
      pimbridge conflict resolve work ID both    both of them, as two items
      pimbridge conflict resolve work ID merge   the changes of both, put together
    "#);
    insta::assert_snapshot!(two.shown(&["conflict", "show", "work", "nothing"], 2), @r#"pimbridge: no conflict "nothing" waits in this profile (any more); to see those that do: pimbridge conflict list"#);
    insta::assert_snapshot!(two.shown(&["conflict", "resolve", "work", &dentist, "merge"], 0), @"
    work: synced, except for what waits for your decision.
      On the server: 1 changed.
      On this computer: 1 changed.

      1 conflict (both sides had changed the item; what was replaced is kept in the history):
        Dentist at nine, 1 May 2026: changed on both sides and put together: title from this computer; place from the server

      What changed:
        changed on the server     Dentist at nine, 1 May 2026 (changed on both sides and put together)

      3 conflicts wait for your decision. To see which: pimbridge conflict list work
      (TRAFFIC)
    ");
    insta::assert_snapshot!(two.shown(&["conflict", "resolve", "work", &dentist, "merge"], 2).replace(&dentist, "ID"), @r#"pimbridge: no conflict "ID" waits in this profile (any more); to see those that do: pimbridge conflict list"#);
    insta::assert_snapshot!(two.shown(&["conflict", "resolve", "work", &choir, "theirs"], 2).replace(&choir, "ID"), @"
    error: invalid value 'theirs' for '<TAKE>'
      [possible values: local, remote, both, merge]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(two.shown(&["conflict", "resolve", "work", &choir, "local"], 0).replace(&choir, "ID"), @"
    work: synced, except for what waits for your decision.
      On the server: 1 deleted.

      1 conflict (both sides had changed the item; what was replaced is kept in the history):
        Choir on Monday, 1 May 2026: deleted on this computer, but changed on the server; you decided for what is on this computer

      2 conflicts wait for your decision. To see which: pimbridge conflict list work
      (TRAFFIC)
    ");
    insta::assert_snapshot!(two.shown(&["conflict", "list", "nowhere"], 2), @r#"pimbridge: there is no profile "nowhere"; to see those that there are: pimbridge profile list"#);
    for title in ["Cinema", "Picnic"] {
        two.home.run(&["conflict", "resolve", "work", &two.conflict(title), "both"]).expect(0);
    }
    insta::assert_snapshot!(two.shown(&["conflict", "list"], 0), @"No conflict waits for a decision.");
}
