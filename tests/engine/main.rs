//! The engine with its real state, between two collections in memory.

#[path = "../support/mod.rs"]
mod support;

#[path = "../../fuzz/targets.rs"]
mod fuzz_targets;

mod background;
mod decisions;
mod deletions;
mod forms;
mod fuzz;
mod invitations;
mod look;
mod planner;
mod repair;
mod runs;
mod scope;
mod table;
