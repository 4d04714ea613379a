//! The form of phone numbers.

use super::property::Property;
use super::{Translation, Unit, each, nothing};
use crate::item::lines::Line;
use crate::item::mapping::options::PhoneNumbers;

pub(super) fn translation(form: PhoneNumbers) -> Option<Translation> {
    match form {
        PhoneNumbers::Keep => None,
        PhoneNumbers::Digits => Some(Translation { outward: |rows| numbers(rows, digits), inward: nothing }),
        PhoneNumbers::Brackets => Some(Translation {
            outward: |rows| numbers(rows, without_brackets),
            inward: |rows| numbers(rows, with_brackets),
        }),
    }
}

fn numbers(rows: &[&Line<'_>], written: impl Fn(&str) -> Option<String>) -> Vec<Unit> {
    each(rows, |line| {
        let mut phone = line.is("TEL").then(|| Property::read(line))?;
        let (scheme, number) = match phone.value.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => phone.value.split_at(4),
            _ => ("", phone.value.as_str()),
        };
        phone.value = format!("{scheme}{}", written(number)?);
        Some(phone.text())
    })
}

/// `+49 (170) 123-45 ext. 6` as `+4917012345 ext. 6`. What is no number stays.
fn digits(number: &str) -> Option<String> {
    let number = number.trim();
    let main_end = number.find(|char: char| !is_of_number(char)).unwrap_or(number.len());
    let (main, extension) = number.split_at(main_end);
    if !(extension.is_empty() || is_extension(extension)) || main.rfind('+').is_some_and(|at| at > 0) {
        return None;
    }
    // The zero that is dialled only within the country.
    let main = if main.starts_with('+') { main.replacen("(0)", "", 1) } else { main.to_owned() };
    let digits: String = main.chars().filter(|char| char.is_ascii_digit() || *char == '+').collect();
    let gap = if main.ends_with(is_separator) && !extension.is_empty() { " " } else { "" };
    digits.contains(|char: char| char.is_ascii_digit()).then(|| format!("{digits}{gap}{extension}"))
}

fn is_of_number(char: char) -> bool {
    char.is_ascii_digit() || char == '+' || is_separator(char)
}

fn is_separator(char: char) -> bool {
    char.is_whitespace() || matches!(char, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2013}')
}

/// `ext. 5`, `x5`, `;ext=5`, `#5`: a word or mark, and digits.
fn is_extension(text: &str) -> bool {
    let digits = text.trim_start_matches(|char: char| !char.is_ascii_digit());
    let word = text[..text.len() - digits.len()].trim().trim_end_matches(['.', ':', '=']).to_lowercase();
    let known = ["x", "ext", "extension", ";ext", "#", "dw", "durchwahl", "poste", "int"];
    !digits.is_empty()
        && digits.chars().all(|char| char.is_ascii_digit())
        && known.contains(&word.replace('\\', "").as_str())
}

/// `+49 170 12345` as `+49 (170) 12345`.
fn with_brackets(number: &str) -> Option<String> {
    let (country, rest) = number.split_once(' ')?;
    let (area, rest) = rest.split_once(' ')?;
    let is_simple =
        is_country(country) && is_digits(area) && rest.starts_with(|char: char| char.is_ascii_digit());
    is_simple.then(|| format!("{country} ({area}) {rest}"))
}

fn without_brackets(number: &str) -> Option<String> {
    let (country, rest) = number.split_once(' ')?;
    let (area, rest) = rest.strip_prefix('(')?.split_once(')')?;
    let (area, rest) = (area.trim(), rest.trim_start());
    let is_simple =
        is_country(country) && is_digits(area) && rest.starts_with(|char: char| char.is_ascii_digit());
    is_simple.then(|| format!("{country} {area} {rest}"))
}

fn is_country(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| is_digits(digits) && digits.len() <= 3)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}
