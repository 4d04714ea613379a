//! `demo`: a whole sync against a server inside the program.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Zoned;
use tr::tr;

use super::samples::{Sample, What, samples};
use super::{Failure, exit, out, stored};
use crate::home::{Home, make_private};
use crate::item::Kind;
use crate::profile::{self, Accounts, KINDS, word_of};
use crate::report::{text, wording};
use crate::server::{Options, Server};
use crate::sync::progress::Silent;
use crate::sync::{Side, run, session};

/// Show a whole sync with a server and sample data inside the program
///
/// A small calendar and contacts server starts inside the program, with sample events, tasks and contacts, among
/// them a conflict and a deletion. Your own profiles and data are not touched.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// The file that says that all in its folder is a demo's.
const MARKER: &str = ".made-by-pimbridge-demo";

/// A sample collection with its two ends.
struct Demo {
    sample: Sample,
    folder: PathBuf,
    /// The collection's path on the server.
    path: String,
}

pub async fn run(home: &Home, _args: Args) -> Result<u8, Failure> {
    let demo_dir = home.demo_dir();
    make_room(demo_dir)?;
    let home = Home::at(demo_dir);
    let server = Server::start(Options::default())
        .await
        .map_err(|error| Failure::NotDone(tr!("the server of the demo cannot be started: {error}", error)))?;
    let mut demos = Vec::new();
    for sample in samples(Zoned::now().date()) {
        let demo = Demo::set_up(&home, demo_dir, &server, sample)?;
        demos.push(demo);
    }

    out::say(tr!(
        "Some items are in folders on this computer, some on a server, some on both. The first sync:"
    ));
    let first = sync_all(&home).await?;
    out::say(tr!(
        "Now both sides change: one meeting on both of them, a dentist's date is deleted on the server,\nand three other \
         items are edited. The second sync:"
    ));
    for demo in &demos {
        demo.change(&server)?;
    }
    let second = sync_all(&home).await?;

    out::say(tr!("The files are in {}:", demo_dir.display()));
    for demo in &demos {
        let files = fs::read_dir(&demo.folder).map_or(0, Iterator::count);
        let (items, title) = (server.items(&demo.path).len(), demo.sample.title);
        let here = tr!("1 file" | "{n} files" % files);
        let there = tr!("1 item on the server" | "{n} items on the server" % items);
        out::say(format!("  {}: {here}, {there} ({title})", demo.folder.display()));
    }
    let command = format!("pimbridge --home {}", wording::shell_word(&demo_dir.display().to_string()));
    out::say(tr!("What was overwritten or deleted is kept; to see it:"));
    out::say(format!("  {command} history list {}", demos[0].sample.name));
    out::say(tr!("The server ended with this program. For your own calendars: pimbridge profile add --help"));
    Ok(first.max(second))
}

/// Empties the folder of the demos, unless what is in it is somebody's own.
fn make_room(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    let marker = folder.join(MARKER);
    if fs::symlink_metadata(folder).is_ok() {
        let empty = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if !empty && !marker.exists() {
            return Err(Failure::NotDone(tr!(
                "{shown} was not made by a demo, so it is left alone; rename it, or name another place with: \
                 pimbridge --home FOLDER demo",
                shown
            )));
        }
        fs::remove_dir_all(folder).map_err(|error| {
            Failure::NotDone(tr!(
                "the files of the last demo in {shown} cannot be removed: {error}",
                shown,
                error
            ))
        })?;
    }
    make_private(folder)?;
    let warning = tr!("\"pimbridge demo\" removes this folder with all that is in it.");
    fs::write(&marker, warning + "\n").map_err(|error| cannot_write(&marker, &error))
}

impl Demo {
    fn set_up(home: &Home, demo_dir: &Path, server: &Server, sample: Sample) -> Result<Demo, Failure> {
        let collections = if sample.kind == Kind::Contacts { "addressbooks" } else { "calendars" };
        let path = format!("{collections}/demo/{}", sample.name);
        let url = server.create_collection(&path, sample.kind, sample.title);
        let demo = Demo { folder: demo_dir.join(sample.name), path, sample };
        make_private(&demo.folder)?;
        make_private(home.profiles_dir())?;
        for item in demo.sample.both.iter().chain(&demo.sample.local_only) {
            demo.write(&item.name, &item.bytes)?;
        }
        for item in demo.sample.both.iter().chain(&demo.sample.remote_only) {
            server.put(&demo.path, &item.name, item.bytes.clone());
        }
        let profile = format!(
            "# Made by \"pimbridge demo\".\nkind = \"{}\"\nmode = \"two-way\"\nconflict = \"automatic\"\n\n[local]\ntype = \"vdir\"\n\
             path = {}\n\n[remote]\ntype = \"dav\"\nurl = \"{url}\"\n",
            word_of(KINDS, demo.sample.kind),
            toml::Value::String(demo.folder.display().to_string())
        );
        let file = home.profiles_dir().join(format!("{}.toml", demo.sample.name));
        fs::write(&file, profile).map_err(|e| cannot_write(&file, &e))?;
        Ok(demo)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.folder.join(name);
        fs::write(&file, bytes).map_err(|error| cannot_write(&file, &error))
    }

    fn change(&self, server: &Server) -> Result<(), Failure> {
        for change in &self.sample.changes {
            match (change.side, &change.what) {
                (Side::Local, What::Edited(bytes)) => self.write(&change.name, bytes)?,
                (Side::Local, What::Deleted) => {
                    let file = self.folder.join(&change.name);
                    fs::remove_file(&file).map_err(|error| cannot_write(&file, &error))?;
                }
                (Side::Remote, What::Edited(bytes)) => server.put(&self.path, &change.name, bytes.clone()),
                (Side::Remote, What::Deleted) => {
                    server.delete(&self.path, &change.name);
                }
            }
        }
        Ok(())
    }
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Failure {
    Failure::NotDone(tr!("{} cannot be written: {error}", file.display(), error))
}

async fn sync_all(home: &Home) -> Result<u8, Failure> {
    let accounts = Accounts::default();
    let mut outcomes = Vec::new();
    for profile in profile::load_all(home)?.profiles {
        let done = session::run_profile(home, &profile, &accounts, &run::Options::default(), &Silent).await;
        let touched = match done.id {
            Some(id) => stored::touched(home, &profile.name, id, text::LISTED)?,
            None => done.foreseen,
        };
        out::say(format!("{}\n", text::text(&done.report, &touched, text::Options { all: false })));
        outcomes.push(done.report.outcome);
    }
    Ok(exit::exit_status(outcomes))
}
