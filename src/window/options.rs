//! The page of what counts for all profiles, and of .cdsp files.

use pimbridge::daemon::protocol::transfer::{
    Agreed, Export, Exported, Fate, Import, Imported, Lack, Place, Planned, PlannedProfile, Said,
};
use pimbridge::daemon::protocol::{Answered, Event, Question, Reply, Request};
use pimbridge::item::Kind;
use pimbridge::language::Language;
use pimbridge::profile::abbreviated;
use pimbridge::settings::{APPEARANCES, Appearance, LANGUAGES};
use pimbridge::setup::form::Form;
use slint::language::ColorScheme;
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Turn;
use crate::ways::{in_window, sentence};
use crate::wires::Wires;
use crate::{
    ExportRow, ImportRow, MainWindow, OptionsPage, OptionsPart, Page, Shell, Tone, form, shell, speak,
};

/// What a profile can sync, in the order in which the page asks for it.
const KINDS: [Kind; 3] = [Kind::Events, Kind::Tasks, Kind::Contacts];

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
    page.on_forget_plan(on.plain(|window, _| forget_plan(window)));
    page.on_plan_import(on.plain(plan_import));
    page.on_place(on.two(|window, _, row, folder: SharedString| {
        let moved = !folder.trim().is_empty();
        say(window, row, |planned| (planned.folder, planned.moved) = (folder, moved));
    }));
    page.on_kind(on.two(|window, _, row, kind| say(window, row, |planned| planned.kind = kind)));
    page.on_said(on.plain(|window, _| unseal(window)));
    page.on_import(on.plain(import));
    page.on_want(on.two(|window, _, row, wanted| {
        change_row(&window.global::<OptionsPage>().get_exported(), row, |row| row.wanted = wanted);
    }));
    page.on_export(on.plain(export));
}

/// Takes over what the person says of a profile of the file.
fn say(window: &MainWindow, row: i32, change: impl FnOnce(&mut ImportRow)) {
    change_row(&window.global::<OptionsPage>().get_planned(), row, change);
    unseal(window);
}

/// What is shown of an import is not what it would do any more.
fn unseal(window: &MainWindow) {
    Turn::begin(Page::Options);
    let page = window.global::<OptionsPage>();
    page.set_seal(SharedString::new());
    page.set_busy(false);
}

fn forget_plan(window: &MainWindow) {
    unseal(window);
    let page = window.global::<OptionsPage>();
    page.set_is_planned(false);
    page.set_planned(ModelRc::default());
    page.set_asks_client_id(false);
    page.set_stray(SharedString::new());
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
        // What is being entered stays.
        Ok(_) if window.global::<OptionsPage>().get_dirty() => {}
        Ok(Reply::Answered(Answered::Settings(settings))) => shown(window, &settings),
        Ok(_) => {}
        Err(why) => refused(window, &why),
    });
}

fn shown(window: &MainWindow, settings: &Form) {
    window.global::<OptionsPage>().set_rows(form::shown(settings));
    let appearance = APPEARANCES.iter().find(|known| known.word == form::value(settings, "appearance"));
    show_look(window, appearance.map_or(Appearance::Session, |known| known.value));
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

/// It goes on, unless something does already: what was told before is not said any more.
fn begin(window: &MainWindow) -> Option<Turn> {
    let page = window.global::<OptionsPage>();
    if page.get_busy() {
        return None;
    }
    page.set_busy(true);
    clear(&page);
    Some(Turn::begin(Page::Options))
}

fn clear(page: &OptionsPage<'_>) {
    page.set_trouble(SharedString::new());
    page.set_done(SharedString::new());
}

/// Says what came of something: on the page, or above the pages where the person has gone on to something else.
fn told(window: &MainWindow, turn: Turn, done: &str, trouble: &str) {
    if turn.is_over() {
        let tone = if trouble.is_empty() { Tone::Calm } else { Tone::Trouble };
        let told: Vec<&str> = [done, trouble].into_iter().filter(|text| !text.is_empty()).collect();
        return shell::tell(window, tone, &told.join("\n"));
    }
    let page = window.global::<OptionsPage>();
    page.set_busy(false);
    page.set_done(done.into());
    page.set_trouble(trouble.into());
}

fn save(window: &MainWindow, link: &Link) {
    let Some(turn) = begin(window) else { return };
    let (changes, _) = form::changes(&window.global::<OptionsPage>().get_rows());
    let spoken = changes.iter().find(|change| change.key == "language");
    let spoken = spoken.map(|change| language(change.value.as_deref().unwrap_or_default()));
    let saved = changes.clone();
    link.ask(Request::Question(Question::SetSettings { changes }), move |window, link, reply| match reply {
        Ok(_) => {
            let page = window.global::<OptionsPage>();
            if form::changes(&page.get_rows()).0 == saved {
                page.set_dirty(false);
            }
            if let Some(language) = spoken {
                speak(language);
                shell::spoken(window, link);
            }
            told(window, turn, &tr!("Saved."), "");
            load(link);
        }
        Err(why) => told(window, turn, "", &why),
    });
}

/// Opens a part of the page.
pub fn open(window: &MainWindow, link: &Link, part: OptionsPart) {
    forget_plan(window);
    let page = window.global::<OptionsPage>();
    clear(&page);
    page.set_client_id(SharedString::new());
    page.set_part(part);
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
    let said = planned.iter().enumerate().filter_map(|(number, row)| {
        let folder = row.moved.then(|| row.folder.trim().to_owned());
        let kind = usize::try_from(row.kind).ok().and_then(|at| KINDS.get(at)).copied();
        (folder.is_some() || kind.is_some()).then_some(Said { number, folder, kind })
    });
    let client_id = Some(page.get_client_id().trim().to_owned()).filter(|id| !id.is_empty());
    Import { file: page.get_import_file().trim().to_owned(), said: said.collect(), client_id }
}

/// Shows the import of a file, which the person has still to look into.
pub fn import_file(window: &MainWindow, link: &Link, file: &str) {
    open(window, link, OptionsPart::Import);
    window.global::<OptionsPage>().set_import_file(file.into());
}

fn plan_import(window: &MainWindow, link: &Link) {
    let Some(turn) = begin(window) else { return };
    let import = wanted(window);
    let about = import.clone();
    link.ask(Request::Question(Question::PlanImport(import)), move |window, _, reply| {
        if turn.is_over() {
            return;
        }
        match reply {
            Ok(Reply::Answered(Answered::ImportPlanned(planned))) => show_plan(window, &about, &planned),
            Ok(_) => {}
            Err(why) => refused(window, &why),
        }
    });
}

fn show_plan(window: &MainWindow, about: &Import, planned: &Planned) {
    let page = window.global::<OptionsPage>();
    let said = |number| about.said.iter().find(|said| said.number == number);
    let rows = planned.profiles.iter().enumerate().map(|(number, one)| import_row(one, said(number)));
    page.set_planned(ModelRc::new(VecModel::from(rows.collect::<Vec<ImportRow>>())));
    let lacks = |one: &PlannedProfile| one.fate == Fate::Lacks { what: Lack::ClientId };
    page.set_asks_client_id(about.client_id.is_some() || planned.profiles.iter().any(lacks));
    page.set_stray(planned.stray.join(", ").into());
    page.set_seal(planned.seal.as_str().into());
    page.set_is_planned(true);
    page.set_busy(false);
}

/// What becomes of a profile of the file, as a person reads it, with what they have said of it.
fn import_row(planned: &PlannedProfile, said: Option<&Said>) -> ImportRow {
    let added = |place: &Place| match place.active {
        true => tr!("Is added as {}", place.name),
        false => tr!("Is added as {}, switched off", place.name),
    };
    let (tone, word, folder, can_move) = match &planned.fate {
        Fate::Added(place) => (Tone::Busy, added(place), abbreviated(&place.folder), true),
        Fate::Replaced(place) => {
            (Tone::Attention, tr!("Replaces {}", place.name), abbreviated(&place.folder), false)
        }
        Fate::Unchanged => (Tone::Calm, tr!("Is here already"), String::new(), false),
        Fate::Skipped { .. } => (Tone::Off, tr!("Is left out"), String::new(), false),
        Fate::Lacks { .. } => {
            (Tone::Attention, tr!("Is left out until you say more of it"), String::new(), false)
        }
    };
    let why = match &planned.fate {
        Fate::Skipped { why } => Some(sentence(why)),
        Fate::Lacks { what: Lack::Kind } => {
            Some(tr!("The file does not tell what it synchronizes. Choose it, and look again."))
        }
        Fate::Lacks { what: Lack::ClientId } => Some(tr!(
            "You sign in to it in a browser, for which a client id of your own is needed. Enter it above, and look again."
        )),
        _ => None,
    };
    let kind = said.and_then(|said| said.kind).and_then(|kind| KINDS.iter().position(|known| *known == kind));
    let notes: Vec<String> =
        why.into_iter().chain(planned.notes.iter().map(|note| in_window(note))).collect();
    ImportRow {
        label: planned.label.as_str().into(),
        tone,
        word: word.into(),
        folder: folder.into(),
        can_move,
        moved: can_move && said.is_some_and(|said| said.folder.is_some()),
        asks_kind: kind.is_some() || planned.fate == Fate::Lacks { what: Lack::Kind },
        kind: kind.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1),
        notes: notes.join("\n").into(),
    }
}

fn import(window: &MainWindow, link: &Link) {
    let Some(turn) = begin(window) else { return };
    let seal = window.global::<OptionsPage>().get_seal().into();
    let agreed = Agreed { import: wanted(window), seal };
    link.ask(Request::Question(Question::Import(agreed)), move |window, link, reply| match reply {
        Ok(Reply::Answered(Answered::Imported(imported))) => {
            let (done, trouble) = (told_imported(&imported), imported.troubles.join("\n"));
            if turn.is_over() {
                return told(window, turn, &done, &trouble);
            }
            open(window, link, OptionsPart::Options);
            told(window, Turn::now(Page::Options), &done, &trouble);
        }
        Ok(_) => {}
        Err(why) => told(window, turn, "", &why),
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
    let Some(turn) = begin(window) else { return };
    let page = window.global::<OptionsPage>();
    let profiles: Vec<String> =
        page.get_exported().iter().filter(|row| row.wanted).map(|row| row.name.to_string()).collect();
    if profiles.is_empty() {
        return refused(window, &tr!("Choose the profiles that are to be in the file."));
    }
    let file = page.get_export_file().trim().to_owned();
    let wanted = Export { profiles, file };
    link.ask(Request::Question(Question::Export(wanted)), move |window, _, reply| match reply {
        Ok(Reply::Answered(Answered::Exported(exported))) => {
            told(window, turn, &told_exported(&exported), "");
        }
        Ok(_) => {}
        Err(why) => told(window, turn, "", &why),
    });
}

fn told_exported(exported: &Exported) -> String {
    let done = tr!(
        "One profile is in the file {file}, without its password."
            | "{n} profiles are in the file {file}, without passwords." % exported.number,
        file = abbreviated(&exported.file)
    );
    std::iter::once(done)
        .chain(exported.notes.iter().map(|note| sentence(note)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
