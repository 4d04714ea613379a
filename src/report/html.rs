//! A report as a page for a browser. It needs nothing but itself: no script, no other file.

use std::fmt::{self, Write};

use tr::tr;

use super::page::{self, named, safe, section};
use super::wording::{
    day, headline, in_short, in_words, moment, operation, sentence, shell_word, traffic, waiting,
};
use super::{Counts, Operation, Problem, Report, RunOutcome, Touched};
use crate::sync::Side;
use crate::sync::words::place;

/// What the page of a report has besides it when it is one among others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Among<'a> {
    /// What leads to the others.
    pub navigation: &'a str,
    /// How many more items the run touched than are listed, and the command that tells of them.
    pub more: Option<(u64, &'a str)>,
    /// Why the items that the run touched cannot be listed.
    pub unreadable: Option<&'a str>,
}

/// The page of a report.
pub fn html(report: &Report, touched: &[Touched]) -> String {
    among(report, touched, Among::default())
}

/// The page of a report among others.
pub fn among(report: &Report, touched: &[Touched], among: Among<'_>) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, report, touched, among);
    out
}

fn write_all(out: &mut String, report: &Report, touched: &[Touched], among: Among<'_>) -> fmt::Result {
    let (profile, when) = (safe(&report.profile), moment(report.started));
    let class = match report.outcome {
        RunOutcome::Ok => "good",
        RunOutcome::Partial | RunOutcome::Held => "look",
        RunOutcome::Failed => "bad",
    };
    page::head(out, &format!("{profile}, {when}"))?;
    out.write_str(among.navigation)?;
    page::header(out, class, &profile, &heading(report), &when)?;
    if let Some(failure) = &report.failure {
        writeln!(out, "<p class=\"why\">{}</p>", safe(&sentence(failure)))?;
    }
    held(out, report)?;
    problems(out, report)?;
    parked(out, report)?;
    notices(out, report)?;
    conflicts(out, report, touched)?;
    changes(out, report, touched, among)?;
    footer(out, report)?;
    page::foot(out)
}

/// The headline with a capital letter.
pub fn heading(report: &Report) -> String {
    let headline = headline(report);
    let mut letters = headline.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn held(out: &mut String, report: &Report) -> fmt::Result {
    let sides = [(Side::Local, report.held.local), (Side::Remote, report.held.remote)];
    if sides.iter().all(|(_, number)| *number == 0) {
        return Ok(());
    }
    section(out, &tr!("Deletions that wait for your yes"))?;
    for (side, number) in sides.into_iter().filter(|(_, number)| *number > 0) {
        let held = match side {
            Side::Local => tr!("1 deletion was held back on this computer, because that is unusually many."
                | "{n} deletions were held back on this computer, because that is unusually many." % number),
            Side::Remote => tr!("1 deletion was held back on the server, because that is unusually many."
                | "{n} deletions were held back on the server, because that is unusually many." % number),
        };
        writeln!(out, "<p>{held}</p>")?;
    }
    let word = safe(&shell_word(&report.profile));
    writeln!(
        out,
        "<p>{}</p>\n<pre>pimbridge sync {word} --allow-deletions</pre>\n\
         <p>{}</p>\n<pre>pimbridge sync {word} --undo-deletions</pre>\n</section>",
        tr!("If you want them deleted, say yes with:"),
        tr!(
            "If you did not delete them, find out first where they went on the other side. To bring them back there:"
        )
    )
}

fn problems(out: &mut String, report: &Report) -> fmt::Result {
    let failed: Vec<&Problem> = report.problems.iter().filter(|problem| !problem.parked).collect();
    if failed.is_empty() {
        return Ok(());
    }
    section(out, &tr!("1 item could not be synced" | "{n} items could not be synced" % failed.len()))?;
    writeln!(out, "<p>{}</p>\n<ul>", tr!("Everything else was, and none of these is lost."))?;
    for Problem { item, summary, side, message, since, .. } in failed {
        let called = if summary.trim().is_empty() { item } else { summary };
        writeln!(out, "<li><b>{}</b> <i>{}</i>", named(called), place(*side))?;
        writeln!(out, "<p>{}</p>", safe(&sentence(message)))?;
        if called != item && *side == Side::Local {
            writeln!(out, "<p class=\"small\">{}</p>", tr!("File: {}", named(item)))?;
        }
        if let Some(since) = since {
            let since =
                tr!("Set aside since {}; it is tried again when it changes, and now and then.", day(*since));
            writeln!(out, "<p class=\"small\">{since}</p>")?;
        }
        out.write_str("</li>\n")?;
    }
    out.write_str("</ul>\n</section>\n")
}

fn parked(out: &mut String, report: &Report) -> fmt::Result {
    let told: Vec<&Problem> = report.problems.iter().filter(|problem| problem.parked).collect();
    let number = report.parked.max(told.len() as u64);
    if number == 0 {
        return Ok(());
    }
    section(out, &waiting(number))?;
    writeln!(out, "<p>{}</p>\n<ul>", tr!("Both sides stay as they are until then."))?;
    for problem in &told {
        writeln!(
            out,
            "<li><b>{}</b>\n<p>{}</p></li>",
            named(&problem.summary),
            safe(&sentence(&in_short(&problem.message)))
        )?;
    }
    let word = safe(&shell_word(&report.profile));
    let decide = tr!("To decide:");
    writeln!(out, "</ul>\n<p>{decide}</p>\n<pre>pimbridge conflict list {word}</pre>\n</section>")
}

fn notices(out: &mut String, report: &Report) -> fmt::Result {
    if report.notices.is_empty() {
        return Ok(());
    }
    section(out, &tr!("Good to know"))?;
    for notice in &report.notices {
        writeln!(out, "<p>{}</p>", safe(&sentence(notice)))?;
    }
    out.write_str("</section>\n")
}

fn conflicts(out: &mut String, report: &Report, touched: &[Touched]) -> fmt::Result {
    if report.conflicts == 0 {
        return Ok(());
    }
    section(out, &tr!("1 conflict was settled" | "{n} conflicts were settled" % report.conflicts))?;
    let how = tr!("Both sides had changed the item. What was replaced is kept in the history.");
    writeln!(out, "<p>{how}</p>\n<ul>")?;
    for item in touched.iter().filter(|item| item.conflict) {
        writeln!(out, "<li><b>{}</b>\n<p>{}</p></li>", named(&item.summary), safe(&sentence(&item.why)))?;
    }
    out.write_str("</ul>\n</section>\n")
}

fn changes(out: &mut String, report: &Report, touched: &[Touched], among: Among<'_>) -> fmt::Result {
    for side in [Side::Remote, Side::Local] {
        let items: Vec<&Touched> =
            touched.iter().filter(|item| !item.conflict && item.side == side).collect();
        if items.is_empty() {
            continue;
        }
        let number = |operation| items.iter().filter(|item| item.operation == operation).count() as u64;
        let counts = match (among.more, side) {
            (None, _) => Counts {
                created: number(Operation::Create),
                updated: number(Operation::Update),
                deleted: number(Operation::Delete),
            },
            (Some(_), Side::Remote) => report.remote,
            (Some(_), Side::Local) => report.local,
        };
        let what = in_words(counts);
        let heading = match side {
            Side::Remote => tr!("On the server: {}", what),
            Side::Local => tr!("On this computer: {}", what),
        };
        section(out, &heading)?;
        let (item, what, why) = (tr!("Item"), tr!("What"), tr!("Why"));
        writeln!(
            out,
            "<table>\n<thead><tr><th>{item}</th><th>{what}</th><th>{why}</th></tr></thead>\n<tbody>"
        )?;
        for item in items {
            let operation = operation(item.operation);
            let (called, why) = (named(&item.summary), safe(&item.why));
            writeln!(out, "<tr><td>{called}</td><td>{operation}</td><td>{why}</td></tr>")?;
        }
        out.write_str("</tbody>\n</table>\n</section>\n")?;
    }
    if let Some(why) = among.unreadable {
        section(out, &tr!("What it changed cannot be listed"))?;
        writeln!(out, "<p>{}</p>\n</section>", safe(&sentence(why)))?;
    }
    if let Some((number, command)) = among.more {
        section(out, &tr!("… and 1 more item" | "… and {n} more items" % number))?;
        writeln!(out, "<p>{}</p>\n<pre>{}</pre>\n</section>", tr!("All of them:"), safe(command))?;
    }
    Ok(())
}

fn footer(out: &mut String, report: &Report) -> fmt::Result {
    out.write_str("<footer>\n")?;
    if report.linked > 0 {
        let linked = tr!("1 item was the same on both sides and only had to be linked."
            | "{n} items were the same on both sides and only had to be linked." % report.linked);
        writeln!(out, "<p>{linked}</p>")?;
    }
    writeln!(out, "<p>{}</p>\n</footer>", traffic(report))
}

#[cfg(test)]
mod tests {
    use super::super::Held;
    use super::super::fixtures::{problem, report, touched};
    use super::*;

    fn busy() -> (Report, Vec<Touched>) {
        let mut report = report();
        report.profile = "my work".into();
        report.outcome = RunOutcome::Held;
        report.remote = Counts { created: 1, updated: 0, deleted: 1 };
        report.local = Counts { created: 0, updated: 2, deleted: 0 };
        (report.conflicts, report.linked, report.parked) = (1, 30, 1);
        report.held = Held { local: 0, remote: 40, ..Held::default() };
        report.notices = vec!["two contacts called Jo Doe are alike; both are kept".into()];
        report.problems = vec![
            problem(
                "a.ics",
                "Party <b>",
                Side::Local,
                "the server refuses it: \"too large\"; make it smaller",
            ),
            problem("broken.ics", "", Side::Remote, "BEGIN:VEVENT is begun but never ended"),
            problem("c.ics", "Choir", Side::Local, "It was changed on both sides. Both are left."),
        ];
        report.problems[1].since = Some("2026-11-20T12:00:00Z".parse().unwrap());
        report.problems[2].parked = true;
        let mut items = vec![
            touched(Side::Remote, Operation::Create, "Dentist (12 March)", "new on this computer"),
            touched(
                Side::Remote,
                Operation::Delete,
                "Old\u{1b}[31m thing\u{202e}\n",
                "deleted on this computer",
            ),
            touched(Side::Local, Operation::Update, "<script>alert(1)</script>", "changed on the server"),
            touched(Side::Local, Operation::Update, "Team", "changed on both sides, the server's is newer"),
        ];
        items[3].conflict = true;
        (report, items)
    }

    #[test]
    fn a_busy_run() {
        let (report, items) = busy();
        let page = html(&report, &items);
        let (_, body) = page.split_once("<body>\n").unwrap();
        let body = body.replace(&moment(report.started), "MOMENT");
        insta::assert_snapshot!(body, @r#"
        <main>
        <header class="look">
        <p>my work</p>
        <h1>Synced, but the deletions wait for your yes.</h1>
        <p>MOMENT</p>
        </header>
        <section>
        <h2>Deletions that wait for your yes</h2>
        <p>40 deletions were held back on the server, because that is unusually many.</p>
        <p>If you want them deleted, say yes with:</p>
        <pre>pimbridge sync &quot;my work&quot; --allow-deletions</pre>
        <p>If you did not delete them, find out first where they went on the other side. To bring them back there:</p>
        <pre>pimbridge sync &quot;my work&quot; --undo-deletions</pre>
        </section>
        <section>
        <h2>2 items could not be synced</h2>
        <p>Everything else was, and none of these is lost.</p>
        <ul>
        <li><b><bdi>Party &lt;b&gt;</bdi></b> <i>on this computer</i>
        <p>The server refuses it: &quot;too large&quot;; make it smaller.</p>
        <p class="small">File: <bdi>a.ics</bdi></p>
        </li>
        <li><b><bdi>broken.ics</bdi></b> <i>on the server</i>
        <p>BEGIN:VEVENT is begun but never ended.</p>
        <p class="small">Set aside since 2026-11-20; it is tried again when it changes, and now and then.</p>
        </li>
        </ul>
        </section>
        <section>
        <h2>1 conflict waits for your decision</h2>
        <p>Both sides stay as they are until then.</p>
        <ul>
        <li><b><bdi>Choir</bdi></b>
        <p>It was changed on both sides.</p></li>
        </ul>
        <p>To decide:</p>
        <pre>pimbridge conflict list &quot;my work&quot;</pre>
        </section>
        <section>
        <h2>Good to know</h2>
        <p>Two contacts called Jo Doe are alike; both are kept.</p>
        </section>
        <section>
        <h2>1 conflict was settled</h2>
        <p>Both sides had changed the item. What was replaced is kept in the history.</p>
        <ul>
        <li><b><bdi>Team</bdi></b>
        <p>Changed on both sides, the server&apos;s is newer.</p></li>
        </ul>
        </section>
        <section>
        <h2>On the server: 1 new, 1 deleted</h2>
        <table>
        <thead><tr><th>Item</th><th>What</th><th>Why</th></tr></thead>
        <tbody>
        <tr><td><bdi>Dentist (12 March)</bdi></td><td>new</td><td>new on this computer</td></tr>
        <tr><td><bdi>Old [31m thing</bdi></td><td>deleted</td><td>deleted on this computer</td></tr>
        </tbody>
        </table>
        </section>
        <section>
        <h2>On this computer: 1 changed</h2>
        <table>
        <thead><tr><th>Item</th><th>What</th><th>Why</th></tr></thead>
        <tbody>
        <tr><td><bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi></td><td>changed</td><td>changed on the server</td></tr>
        </tbody>
        </table>
        </section>
        <footer>
        <p>30 items were the same on both sides and only had to be linked.</p>
        <p>1 request, 320 B received, 0 B sent, 0.4 seconds</p>
        </footer>
        </main>
        </body>
        </html>
        "#);
    }

    #[test]
    fn a_failed_run() {
        let mut report = report();
        report.outcome = RunOutcome::Failed;
        report.failure = Some("cloud.example.org cannot be reached; check your network".into());
        let page = html(&report, &[]);
        assert!(page.contains("<header class=\"bad\">") && !page.contains("<section>"), "{page}");
        assert!(
            page.contains("<p class=\"why\">cloud.example.org cannot be reached; check your network.</p>")
        );
    }

    #[test]
    fn the_page_needs_nothing_else_and_runs_nothing() {
        let (report, items) = busy();
        let page = html(&report, &items).to_lowercase();
        for foreign in ["<script", "http:", "https:", "src=", "href=", "url(", "@import", "onerror", "\u{1b}"]
        {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(page.contains("default-src 'none'"));
        // Each tag that is opened is closed.
        for tag in ["main", "header", "section", "ul", "li", "table", "tr", "p", "bdi", "pre", "footer"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}
