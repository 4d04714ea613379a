use std::collections::BTreeSet;

use super::*;
use crate::daemon::protocol::{Part, State as Is};
use crate::desktop::fixtures::{held, profile, status};
use crate::report::fixtures::{problem, report, touched};
use crate::report::{Operation, RunOutcome};
use crate::state::State;
use crate::sync::Side;

/// A home with profiles of these names, of which `work` has run once and left a strange item.
fn home(folder: &Path, names: &[&str]) -> Home {
    let home = Home::at(folder);
    fs::create_dir_all(home.profiles_dir()).unwrap();
    for name in names {
        let text = format!(
            "kind = \"events\"\ninterval_minutes = 15\n[local]\ntype = \"vdir\"\npath = \"/cal/{name}\"\n[remote]\n\
             type = \"dav\"\nurl = \"https://s.example/{name}/\"\nuser = \"<jana>\"\n"
        );
        fs::write(home.profiles_dir().join(format!("{name}.toml")), text).unwrap();
    }
    make_private(home.state_dir()).unwrap();
    let state =
        State::open(&home.state_file(&Name::new("work").unwrap()), "x", Timestamp::UNIX_EPOCH).unwrap();
    let mut report = report();
    report.outcome = RunOutcome::Partial;
    report.remote.created = 1;
    report.problems = vec![problem("a.ics", "<b>Party</b>", Side::Local, "it is \"too large\"")];
    let id = state.write(|w| w.begin_report(&report)).unwrap();
    let item = touched(Side::Remote, Operation::Create, "<script>alert(1)</script>", "new on this computer");
    state.write(|w| w.add_touched(id, 0, &item)).unwrap();
    home
}

fn made(home: &Home, page: &Page, status: &Status) -> PathBuf {
    let now = "2026-11-26T13:00:00Z".parse().unwrap();
    write(home, page, status, now, &TimeZone::get("Europe/Berlin").unwrap()).unwrap()
}

/// What stands below the navigation.
fn body(page: &Path) -> String {
    let mut text = fs::read_to_string(page).unwrap();
    // The marks of reports are other ones with each version.
    while let Some(at) = text.find("report-work-1-") {
        let at = at + "report-work-1".len();
        let end = at + text[at..].find(".html").unwrap();
        text.replace_range(at..end, "");
    }
    text.split_once("</nav>\n").unwrap().1.split_once("</main>").unwrap().0.to_owned()
}

/// A status in which everything happens.
fn eventful() -> Status {
    let mut status = status();
    let why = || "the server says <no>".to_owned();
    let since = "2026-11-26T08:00:00Z".parse().unwrap();
    status.profiles = vec![
        profile("work", Is::Warning { why: "in sync except for 1 item".into() }),
        profile("away", Is::Offline { since, why: why() }),
        profile("my phone", held(40)),
        profile("copy", Is::PreviewNeeded),
        profile("locked", Is::KeyringLocked { why: why() }),
        profile("out", Is::SignInNeeded { why: why() }),
    ];
    status.profiles[0].last.as_mut().unwrap().report_id = Some(1);
    status.parts = vec![
        Part { name: "tray".into(), missing: Some("nothing shows tray icons".into()) },
        Part { name: "notifications".into(), missing: None },
    ];
    status
}

#[test]
fn the_status() {
    let folder = tempfile::tempdir().unwrap();
    let page = made(&home(folder.path(), &["work"]), &Page::Status, &eventful());
    assert_eq!(page.file_name().unwrap(), "status.html");
    let body =
        body(&page).replace(&crate::report::wording::moment("2026-11-26T13:00:00Z".parse().unwrap()), "NOW");
    insta::assert_snapshot!(body, @r#"
    <header class="bad">
    <p>Last sync: Thursday 13:20 · Next sync: Thursday 14:20</p>
    <h1>out could not be synced</h1>
    <p>As it was at NOW; to see how it is now, open it again from the icon.</p>
    </header>
    <section class="look">
    <h2><bdi>work</bdi></h2>
    <p><b>In sync except for 1 item</b></p>
    <ul>
    <li><bdi>&lt;b&gt;Party&lt;/b&gt;</bdi>: It is &quot;too large&quot;.</li>
    </ul>
    <p class="small">Last sync: <a href="report-work-1.html">Thursday 13:20</a> · Next sync: Thursday 14:20</p>
    </section>
    <section class="">
    <h2><bdi>away</bdi></h2>
    <p><b>The server cannot be reached since Thursday 09:00</b></p>
    <p>The server says &lt;no&gt;.</p>
    <p>It is tried again by itself.</p>
    <p class="small">Last sync: Thursday 13:20 · Next sync: Thursday 14:20</p>
    </section>
    <section class="look">
    <h2><bdi>my phone</bdi></h2>
    <p><b>40 deletions wait for your yes</b></p>
    <p>If that was you, let them be deleted on the other side too:</p>
    <pre>pimbridge sync &quot;my phone&quot; --allow-deletions</pre>
    <p>If not, bring back what is missing:</p>
    <pre>pimbridge sync &quot;my phone&quot; --undo-deletions</pre>
    <p class="small">Last sync: Thursday 13:20 · Next sync: Thursday 14:20</p>
    </section>
    <section class="look">
    <h2><bdi>copy</bdi></h2>
    <p><b>It waits for you to look ahead, as it may delete</b></p>
    <p>See what it would do:</p>
    <pre>pimbridge sync copy --dry-run</pre>
    <p>If that is right:</p>
    <pre>pimbridge sync copy --accept-preview</pre>
    <p class="small">Last sync: Thursday 13:20 · Next sync: Thursday 14:20</p>
    </section>
    <section class="look">
    <h2><bdi>locked</bdi></h2>
    <p><b>The password cannot be read</b></p>
    <p>The server says &lt;no&gt;.</p>
    <p class="small">Last sync: Thursday 13:20 · Next sync: Thursday 14:20</p>
    </section>
    <section class="bad">
    <h2><bdi>out</bdi></h2>
    <p><b>The server does not let you in</b></p>
    <p>The server says &lt;no&gt;.</p>
    <p>Nothing of this account runs by itself until that is mended, so that the account is not locked.</p>
    <p class="small">Last sync: Thursday 13:20 · Next sync: Thursday 14:20</p>
    </section>
    <section>
    <h2>What is missing on this desktop</h2>
    <p><b>tray</b>: nothing shows tray icons</p>
    </section>
    "#);
}

#[test]
fn the_reports() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &["work"]);
    let page = made(&home, &Page::Reports, &eventful());
    let body_of =
        |page: &Path| body(page).replace(&crate::report::wording::moment(report().started), "MOMENT");
    insta::assert_snapshot!(body_of(&page), @r#"
    <header class="">
    <p>What the syncs did</p>
    <h1>Reports</h1>
    <p>1 report</p>
    </header>
    <section>
    <table>
    <thead><tr><th>Profile</th><th>When</th><th>How it went</th></tr></thead>
    <tbody>
    <tr><td><bdi>work</bdi></td><td><a href="report-work-1.html">MOMENT</a></td><td>Synced, except for some items.<br><i>On the server: 1 new</i></td></tr>
    </tbody>
    </table>
    </section>
    "#);
    let page = made(&home, &Page::Report { profile: "work".into() }, &eventful());
    assert!(page.file_name().unwrap().to_str().unwrap().starts_with("report-work-1-"), "{page:?}");
    assert!(body(&page).contains("&lt;script&gt;"));
    let none = made(&home, &Page::Report { profile: "away".into() }, &eventful());
    assert_eq!(none.file_name().unwrap(), "status.html", "it has none yet");
}

#[test]
fn the_profiles_and_the_options() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &["work", "my phone"]);
    fs::write(home.profiles_dir().join("odd.toml"), "kind = <").unwrap();
    fs::write(home.settings_file(), "report_days = 365").unwrap();
    let text = body(&made(&home, &Page::Profiles, &eventful()))
        .replace(&folder.path().display().to_string(), "HOME");
    insta::assert_snapshot!(text, @r#"
    <header class="">
    <p>What is kept the same</p>
    <h1>Synchronization profiles</h1>
    <p>They are files in HOME/profiles</p>
    </header>
    <section>
    <h2><bdi>odd</bdi></h2>
    <p>HOME/profiles/odd.toml, line 1: this is not written as TOML demands: string values must be quoted, expected literal string.</p>
    </section>
    <section>
    <h2><bdi>my phone</bdi></h2>
    <p>two-way: changes of both sides go to the other</p>
    <p>Folder: /cal/my phone<br>Server: https://s.example/my%20phone/</p>
    <table class="options">
    <thead><tr><th>Option</th><th>Value</th><th>What it says</th></tr></thead>
    <tbody>
    <tr><td>kind</td><td><bdi>events</bdi></td><td>What is synced.</td></tr>
    <tr><td>interval_minutes</td><td><bdi>15</bdi></td><td>Minutes from one run of the background program to the next; 0: only when you say so.</td></tr>
    <tr><td>remote.user</td><td><bdi>&lt;jana&gt;</bdi></td><td>Your name on the server.</td></tr>
    </tbody>
    </table>
    <p class="small">All other options are as they are by themselves. Its file: HOME/profiles/my phone.toml</p>
    <p>To change an option:</p>
    <pre>pimbridge profile set &quot;my phone&quot; OPTION=VALUE</pre>
    </section>
    <section>
    <h2><bdi>work</bdi></h2>
    <p>two-way: changes of both sides go to the other</p>
    <p>Folder: /cal/work<br>Server: https://s.example/work/</p>
    <table class="options">
    <thead><tr><th>Option</th><th>Value</th><th>What it says</th></tr></thead>
    <tbody>
    <tr><td>kind</td><td><bdi>events</bdi></td><td>What is synced.</td></tr>
    <tr><td>interval_minutes</td><td><bdi>15</bdi></td><td>Minutes from one run of the background program to the next; 0: only when you say so.</td></tr>
    <tr><td>remote.user</td><td><bdi>&lt;jana&gt;</bdi></td><td>Your name on the server.</td></tr>
    </tbody>
    </table>
    <p class="small">All other options are as they are by themselves. Its file: HOME/profiles/work.toml</p>
    <p>To change an option:</p>
    <pre>pimbridge profile set work OPTION=VALUE</pre>
    </section>
    <section>
    <h2>To add one</h2>
    <pre>pimbridge profile add --help</pre>
    </section>
    "#);
    let text = body(&made(&home, &Page::Options, &eventful()));
    assert!(text.contains("<td>report_days</td><td><bdi>365</bdi></td>"), "{text}");
    assert!(text.contains("<bdi>errors, warnings and held</bdi>"), "{text}");
    assert!(text.contains("<td>log_days</td><td><bdi>14</bdi></td>"), "{text}");
}

#[test]
fn pages_lead_to_each_other_run_nothing_and_are_for_the_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &["work"]);
    let pages = made(&home, &Page::About, &eventful()).parent().unwrap().to_owned();
    let there = || -> BTreeSet<String> {
        fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let names: Vec<String> = there().into_iter().map(|name| name.replace(".html", "")).collect();
    assert!(names[3].starts_with("report-work-1-"), "{names:?}");
    assert_eq!([&names[..3], &names[4..]].concat(), ["about", "options", "profiles", "reports", "status"]);
    for name in there() {
        let text = fs::read_to_string(pages.join(&name)).unwrap();
        for link in text.split("href=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0) {
            assert!(there().contains(link), "{name} leads to {link}");
        }
        assert!(text.contains("default-src 'none'"), "{name}");
        for foreign in ["<script", "<b>party", "<no>", "<jana>", "src=", "onerror", "@import"] {
            assert!(!text.to_lowercase().contains(foreign), "{name}: {foreign}");
        }
        for tag in ["main", "header", "section", "ul", "li", "table", "tr", "td", "p", "b", "nav", "a", "pre"]
        {
            let opened =
                text.matches(&format!("<{tag}>")).count() + text.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{name}: {tag}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(pages.join(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
    // A report that is gone has no page any more.
    fs::remove_file(home.state_file(&Name::new("work").unwrap())).unwrap();
    made(&home, &Page::Status, &eventful());
    assert!(!there().iter().any(|name| name.starts_with("report-")));
}

#[test]
fn the_page_of_a_report_is_made_once_until_the_report_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &["work"]);
    let asked = Page::Report { profile: "work".into() };
    let page = made(&home, &asked, &eventful());
    fs::write(&page, "as it was").unwrap();
    made(&home, &Page::Status, &eventful());
    assert_eq!(fs::read_to_string(&page).unwrap(), "as it was");
    assert_eq!(made(&home, &asked, &eventful()), page);
    assert!(body(&page).contains("&lt;script&gt;"), "who asks for it gets it as it is now");

    let state =
        State::open(&home.state_file(&Name::new("work").unwrap()), "x", Timestamp::UNIX_EPOCH).unwrap();
    let later = crate::report::Report { started: "2026-11-26T12:50:00Z".parse().unwrap(), ..report() };
    state.write(|w| w.save_report(ReportId(1), &later)).unwrap();
    made(&home, &Page::Status, &eventful());
    assert!(!page.exists());
    assert_ne!(made(&home, &asked, &eventful()), page);
}

#[test]
fn a_large_report_lists_the_first_items() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &["work"]);
    let state =
        State::open(&home.state_file(&Name::new("work").unwrap()), "x", Timestamp::UNIX_EPOCH).unwrap();
    let add = |number: u64| {
        let item = touched(Side::Local, Operation::Create, &format!("Event {number}."), "new on the server");
        state.write(|w| w.add_touched(ReportId(1), number, &item))
    };
    (1..1203).try_for_each(add).unwrap();
    let large = crate::report::Report {
        local: crate::report::Counts { created: 1202, ..Default::default() },
        ..report()
    };
    state.write(|w| w.save_report(ReportId(1), &large)).unwrap();
    let text = body(&made(&home, &Page::Report { profile: "work".into() }, &eventful()));
    assert_eq!(text.matches("<tr><td>").count(), ITEMS);
    assert!(text.contains("<h2>On this computer: 1202 new</h2>"), "{}", &text[..2000]);
    assert!(text.contains("<h2>… and 203 more items</h2>"), "{}", &text[text.len() - 500..]);
    assert!(text.contains("<pre>pimbridge report show work 1</pre>"));
}

#[test]
fn a_command_is_not_shown_as_there_may_be_a_secret_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &["work"]);
    let file = home.profiles_dir().join("work.toml");
    let text = fs::read_to_string(&file).unwrap() + "password_command = \"echo hunter2\"\n";
    fs::write(&file, text).unwrap();
    let page = fs::read_to_string(made(&home, &Page::Profiles, &eventful())).unwrap();
    assert!(!page.contains("hunter2"));
    assert!(page.contains("<td>remote.password_command</td><td><bdi>a command</bdi></td>"), "{page}");
}
