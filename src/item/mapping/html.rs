//! Descriptions as HTML, in `X-ALT-DESC`, and plain ones, where one of them is missing.

use bytes::Bytes;

use super::own::put_lines;
use super::parts::Parts;
use crate::item::edit::{ComponentId, Document, Edits};
use crate::item::lines::Line;
use crate::item::text;

const ALTERNATIVE: &str = "X-ALT-DESC";
/// A longer description is left as it is.
const LONGEST: usize = 256 * 1024;

/// The component's description as HTML.
fn alternative<'d, 'a>(document: &'d Document<'a>, id: ComponentId) -> Option<&'d Line<'a>> {
    let is_html = |line: &&Line<'_>| {
        line.is(ALTERNATIVE)
            && line.value().len() <= LONGEST
            && line.param("FMTTYPE").is_none_or(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
    };
    document.properties(id).find(is_html)
}

fn description<'d, 'a>(document: &'d Document<'a>, id: ComponentId) -> Option<&'d Line<'a>> {
    document.property(id, "DESCRIPTION")
}

/// The item with a plain description wherever it has one, and without the HTML that says nothing else.
pub(super) fn shared(bytes: &Bytes) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        if description(&document, id).is_none()
            && let Some(html) = alternative(&document, id)
        {
            let plain = to_plain(&text::plain(html));
            if !plain.is_empty() {
                edits.add(id, &format!("DESCRIPTION:{}", text::escape(&plain)));
            }
        }
        if let Some((html, _)) = derived(&document, id) {
            edits.remove(html);
        }
    }
    edits.apply_to(bytes)
}

/// The HTML that says nothing but the plain text, where it is there, and that text.
fn derived<'d, 'a>(document: &'d Document<'a>, id: ComponentId) -> Option<(&'d Line<'a>, String)> {
    let html = alternative(document, id)?;
    let said = text::plain(html);
    let text = description(document, id).map_or_else(|| to_plain(&said), text::plain);
    (said == to_html(&text)).then_some((html, text))
}

/// The item with the HTML that is there, wherever it still says nothing but the plain text.
pub(super) fn kept(shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let Some(there) = there else { return shared.clone() };
    let (document, there) = (Document::read(shared), Document::read(there));
    let mut parts = Parts::of(&there);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let Some(own) = parts.take(&document, id) else { continue };
        let Some((html, text)) = derived(&there, own) else { continue };
        let is_still_said = description(&document, id).map(text::plain).unwrap_or_default() == text;
        if is_still_said && document.property(id, ALTERNATIVE).is_none() {
            let is_html = |line: &Line<'_>| line.range == html.range;
            put_lines(&document, id, (&there, own), is_html, |_| true, &mut edits);
        }
    }
    edits.apply_to(shared)
}

/// The item with HTML on the server, unless the server has the same text without.
pub(super) fn on(shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let shared = &kept(shared, there);
    let document = Document::read(shared);
    let there = there.map(|there| Document::read(there));
    let mut parts = there.as_ref().map(Parts::of);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let own = parts.as_mut().and_then(|parts| Some((parts.document, parts.take(&document, id)?)));
        let Some(plain) = description(&document, id).filter(|line| line.value().len() <= LONGEST) else {
            continue;
        };
        let is_plain_there = own.is_some_and(|(there, own)| {
            there.property(own, ALTERNATIVE).is_none()
                && description(there, own).is_some_and(|own| text::plain(own) == text::plain(plain))
        });
        let html = to_html(&text::plain(plain));
        if document.property(id, ALTERNATIVE).is_none() && !is_plain_there && html.len() <= LONGEST / 2 {
            edits.add(id, &format!("{ALTERNATIVE};FMTTYPE=text/html:{}", text::escape(&html)));
        }
    }
    edits.apply_to(shared)
}

fn to_html(plain: &str) -> String {
    let mut html = String::from("<html><body>");
    for char in plain.chars() {
        match char {
            '\n' => html.push_str("<br>"),
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ if char.is_control() && char != '\t' => {}
            _ => html.push(char),
        }
    }
    html + "</body></html>"
}

/// The text of an HTML document: without tags and what is not shown, with a new line where a block begins.
fn to_plain(html: &str) -> String {
    let mut plain = Plain::default();
    let mut rest = html;
    while !rest.is_empty() {
        let (text, tag) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        plain.text(text);
        let Some(inside) = tag.strip_prefix('<') else { break };
        let (inside, behind) = match inside.strip_prefix("!--") {
            Some(comment) => ("", comment.split_once("-->").map_or("", |(_, behind)| behind)),
            None => inside.split_once('>').unwrap_or((inside, "")),
        };
        rest = behind;
        let name =
            inside.split(|char: char| char.is_whitespace() || char == '/').find(|name| !name.is_empty());
        let name = name.unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "br" => plain.line(),
            "p" | "div" | "li" | "tr" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                plain.block()
            }
            "head" | "style" | "script" if !inside.starts_with('/') => rest = behind_end(rest, &name),
            _ => {}
        }
    }
    plain.out.trim().to_owned()
}

/// What is behind the end tag; nothing where there is none.
fn behind_end<'a>(html: &'a str, name: &str) -> &'a str {
    let end = html.match_indices("</").find(|(at, _)| {
        html.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    });
    end.map_or("", |(at, _)| html[at..].split_once('>').map_or("", |(_, behind)| behind))
}

#[derive(Default)]
struct Plain {
    out: String,
}

impl Plain {
    fn text(&mut self, html: &str) {
        let mut rest = html;
        while let Some(char) = rest.chars().next() {
            let (char, taken) = match entity(rest) {
                Some(entity) => entity,
                None => (char, char.len_utf8()),
            };
            rest = &rest[taken..];
            if !char.is_whitespace() {
                self.out.push(char);
            } else if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
        }
    }

    fn line(&mut self) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        self.out.push('\n');
    }

    fn block(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.line();
        }
    }
}

/// The character that a reference at the beginning of the text stands for, and how long the reference is.
fn entity(text: &str) -> Option<(char, usize)> {
    const LONGEST_NAME: usize = 10;
    let name = text.strip_prefix('&')?;
    let end = name.bytes().take(LONGEST_NAME).position(|octet| octet == b';')?;
    let name = &name[..end];
    let char = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            char::from_u32(number.ok()?).filter(|char| !char.is_control())?
        }
    };
    Some((char, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(lines: &str) -> Bytes {
        Bytes::from(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\nEND:VCALENDAR\n"))
    }

    #[test]
    fn plain_text_of_html() {
        for (html, plain) in [
            ("<html><head><title>x</title></head><BODY>a<br>b<BR/>c</BODY></html>", "a\nb\nc"),
            (
                "<p class=\"x\">one  two</p>\n<p>three &amp; &lt;four&gt; &#233;&#xe9;&nbsp;&nope;</p>",
                "one two\nthree & <four> éé &nope;",
            ),
            ("<style>p { a: b }</style><script>if (a < b) {}</script>text<!-- <b>no</b> -->", "text"),
            ("<ul><li>a<li>b</ul>", "a\nb"),
            ("a < b", "a"),
            ("<style>never ended", ""),
            ("&#0;&#x110000;&", "&#0;&#x110000;&"),
        ] {
            assert_eq!(to_plain(html), plain, "{html}");
        }
        let started = std::time::Instant::now();
        to_plain(&"<".repeat(LONGEST));
        to_plain(&"&".repeat(LONGEST));
        to_plain(&"<style></".repeat(LONGEST / 9));
        assert!(started.elapsed().as_secs() < 5);
    }

    #[test]
    fn html_that_is_there_stays_while_it_says_the_same() {
        let html = "X-ALT-DESC:<html><body>a\t<br>b</body></html>\n";
        let there = item(&format!("{html}DESCRIPTION:a\t\\nb\nSUMMARY:old\n"));
        assert_eq!(shared(&there), item("DESCRIPTION:a\t\\nb\nSUMMARY:old\n"));
        for on in [on, kept] {
            assert_eq!(
                on(&item("DESCRIPTION:a\t\\nb\nSUMMARY:new\n"), Some(&there)),
                item(&format!("{html}DESCRIPTION:a\t\\nb\nSUMMARY:new\n"))
            );
        }
        assert_eq!(kept(&item("DESCRIPTION:c\n"), Some(&there)), item("DESCRIPTION:c\n"));
        let alone = item(html);
        assert_eq!(kept(&item("X:1\nDESCRIPTION:c\n"), Some(&alone)), item("X:1\nDESCRIPTION:c\n"));
    }

    #[test]
    fn each_is_made_of_the_other() {
        let plain = item("DESCRIPTION:a & b\\nc\\, d\n");
        let both = item(
            "DESCRIPTION:a & b\\nc\\, d\nX-ALT-DESC;FMTTYPE=text/html:<html><body>a &amp\\; b<br>c\\, d</body></html>\n",
        );
        assert_eq!(on(&plain, None), both);
        assert_eq!(shared(&both), plain);
        assert_eq!(on(&plain, Some(&plain)), plain, "the server has none");
        let html = item("X-ALT-DESC;FMTTYPE=text/html:<b>bold</b>\n");
        assert_eq!(shared(&html), item("X-ALT-DESC;FMTTYPE=text/html:<b>bold</b>\nDESCRIPTION:bold\n"));
        let differ = item("DESCRIPTION:a\nX-ALT-DESC;FMTTYPE=text/html:<b>b</b>\n");
        assert_eq!((shared(&differ), on(&differ, None)), (differ.clone(), differ));
    }
}
