//! The general settings.

use std::fmt::{self, Write};

use serde_json::Value;
use tr::tr;

use super::View;
use super::profiles::{options_head, row};
use crate::report::page::{header, safe};
use crate::report::wording::sentence;
use crate::settings::{self, TABLE};

pub fn write(out: &mut String, view: &View<'_>) -> fmt::Result {
    let path = safe(&view.home.settings_file().display().to_string());
    header(
        out,
        "",
        &tr!("What counts for all profiles"),
        &tr!("General options"),
        &tr!("They are kept in {path}", path),
    )?;
    if let Err(error) = settings::load(view.home) {
        return writeln!(out, "<p class=\"why\">{}</p>", safe(&sentence(&error.to_string())));
    }
    let text = settings::text(view.home).unwrap_or_default();
    let file: Value = toml::from_str(&text).unwrap_or_default();
    out.write_str("<section>\n")?;
    options_head(out)?;
    for key in TABLE.keys {
        let default = key.default().unwrap_or_default();
        row(out, key, file.get(key.name).unwrap_or(&default))?;
    }
    writeln!(
        out,
        "</tbody>\n</table>\n<p>{}</p>\n<pre>pimbridge settings set report_days=365</pre>\n</section>",
        tr!("To change one, for example:")
    )
}
