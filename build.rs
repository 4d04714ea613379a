//! Compiles the catalogue of messages and the pages of the window.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use rspolib::prelude::AsBytes;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=lang");
    messages(Path::new(&env::var("OUT_DIR")?))?;
    #[cfg(feature = "window")]
    pages()?;
    Ok(())
}

/// From `lang/de/LC_MESSAGES/pimbridge.po` comes `de.mo`, and so on.
fn messages(out: &Path) -> Result<(), Box<dyn Error>> {
    for language in ["cs", "de", "it"] {
        let text = fs::read_to_string(format!("lang/{language}/LC_MESSAGES/pimbridge.po"))?;
        let file = rspolib::pofile(text.as_str()).map_err(|error| format!("{language}: {error}"))?;
        fs::write(out.join(format!("{language}.mo")), rspolib::MOFile::from(&file).as_bytes())?;
    }
    Ok(())
}

#[cfg(feature = "window")]
fn pages() -> Result<(), Box<dyn Error>> {
    use slint_build::{CompilerConfiguration, DefaultTranslationContext, compile_with_config};

    let config = CompilerConfiguration::new()
        .with_style("fluent".into())
        .with_bundled_translations("lang")
        .with_default_translation_context(DefaultTranslationContext::None)
        // Tests find what is on a page by it.
        .with_debug_info(true);
    compile_with_config("src/window/ui/window.slint", config)?;
    Ok(())
}
