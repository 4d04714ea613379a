//! The page that says what this is.

use pimbridge::home::Home;
use slint::ComponentHandle;

use crate::{AboutPage, MainWindow};

pub fn attach(window: &MainWindow, home: &Home) {
    let page = window.global::<AboutPage>();
    page.set_version(env!("CARGO_PKG_VERSION").into());
    let folder = home.profiles_dir().parent().unwrap_or(home.profiles_dir());
    page.set_home(folder.display().to_string().into());
}
