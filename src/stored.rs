//! What is kept of the profiles that there are, and of those that were removed: reports, history and conflicts.

use std::io;
use std::path::PathBuf;

use tr::tr;

use crate::home::Home;
use crate::profile::cdsp::{Keys, identity};
use crate::profile::{self, Name, ProfileError};
use crate::report::{Form, Report, Touched, html, json, text, wording, xml};
use crate::state::{self, Aside, Peek, ReportId, State, StateError};

/// Why it cannot be read. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error("{}", in_words(.0))]
    State(#[from] StateError),
    #[error("{}", tr!("the folder {} cannot be read: {source}", .folder.display(), source))]
    Folder { folder: PathBuf, source: io::Error },
}

/// Why a state cannot be used, with what becomes of it.
pub fn in_words(error: &StateError) -> String {
    match error {
        StateError::Damaged => {
            tr!("the memory of earlier runs is damaged; the next sync sets it aside and starts a new one")
        }
        other => other.to_string(),
    }
}

/// The name of a profile that is there, or was: then its state is still kept.
pub fn known(home: &Home, typed: &str) -> Result<Name, ProfileError> {
    profile::existing(home, typed).or_else(|unknown| match Name::new(typed) {
        Ok(name) if home.state_file(&name).exists() => Ok(name),
        _ => Err(unknown),
    })
}

/// The names of all profiles that have a state, those of removed ones too.
pub fn all(home: &Home) -> Result<Vec<Name>, StoredError> {
    let folder = home.state_dir();
    let wrong = |source| StoredError::Folder { folder: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(wrong)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(wrong)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if let (true, Ok(name)) = (path.extension().is_some_and(|kind| kind == "sqlite"), Name::new(stem)) {
            names.push(name);
        }
    }
    names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(names)
}

/// The state of a profile for looking only; none before its first run.
pub fn peek(home: &Home, profile: &Name) -> Result<Option<Peek>, StateError> {
    State::peek(&home.state_file(profile))
}

/// The names of all profiles that there are.
pub fn present(home: &Home) -> Result<Vec<Name>, StoredError> {
    Ok(profile::load_all(home)?.profiles.into_iter().map(|profile| profile.name).collect())
}

/// What was read of one profile or of several.
pub struct Read<T> {
    pub found: Vec<(Name, T)>,
    /// What is left out because it cannot be read, in sentences for a person.
    pub notes: Vec<String>,
}

/// Reads the state of a profile that is there, or was; where none is named, those of `all`, and then one that cannot be
/// read keeps nobody from the others.
pub fn read<T>(
    home: &Home,
    profile: Option<&str>,
    all: impl FnOnce(&Home) -> Result<Vec<Name>, StoredError>,
    read: impl Fn(&Name, &Peek) -> Result<Vec<T>, StateError>,
) -> Result<Read<T>, StoredError> {
    let names = match profile {
        Some(name) => vec![known(home, name)?],
        None => all(home)?,
    };
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for name in names {
        let state = peek(home, &name);
        match state.and_then(|state| state.map_or_else(|| Ok(Vec::new()), |state| read(&name, &state))) {
            Ok(of_it) => found.extend(of_it.into_iter().map(|one| (name.clone(), one))),
            Err(error) if profile.is_none() => notes.push(left_out(home, &name, &error)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Read { found, notes })
}

fn left_out(home: &Home, profile: &Name, error: &StateError) -> String {
    let is_there = profile::existing(home, profile.as_str()).is_ok();
    match error {
        StateError::Damaged if is_there => tr!(
            "What is remembered of the profile {} is damaged and missing here. Its next sync sets that aside and begins anew.",
            profile
        ),
        StateError::Damaged => tr!(
            "What is remembered of the profile {}, which was removed, is damaged and missing here. Move the file {} away if you do not need it any more.",
            profile,
            home.state_file(profile).display()
        ),
        error => tr!("What is remembered of the profile {} is missing here: {}.", profile, error),
    }
}

/// The report of a run that goes on, which does not say yet how it went: to be asked before the reports are read.
pub fn going_on(home: &Home, profile: &Name, state: &Peek) -> Result<Option<ReportId>, StateError> {
    Ok(state.unfinished()?.filter(|_| state::is_in_use(&home.state_file(profile))))
}

/// The report of the last run that has ended; none before the first.
pub fn last_report(home: &Home, profile: &Name) -> Result<Option<(ReportId, Report)>, StateError> {
    Ok(reports(home, profile, 1)?.into_iter().next())
}

/// The newest reports of runs that have ended, the newest first.
pub fn reports(home: &Home, profile: &Name, limit: usize) -> Result<Vec<(ReportId, Report)>, StateError> {
    let Some(state) = peek(home, profile)? else { return Ok(Vec::new()) };
    let going_on = going_on(home, profile, &state)?;
    let mut reports = state.reports(limit.saturating_add(1))?;
    reports.retain(|(id, _)| Some(*id) != going_on);
    reports.truncate(limit);
    Ok(reports)
}

/// One report of a run that has ended; the last one where none is named.
pub fn report(
    home: &Home,
    profile: &Name,
    id: Option<ReportId>,
) -> Result<Option<(ReportId, Report)>, StateError> {
    let Some(id) = id else { return last_report(home, profile) };
    let Some(state) = peek(home, profile)? else { return Ok(None) };
    match going_on(home, profile, &state)? == Some(id) {
        true => Ok(None),
        false => Ok(state.report(id)?.map(|report| (id, report))),
    }
}

/// What a run touched, at most so many items.
pub fn touched(home: &Home, profile: &Name, id: ReportId, limit: usize) -> Result<Vec<Touched>, StateError> {
    Ok(match peek(home, profile)? {
        Some(state) => state.touched(id, limit)?,
        None => Vec::new(),
    })
}

/// A report with every item that the run touched, in one of its forms.
pub fn written(
    home: &Home,
    profile: &Name,
    (id, report): (ReportId, &Report),
    form: Form,
) -> Result<String, StateError> {
    let touched = touched(home, profile, id, usize::MAX)?;
    Ok(match form {
        Form::Text => {
            let all = text::Options { all: true };
            format!("{}\n{}", wording::moment(report.started), text::text(report, &touched, all))
        }
        Form::Html => html::html(report, &touched),
        Form::Xml => {
            // A profile that was removed has no file any more.
            let file =
                profile::read_text(home, profile.as_str()).map_or_else(|_| String::new(), |(_, text)| text);
            xml::xml(report, &touched, &identity(profile.as_str(), &Keys::of(&file)))
        }
        Form::Json => json::readable(report, &touched),
    })
}

/// The conflicts that wait for a decision, of one profile or of all that there are.
pub fn conflicts(home: &Home, profile: Option<&str>) -> Result<Read<Aside>, StoredError> {
    read(home, profile, present, |_, state| state.conflicts())
}
