//! Numbers as a person writes them.

use super::Language;

/// "1.2", or "1,2" where that is how it is written.
pub fn tenth(number: f64) -> String {
    tenth_in(Language::spoken(), number)
}

fn tenth_in(language: Language, number: f64) -> String {
    let text = format!("{number:.1}");
    match language {
        Language::English => text,
        Language::German | Language::Czech | Language::Italian => text.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_them_its_own_way() {
        assert_eq!(tenth_in(Language::English, 1.25), "1.2");
        assert_eq!(tenth_in(Language::German, 1234.56), "1234,6");
    }
}
