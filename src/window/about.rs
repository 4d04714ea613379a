//! The page that says what this is.

use pimbridge::home::Home;
use pimbridge::profile::abbreviated;
use slint::ComponentHandle;

use crate::{AboutPage, MainWindow};

pub fn attach(window: &MainWindow, home: &Home) {
    let page = window.global::<AboutPage>();
    page.set_version(env!("CARGO_PKG_VERSION").into());
    page.set_profiles(abbreviated(home.profiles_dir()).into());
    page.set_states(abbreviated(home.state_dir()).into());
}
