//! An address book of SOGo, whose groups are lists: here they are cards.
//!
//! A list names its members by the names of their cards, and has their names and e-mail addresses with it. So those
//! cards are looked at where a list is read or written.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    Applied, Collection, CollectionError, Cursor, Edit, Feature, Fetched, Href, Look, Observation, Outcome,
    Traffic,
};
use crate::item::mapping::vlist::{Known, as_card, as_list, is_group, is_list, likely_names, names};
use crate::item::span::Range;

/// Reads lists as groups, and writes groups as lists.
pub struct Lists<C> {
    inner: C,
}

impl<C: Collection> Lists<C> {
    pub fn new(inner: C) -> Self {
        Self { inner }
    }

    /// The cards of these names, as far as they are there.
    async fn known(
        &self,
        names: impl IntoIterator<Item = String>,
    ) -> Result<HashMap<String, Known>, CollectionError> {
        let names: HashSet<Href> = names.into_iter().map(Href::new).collect();
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let names: Vec<Href> = names.into_iter().collect();
        let found = self.inner.fetch(&names).await?.into_iter().filter_map(|fetched| match fetched {
            Fetched::Found { href, bytes, .. } if !is_list(&bytes) => {
                Some((href.as_str().to_owned(), Known::read(&bytes)?))
            }
            _ => None,
        });
        Ok(found.collect())
    }

    /// The groups among the edits as lists.
    async fn with_lists(&self, mut groups: Vec<Edit>) -> Result<Vec<Edit>, CollectionError> {
        let replaced: Vec<Href> = groups
            .iter()
            .filter_map(|edit| match edit {
                Edit::Replace { href, .. } => Some(href.clone()),
                _ => None,
            })
            .collect();
        let there: HashMap<Href, Bytes> = match replaced.is_empty() {
            true => HashMap::new(),
            false => self.inner.fetch(&replaced).await?.into_iter().filter_map(found).collect(),
        };
        let members = groups.iter().filter_map(content).flat_map(|group| likely_names(group));
        let known = self.known(members.chain(there.values().flat_map(|list| names(list)))).await?;
        for edit in &mut groups {
            match edit {
                Edit::Create { bytes, .. } => *bytes = as_list(bytes, None, &known),
                Edit::Replace { href, bytes, .. } => *bytes = as_list(bytes, there.get(href), &known),
                Edit::Delete { .. } => {}
            }
        }
        Ok(groups)
    }
}

fn found(fetched: Fetched) -> Option<(Href, Bytes)> {
    match fetched {
        Fetched::Found { href, bytes, .. } => Some((href, bytes)),
        _ => None,
    }
}

fn content(edit: &Edit) -> Option<&Bytes> {
    match edit {
        Edit::Create { bytes, .. } | Edit::Replace { bytes, .. } => Some(bytes),
        Edit::Delete { .. } => None,
    }
}

#[async_trait]
impl<C: Collection> Collection for Lists<C> {
    async fn observe(&self, since: Option<&Cursor>) -> Result<Observation, CollectionError> {
        self.inner.observe(since).await
    }

    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        let mut fetched = self.inner.fetch(hrefs).await?;
        let lists = fetched.iter().filter_map(|one| match one {
            Fetched::Found { bytes, .. } if is_list(bytes) => Some(names(bytes)),
            _ => None,
        });
        let known = self.known(lists.flatten().collect::<Vec<_>>()).await?;
        for one in &mut fetched {
            if let Fetched::Found { bytes, .. } = one
                && is_list(bytes)
            {
                *bytes = as_card(bytes, &known);
            }
        }
        Ok(fetched)
    }

    /// The groups come last: their members may be new.
    async fn apply(&self, edits: Vec<Edit>) -> Applied {
        let are_groups: Vec<bool> =
            edits.iter().map(|edit| content(edit).is_some_and(|bytes| is_group(bytes))).collect();
        let (groups, cards): (Vec<_>, Vec<_>) =
            edits.into_iter().zip(&are_groups).partition(|(_, is_group)| **is_group);
        let only = |edits: Vec<(Edit, &bool)>| edits.into_iter().map(|(edit, _)| edit).collect::<Vec<_>>();
        let (groups, cards) = (only(groups), only(cards));
        let count = groups.len();
        let not_tried = |stopped| Applied { outcomes: vec![Outcome::NotTried; count], stopped };
        let cards = self.inner.apply(cards).await;
        let groups = match cards.stopped {
            _ if count == 0 => not_tried(None),
            Some(_) => not_tried(None),
            None => match self.with_lists(groups).await {
                Ok(lists) => self.inner.apply(lists).await,
                Err(error) => not_tried(Some(error)),
            },
        };
        let (mut of_cards, mut of_groups) = (cards.outcomes.into_iter(), groups.outcomes.into_iter());
        let outcomes = are_groups.iter().map(|is_group| {
            let next = if *is_group { of_groups.next() } else { of_cards.next() };
            next.unwrap_or(Outcome::NotTried)
        });
        Applied { outcomes: outcomes.collect(), stopped: cards.stopped.or(groups.stopped) }
    }

    async fn within(&self, range: &Range) -> Result<Option<HashSet<Href>>, CollectionError> {
        self.inner.within(range).await
    }

    async fn having_uids(&self, uids: &[String]) -> Result<Option<HashSet<Href>>, CollectionError> {
        self.inner.having_uids(uids).await
    }

    async fn look(&self) -> Result<Look, CollectionError> {
        self.inner.look().await
    }

    async fn set_look(&self, feature: &Feature) -> Result<(), CollectionError> {
        self.inner.set_look(feature).await
    }

    async fn invites_as(&self) -> Result<Vec<String>, CollectionError> {
        self.inner.invites_as().await
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::vdir::Vdir;
    use crate::item::Kind;

    fn create(uid: &str, lines: &str) -> Edit {
        let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{uid}\r\n{lines}END:VCARD\r\n");
        Edit::Create { uid: Some(uid.to_owned()), bytes: card.into() }
    }

    #[tokio::test]
    async fn groups_are_stored_as_lists_behind_their_members() {
        let folder = tempfile::tempdir().unwrap();
        let lists = Lists::new(Vdir::open(folder.path().to_owned(), Kind::Contacts));
        let group =
            create("team", "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ann\r\n");
        let gone = Edit::Delete { href: Href::new("gone.vcf"), if_etag: super::super::Etag::new("x") };
        let Edit::Create { bytes, .. } = group.clone() else { unreachable!() };
        let applied = lists.apply(vec![group, create("ann", "EMAIL:ann@x\r\n"), gone]).await;
        assert!(applied.stopped.is_none());
        let [Outcome::Stored { href, .. }, Outcome::Stored { href: ann, .. }, Outcome::Deleted] =
            &applied.outcomes[..]
        else {
            panic!("{:?}", applied.outcomes);
        };
        assert_eq!((href.as_str(), ann.as_str()), ("team.vcf", "ann.vcf"));
        let stored = std::fs::read_to_string(folder.path().join("team.vcf")).unwrap();
        insta::assert_snapshot!(stored.replace("\r\n", "\n"), @r"
        BEGIN:VLIST
        VERSION:1.0
        UID:team
        FN:team
        CARD;EMAIL=ann@x;FN=ann:ann.vcf
        END:VLIST
        ");
        let fetched = lists.fetch(std::slice::from_ref(href)).await.unwrap();
        let Some((_, card)) = fetched.into_iter().find_map(found) else { panic!("it is there") };
        assert_eq!(crate::item::read(&card), crate::item::read(&bytes));
    }
}
