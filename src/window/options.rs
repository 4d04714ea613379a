//! The page of what counts for all profiles, and of .cdsp files.

use pimbridge::daemon::protocol::transfer::{
    Export, Exported, Fate, Import, Imported, Place, PlannedProfile,
};
use pimbridge::daemon::protocol::{Answered, Event, Question, Reply, Request};
use pimbridge::language::Language;
use pimbridge::report::wording::sentence;
use pimbridge::settings::{APPEARANCES, Appearance, LANGUAGES};
use pimbridge::setup::form::Form;
use slint::language::ColorScheme;
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::wires::Wires;
use crate::{ExportRow, ImportRow, MainWindow, OptionsPage, OptionsPart, Page, Shell, Tone, form, speak};

pub fn attach(window: &MainWindow, link: &Link) {
    let page = window.global::<OptionsPage>();
    let on = Wires::new(window, link);
    page.on_edited(on.two(|window, _, row, value: SharedString| {
        let page = window.global::<OptionsPage>();
        page.set_dirty(form::enter(&page.get_rows(), row, &value));
    }));
    page.on_save(on.plain(save));
    page.on_undo(on.plain(|window, _| {
        let page = window.global::<OptionsPage>();
        page.set_rows(form::undone(&page.get_rows()));
        page.set_dirty(false);
        page.set_trouble(SharedString::new());
    }));
    page.on_open(on.one(open));
    page.on_plan_import(on.plain(plan_import));
    page.on_place(on.two(|window, _, row, folder| {
        change_row(&window.global::<OptionsPage>().get_planned(), row, |planned| planned.folder = folder);
    }));
    page.on_import(on.plain(import));
    page.on_want(on.two(|window, _, row, wanted| {
        change_row(&window.global::<OptionsPage>().get_exported(), row, |row| row.wanted = wanted);
    }));
    page.on_export(on.plain(export));
}

fn change_row<T: 'static>(rows: &ModelRc<T>, index: i32, change: impl FnOnce(&mut T)) {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    if let Some(mut row) = rows.row_data(index) {
        change(&mut row);
        rows.set_row_data(index, row);
    }
}

/// The page is shown.
pub fn opened(window: &MainWindow, link: &Link) {
    if !window.global::<OptionsPage>().get_dirty() {
        load(link);
    }
}

/// The background program runs: what could not be had before can be now.
pub fn heard(window: &MainWindow, link: &Link, event: &Event) {
    let page = window.global::<OptionsPage>();
    let is_open = window.global::<Shell>().get_page() == Page::Options;
    if matches!(event, Event::Status { .. }) && is_open && page.get_rows().row_count() == 0 {
        page.set_trouble(SharedString::new());
        load(link);
    }
}

fn load(link: &Link) {
    link.ask(Request::Question(Question::Settings), |window, _, reply| match reply {
        Ok(Reply::Answered(Answered::Settings(settings))) => shown(window, &settings),
        Ok(_) => {}
        Err(why) => refused(window, &why),
    });
}

fn shown(window: &MainWindow, settings: &Form) {
    let page = window.global::<OptionsPage>();
    page.set_rows(form::shown(settings));
    page.set_dirty(false);
    page.set_busy(false);
    let appearance = APPEARANCES.iter().find(|known| known.word == value(settings, "appearance"));
    show_look(window, appearance.map_or(Appearance::Session, |known| known.value));
}

fn value(settings: &Form, key: &str) -> String {
    let mut fields = settings.groups.iter().flat_map(|group| &group.fields);
    fields.find(|field| field.key == key).map(|field| field.value.clone()).unwrap_or_default()
}

/// The window looks so from now on.
pub fn show_look(window: &MainWindow, appearance: Appearance) {
    window.global::<Shell>().set_look(match appearance {
        Appearance::Session => ColorScheme::Unknown,
        Appearance::Light => ColorScheme::Light,
        Appearance::Dark => ColorScheme::Dark,
    });
}

/// The language of this word of the settings.
fn language(word: &str) -> Language {
    let known = LANGUAGES.iter().find(|known| known.word == word);
    known.and_then(|known| known.value).unwrap_or_else(Language::of_session)
}

fn refused(window: &MainWindow, why: &str) {
    let page = window.global::<OptionsPage>();
    page.set_busy(false);
    page.set_trouble(why.into());
}

/// It goes on: what was told before is not said any more.
fn begin(window: &MainWindow) {
    let page = window.global::<OptionsPage>();
    page.set_busy(true);
    page.set_trouble(SharedString::new());
    page.set_done(SharedString::new());
}

fn save(window: &MainWindow, link: &Link) {
    let (changes, _) = form::changes(&window.global::<OptionsPage>().get_rows());
    begin(window);
    let spoken = changes.iter().find(|change| change.key == "language");
    let spoken = spoken.map(|change| language(change.value.as_deref().unwrap_or_default()));
    link.ask(Request::Question(Question::SetSettings { changes }), move |window, link, reply| match reply {
        Ok(_) => {
            if let Some(language) = spoken {
                speak(language);
            }
            window.global::<OptionsPage>().set_done(tr!("Saved.").into());
            load(link);
        }
        Err(why) => refused(window, &why),
    });
}

/// Opens a part of the page.
fn open(window: &MainWindow, link: &Link, part: OptionsPart) {
    let page = window.global::<OptionsPage>();
    begin(window);
    page.set_busy(false);
    page.set_part(part);
    page.set_is_planned(false);
    page.set_planned(ModelRc::default());
    page.set_stray(SharedString::new());
    if part == OptionsPart::Export {
        link.ask(Request::Question(Question::Profiles), |window, _, reply| match reply {
            Ok(Reply::Answered(Answered::Profiles(listing))) => {
                let sound = listing.profiles.iter().filter(|listed| listed.broken.is_none());
                let rows: Vec<ExportRow> = sound
                    .map(|listed| ExportRow { name: listed.name.as_str().into(), wanted: true })
                    .collect();
                window.global::<OptionsPage>().set_exported(ModelRc::new(VecModel::from(rows)));
            }
            Ok(_) => {}
            Err(why) => refused(window, &why),
        });
    }
}

fn wanted(window: &MainWindow) -> Import {
    let page = window.global::<OptionsPage>();
    let planned = page.get_planned();
    let moved = planned.iter().filter(|row| row.can_move && !row.folder.trim().is_empty());
    let folders = moved.map(|row| (row.label.to_string(), row.folder.trim().to_owned())).collect();
    Import { file: page.get_import_file().trim().to_owned(), folders }
}

/// Shows the import of a file, which the person has still to look into.
pub fn import_file(window: &MainWindow, link: &Link, file: &str) {
    open(window, link, OptionsPart::Import);
    window.global::<OptionsPage>().set_import_file(file.into());
}

fn plan_import(window: &MainWindow, link: &Link) {
    begin(window);
    let file = wanted(window).file;
    let import = Import { file, folders: Vec::new() };
    link.ask(Request::Question(Question::PlanImport(import)), |window, _, reply| match reply {
        Ok(Reply::Answered(Answered::ImportPlanned(planned))) => {
            let page = window.global::<OptionsPage>();
            let rows: Vec<ImportRow> = planned.profiles.iter().map(import_row).collect();
            page.set_planned(ModelRc::new(VecModel::from(rows)));
            page.set_stray(planned.stray.join(", ").into());
            page.set_is_planned(true);
            page.set_busy(false);
        }
        Ok(_) => {}
        Err(why) => refused(window, &why),
    });
}

/// What becomes of a profile of the file, as a person reads it.
fn import_row(planned: &PlannedProfile) -> ImportRow {
    let added = |place: &Place| match place.active {
        true => tr!("Is added as {}", place.name),
        false => tr!("Is added as {}, switched off", place.name),
    };
    let (tone, word, folder, can_move) = match &planned.fate {
        Fate::Added(place) => (Tone::Busy, added(place), place.folder.clone(), true),
        Fate::Replaced(place) => {
            (Tone::Attention, tr!("Replaces {}", place.name), place.folder.clone(), false)
        }
        Fate::Unchanged => (Tone::Calm, tr!("Is here already"), String::new(), false),
        Fate::Skipped { .. } => (Tone::Off, tr!("Is left out"), String::new(), false),
    };
    let why = match &planned.fate {
        Fate::Skipped { why } => Some(sentence(why)),
        _ => None,
    };
    let notes: Vec<String> = why.into_iter().chain(planned.notes.iter().cloned()).collect();
    ImportRow {
        label: planned.label.as_str().into(),
        tone,
        word: word.into(),
        folder: folder.into(),
        can_move,
        notes: notes.join("\n").into(),
    }
}

fn import(window: &MainWindow, link: &Link) {
    begin(window);
    let import = wanted(window);
    link.ask(Request::Question(Question::Import(import)), |window, link, reply| match reply {
        Ok(Reply::Answered(Answered::Imported(imported))) => {
            open(window, link, OptionsPart::Options);
            let page = window.global::<OptionsPage>();
            page.set_done(told_imported(&imported).into());
            page.set_trouble(imported.troubles.join("\n").into());
        }
        Ok(_) => {}
        Err(why) => refused(window, &why),
    });
}

fn told_imported(imported: &Imported) -> String {
    match imported.profiles.len() {
        0 => tr!("Nothing was changed."),
        number => tr!("One profile is imported. Enter its password where one is needed."
            | "{n} profiles are imported. Enter their passwords where they are needed." % number),
    }
}

fn export(window: &MainWindow, link: &Link) {
    begin(window);
    let page = window.global::<OptionsPage>();
    let profiles: Vec<String> =
        page.get_exported().iter().filter(|row| row.wanted).map(|row| row.name.to_string()).collect();
    if profiles.is_empty() {
        return refused(window, &tr!("Choose the profiles that are to be in the file."));
    }
    let file = page.get_export_file().trim().to_owned();
    let wanted = Export { profiles, file };
    link.ask(Request::Question(Question::Export(wanted)), |window, _, reply| match reply {
        Ok(Reply::Answered(Answered::Exported(exported))) => {
            let page = window.global::<OptionsPage>();
            page.set_busy(false);
            page.set_done(told_exported(&exported).into());
        }
        Ok(_) => {}
        Err(why) => refused(window, &why),
    });
}

fn told_exported(exported: &Exported) -> String {
    let done = tr!("One profile is in the file, without its password."
        | "{n} profiles are in the file, without passwords." % exported.number);
    std::iter::once(done)
        .chain(exported.notes.iter().map(|note| sentence(note)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
