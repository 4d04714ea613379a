//! What the keyring keeps for profiles.

use tr::tr;

use super::SetupError;
use crate::home::Home;
use crate::profile::{self, Profile, RemoteSpec, Secret, SignIn};

/// Puts the password, or the token, into the keyring.
///
/// # Errors
/// It is empty, or the keyring does not take it.
pub async fn store(profile: &Profile, secret: Secret) -> Result<(), SetupError> {
    if secret.expose().is_empty() {
        let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
        return Err(SetupError::Wrong(match sign_in {
            Some(SignIn::Token { .. }) => tr!("the token is empty; nothing is stored"),
            _ => tr!("the password is empty; nothing is stored"),
        }));
    }
    Ok(profile::store_secret(profile, secret).await?)
}

/// Removes what the keyring has for the sign-in of a removed profile, unless another one needs it; says whether it did.
///
/// # Errors
/// The other profiles cannot be read.
pub async fn forget(home: &Home, removed: &Profile) -> Result<bool, SetupError> {
    let Some(entry) = profile::keyring_entry(removed) else { return Ok(false) };
    let others = profile::load_all(home)?.profiles;
    let needed = others.iter().any(|other| profile::keyring_entry(other).as_ref() == Some(&entry));
    Ok(!needed && profile::delete_secret(removed).await.unwrap_or(false))
}
