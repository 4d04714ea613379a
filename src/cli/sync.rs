//! `sync`: run profiles now.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use super::bars::Bars;
use super::{Failure, exit, out};
use crate::birthdays;
use crate::collection::Href;
use crate::home::Home;
use crate::profile::{self, Accounts, LocalSpec, Profile};
use crate::report::{Report, Touched, json, text};
use crate::sync::progress::{Progress, Silent};
use crate::sync::run::{Deletions, Only, Options};

/// How many profiles run at the same time.
const AT_ONCE: usize = 4;

/// Sync now
///
/// Runs the named profiles, or all active ones, and prints a report of each.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profiles to run [default: all active ones]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    /// Look only at these files of the profile's folder, which must be the only profile named
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "profiles")]
    only: Vec<PathBuf>,
    /// Only show what would be done; nothing is changed on either side
    #[arg(long)]
    dry_run: bool,
    /// Delete even unusually many items, which otherwise wait for your yes
    #[arg(long)]
    allow_deletions: bool,
    /// Bring back what one side deleted, instead of deleting it on the other side too
    #[arg(long, conflicts_with = "allow_deletions")]
    undo_deletions: bool,
    /// Run what was only to be looked at so far: you have seen with --dry-run what it does
    #[arg(long, requires = "profiles", conflicts_with_all = ["dry_run", "only"])]
    accept_preview: bool,
    /// Print one JSON object a profile and line, and nothing else
    #[arg(long)]
    json: bool,
    /// List every item that was touched, not only the first ones
    #[arg(long, conflicts_with = "json")]
    all: bool,
}

/// What came of a run.
struct Run {
    report: Report,
    touched: Vec<Touched>,
}

/// The profiles that run, and those that cannot: their name and why.
struct Chosen {
    run: Vec<Profile>,
    refused: Vec<(String, String)>,
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let mut chosen = choose(home, &args.profiles)?;
    if args.accept_preview {
        for profile in &mut chosen.run {
            accept_preview(home, profile)?;
        }
    }
    let show = |run: &Run| {
        if args.json {
            out::say(json::line(&run.report));
        } else {
            out::say(text::text(&run.report, &run.touched, text::Options { all: args.all }));
        }
    };
    for (name, why) in &chosen.refused {
        out::complain(why);
        if args.json {
            out::say(json::line(&Report::not_run(name, Timestamp::now(), why.clone())));
        }
    }
    let only = match (args.only.as_slice(), chosen.run.as_slice()) {
        ([], _) => None,
        (files, [profile]) => Some(only(profile, files)?),
        (_, _) => return Err(Failure::Usage("with --only, name one profile".to_owned())),
    };
    let deletions = match (args.allow_deletions, args.undo_deletions) {
        (true, _) => Deletions::Allowed,
        (false, true) => Deletions::UNDONE,
        (false, false) => Deletions::Guarded,
    };
    let options = &Options { dry_run: args.dry_run, deletions, only, ..Options::default() };
    let limit = if args.all { usize::MAX } else { text::LISTED };
    let bars = (!args.json && std::io::stderr().is_terminal()).then(Bars::default);
    let accounts = Accounts::default();
    let mut runs = stream::iter(&chosen.run)
        .map(|profile| {
            let (bars, accounts) = (&bars, &accounts);
            async move {
                let progress: Box<dyn Progress> = match bars {
                    Some(bars) => Box::new(bars.add(profile.name.as_str())),
                    None => Box::new(Silent),
                };
                run_profile(home, profile, accounts, options, &*progress, limit).await
            }
        })
        .buffered(AT_ONCE);
    let mut outcomes = Vec::new();
    while let Some(run) = runs.next().await {
        outcomes.push(run.report.outcome);
        match &bars {
            Some(bars) => bars.aside(|| show(&run)),
            None => show(&run),
        }
    }
    Ok(if chosen.refused.is_empty() { exit::exit_status(outcomes) } else { exit::WRONG_USE })
}

/// The profiles to run. One that was named must be right; where none was named, a wrong one does not
/// keep the others from running.
fn choose(home: &Home, named: &[String]) -> Result<Chosen, Failure> {
    let all = profile::load_all(home)?;
    let is_named = |profile: &Profile| named.iter().any(|name| name == profile.name.as_str());
    for name in named {
        profile::load(home, name)?;
    }
    let none = all.profiles.is_empty() && all.broken.is_empty();
    let candidates: Vec<Profile> =
        all.profiles.into_iter().filter(|profile| profile.active || is_named(profile)).collect();
    let overlaps = profile::overlaps(&candidates);
    let concerns =
        |name: &profile::Name| overlaps.iter().find(|two| two.first == *name || two.second == *name);

    if !named.is_empty() {
        let run: Vec<Profile> = candidates.iter().filter(|profile| is_named(profile)).cloned().collect();
        return match run.iter().find_map(|profile| concerns(&profile.name)) {
            Some(two) => Err(Failure::Usage(two.to_string())),
            None => Ok(Chosen { run, refused: Vec::new() }),
        };
    }
    let broken = all.broken.into_iter().map(|(name, error)| (name, error.to_string()));
    let (run, doubled): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|profile| concerns(&profile.name).is_none());
    let doubled = doubled
        .into_iter()
        .filter_map(|profile| Some((profile.name.to_string(), concerns(&profile.name)?.to_string())));
    let refused: Vec<_> = broken.chain(doubled).collect();
    if run.is_empty() && refused.is_empty() {
        return Err(Failure::Usage(if none {
            "there is no profile yet; \"pimbridge profile add --help\" says how to make one, and \"pimbridge demo\" \
             shows a sync without one"
                .to_owned()
        } else {
            "no profile is active; name one, or switch one on with: pimbridge profile set NAME active true"
                .to_owned()
        }));
    }
    Ok(Chosen { run, refused })
}

/// From now on the profile runs as others do.
fn accept_preview(home: &Home, profile: &mut Profile) -> Result<(), Failure> {
    if profile.preview_needed {
        let (name, text) = profile::read_text(home, profile.name.as_str())?;
        let text = profile::set(&text, "preview_needed", None).map_err(Failure::Usage)?;
        *profile = profile::replace(home, &name, &text)?;
    }
    Ok(())
}

/// The items of these files, which may be gone.
fn only(profile: &Profile, files: &[PathBuf]) -> Result<Only, Failure> {
    let LocalSpec::Vdir { path: folder } = &profile.local;
    let mut only = Only::default();
    for file in files {
        let is_elsewhere = file.parent().is_some_and(|parent| {
            let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            !parent.as_os_str().is_empty() && real(parent) != real(folder)
        });
        match file.file_name().and_then(|name| name.to_str()) {
            Some(name) if !is_elsewhere => only.local.insert(Href::new(name)),
            _ => {
                return Err(Failure::Usage(format!(
                    "{} is not a file of the folder {} of the profile {}",
                    file.display(),
                    folder.display(),
                    profile.name
                )));
            }
        };
    }
    Ok(only)
}

/// Runs one profile. Whatever goes wrong is in its report.
async fn run_profile(
    home: &Home,
    profile: &Profile,
    accounts: &Accounts,
    options: &Options,
    progress: &dyn Progress,
    limit: usize,
) -> Run {
    let done = birthdays::run_profile(home, profile, accounts, options, progress).await;
    let touched = match done.id {
        Some(id) => super::stored::touched(home, &profile.name, id, limit).unwrap_or_default(),
        None => done.foreseen,
    };
    Run { report: done.report, touched }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(home: &Home, name: &str, active: bool, url: &str) {
        std::fs::create_dir_all(home.profiles_dir()).unwrap();
        let text = format!(
            "kind = \"events\"\nactive = {active}\n[local]\ntype = \"vdir\"\npath = \"/nowhere\"\n[remote]\n\
             type = \"dav\"\nurl = \"https://s.example/{url}/\"\n"
        );
        std::fs::write(home.profiles_dir().join(format!("{name}.toml")), text).unwrap();
    }

    fn chosen(home: &Home, named: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        match choose(home, &named) {
            Ok(chosen) => Ok((
                chosen.run.iter().map(|profile| profile.name.to_string()).collect(),
                chosen.refused.into_iter().map(|(name, _)| name).collect(),
            )),
            Err(Failure::Usage(message) | Failure::NotDone(message)) => Err(message),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn which_profiles_run() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert!(chosen(&home, &[]).unwrap_err().starts_with("there is no profile yet"));
        write(&home, "off", false, "a");
        assert!(chosen(&home, &[]).unwrap_err().starts_with("no profile is active"));
        assert_eq!(chosen(&home, &["off"]).unwrap().0, names(&["off"]));
        write(&home, "a", true, "a");
        write(&home, "b", true, "b");
        assert_eq!(chosen(&home, &[]).unwrap(), (names(&["a", "b"]), vec![]));
        assert_eq!(chosen(&home, &["b", "b"]).unwrap().0, names(&["b"]));
        assert!(
            chosen(&home, &["off"]).unwrap_err().contains("would double"),
            "the same pair as an active one"
        );
        assert!(chosen(&home, &["x"]).is_err());
        std::fs::write(home.profiles_dir().join("bad.toml"), "kind").unwrap();
        write(&home, "b2", true, "b");
        assert_eq!(chosen(&home, &[]).unwrap(), (names(&["a"]), names(&["bad", "b", "b2"])));
        assert!(chosen(&home, &["b2"]).unwrap_err().contains("would double"));
        assert_eq!(chosen(&home, &["a"]).unwrap(), (names(&["a"]), vec![]));
        assert!(chosen(&home, &["bad"]).is_err());
    }
}
