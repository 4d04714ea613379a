//! What the person wants to look at: in the window, or in the browser where this program comes without one.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;
use tr::tr;

use super::{Daemon, Ready};
use crate::daemon::notices;
use crate::daemon::protocol::{Event, Page};
use crate::desktop::pages;
use crate::home::Home;

/// A window that is there after so long can be seen.
const BEGINS: Duration = Duration::from_secs(2);

impl Daemon {
    /// Shows a page, without waiting for it. Of several that are asked for meanwhile the last one is shown.
    pub(super) fn open(&mut self, page: Page) {
        if self.windows.any() {
            self.tell(Event::Show { page });
            return;
        }
        if self.opens {
            self.wanted = Some(page);
            return;
        }
        self.opens = true;
        let (home, status) = (self.home.clone(), Arc::clone(&self.status.borrow()));
        self.tasks.spawn(async move {
            if let Some(program) = window() {
                match show_window(program, &home, &page).await {
                    Ok(()) => return Ready::Page { failed: None },
                    Err(why) => tracing::warn!("there is no window, so the browser shows the page: {why}"),
                }
            }
            let opened = tokio::task::spawn_blocking(move || pages::open(&home, &page, &status));
            let failed = match opened.await {
                Ok(opened) => opened.err().map(|error| error.to_string()),
                Err(error) => Some(tr!("a mistake in Pimbridge: {error}", error)),
            };
            Ready::Page { failed }
        });
    }

    /// A page was shown, or not.
    pub(super) fn opened(&mut self, failed: Option<&str>) {
        if let Some(why) = failed {
            tracing::warn!("{why}");
            self.desktop.notify(notices::no_page(why));
        }
        self.opens = false;
        if let Some(page) = self.wanted.take() {
            self.open(page);
        }
    }
}

/// The program of the window, which stands beside this one.
fn window() -> Option<PathBuf> {
    let name = format!("pimbridge-window{}", std::env::consts::EXE_SUFFIX);
    let program = std::env::current_exe().ok()?.with_file_name(name);
    program.is_file().then_some(program)
}

/// Starts the window. It goes on when this program ends.
async fn show_window(program: PathBuf, home: &Home, page: &Page) -> io::Result<()> {
    let mut command = Command::new(program);
    if let Some(folder) = home.folder() {
        command.arg("--home").arg(folder);
    }
    let (word, profile) = page.words();
    command.args(["--page", word]);
    if let Some(profile) = profile {
        command.args(["--profile", profile]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    command.process_group(0);
    // Where there is nothing to show it on, it ends at once. Later the runtime takes note of its end.
    match timeout(BEGINS, command.spawn()?.wait()).await {
        Ok(ended) => match ended?.success() {
            true => Ok(()),
            false => Err(io::Error::other(tr!("it cannot be shown here"))),
        },
        Err(_) => Ok(()),
    }
}
