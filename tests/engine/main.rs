//! The engine with its real state, between two collections in memory.

#[path = "../support/mod.rs"]
mod support;

mod decisions;
mod planner;
mod repair;
mod runs;
mod scope;
mod table;
