//! Names of new items, derived from the UID.
