//! The keys of a profile file: reading, `profile set`, `profile schema` and the errors follow this table.

use tr::tr;

use super::words::{
    CONFLICTS, GROUPS, HTML_DESCRIPTIONS, INSTANT_MESSAGING, KINDS, LOCAL_TYPES, MODES, PHONE_NUMBERS,
    REMINDERS, REMOTE_TYPES, SCHEDULE_AGENTS, SIGN_INS, TIME_ZONES, VCARD_VERSIONS,
};
use crate::keyed::Absent::{Is, Nothing, Wrong};
use crate::keyed::Shape::{File, Folder, List, Number, Pairs, Switch, Text, Words};
use crate::keyed::{Key, Meant, Table, key, meant};
use crate::oauth::PROVIDERS;

/// A hundred years.
const DAYS: i64 = 36_525;

/// Every key that there is.
pub static TABLE: Table = Table { keys: KEYS, instead };

#[rustfmt::skip] // a key's row is two lines
const KEYS: &[Key] = &[
    key("", "kind", Words(|| meant(KINDS)), Wrong,
        "what is synced"),
    key("", "mode", Words(|| meant(MODES)), Is("two-way"),
        "which way changes go; where they go one way only, nothing is ever written to the side that they come from"),
    key("", "conflict", Words(|| meant(CONFLICTS)), Is("automatic"),
        "what counts where both sides changed the same item; what it replaces is kept in the history"),
    key("", "interval_minutes", Number(0, 43_200), Is("30"),
        "minutes from one run of the background program to the next; 0: only when you say so"),
    key("", "active", Switch, Is("true"),
        "it runs by itself; otherwise only when you say so, and nothing is lost meanwhile"),
    key("", "preview_needed", Switch, Is("false"),
        "it does not run until you have looked ahead at it; the import writes this for one-way copies, which may delete"),
    key("", "history_days", Number(1, 36_500), Is("90"),
        "how many days overwritten and deleted versions are kept and can be brought back; no item is ever deleted by this"),
    key("", "past_days", Number(0, DAYS), Nothing,
        "events and tasks that ended longer ago are left as they are on both sides; without it, all count"),
    key("", "future_days", Number(0, DAYS), Nothing,
        "events and tasks that begin later than that from now are left as they are on both sides; without it, all count"),
    key("", "category", Text, Nothing,
        "only the folder's items of this category; on the server they are without it"),
    key("", "include_uncategorised", Switch, Is("false"),
        "with category: also the items without any category"),
    key("", "invert", Switch, Is("false"),
        "with category: all items but those of the category"),
    key("", "chunk_size", Number(0, 100_000), Is("100"),
        "how many items are worked on in one go; 0: all at once, which takes more memory"),
    key("", "sync_on_change", Switch, Is("false"),
        "what changes in the folder is synced within seconds by the background program"),
    key("", "name_and_color", Switch, Is("false"),
        "the name and the colour of the two collections are kept the same as well; items are never changed by this"),
    key("", "busy_blocks", Text, Nothing,
        "with mode = \"replicate-to-server\" or \"merge-to-server\": only when you are busy goes to the server, and this text for what"),
    key("", "birthdays", Folder, Nothing,
        "a folder for a calendar of the birthdays of these contacts; the contacts are never changed by this"),
    key("local", "type", Words(|| meant(LOCAL_TYPES)), Wrong,
        "what is on this computer"),
    key("local", "path", Folder, Wrong,
        "the folder, with a file for each item; ~ is your home folder"),
    key("remote", "type", Words(|| meant(REMOTE_TYPES)), Wrong,
        "what is on the server"),
    key("remote", "url", Text, Wrong,
        "the address of the calendar, task list or address book; it begins with https:// or http://"),
    key("remote", "sign_in", Words(|| meant(SIGN_INS)), Is("password"),
        "what you sign in with"),
    key("remote", "user", Text, Nothing,
        "your name on the server"),
    key("remote", "password_env", Text, Nothing,
        "an environment variable that holds the password or the token, which is in the keyring otherwise"),
    key("remote", "password_command", Text, Nothing,
        "a command that prints the password or the token on its first line"),
    key("remote", "ca_file", File, Nothing,
        "a PEM file with an authority that this computer does not know and that signed the server's certificate"),
    key("remote", "pinned_certificate", Text, Nothing,
        "the only certificate of the server that is accepted, by its fingerprint, as in sha256:3A:5F:…"),
    key("remote", "client_certificate", File, Nothing,
        "a PEM or PKCS#12 file with the certificate and the key to sign in with"),
    key("remote", "client_certificate_password_env", Text, Nothing,
        "an environment variable that holds the passphrase of that file"),
    key("remote", "client_certificate_password_command", Text, Nothing,
        "a command that prints the passphrase of that file on its first line"),
    key("remote", "proxy", Text, Is("system"),
        "the proxy: system, none, or an address such as http://proxy.example.org:8080"),
    key("remote", "proxy_user", Text, Nothing,
        "your name at the proxy"),
    key("remote", "proxy_password_env", Text, Nothing,
        "an environment variable that holds the proxy's password, which is in the keyring otherwise"),
    key("remote", "proxy_password_command", Text, Nothing,
        "a command that prints the proxy's password on its first line"),
    key("remote", "close_connections", Switch, Is("false"),
        "each request gets a connection of its own"),
    key("remote", "http1_only", Switch, Is("false"),
        "HTTP/2 is not offered"),
    key("remote", "timeout_seconds", Number(1, 3600), Is("60"),
        "how long the server may stay silent"),
    key("remote", "connect_timeout_seconds", Number(1, 600), Is("20"),
        "how long it may take to connect"),
    key("remote", "trusted_hosts", List, Nothing,
        "other servers that this one may send us on to, and that may see the password and the client certificate"),
    key("remote", "schedule_agent", Words(|| meant(SCHEDULE_AGENTS)), Is("server"),
        "who invites the guests of your meetings"),
    key("remote", "send_notifications", Switch, Is("true"),
        "SOGo and Open-Xchange write to the guests of your meetings; otherwise they do not"),
    key("remote", "allow_plain_http", Switch, Is("false"),
        "a password or token is sent to another computer over http:// too, where everybody on the way can read it"),
    key("oauth", "provider", Words(providers), Nothing,
        "with sign_in = \"oauth\": where you sign in; or the next three keys say it"),
    key("oauth", "authorization_url", Text, Nothing,
        "the page of another authorization server on which you sign in"),
    key("oauth", "token_url", Text, Nothing,
        "where that server hands out tokens"),
    key("oauth", "scopes", Text, Nothing,
        "what is asked of that server, separated by spaces"),
    key("oauth", "client_id", Text, Nothing,
        "the client that the provider has registered for you"),
    key("oauth", "client_secret_env", Text, Nothing,
        "an environment variable that holds the client's secret, where it has one"),
    key("oauth", "client_secret_command", Text, Nothing,
        "a command that prints the client's secret on its first line"),
    key("guard", "max_deletions", Number(0, 1_000_000), Is("10"),
        "how many items of a side a run may delete without asking (the larger of both limits counts)"),
    key("guard", "max_percent", Number(0, 100), Is("25"),
        "the same in percent of the side's items"),
    key("mapping", "reminders", Words(|| meant(REMINDERS)), Is("all"),
        "which reminders are the same on both sides"),
    key("mapping", "attendees", Switch, Is("true"),
        "organizer and guests are the same on both sides; otherwise each side keeps its own"),
    key("mapping", "description", Switch, Is("true"),
        "the description is the same on both sides; otherwise each side keeps its own"),
    key("mapping", "private_as_confidential", Switch, Is("false"),
        "what is private here is confidential on the server"),
    key("mapping", "confidential_as_private", Switch, Is("false"),
        "what is confidential on the server is private here"),
    key("mapping", "public_as_private", Switch, Is("false"),
        "what is public on the server, or says nothing of it, is private here"),
    key("mapping", "omit_public", Switch, Is("false"),
        "what is public here says nothing of it on the server"),
    key("mapping", "html_description", Words(|| meant(HTML_DESCRIPTIONS)), Is("keep"),
        "what becomes of descriptions in HTML (X-ALT-DESC)"),
    key("mapping", "time_zones", Words(|| meant(TIME_ZONES)), Is("keep"),
        "how time zones are written on the server"),
    key("mapping", "category_colors", Pairs, Nothing,
        "categories here and the colours (COLOR) that they are on the server"),
    key("mapping", "rename_properties", Pairs, Nothing,
        "properties here and the names, which begin with X-, that they have on the server"),
    key("mapping", "phone_numbers", Words(|| meant(PHONE_NUMBERS)), Is("keep"),
        "how phone numbers are written"),
    key("mapping", "instant_messaging", Words(|| meant(INSTANT_MESSAGING)), Is("keep"),
        "how addresses for instant messaging are written on the server"),
    key("mapping", "vcard_version", Words(|| meant(VCARD_VERSIONS)), Is("keep"),
        "the version of vCard on the server"),
    key("mapping", "groups", Words(|| meant(GROUPS)), Is("keep"),
        "how groups of contacts are written on the server"),
    key("cdsp", "id", Text, Nothing,
        "which profile of a .cdsp file it came from: the import replaces the one with the same id"),
    key("cdsp", "folder", Text, Nothing,
        "the folder in Outlook that it came with, kept for the export"),
    key("cdsp", "account", Text, Nothing,
        "the account of that folder, kept for the export"),
    key("cdsp", "elements", Text, Nothing,
        "options of a .cdsp file for which there is no key here, kept for the export"),
];

fn providers() -> Vec<Meant> {
    PROVIDERS.iter().map(|provider| (provider.name, provider.title)).collect()
}

/// Secrets are never in the file.
fn instead(section: &str, name: &str) -> Option<String> {
    if section == "oauth" && name == "client_secret" {
        return Some(tr!(
            "a secret is never kept in a profile's file; instead of it, name an environment variable with \
             client_secret_env or a command that prints it with client_secret_command"
        ));
    }
    ["password", "passwd", "passwort", "pass", "secret", "token"].contains(&name.to_lowercase().as_str()).then(|| {
        tr!(
            "a password is never kept in a profile's file; name an environment variable with password_env or a \
             command that prints it with password_command, or store it in the keyring: pimbridge profile password \
             NAME"
        )
    })
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
