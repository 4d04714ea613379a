//! Testing a profile: both sides, one line a check, and nothing is changed.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tr::tr;

use super::SetupError;
use super::change::refuse_overlap;
use crate::collection::dav::Capabilities;
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, Accounts, LocalSpec, Profile, RemoteSpec};
use crate::report::wording::{enumerated, line, shell_word};
use crate::sync::policy::Mode;

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    Profile,
    Folder,
    Server,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", content = "text", rename_all = "kebab-case")]
pub enum Found {
    Fine(String),
    /// It works, but the person should know.
    Warning(String),
    Wrong(String),
}

/// Tests a profile, and tells each finding as soon as it is known. Where it would double the work of another profile,
/// nothing else is tested.
///
/// # Errors
/// There is no such profile, or its file is wrong.
pub async fn check(
    home: &Home,
    name: &str,
    tell: &mut (dyn FnMut(About, Found) + Send),
) -> Result<(), SetupError> {
    let profile = profile::load(home, name)?;
    let file = home.profile_file(&profile.name);
    tell(About::Profile, Found::Fine(tr!("{} can be used", file.display())));
    if let Err(error) = refuse_overlap(home, &profile) {
        tell(About::Profile, Found::Wrong(error.to_string()));
        return Ok(());
    }
    let LocalSpec::Vdir { path } = &profile.local;
    tell(About::Folder, folder(path, profile.kind, writes_locally(profile.mode)));
    for found in server(&profile).await {
        tell(About::Server, found);
    }
    Ok(())
}

fn writes_locally(mode: Mode) -> bool {
    !matches!(mode, Mode::ReplicateToServer | Mode::MergeToServer)
}

fn writes_remotely(mode: Mode) -> bool {
    !matches!(mode, Mode::ReplicateFromServer | Mode::MergeFromServer)
}

fn folder(path: &Path, kind: Kind, must_write: bool) -> Found {
    let shown = path.display();
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Found::Wrong(tr!(
                "{shown} does not exist; make the folder, or connect the disk that it is on",
                shown
            ));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Found::Wrong(tr!("{shown} is not a folder", shown));
        }
        Err(error) => return Found::Wrong(tr!("{shown} cannot be read: {error}", shown, error)),
    };
    if must_write && !may_write(path) {
        return Found::Wrong(tr!("{shown} cannot be written; change its permissions", shown));
    }
    let files: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().to_lowercase()).collect();
    let with = |extension: &str| {
        files.iter().filter(|name| !name.starts_with('.') && name.ends_with(&format!(".{extension}"))).count()
    };
    let (right, other) = (kind.extension(), if kind.extension() == "ics" { "vcf" } else { "ics" });
    if with(right) == 0 && with(other) > 0 {
        let many = with(other);
        return Found::Warning(tr!(
            "{shown} holds no .{right} file but {many} .{other}; is {kind} the right kind?",
            shown,
            right,
            many,
            other,
            kind = kind.in_words()
        ));
    }
    Found::Fine(tr!(
        "{shown} can be used; it holds one .{right} file"
            | "{shown} can be used; it holds {n} .{right} files" % with(right),
        shown,
        right
    ))
}

/// Whether files can be made in a folder, found out without making one.
fn may_write(folder: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::Access;
        rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(folder).is_ok_and(|metadata| !metadata.permissions().readonly())
    }
}

async fn server(profile: &Profile) -> Vec<Found> {
    let checked = match profile::open_remote(profile, &Accounts::default()).await {
        Err(error) => Err(error.to_string()),
        Ok(dav) => dav.check().await.map_err(|error| error.to_string()),
    };
    match checked {
        Err(error) => vec![Found::Wrong(error)],
        Ok(capabilities) => {
            let moved = capabilities.moved_to.as_deref().map(|to| moved(profile, to));
            moved.into_iter().chain([judge(profile, &capabilities)]).collect()
        }
    }
}

fn moved(profile: &Profile, to: &str) -> Found {
    let name = shell_word(profile.name.as_str());
    Found::Warning(tr!(
        "the server says that it has moved for good to {to}, and syncs go there; to make that its address: pimbridge \
         profile set {name} remote.url {}",
        shell_word(to),
        to,
        name
    ))
}

fn judge(profile: &Profile, capabilities: &Capabilities) -> Found {
    let RemoteSpec::Dav { url, .. } = &profile.remote;
    if capabilities.writable == Some(false) && writes_remotely(profile.mode) {
        return Found::Wrong(tr!(
            "{url} can only be read by you; set mode to replicate-from-server or merge-from-server, or ask its owner \
             for the right to write",
            url
        ));
    }
    // Whether it is an address book at all was found before; not every server tells it.
    let kind = profile.kind;
    if kind != Kind::Contacts && !capabilities.kinds.contains(&kind) {
        let kinds: Vec<String> = capabilities.kinds.iter().map(|kind| kind.in_words()).collect();
        return Found::Wrong(if kinds.is_empty() {
            tr!(
                "{url} holds neither events nor tasks; give the address of a collection for {kind}",
                url,
                kind = kind.in_words()
            )
        } else {
            let words = capabilities.kinds.iter().map(|kind| profile::word_of(profile::KINDS, *kind));
            tr!(
                "{url} holds {kinds}, not {kind}; give the address of a collection for {kind}, or set kind to {words}",
                url,
                kinds = enumerated(kinds.iter().map(String::as_str)),
                kind = kind.in_words(),
                words = enumerated(words)
            )
        });
    }
    let name = capabilities.display_name.as_deref().map(line).filter(|name| !name.is_empty());
    let place = name.map_or_else(|| url.to_string(), |name| format!("{url} ({name})"));
    Found::Fine(match capabilities {
        Capabilities { sync_collection: true, .. } => {
            tr!(
                "{place} can be used for {kind}; the server tells what has changed in it",
                place,
                kind = kind.in_words()
            )
        }
        Capabilities { ctag: true, .. } => {
            tr!(
                "{place} can be used for {kind}; the server tells whether anything has changed in it",
                place,
                kind = kind.in_words()
            )
        }
        _ => tr!(
            "{place} can be used for {kind}; the server does not tell what has changed in it, so each sync asks for the \
             whole list",
            place,
            kind = kind.in_words()
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("cal");
        let text = |kind| {
            match folder(&path, kind, true) {
                Found::Fine(text) => format!("ok: {text}"),
                Found::Warning(text) => format!("note: {text}"),
                Found::Wrong(text) => format!("wrong: {text}"),
            }
            .replace(&path.display().to_string(), "FOLDER")
        };
        insta::assert_snapshot!(text(Kind::Events), @"wrong: FOLDER does not exist; make the folder, or connect the disk that it is on");
        std::fs::write(&path, "").unwrap();
        insta::assert_snapshot!(text(Kind::Events), @"wrong: FOLDER is not a folder");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        insta::assert_snapshot!(text(Kind::Events), @"ok: FOLDER can be used; it holds 0 .ics files");
        std::fs::write(path.join("a.ICS"), "").unwrap();
        std::fs::write(path.join(".b.ics"), "").unwrap();
        insta::assert_snapshot!(text(Kind::Tasks), @"ok: FOLDER can be used; it holds one .ics file");
        insta::assert_snapshot!(text(Kind::Contacts), @"note: FOLDER holds no .vcf file but 1 .ics; is contacts the right kind?");
        let left: Vec<_> = std::fs::read_dir(&path).unwrap().collect();
        assert_eq!(left.len(), 2, "a check leaves nothing behind");
    }

    #[test]
    fn what_the_server_says_of_the_collection() {
        let profile = |kind: Kind, mode: &str| {
            let text = format!(
                "kind = \"{kind}\"\nmode = \"{mode}\"\n[local]\ntype = \"vdir\"\npath = \"/cal\"\n[remote]\n\
                 type = \"dav\"\nurl = \"https://one.example/x/\"\n"
            );
            profile::parse(&profile::Name::new("p").unwrap(), Path::new("p.toml"), &text).unwrap()
        };
        let all = Capabilities {
            display_name: Some("Work\u{1b}[2J".into()),
            kinds: vec![Kind::Events, Kind::Tasks],
            writable: Some(true),
            sync_collection: true,
            ctag: true,
            moved_to: None,
        };
        let two_way = |kind, capabilities| judge(&profile(kind, "two-way"), &capabilities);
        let only = |kinds: &[Kind]| Capabilities { kinds: kinds.to_vec(), ..all.clone() };
        let ctag = Capabilities { display_name: None, sync_collection: false, ..all.clone() };
        let found = [
            two_way(Kind::Events, all.clone()),
            two_way(Kind::Tasks, ctag.clone()),
            two_way(Kind::Tasks, Capabilities { ctag: false, ..ctag }),
            two_way(Kind::Contacts, all.clone()),
            two_way(Kind::Events, only(&[Kind::Tasks])),
            two_way(Kind::Tasks, only(&[])),
            two_way(Kind::Tasks, Capabilities { writable: Some(false), ..all.clone() }),
        ];
        insta::assert_snapshot!(found.map(|found| format!("{found:?}")).join("\n"), @r#"
        Fine("https://one.example/x/ (Work [2J) can be used for events; the server tells what has changed in it")
        Fine("https://one.example/x/ can be used for tasks; the server tells whether anything has changed in it")
        Fine("https://one.example/x/ can be used for tasks; the server does not tell what has changed in it, so each sync asks for the whole list")
        Fine("https://one.example/x/ (Work [2J) can be used for contacts; the server tells what has changed in it")
        Wrong("https://one.example/x/ holds tasks, not events; give the address of a collection for events, or set kind to tasks")
        Wrong("https://one.example/x/ holds neither events nor tasks; give the address of a collection for tasks")
        Wrong("https://one.example/x/ can only be read by you; set mode to replicate-from-server or merge-from-server, or ask its owner for the right to write")
        "#);
    }
}
