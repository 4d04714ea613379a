//! `log`: what Pimbridge wrote down while it worked.

use std::collections::VecDeque;
use std::time::Duration;

use tr::tr;

use super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::log::{Reader, is_of};
use crate::profile::Name;
use crate::report::wording::line;

/// How often `--follow` looks for new lines.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the lines of the log, the oldest first
    Show(Show),
}

#[derive(Debug, clap::Args)]
pub struct Show {
    /// Only what was done for this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Only the last lines
    #[arg(long, value_name = "N")]
    lines: Option<usize>,
    /// Go on with what is written from now on, until Ctrl-C
    #[arg(long)]
    follow: bool,
}

pub async fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    let Command::Show(args) = command;
    let profile = args.profile.as_deref().map(|name| stored::known(home, name)).transpose()?;
    let mut log = Log { reader: Reader::new(home.logs_dir()), profile };
    let printed = match args.lines {
        Some(most) => print(log.last(home, most)?),
        None => log.print(home)?,
    };
    match printed {
        Printed::Nothing | Printed::Lines if args.follow => log.follow(home).await?,
        Printed::Nothing => out::say(match &log.profile {
            Some(name) => tr!("The log has no lines of the profile {name}.", name),
            None => tr!("The log in {} has no lines.", home.logs_dir().display()),
        }),
        Printed::Lines | Printed::Unread => {}
    }
    Ok(exit::IN_SYNC)
}

/// What came of printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Printed {
    Nothing,
    Lines,
    /// Nobody reads it any more.
    Unread,
}

fn print(lines: impl IntoIterator<Item = String>) -> Printed {
    let mut printed = Printed::Nothing;
    for line in lines {
        match out::try_say(&line) {
            Ok(()) => printed = Printed::Lines,
            Err(_) => return Printed::Unread,
        }
    }
    printed
}

/// The log as far as it is asked for.
struct Log {
    reader: Reader,
    profile: Option<Name>,
}

impl Log {
    /// Some of the next lines; none where all was read.
    fn next(&mut self, home: &Home) -> Result<Option<Vec<String>>, Failure> {
        let lines = self.reader.read().map_err(|error| {
            Failure::NotDone(tr!("the log in {} cannot be read: {error}", home.logs_dir().display(), error))
        })?;
        let wanted = |line: &String| self.profile.as_ref().is_none_or(|name| is_of(line, name.as_str()));
        let shown = lines.iter().filter(|line| wanted(line)).map(|text| line(text)).collect();
        Ok((!lines.is_empty()).then_some(shown))
    }

    /// The last of the lines that are written, at most so many.
    fn last(&mut self, home: &Home, most: usize) -> Result<VecDeque<String>, Failure> {
        let mut last = VecDeque::new();
        while let Some(lines) = self.next(home)? {
            last.extend(lines);
            last.drain(..last.len().saturating_sub(most));
        }
        Ok(last)
    }

    /// Prints what is written and was not read yet.
    fn print(&mut self, home: &Home) -> Result<Printed, Failure> {
        let mut printed = Printed::Nothing;
        while let Some(lines) = self.next(home)? {
            match print(lines) {
                Printed::Nothing => {}
                Printed::Lines => printed = Printed::Lines,
                Printed::Unread => return Ok(Printed::Unread),
            }
        }
        Ok(printed)
    }

    /// Prints what comes, until Ctrl-C or until nobody reads it any more.
    async fn follow(&mut self, home: &Home) -> Result<(), Failure> {
        let mut end = std::pin::pin!(tokio::signal::ctrl_c());
        while self.print(home)? != Printed::Unread {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = &mut end => break,
            }
        }
        Ok(())
    }
}
