//! What is kept of the profiles that there are, and of those that were removed: reports, history and conflicts.

use std::io;
use std::path::PathBuf;

use tr::tr;

use crate::home::Home;
use crate::profile::cdsp::{Keys, identity};
use crate::profile::{self, Name, ProfileError};
use crate::report::{Form, Report, Touched, html, json, text, wording, xml};
use crate::state::{Aside, Peek, ReportId, State, StateError};

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
            tr!(
                "the memory of earlier runs is damaged; the next \"pimbridge sync\" sets it aside and starts a new one"
            )
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

/// The report of the last run; none before the first.
pub fn last_report(home: &Home, profile: &Name) -> Result<Option<(ReportId, Report)>, StateError> {
    Ok(reports(home, profile, 1)?.into_iter().next())
}

/// The newest reports, the newest first.
pub fn reports(home: &Home, profile: &Name, limit: usize) -> Result<Vec<(ReportId, Report)>, StateError> {
    Ok(match peek(home, profile)? {
        Some(state) => state.reports(limit)?,
        None => Vec::new(),
    })
}

/// One report; the last one where none is named.
pub fn report(
    home: &Home,
    profile: &Name,
    id: Option<ReportId>,
) -> Result<Option<(ReportId, Report)>, StateError> {
    match (id, peek(home, profile)?) {
        (Some(id), Some(state)) => Ok(state.report(id)?.map(|report| (id, report))),
        (None, Some(state)) => Ok(state.reports(1)?.into_iter().next()),
        (_, None) => Ok(None),
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
pub fn conflicts(home: &Home, profile: Option<&str>) -> Result<Vec<(Name, Aside)>, StoredError> {
    let names = match profile {
        Some(name) => vec![known(home, name)?],
        None => profile::load_all(home)?.profiles.into_iter().map(|profile| profile.name).collect(),
    };
    let mut conflicts = Vec::new();
    for name in names {
        let Some(state) = peek(home, &name)? else { continue };
        conflicts.extend(state.conflicts()?.into_iter().map(|aside| (name.clone(), aside)));
    }
    Ok(conflicts)
}
