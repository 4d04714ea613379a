//! What this program is, and where it keeps things.

use std::fmt::{self, Write};

use tr::tr;

use super::View;
use crate::report::page::{header, safe, section};
use crate::report::wording::moment;

pub fn write(out: &mut String, view: &View<'_>) -> fmt::Result {
    let version = safe(&view.status.version);
    header(
        out,
        "",
        &tr!("Keeps calendars, tasks and contacts the same"),
        "Pimbridge",
        &tr!("Version {version}", version),
    )?;
    section(out, &tr!("Where things are kept"))?;
    let home = view.home;
    let places = [
        (tr!("Profiles"), home.profiles_dir()),
        (tr!("General options"), home.settings_file()),
        (tr!("What is known of both sides, reports and the history of versions"), home.state_dir()),
        (tr!("The log"), home.logs_dir()),
    ];
    for (what, path) in places {
        writeln!(out, "<p>{what}:<br>{}</p>", safe(&path.display().to_string()))?;
    }
    out.write_str("</section>\n")?;
    section(out, &tr!("This program"))?;
    writeln!(
        out,
        "<p>{}</p>\n<p>{}</p>\n<p>{}</p>\n<pre>pimbridge history --help</pre>\n</section>",
        tr!("It runs in the background since {} (process {}).", moment(view.status.since), view.status.pid),
        tr!(
            "It is free software: you may use, change and pass it on under the MIT licence or the Apache licence 2.0, as you \
             like. It is made of other free software too, each part under its own licence."
        ),
        tr!(
            "What a sync overwrites or deletes is kept for 90 days, or as long as history_days of the profile says, and \
             comes back with"
        )
    )
}
