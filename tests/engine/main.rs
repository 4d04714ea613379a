//! The engine with its real state, between two collections in memory.

#[path = "../support/mod.rs"]
mod support;

mod planner;
mod runs;
mod table;
