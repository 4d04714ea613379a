//! The window: what a person sees and does. It talks to the daemon only, and starts it where none runs.

use std::path::{self, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use pimbridge::daemon::protocol;
use pimbridge::home::Home;
use pimbridge::language::{Language, Spoken, command_line};
use pimbridge::settings;
use tr::tr;

mod about;
mod account;
mod choose;
mod compare;
mod form;
mod history;
mod link;
mod options;
mod plan;
mod profiles;
mod raw;
mod reports;
mod rows;
mod shell;
mod status;
#[cfg(test)]
mod testing;
mod turn;
mod ways;
mod wires;

slint::include_modules!();

use link::Link;

#[derive(Debug, Parser)]
#[command(name = "pimbridge-window", version, about = tr!("Shows Pimbridge's window"))]
struct Args {
    #[arg(
        long,
        value_name = "DIR",
        help = tr!("Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]")
    )]
    home: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "status", help = tr!("The page to begin with"))]
    page: shell::PageWord,
    #[arg(long, value_name = "NAME", help = tr!("The profile whose last report is shown"))]
    profile: Option<String>,
    #[arg(conflicts_with_all = ["page", "profile"], help = tr!("A .cdsp file to import"))]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    tr::set_translator!(Spoken);
    let args: Args = command_line::read();
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
    let told = |error: slint::PlatformError| tr!("the window cannot be shown: {error}", error);
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
    shell::begin(&window, page);
    link.follow();
    window.run().map_err(told)
}

fn no_threads(error: std::io::Error) -> String {
    tr!("the system gives no threads: {error}; close other programs", error)
}

/// The window's own messages and those of the pages.
fn speak(language: Language) {
    language.speak();
    // English is the language of the pages themselves.
    let _ = slint::select_bundled_translation(language.code());
}

/// Connects the pages with what they can do.
fn attach(window: &MainWindow, home: &Home, link: &Link) {
    shell::attach(window, link);
    choose::attach(window);
    form::attach(window);
    status::attach(window, link);
    account::attach(window, link);
    reports::attach(window, link);
    history::attach(window, link);
    profiles::attach(window, link);
    options::attach(window, link);
    about::attach(window, home);
}
