//! Changing the settings, and doing what some of them say.

use super::SetupError;
use super::change::Change;
use crate::desktop::autostart::{self, AutostartError, Program};
use crate::home::Home;
use crate::settings;

/// The setting that an autostart entry goes with.
pub const START_WITH_SESSION: &str = "start_with_session";

/// Changes settings: all of them, or none.
///
/// # Errors
/// A change is wrong, the file cannot be written, or the system does not start the program with the session.
pub fn set(home: &Home, changes: &[Change]) -> Result<(), SetupError> {
    settings::change(home, changes)?;
    match changes.iter().any(|(key, _)| key == START_WITH_SESSION) {
        true => follow(settings::load(home)?.background.start_with_session, home)
            .map_err(|error| SetupError::NotDone(error.to_string())),
        false => Ok(()),
    }
}

/// Does what the setting says.
fn follow(start: bool, home: &Home) -> Result<(), AutostartError> {
    match start {
        true if autostart::entries()?.is_empty() => autostart::on(&Program::this(home)?, false).map(drop)?,
        true => {}
        false => autostart::off().map(drop)?,
    }
    Ok(())
}
