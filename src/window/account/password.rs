//! Signing in anew for a profile whose password is missing or refused.

use pimbridge::daemon::protocol::account::{Means, Password, SignIn};
use pimbridge::daemon::protocol::{Answered, Event, How, Question, Reply, Request};
use pimbridge::profile::Secret;
use slint::{ComponentHandle, SharedString};
use tr::tr;

use super::{ask, leave};
use crate::link::Link;
use crate::ways::sentence;
use crate::wires::Wires;
use crate::{MainWindow, PasswordCard, ProfilesPage, StatusPage, Tone, Wanted, shell};

pub fn attach(window: &MainWindow, link: &Link) {
    let on = Wires::new(window, link);
    let asks = || on.one(|window, link, profile: SharedString| ask_password(window, link, &profile));
    window.global::<StatusPage>().on_password(asks());
    window.global::<ProfilesPage>().on_password(asks());
    let card = window.global::<PasswordCard>();
    card.on_store(on.plain(store));
    card.on_sign_in(on.plain(sign_in));
    card.on_close(on.plain(|window, link| {
        if window.global::<PasswordCard>().get_wanted() == Wanted::Browser {
            leave(link);
        }
        close(window);
    }));
}

/// Asks for the password of a profile, or lets the person sign in in a browser, as the profile wants it.
pub(super) fn ask_password(_: &MainWindow, link: &Link, profile: &str) {
    let question = Question::HowItSignsIn { profile: profile.to_owned() };
    ask(link, question, |window, _, reply| match reply {
        Ok(Reply::Answered(Answered::SignsIn(how))) => open(window, &how),
        Ok(_) => {}
        Err(why) => shell::tell(window, Tone::Trouble, &why),
    });
}

fn open(window: &MainWindow, how: &SignIn) {
    let (wanted, prompt) = wanted(how);
    let card = window.global::<PasswordCard>();
    close(window);
    card.set_wanted(wanted);
    card.set_prompt(prompt.into());
    card.set_profile(how.profile.as_str().into());
}

/// What is asked for, and what is said about it.
fn wanted(how: &SignIn) -> (Wanted, String) {
    let host = &how.host;
    match (how.means, &how.user) {
        (Means::Password, Some(user)) => (
            Wanted::Password,
            tr!("Enter the password of {0} on {1}. It is kept in the keyring of this computer.", user, host),
        ),
        (Means::Password, None) => (
            Wanted::Password,
            tr!("Enter the password on {}. It is kept in the keyring of this computer.", host),
        ),
        (Means::Token, _) => {
            (Wanted::Token, tr!("Enter the token for {}. It is kept in the keyring of this computer.", host))
        }
        (Means::Browser, _) => {
            (Wanted::Browser, tr!("You sign in on a page of the provider, which your browser shows."))
        }
        (Means::Elsewhere, _) => (
            Wanted::Nothing,
            tr!(
                "The password comes from a command or a variable that the profile names. Correct it there, or look at the profile."
            ),
        ),
        (Means::Nothing, _) => {
            (Wanted::Nothing, tr!("The profile signs in without a user name. Enter one in the profile."))
        }
    }
}

fn close(window: &MainWindow) {
    let card = window.global::<PasswordCard>();
    card.set_profile("".into());
    card.set_password("".into());
    wait_no_longer(&card, "");
}

/// Nothing is waited for any more; this is wrong.
fn wait_no_longer(card: &PasswordCard<'_>, error: &str) {
    card.set_tries(false);
    card.set_waits_for("".into());
    card.set_error(error.into());
}

fn store(window: &MainWindow, link: &Link) {
    let card = window.global::<PasswordCard>();
    let password = Secret::new(card.get_password());
    if password.expose().is_empty() || !card.get_waits_for().is_empty() {
        return;
    }
    card.set_waits_for(tr!("Keeping it …").into());
    card.set_error("".into());
    let profile = card.get_profile().to_string();
    let question = Question::Password(Password { profile: profile.clone(), password });
    ask(link, question, move |window, link, reply| done(window, link, profile, reply));
}

fn sign_in(window: &MainWindow, link: &Link) {
    let card = window.global::<PasswordCard>();
    if !card.get_waits_for().is_empty() {
        return;
    }
    card.set_waits_for(tr!("Sign in on the page that your browser shows …").into());
    card.set_error("".into());
    let profile = card.get_profile().to_string();
    let question = Question::SignIn { profile: profile.clone() };
    ask(link, question, move |window, link, reply| done(window, link, profile, reply));
}

/// The profile is tried at once, so that the person sees whether it is right.
fn done(window: &MainWindow, link: &Link, profile: String, reply: Result<Reply, String>) {
    let card = window.global::<PasswordCard>();
    if card.get_profile() != profile.as_str() {
        return;
    }
    if let Err(why) = reply {
        return wait_no_longer(&card, &why);
    }
    card.set_waits_for(tr!("Trying it …").into());
    card.set_tries(true);
    let request = Request::Sync { profiles: vec![profile.clone()], how: How::default() };
    link.ask(request, move |window, _, reply| {
        if let Some(why) = super::view::not_run(reply) {
            tried(window, &profile, Some(&why));
        }
    });
}

/// A run of the profile has ended, or why there is none.
fn tried(window: &MainWindow, profile: &str, failed: Option<&str>) {
    let card = window.global::<PasswordCard>();
    if !card.get_tries() || card.get_profile() != profile {
        return;
    }
    match failed {
        Some(why) => {
            card.set_password("".into());
            wait_no_longer(&card, &sentence(why));
        }
        None => close(window),
    }
}

/// Hears how the trial goes.
pub(super) fn heard(window: &MainWindow, event: &Event) {
    if let Event::RunFinished { profile, report, .. } = event
        && !report.dry_run
    {
        tried(window, profile, report.failure.as_deref());
    }
}

/// The daemon was gone: how the trial ended may not have been heard. The page “Status” tells.
pub fn leave_trial(window: &MainWindow) {
    if window.global::<PasswordCard>().get_tries() {
        close(window);
    }
}
