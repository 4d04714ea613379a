//! Which passwords have to be entered: one for each entry of the keyring.

use std::collections::{HashMap, HashSet};

use tr::tr;

use super::plan::{Fate, Planned};
use crate::profile::{PasswordSource, Profile, RemoteSpec, Secret, SignIn, keyring_entry};
use crate::report::wording::shell_word;

/// Tells which passwords and sign-ins are needed beside those of the profiles that are here, and leaves only the passwords
/// of the file that take the place of one.
pub fn tell(planned: &mut [Planned], here: &[Profile]) {
    let mut given: HashMap<String, Secret> = HashMap::new();
    for one in planned.iter_mut() {
        let password = one.password.take();
        if let (Some(entry), Some(password)) = (entry_of(one), password) {
            given.entry(entry).or_insert(password);
        }
    }
    let mut known: HashSet<String> = here.iter().filter_map(keyring_entry).collect();
    for one in planned.iter_mut() {
        let (Some(entry), Some((profile, _))) = (entry_of(one), &one.file) else { continue };
        let is_new = known.insert(entry.clone());
        let Some(note) = needed(profile, is_new, one.fate == Fate::Added) else { continue };
        match given.remove(&entry).filter(|_| is_new && takes_password(profile)) {
            Some(password) => {
                one.password = Some(password);
                one.notes.push(tr!("its password goes into the keyring, unless that has one"));
            }
            None => one.notes.push(note),
        }
    }
}

/// The entry of a profile that is written.
fn entry_of(one: &Planned) -> Option<String> {
    let (profile, _) = one.file.as_ref()?;
    one.is_written().then(|| keyring_entry(profile)).flatten()
}

fn sign_in(profile: &Profile) -> Option<&SignIn> {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    sign_in.as_ref()
}

fn takes_password(profile: &Profile) -> bool {
    matches!(sign_in(profile), Some(SignIn::Password { password: PasswordSource::Keyring, .. }))
}

/// What the person has to enter.
fn needed(profile: &Profile, is_new_entry: bool, is_added: bool) -> Option<String> {
    let word = shell_word(profile.name.as_str());
    match (sign_in(profile)?, is_new_entry) {
        (SignIn::Password { password: PasswordSource::Keyring, .. }, true) => {
            Some(tr!("password needed: pimbridge profile password {word}", word))
        }
        (SignIn::Token { token: PasswordSource::Keyring, .. }, true) => {
            Some(tr!("token needed: pimbridge profile password {word}", word))
        }
        (SignIn::OAuth { secret: None, .. }, true) => Some(tr!(
            "sign-in needed; first say where your client's secret is: pimbridge profile set {word} \
             oauth.client_secret_command COMMAND; then sign in: pimbridge profile sign-in {word}",
            word
        )),
        (SignIn::OAuth { secret: None, .. }, false) if is_added => Some(tr!(
            "sign-in needed; first say where your client's secret is: pimbridge profile set {word} \
             oauth.client_secret_command COMMAND",
            word
        )),
        (SignIn::OAuth { .. }, true) => Some(tr!("sign-in needed: pimbridge profile sign-in {word}", word)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Name, parse};

    fn profile(name: &str, remote: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/x\"\n[remote]\ntype = \"dav\"\n\
             url = \"https://s.example/{name}/\"\n{remote}"
        );
        parse(&Name::new(name).unwrap(), Path::new("p.toml"), &text).unwrap()
    }

    fn planned(name: &str, remote: &str, password: Option<&str>) -> Planned {
        let file = Some((profile(name, remote), String::new()));
        let password = password.map(Secret::new);
        Planned { label: name.to_owned(), fate: Fate::Added, file, password, notes: Vec::new() }
    }

    fn told(mut planned: Vec<Planned>, here: &[Profile]) -> String {
        tell(&mut planned, here);
        let line = |one: &Planned| {
            let password = one.password.as_ref().map(Secret::expose).unwrap_or_default();
            format!("{} [{password}] {}", one.label, one.notes.join("; ")).trim_end().to_owned()
        };
        planned.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    const JANA: &str = "user = \"jana\"";

    #[test]
    fn one_password_for_each_entry_of_the_keyring() {
        let mut skipped = planned("z", JANA, None);
        skipped.fate = Fate::Skipped("why".to_owned().into());
        let all = vec![
            skipped,
            planned("a", JANA, None),
            planned("b", JANA, None),
            planned("c", "user = \"ole\"", None),
            planned("d", "user = \"ole\"\npassword_env = \"X\"", None),
            planned("e", "", None),
        ];
        insta::assert_snapshot!(told(all, &[]), @"
        z []
        a [] password needed: pimbridge profile password a
        b []
        c [] password needed: pimbridge profile password c
        d []
        e []
        ");
        let one = || vec![planned("a", JANA, None)];
        assert_eq!(told(one(), &[profile("here", JANA)]), "a []");
        let elsewhere = profile("here", "user = \"jana\"\npassword_command = \"pass\"");
        assert!(told(one(), &[elsewhere]).contains("password needed"));
    }

    #[test]
    fn a_password_of_the_file_is_taken_once_and_only_where_it_is_needed() {
        let all = || {
            vec![planned("a", JANA, None), planned("b", JANA, Some("one")), planned("c", JANA, Some("two"))]
        };
        insta::assert_snapshot!(told(all(), &[]), @"
        a [one] its password goes into the keyring, unless that has one
        b []
        c []
        ");
        assert_eq!(told(all(), &[profile("here", JANA)]), "a []\nb []\nc []");
        let mut same = planned("a", JANA, Some("one"));
        same.fate = Fate::Unchanged;
        assert_eq!(told(vec![same], &[]), "a []");
    }

    #[test]
    fn each_profile_needs_the_secret_of_its_client() {
        let google =
            "user = \"jana\"\nsign_in = \"oauth\"\n[oauth]\nprovider = \"google\"\nclient_id = \"1\"";
        let all = vec![planned("a", google, None), planned("b", google, Some("never"))];
        insta::assert_snapshot!(told(all, &[]), @"
        a [] sign-in needed; first say where your client's secret is: pimbridge profile set a oauth.client_secret_command COMMAND; then sign in: pimbridge profile sign-in a
        b [] sign-in needed; first say where your client's secret is: pimbridge profile set b oauth.client_secret_command COMMAND
        ");
    }
}
