//! A collection whose items are different here and there: they are mapped on their way out and in.

use std::collections::HashSet;

use async_trait::async_trait;

use super::{
    Applied, Collection, CollectionError, Cursor, Edit, Feature, Fetched, Href, Look, Observation, Traffic,
};
use crate::item::mapping::{Mapping, inward, outward};
use crate::item::span::Range;

/// Maps what is fetched from and stored in another collection. Names, versions and cursors are those of the other.
pub struct Mapped<C> {
    inner: C,
    mappings: Vec<Mapping>,
}

impl<C: Collection> Mapped<C> {
    pub fn new(inner: C, mappings: Vec<Mapping>) -> Self {
        Self { inner, mappings }
    }
}

#[async_trait]
impl<C: Collection> Collection for Mapped<C> {
    async fn observe(&self, since: Option<&Cursor>) -> Result<Observation, CollectionError> {
        self.inner.observe(since).await
    }

    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        let mut fetched = self.inner.fetch(hrefs).await?;
        for one in &mut fetched {
            if let Fetched::Found { bytes, .. } = one {
                *bytes = inward(&self.mappings, bytes);
            }
        }
        Ok(fetched)
    }

    async fn apply(&self, mut edits: Vec<Edit>) -> Applied {
        for edit in &mut edits {
            if let Edit::Create { bytes, .. } | Edit::Replace { bytes, .. } = edit {
                *bytes = outward(&self.mappings, bytes);
            }
        }
        self.inner.apply(edits).await
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
        match self.mappings.contains(&Mapping::ScheduleAgentClient) {
            true => Ok(Vec::new()),
            false => self.inner.invites_as().await,
        }
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }
}
