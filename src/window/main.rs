//! The window: what a person sees and does. It talks to the daemon only, and starts it where none runs.

use std::path::{self, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use pimbridge::daemon::protocol;
use pimbridge::home::Home;
use pimbridge::language::Language;
use pimbridge::settings;

mod about;
mod account;
mod form;
mod history;
mod link;
mod options;
mod profiles;
mod reports;
mod rows;
mod shell;
mod status;
#[cfg(test)]
mod testing;
mod turn;
mod wires;

slint::include_modules!();

use link::Link;

/// Shows Pimbridge's window
#[derive(Debug, Parser)]
#[command(name = "pimbridge-window", version)]
struct Args {
    /// The profiles, state and logs are below this folder [also: the variable PIMBRIDGE_HOME]
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// The page to begin with
    #[arg(long, value_enum, default_value = "status")]
    page: shell::PageWord,
    /// The profile whose last report is shown
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// A .cdsp file to import
    #[arg(conflicts_with_all = ["page", "profile"])]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("pimbridge-window: {why}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> Result<(), String> {
    let home = Home::chosen(args.home).map_err(|error| error.to_string())?;
    let page = match args.file {
        Some(file) => {
            protocol::Page::Import { file: path::absolute(&file).unwrap_or(file).display().to_string() }
        }
        None => args.page.about(args.profile),
    };
    if link::shown_elsewhere(&home, &page).map_err(no_threads)? {
        return Ok(());
    }
    // What is wrong with them is told on their page.
    let settings = settings::load(&home).unwrap_or_default();
    let told = |error: slint::PlatformError| format!("the window cannot be shown: {error}");
    slint::BackendSelector::new()
        .backend_name("winit".into())
        .renderer_name("software".into())
        .select()
        .map_err(told)?;
    // As the desktop file is called.
    slint::set_xdg_app_id("pimbridge").map_err(told)?;
    let window = MainWindow::new().map_err(told)?;
    // The pages know their languages once there is one of them.
    speak(settings.language());
    let link = Link::to_daemon(&home, &window).map_err(no_threads)?;
    options::show_look(&window, settings.appearance);
    attach(&window, &home, &link);
    shell::show(&window, &link, &page);
    link.follow();
    window.run().map_err(told)
}

fn no_threads(error: std::io::Error) -> String {
    format!("the system gives no threads: {error}; close other programs")
}

/// The window's own messages and those of the pages.
fn speak(language: Language) {
    language.speak();
    match language.translator() {
        Some(translator) => tr::set_translator!(translator),
        None => tr::unset_translator!(),
    }
    // English is the language of the pages themselves.
    let _ = slint::select_bundled_translation(language.code());
}

/// Connects the pages with what they can do.
fn attach(window: &MainWindow, home: &Home, link: &Link) {
    shell::attach(window, link);
    status::attach(window, link);
    account::attach(window, link);
    reports::attach(window, link);
    history::attach(window, link);
    profiles::attach(window, link);
    options::attach(window, link);
    about::attach(window, home);
}
