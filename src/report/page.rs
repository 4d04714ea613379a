//! What all pages for a browser have in common: they need nothing but themselves and run nothing.

use std::fmt::{self, Write};

use quick_xml::escape::escape;
use tr::tr;

use super::wording::line;

const STYLE: &str = include_str!("page.css");

/// The beginning of a page. The title is safe already.
pub fn head(out: &mut String, title: &str) -> fmt::Result {
    // Each language says its own code.
    let language = tr!("en");
    write!(
        out,
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title} – Pimbridge</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
}

/// What a page is about, and how that is: `class` is `good`, `look`, `bad` or nothing. All of it is safe already.
pub fn header(out: &mut String, class: &str, above: &str, heading: &str, below: &str) -> fmt::Result {
    write!(out, "<header class=\"{class}\">\n<p>{above}</p>\n<h1>{heading}</h1>\n<p>{below}</p>\n</header>\n")
}

/// Begins a section. The title is safe already.
pub fn section(out: &mut String, title: &str) -> fmt::Result {
    writeln!(out, "<section>\n<h2>{title}</h2>")
}

/// The end of a page.
pub fn foot(out: &mut String) -> fmt::Result {
    out.write_str("</main>\n</body>\n</html>\n")
}

/// What a person calls an item; its writing direction is nothing to what stands beside it.
pub fn named(text: &str) -> String {
    format!("<bdi>{}</bdi>", safe(text))
}

/// A text as it stands on a page.
pub fn safe(text: &str) -> String {
    escape(line(text)).into_owned()
}
