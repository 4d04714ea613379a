//! Compiles the pages of the window.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "window")]
    {
        use slint_build::{CompilerConfiguration, DefaultTranslationContext, compile_with_config};

        let config = CompilerConfiguration::new()
            .with_style("fluent".into())
            .with_bundled_translations("lang")
            .with_default_translation_context(DefaultTranslationContext::None)
            // Tests find what is on a page by it.
            .with_debug_info(true);
        compile_with_config("src/window/ui/window.slint", config)?;
    }
    Ok(())
}
