//! Texts as they are stored, as far as they can be shown.

/// How much of one is shown, in bytes.
pub const SHOWN: usize = 200_000;

/// The beginning of a long text, and what is said of the rest.
pub fn cut(mut text: String, rest: &str) -> String {
    if text.len() > SHOWN {
        text.truncate(text.floor_char_boundary(SHOWN));
        text.push_str("\n…\n");
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_with_what_is_said_of_the_rest() {
        assert_eq!(cut("ä".repeat(SHOWN / 2), "more"), "ä".repeat(SHOWN / 2));
        let cut = cut(format!("x{}", "ä".repeat(SHOWN)), "There is more.");
        assert!(cut.len() < SHOWN + 100 && cut.ends_with("ä\n…\nThere is more."));
    }
}
