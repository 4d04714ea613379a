//! The desktop's own window in which folders and files are chosen.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pimbridge::profile;
use rfd::AsyncFileDialog;
use slint::ComponentHandle;
use slint::winit_030::WinitWindowAccessor;
use tr::tr;

use crate::{Chooser, MainWindow, PathKind, Tone, shell};

/// Whoever sees a window needs longer to close it: what ends sooner was not shown.
const GLANCE: Duration = Duration::from_millis(100);

thread_local! {
    /// It is shown already.
    static IS_SHOWN: Cell<bool> = const { Cell::new(false) };
    /// How often it was.
    static SHOWN: Cell<i32> = const { Cell::new(0) };
}

pub fn attach(window: &MainWindow) {
    let weak = window.as_weak();
    window.global::<Chooser>().on_choose(move |kind, title, from| {
        let Some(window) = weak.upgrade().filter(|_| !IS_SHOWN.get()) else { return 0 };
        SHOWN.set(SHOWN.get().wrapping_add(1).max(1));
        let number = SHOWN.get();
        let dialog = dialog(&window, kind, &title, &from);
        let weak = window.as_weak();
        let shown = slint::spawn_local(async move {
            let begun = Instant::now();
            let chosen = match kind {
                PathKind::Folder => dialog.pick_folder().await,
                PathKind::File | PathKind::Profiles => dialog.pick_file().await,
                PathKind::NewFile => dialog.save_file().await,
            };
            IS_SHOWN.set(false);
            let Some(window) = weak.upgrade() else { return };
            match chosen {
                Some(file) => answer(&window, number, file.path()),
                None if begun.elapsed() < GLANCE => shell::tell(
                    &window,
                    Tone::Trouble,
                    &tr!("Your desktop has no window to choose files with. Write the path into the field."),
                ),
                None => {}
            }
        });
        IS_SHOWN.set(shown.is_ok());
        number
    });
}

fn answer(window: &MainWindow, number: i32, path: &Path) {
    let chooser = window.global::<Chooser>();
    if path.to_str().is_none() {
        let why = tr!("The name of a file or folder must be UTF-8 text. Choose another one.");
        return shell::tell(window, Tone::Trouble, &why);
    }
    chooser.set_path(profile::abbreviated(path).into());
    chooser.set_answered(number);
    // Nothing on the page depends on it: without this the field would hear of it at the next move of the mouse only.
    window.window().request_redraw();
}

/// Begins at a path, or at the nearest folder above it that is there.
fn dialog(window: &MainWindow, kind: PathKind, title: &str, from: &str) -> AsyncFileDialog {
    let from = profile::expand(from.trim()).unwrap_or_default();
    let above = window.window().with_winit_window(|window| AsyncFileDialog::new().set_parent(window));
    let mut dialog = above.unwrap_or_default().set_title(title);
    if let Some(folder) = beginning(kind, &from) {
        dialog = dialog.set_directory(folder);
    }
    let ending = from.extension().and_then(|ending| ending.to_str());
    match (kind, ending) {
        (PathKind::Profiles, _) => {
            dialog =
                dialog.add_filter(tr!("Profiles"), &["cdsp", "CDSP"]).add_filter(tr!("All files"), &["*"])
        }
        (PathKind::NewFile, Some(ending)) => dialog = dialog.add_filter(ending.to_uppercase(), &[ending]),
        _ => {}
    }
    match (kind, from.file_name()) {
        (PathKind::NewFile, Some(name)) => dialog.set_file_name(name.to_string_lossy()),
        _ => dialog,
    }
}

fn beginning(kind: PathKind, from: &Path) -> Option<PathBuf> {
    let mut folders = from.ancestors().skip(usize::from(kind != PathKind::Folder));
    folders.find(|folder| folder.is_dir()).map(Path::to_owned)
}
