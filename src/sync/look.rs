//! Keeping the name and the colour of both collections the same: three ways, with what was last agreed on.

use super::policy::{Conflict, Policy};
use super::run::Job;
use super::{Side, Sides, words};
use crate::collection::{CollectionError, Feature, Look, Trouble};
use crate::item::Kind;
use crate::state::StateError;

/// What is to be done about a name or a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step<T> {
    Nothing,
    /// Both sides have it.
    Agreed(T),
    Write(Side, T),
}

impl<T> Step<T> {
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Step::Nothing => Step::Nothing,
            Step::Agreed(value) => Step::Agreed(f(value)),
            Step::Write(side, value) => Step::Write(side, f(value)),
        }
    }
}

/// Where there is none, it is filled in; a side that kept what was agreed on gets what the other made of it.
fn settle<T: PartialEq + Clone>(policy: Policy, agreed: Option<&T>, sides: Sides<Option<&T>>) -> Step<T> {
    let from = match (policy, sides.local, sides.remote) {
        (_, Some(local), Some(remote)) if local == remote => return Step::Agreed(local.clone()),
        (_, None, None) => return Step::Nothing,
        (policy, _, _) if policy.source().is_some() => policy.source().unwrap_or(Side::Remote),
        (_, Some(_), None) => Side::Local,
        (_, None, Some(_)) => Side::Remote,
        (_, local, _) if local == agreed => Side::Remote,
        (_, _, remote) if remote == agreed => Side::Local,
        (Policy::TwoWay(Conflict::LocalWins), _, _) => Side::Local,
        _ => Side::Remote,
    };
    match sides[from] {
        Some(value) => Step::Write(from.other(), value.clone()),
        None => Step::Nothing,
    }
}

/// Keeps them the same; what is told about it. Nothing that goes wrong with it stops a run.
pub(super) async fn keep(job: &Job<'_>, dry_run: bool) -> Result<Vec<String>, StateError> {
    let looks = futures_util::future::try_join(job.collections.local.look(), job.collections.remote.look());
    let (local, remote) = match looks.await {
        Ok(looks) => looks,
        Err(CollectionError { message, .. }) => return Ok(vec![words::look_unread(&message)]),
    };
    let seen = Sides { local: local.clone(), remote: remote.clone() };
    // It would be refused again.
    if job.state.refused_looks()?.as_ref() == Some(&seen) {
        return Ok(Vec::new());
    }
    let agreed = job.state.look()?;
    let name = Sides { local: local.name.as_ref(), remote: remote.name.as_ref() };
    let color = Sides { local: local.color.as_ref(), remote: remote.color.as_ref() };
    let name = settle(job.policy, agreed.name.as_ref(), name).map(Feature::Name);
    let color = match job.kind {
        Kind::Contacts => Step::Nothing,
        _ => settle(job.policy, agreed.color.as_ref(), color).map(Feature::Color),
    };
    let mut now: Look = agreed.clone();
    let (mut told, mut refused) = (Vec::new(), false);
    for step in [name, color] {
        match step {
            Step::Nothing => {}
            Step::Agreed(feature) => now.set(&feature),
            Step::Write(side, feature) if dry_run => told.push(words::look_would_change(side, &feature)),
            Step::Write(side, feature) => match job.collections[side].set_look(&feature).await {
                Ok(()) => {
                    told.push(words::look_changed(side, &feature));
                    now.set(&feature);
                }
                Err(error) => {
                    refused |= matches!(error.trouble, Trouble::Forbidden | Trouble::NotUnderstood);
                    told.push(words::look_refused(side, &feature, &error.message));
                }
            },
        }
    }
    if now != agreed && !dry_run {
        job.state.write(|w| w.set_look(&now))?;
    }
    if refused {
        job.state.write(|w| w.set_refused_looks(&seen))?;
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case() {
        use Side::{Local, Remote};
        let automatic = Policy::TwoWay(Conflict::Automatic);
        let local_wins = Policy::TwoWay(Conflict::LocalWins);
        let (up, down) = (Policy::MergeToServer, Policy::ReplicateFromServer);
        for (policy, agreed, local, remote, step) in [
            (automatic, None, None, None, Step::Nothing),
            (automatic, None, Some('a'), Some('a'), Step::Agreed('a')),
            (automatic, None, Some('a'), None, Step::Write(Remote, 'a')),
            (automatic, None, None, Some('b'), Step::Write(Local, 'b')),
            // One that was deleted comes back.
            (automatic, Some('a'), None, Some('a'), Step::Write(Local, 'a')),
            (automatic, Some('a'), Some('b'), Some('a'), Step::Write(Remote, 'b')),
            (automatic, Some('a'), Some('a'), Some('b'), Step::Write(Local, 'b')),
            (automatic, Some('a'), Some('b'), Some('c'), Step::Write(Local, 'c')),
            (automatic, None, Some('b'), Some('c'), Step::Write(Local, 'c')),
            (local_wins, Some('a'), Some('b'), Some('c'), Step::Write(Remote, 'b')),
            (local_wins, None, Some('b'), Some('c'), Step::Write(Remote, 'b')),
            (local_wins, Some('a'), Some('a'), Some('c'), Step::Write(Local, 'c')),
            (up, Some('a'), Some('a'), Some('c'), Step::Write(Remote, 'a')),
            (up, None, None, Some('c'), Step::Nothing),
            (down, Some('a'), Some('b'), Some('a'), Step::Write(Local, 'a')),
            (down, None, Some('b'), None, Step::Nothing),
        ] {
            let sides = Sides { local: local.as_ref(), remote: remote.as_ref() };
            let found = settle(policy, agreed.as_ref(), sides);
            assert_eq!(found, step, "{policy:?} {agreed:?} {local:?} {remote:?}");
        }
    }
}
