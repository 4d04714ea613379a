//! Meetings that a first run brings to a server which invites their guests by itself.

use super::prepare::{Chunk, Step};
use super::run::Job;
use super::{Side, words};
use crate::item::{Meeting, meeting};

/// A meeting that is new on the server.
#[derive(Debug)]
pub(super) struct Invitation {
    pub summary: String,
    pub meeting: Meeting,
}

/// The meetings of a chunk that are stored anew on the server.
pub(super) fn of(chunk: &Chunk) -> Vec<Invitation> {
    let new = chunk
        .tasks
        .iter()
        .filter(|task| task.step == Step::Write(Side::Remote) && task.row.present(Side::Remote).is_none());
    new.filter_map(|task| {
        let source = task.versions[Side::Local].as_ref()?;
        let meeting = meeting(&source.shared)?;
        Some(Invitation { summary: source.facts.summary.clone(), meeting })
    })
    .collect()
}

/// What the person should know of them, if the server writes to anybody.
pub(super) async fn notice(job: &Job<'_>, mut all: Vec<Invitation>, dry_run: bool) -> Option<String> {
    if all.is_empty() || job.scope.invites_nobody() {
        return None;
    }
    let own = match job.collections[Side::Remote].invites_as().await {
        Ok(own) => own,
        Err(error) => {
            tracing::warn!(%error, "the server does not tell whether it sends invitations");
            return None;
        }
    };
    all.retain(|invitation| own.contains(&invitation.meeting.organizer));
    all.sort_by(|a, b| a.summary.cmp(&b.summary));
    (!all.is_empty()).then(|| words::invitations(job.profile, &all, dry_run))
}
