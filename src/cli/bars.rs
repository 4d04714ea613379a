//! Progress bars on a terminal.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tr::tr;

use crate::sync::Side;
use crate::sync::progress::{Phase, Progress};

/// What a person calls it.
pub fn words(phase: Phase) -> String {
    match phase {
        Phase::Looking(Side::Local) => tr!("looking at this computer"),
        Phase::Looking(Side::Remote) => tr!("looking at the server"),
        Phase::Comparing => tr!("comparing"),
        Phase::Writing => tr!("writing"),
    }
}

/// The bars of all profiles that run.
#[derive(Clone, Default)]
pub struct Bars(MultiProgress);

impl Bars {
    /// A bar for one profile.
    pub fn add(&self, profile: &str) -> Bar {
        let bar = self.0.add(ProgressBar::new_spinner().with_prefix(profile.to_owned()));
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar(bar)
    }

    /// Writes something else while the bars stand aside.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

/// The bar of one profile.
pub struct Bar(ProgressBar);

impl Progress for Bar {
    fn start(&self, phase: Phase, total: Option<u64>) {
        let (template, length) = match total {
            Some(total) => ("{prefix}: {msg} {bar:30} {pos}/{len}", Some(total)),
            None => ("{prefix}: {msg} {spinner}", None),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        self.0.reset();
        match length {
            Some(length) => self.0.set_length(length),
            None => self.0.unset_length(),
        }
        self.0.set_message(words(phase));
    }

    fn advance(&self, steps: u64) {
        self.0.inc(steps);
    }

    fn done(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_follows_a_run() {
        let bars = Bars(MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::hidden()));
        let bar = bars.add("work");
        bar.start(Phase::Looking(Side::Remote), None);
        bar.start(Phase::Writing, Some(10));
        bar.advance(4);
        assert_eq!((bar.0.position(), bar.0.length()), (4, Some(10)));
        bar.start(Phase::Comparing, None);
        assert_eq!((bar.0.position(), bar.0.length()), (0, None));
        bar.done();
        assert!(bar.0.is_finished());
    }
}
