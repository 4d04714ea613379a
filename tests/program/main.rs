//! The program as a person starts it, against real servers.

#[path = "../support/mod.rs"]
mod support;

mod autostart;
mod bytes;
mod cdsp;
mod commands;
mod contacts;
mod daemon_control;
mod daemon_runs;
mod daemon_survives;
mod daemon_watching;
mod decisions;
mod demo;
mod desktop;
mod discover;
mod fire;
mod forms;
mod general;
mod keyring;
mod kill;
mod language;
mod leaks;
mod look;
mod matrix;
mod meetings;
mod network;
mod oauth;
mod parts;
mod query;
mod repair;
mod reports;
mod scope;
mod session;
mod trouble;
#[cfg(feature = "window")]
mod window;
mod window_account;
mod window_history;
mod window_profiles;
