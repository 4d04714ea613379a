//! The program as a person starts it, against real servers.

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod commands;
mod decisions;
mod demo;
mod fire;
mod keyring;
mod kill;
mod matrix;
mod network;
mod meetings;
mod parts;
mod query;
mod repair;
mod scope;
mod trouble;
