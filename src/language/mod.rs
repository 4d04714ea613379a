//! The language that Pimbridge speaks: one catalogue of messages, `lang/`, for everything that a person reads.
//!
//! The English words stand in the code, inside `tr!`; each other language has a file of translations.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};

use tr::{MoTranslator, Translator};

pub mod command_line;
pub mod dates;
pub mod numbers;

/// A language of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    German,
    Czech,
    Italian,
}

impl Language {
    pub const ALL: [Language; 4] = [Language::English, Language::German, Language::Czech, Language::Italian];

    /// Its code in ISO 639.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Czech => "cs",
            Language::Italian => "it",
        }
    }

    /// What those who speak it call it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Czech => "Čeština",
            Language::Italian => "Italiano",
        }
    }

    /// The language of the session; English where that is none of these.
    pub fn of_session() -> Language {
        sys_locale::get_locale().map(|locale| Language::of_locale(&locale)).unwrap_or(Language::English)
    }

    /// `de_CH.UTF-8` and `de-CH` are German.
    fn of_locale(locale: &str) -> Language {
        let code = locale.split(['-', '_', '.', '@']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| language.code() == code).unwrap_or(Language::English)
    }

    /// Its messages, as `build.rs` compiles them; none where they are those of the code.
    fn catalogue(self) -> Option<&'static [u8]> {
        match self {
            Language::English => None,
            Language::German => Some(include_bytes!(concat!(env!("OUT_DIR"), "/de.mo"))),
            Language::Czech => Some(include_bytes!(concat!(env!("OUT_DIR"), "/cs.mo"))),
            Language::Italian => Some(include_bytes!(concat!(env!("OUT_DIR"), "/it.mo"))),
        }
    }

    fn translator(self) -> Option<MoTranslator> {
        match MoTranslator::from_vec_u8(self.catalogue()?.into()) {
            Ok(translator) => Some(translator),
            Err(error) => {
                tracing::error!("the messages in {} cannot be read: {error}", self.own_name());
                None
            }
        }
    }

    /// The language that is spoken.
    pub fn spoken() -> Language {
        Language::ALL[SPOKEN.load(Ordering::Relaxed) % Language::ALL.len()]
    }

    /// From now on this library speaks it. Another crate gives its own `tr!` a [`Spoken`].
    pub fn speak(self) {
        static BEGUN: Once = Once::new();
        BEGUN.call_once(|| tr::set_translator!(Spoken));
        SPOKEN.store(self as usize, Ordering::Relaxed);
    }
}

/// The number of the language that is spoken. `tr!` locks its translator while a message is put together, which may say
/// another message: that it is never replaced keeps the two from waiting for each other.
static SPOKEN: AtomicUsize = AtomicUsize::new(Language::English as usize);

/// Translates into the language that is spoken.
pub struct Spoken;

impl Spoken {
    /// The messages of the language; none where they are those of the code.
    fn messages() -> Option<&'static MoTranslator> {
        static ALL: [OnceLock<Option<MoTranslator>>; Language::ALL.len()] =
            [const { OnceLock::new() }; Language::ALL.len()];
        let language = Language::spoken();
        ALL[language as usize].get_or_init(|| language.translator()).as_ref()
    }
}

impl Translator for Spoken {
    fn translate<'a>(&'a self, text: &'a str, context: Option<&'a str>) -> Cow<'a, str> {
        match Spoken::messages() {
            Some(messages) => messages.translate(text, context),
            None => Cow::Borrowed(text),
        }
    }

    fn ntranslate<'a>(
        &'a self,
        n: u64,
        one: &'a str,
        many: &'a str,
        context: Option<&'a str>,
    ) -> Cow<'a, str> {
        match Spoken::messages() {
            Some(messages) => messages.ntranslate(n, one, many, context),
            None => Cow::Borrowed(if n == 1 { one } else { many }),
        }
    }
}

#[cfg(test)]
mod catalogue;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_session() {
        assert_eq!(Language::of_locale("de_AT.UTF-8"), Language::German);
        assert_eq!(Language::of_locale("cs-CZ"), Language::Czech);
        assert_eq!(Language::of_locale("it"), Language::Italian);
        for other in ["C", "POSIX", "fr_FR.UTF-8", "en_GB", "", "deutsch"] {
            assert_eq!(Language::of_locale(other), Language::English, "{other}");
        }
    }

    #[test]
    fn every_catalogue_can_be_read() {
        for language in Language::ALL {
            assert_eq!(language.translator().is_some(), language != Language::English, "{language:?}");
        }
    }
}
