//! Groups of contacts as SOGo keeps them: items of their own kind, `VLIST`, whose members are the names of cards.
//!
//! A list becomes a card that says it is a group in the words of Apple's programs, and the other way round. What
//! neither has a word for is in both as it is.

use std::collections::HashMap;

use bytes::Bytes;

use super::card::Property;
use crate::item::edit::{Document, Edits};
use crate::item::lines::Line;
use crate::item::text;

const KIND: &str = "X-ADDRESSBOOKSERVER-KIND";
const MEMBER: &str = "X-ADDRESSBOOKSERVER-MEMBER";
/// What a card has instead of a VERSION while it is a list, if that is not 3.0.
const VERSION: &str = "X-VCARD-VERSION";
const UUID: &str = "urn:uuid:";
const EXTENSION: &str = ".vcf";

/// A card that is known by its name on the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub uid: String,
    full_name: String,
    email: Option<String>,
}

impl Known {
    /// `None` where it has no UID.
    pub fn read(card: &[u8]) -> Option<Known> {
        let document = Document::read(card);
        let id = document.main_components().next()?;
        let first = |name: &str| document.property(id, name).map(|line| text::plain(line).trim().to_owned());
        Some(Known {
            uid: first("UID").filter(|uid| !uid.is_empty())?,
            full_name: first("FN").unwrap_or_default(),
            email: first("EMAIL").filter(|email| !email.is_empty()),
        })
    }
}

/// Whether it is a list and not a card.
pub fn is_list(bytes: &[u8]) -> bool {
    Document::read(bytes).components().first().is_some_and(|first| first.name == "VLIST")
}

/// Whether it is a card that becomes a list.
pub fn is_group(bytes: &[u8]) -> bool {
    let document = Document::read(bytes);
    document.main_components().next().is_some_and(|id| document.properties(id).any(is_group_kind))
}

fn is_group_kind(line: &Line<'_>) -> bool {
    line.is(KIND) && line.value().trim() == "group" && line.params().next().is_none()
}

/// The names of a list's members.
pub fn names(list: &[u8]) -> Vec<String> {
    let document = Document::read(list);
    document
        .lines()
        .iter()
        .filter(|line| line.is("CARD"))
        .map(|line| line.value().trim().to_owned())
        .collect()
}

/// The names that the cards of a group's members may have.
pub fn likely_names(group: &[u8]) -> Vec<String> {
    let document = Document::read(group);
    let uids = document.lines().iter().filter_map(member);
    uids.flat_map(|uid| {
        let own = uid.ends_with(EXTENSION).then(|| uid.to_owned());
        own.into_iter().chain([format!("{uid}{EXTENSION}")])
    })
    .collect()
}

/// The UID of a member that can be known by a name.
fn member<'a>(line: &'a Line<'_>) -> Option<&'a str> {
    let is_plain = line.is(MEMBER) && line.group().is_none() && line.params().next().is_none();
    let uid = is_plain.then(|| line.value().trim().strip_prefix(UUID))??;
    is_fit(uid).then_some(uid)
}

fn is_fit(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "-_.@".contains(char))
}

/// The list as a card. `known` are the cards by their names.
pub fn as_card(list: &Bytes, known: &HashMap<String, Known>) -> Bytes {
    let document = Document::read(list);
    let mut edits = Edits::new(&document);
    let Some(id) = around(&document, &mut edits, "VLIST", "VCARD") else { return list.clone() };
    let own_version = document.property(id, VERSION).map(|line| line.value().trim());
    let version = format!("VERSION:{}\n{KIND}:group\n", own_version.unwrap_or("3.0"));
    for line in document.properties(id) {
        if line.is("VERSION") || line.is(VERSION) {
            edits.remove(line);
        } else if line.is("DESCRIPTION") {
            edits.replace(line, &Property::read(line).renamed("NOTE").text());
        } else if line.is("CARD") {
            let name = line.value().trim();
            let uid = known.get(name).map(|card| card.uid.as_str()).or_else(|| name.strip_suffix(EXTENSION));
            if let Some(uid) = uid.filter(|uid| is_fit(uid)) {
                edits.replace(line, &format!("{MEMBER}:{UUID}{uid}"));
            }
        }
    }
    edits.put(document.lines()[0].range.end, version.as_bytes());
    edits.apply()
}

/// The group as a list, in the place of the one that is there. `known` are the cards by their names.
pub fn as_list(group: &Bytes, there: Option<&Bytes>, known: &HashMap<String, Known>) -> Bytes {
    let document = Document::read(group);
    let mut edits = Edits::new(&document);
    let Some(id) = around(&document, &mut edits, "VCARD", "VLIST") else { return group.clone() };
    let by_uid: HashMap<&str, (&str, &Known)> =
        known.iter().map(|(name, card)| (card.uid.as_str(), (name.as_str(), card))).collect();
    let there = there.map(|there| Document::read(there));
    let listed: HashMap<&str, &str> = match &there {
        Some(there) => {
            let cards = there.lines().iter().filter(|line| line.is("CARD"));
            cards.map(|line| (line.value().trim(), line.text())).collect()
        }
        None => HashMap::new(),
    };
    let mut version = "VERSION:1.0\n".to_owned();
    for line in document.properties(id) {
        if line.is("VERSION") {
            let own = line.value().trim();
            if own != "3.0" {
                version.push_str(&format!("{VERSION}:{own}\n"));
            }
            edits.remove(line);
        } else if is_group_kind(line) {
            edits.remove(line);
        } else if line.is("NOTE") && line.params().next().is_none() {
            edits.replace(line, &Property::read(line).renamed("DESCRIPTION").text());
        } else if let Some(uid) = member(line) {
            let found = by_uid.get(uid);
            let name = found.map_or_else(|| format!("{uid}{EXTENSION}"), |(name, _)| (*name).to_owned());
            match listed.get(name.as_str()) {
                // The name is that of another card.
                _ if found.is_none() && known.contains_key(&name) => {}
                Some(text) => edits.replace(line, text),
                None => edits.replace(line, &card_line(&name, found.map(|(_, card)| *card))),
            }
        }
    }
    edits.put(document.lines()[0].range.end, version.as_bytes());
    edits.apply()
}

fn card_line(name: &str, card: Option<&Known>) -> String {
    let mut property = Property::named("CARD", name);
    if let Some(card) = card {
        if let Some(email) = &card.email {
            property.add("EMAIL", email);
        }
        property.add("FN", &card.full_name);
    }
    property.text()
}

/// Gives the outermost component another name, and tells which one it is.
fn around(document: &Document<'_>, edits: &mut Edits<'_, '_>, name: &str, other: &str) -> Option<usize> {
    let id = document.components().iter().position(|component| component.name == name)?;
    let begin = document.lines().first().filter(|line| line.is("BEGIN"))?;
    let end = document.lines().last().filter(|line| line.is("END"))?;
    edits.replace(begin, &format!("BEGIN:{other}"));
    edits.replace(end, &format!("END:{other}"));
    (id == 0).then_some(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::item::read;

    fn known(cards: &[(&str, &str)]) -> HashMap<String, Known> {
        let card = |uid: &str| format!("BEGIN:VCARD\nUID:{uid}\nFN:Doe\\, {uid}\nEMAIL:{uid}@x\nEND:VCARD\n");
        cards
            .iter()
            .map(|(name, uid)| ((*name).to_owned(), Known::read(card(uid).as_bytes()).unwrap()))
            .collect()
    }

    #[test]
    fn a_list_as_a_card() {
        let list = Bytes::from(
            "BEGIN:VLIST\r\nUID:g.vlf\r\nVERSION:1.0\r\nFN:Team\r\nNICKNAME:t\r\nDESCRIPTION:d\r\n\
             CARD;FN=Ann;EMAIL=ann@x:A-1.vcf\r\nCARD:b.vcf\r\nCARD:c\r\nX-ADDRESSBOOKSERVER-MEMBER:mailto:z@x\r\nEND:VLIST",
        );
        let known = known(&[("A-1.vcf", "A-1.vcf")]);
        let card = as_card(&list, &known);
        insta::assert_snapshot!(String::from_utf8_lossy(&card).replace("\r\n", "\n"), @r#"
        BEGIN:VCARD
        VERSION:3.0
        X-ADDRESSBOOKSERVER-KIND:group
        UID:g.vlf
        FN:Team
        NICKNAME:t
        NOTE:d
        X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:A-1.vcf
        X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:b
        CARD:c
        X-ADDRESSBOOKSERVER-MEMBER:mailto:z@x
        END:VCARD
        "#);
        assert!(is_list(&list) && !is_list(&card) && is_group(&card) && !is_group(&list));
        assert_eq!(names(&list), ["A-1.vcf", "b.vcf", "c"]);
        assert_eq!(likely_names(&card), ["A-1.vcf", "A-1.vcf.vcf", "b.vcf"]);
        let back = as_list(&card, Some(&list), &known);
        insta::assert_snapshot!(String::from_utf8_lossy(&back).replace("\r\n", "\n"), @r#"
        BEGIN:VLIST
        VERSION:1.0
        UID:g.vlf
        FN:Team
        NICKNAME:t
        DESCRIPTION:d
        CARD;FN=Ann;EMAIL=ann@x:A-1.vcf
        CARD:b.vcf
        CARD:c
        X-ADDRESSBOOKSERVER-MEMBER:mailto:z@x
        END:VLIST
        "#);
    }

    #[test]
    fn a_card_as_a_list() {
        let card = Bytes::from(
            "BEGIN:VCARD\nVERSION:4.0\nX-ADDRESSBOOKSERVER-KIND:group\nUID:g\nFN:Team\nN:Team;;;;\nNOTE:n\n\
             X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:new\n\
             X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a/b\nEND:VCARD\n",
        );
        let list = as_list(&card, None, &known(&[("1.vcf", "a")]));
        insta::assert_snapshot!(String::from_utf8_lossy(&list), @r#"
        BEGIN:VLIST
        VERSION:1.0
        X-VCARD-VERSION:4.0
        UID:g
        FN:Team
        N:Team;;;;
        DESCRIPTION:n
        CARD;EMAIL=a@x;FN="Doe, a":1.vcf
        CARD:new.vcf
        X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a/b
        END:VLIST
        "#);
        assert_eq!(as_list(&list, None, &HashMap::new()), list, "what is no card stays");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_group_that_went_out_comes_in_as_it_was(
            lines in prop::collection::vec(
                "(FN:T|N:T;;;;|NOTE(;X=1)?:n\\\\, o|UID:g|X-OWN:1|item1.X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a|(X-ADDRESSBOOKSERVER-MEMBER(;X=1)?:(urn:uuid:|mailto:)[abc/.@]{1,4}(.vcf)?))(\r)?\n",
                0..8,
            ),
            version in "[34]\\.0",
        ) {
            let group = Bytes::from(format!(
                "BEGIN:VCARD\nVERSION:{version}\n{}X-ADDRESSBOOKSERVER-KIND:group\nEND:VCARD\n", lines.concat()
            ));
            prop_assume!(read(&group).is_ok());
            let known = known(&[("1.vcf", "a"), ("b.vcf", "b"), ("c.vcf", "c.vcf")]);
            for known in [known, HashMap::new()] {
                let list = as_list(&group, None, &known);
                prop_assert!(is_list(&list));
                prop_assert_eq!(read(&as_card(&list, &known)).unwrap().digest, read(&group).unwrap().digest);
                prop_assert_eq!(as_list(&as_card(&list, &known), Some(&list), &known).len(), list.len());
            }
        }
    }
}
