//! What a collection is called and its colour.

use std::fmt;

use serde::{Deserialize, Serialize};
use tr::tr;

/// A colour as calendars have it: red, green and blue, without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Color([u8; 3]);

impl Color {
    /// Reads `#RRGGBB`, `#RRGGBBAA`, `#RGB` or a name of CSS, in upper or lower case.
    pub fn read(text: &str) -> Option<Color> {
        let [red, green, blue, _] = csscolorparser::parse(text.trim()).ok()?.to_rgba8();
        Some(Color([red, green, blue]))
    }
}

impl fmt::Display for Color {
    /// `#RRGGBB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

/// What a collection is called and its colour, as far as it has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub name: Option<String>,
    pub color: Option<Color>,
}

/// The longest name of a collection, in characters.
const LONGEST_NAME: usize = 255;

/// A name as both sides can have it: one line, not too long; `None` where nothing is left of it.
pub fn plain_name(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|char: char| char.is_whitespace() || char.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line: String = words.join(" ").chars().take(LONGEST_NAME).collect();
    Some(line.trim_end().to_owned()).filter(|name| !name.is_empty())
}

impl Look {
    pub fn set(&mut self, feature: &Feature) {
        match feature {
            Feature::Name(name) => self.name = Some(name.clone()),
            Feature::Color(color) => self.color = Some(*color),
        }
    }

    pub fn has(&self, feature: &Feature) -> bool {
        match feature {
            Feature::Name(name) => self.name.as_ref() == Some(name),
            Feature::Color(color) => self.color.as_ref() == Some(color),
        }
    }
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feature {
    Name(String),
    Color(Color),
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Feature::Name(name) => f.write_str(&tr!("the name {name}", name = format_args!("{name:?}"))),
            Feature::Color(color) => f.write_str(&tr!("the colour {color}", color)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line() {
        let plain = |text: &str| plain_name(text).unwrap_or_default();
        assert_eq!(plain(" Work\r\n  \u{1b}[31m and\thome\n"), "Work [31m and home");
        assert_eq!(plain_name(" \u{0}\n "), None);
        assert_eq!(plain(&"é".repeat(5000)), "é".repeat(LONGEST_NAME));
        assert_eq!(plain("日程 🎉"), "日程 🎉");
    }

    #[test]
    fn colours_in_every_spelling() {
        let red = Color([255, 0, 0]);
        for text in ["#FF0000", "#ff0000", "#FF0000FF", "#ff000080", "#f00", "red", "Red", " #FF0000\n"] {
            assert_eq!(Color::read(text), Some(red), "{text:?}");
        }
        assert_eq!(red.to_string(), "#FF0000");
        for text in ["", "#", "#12345", "no colour", "\u{0}", "#GG0000"] {
            assert_eq!(Color::read(text), None, "{text:?}");
        }
    }
}
