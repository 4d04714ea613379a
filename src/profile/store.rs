//! The folder of profile files.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use tr::tr;

use super::{Name, Profile, ProfileError, parse, set};
use crate::home::{Home, make_private, write_private};
use crate::keyed::nearest;

/// A larger file is no profile.
const MAX_BYTES: u64 = 256 * 1024;

/// What is in the folder of profiles, sorted by name.
#[derive(Debug, Default)]
pub struct Loaded {
    pub profiles: Vec<Profile>,
    /// Files that cannot be used: what stands before `.toml`, and why.
    pub broken: Vec<(String, ProfileError)>,
}

/// All profiles.
pub fn load_all(home: &Home) -> Result<Loaded, ProfileError> {
    let mut loaded = Loaded::default();
    for stem in stems(home)? {
        match Name::new(&stem).map_err(ProfileError::from).and_then(|name| read(home, &name)) {
            Ok(profile) => loaded.profiles.push(profile),
            Err(error) => loaded.broken.push((stem, error)),
        }
    }
    Ok(loaded)
}

/// The profile of this name.
pub fn load(home: &Home, name: &str) -> Result<Profile, ProfileError> {
    read(home, &existing(home, name)?)
}

/// The text of the file of an existing profile, right or wrong.
pub fn read_text(home: &Home, name: &str) -> Result<(Name, String), ProfileError> {
    let name = existing(home, name)?;
    let text = text_of(&home.profile_file(&name))?;
    Ok((name, text))
}

/// Writes the file of a new profile, if its text is right.
pub fn add(home: &Home, name: &Name, text: &str) -> Result<Profile, ProfileError> {
    refuse_taken(home, name)?;
    replace(home, name, text)
}

/// Refuses the name of a profile that is there.
pub fn refuse_taken(home: &Home, name: &Name) -> Result<(), ProfileError> {
    let taken = |stem: &String| Name::new(stem).is_ok_and(|other| other.same_file(name));
    match stems(home)?.into_iter().find(taken) {
        Some(other) => Err(ProfileError::Exists(Name::new(&other)?)),
        None => Ok(()),
    }
}

/// Overwrites the file of a profile, if its new text is right; otherwise the file stays as it is.
pub fn replace(home: &Home, name: &Name, text: &str) -> Result<Profile, ProfileError> {
    let file = home.profile_file(name);
    let profile = parse(name, &file, text)?;
    make_private(home.profiles_dir())?;
    write_private(&file, text.as_bytes()).map_err(|source| ProfileError::Write { file, source })?;
    Ok(profile)
}

/// From now on the profile runs as others do: the person has looked ahead at it.
pub fn accept_preview(home: &Home, name: &str) -> Result<Profile, ProfileError> {
    let (name, text) = read_text(home, name)?;
    let file = home.profile_file(&name);
    let profile = parse(&name, &file, &text)?;
    if !profile.preview_needed {
        return Ok(profile);
    }
    let text = set(&text, "preview_needed", None).map_err(|what| ProfileError::Content {
        file,
        line: None,
        what,
    })?;
    replace(home, &name, &text)
}

/// Removes the file of a profile, right or wrong.
pub fn remove(home: &Home, name: &str) -> Result<Name, ProfileError> {
    let name = existing(home, name)?;
    let file = home.profile_file(&name);
    fs::remove_file(&file).map_err(|source| ProfileError::Remove { file, source })?;
    Ok(name)
}

fn read(home: &Home, name: &Name) -> Result<Profile, ProfileError> {
    let file = home.profile_file(name);
    parse(name, &file, &text_of(&file)?)
}

fn text_of(file: &Path) -> Result<String, ProfileError> {
    let failed = |source| ProfileError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    fs::File::open(file).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    let content = |line, what| ProfileError::Content { file: file.to_owned(), line, what };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(content(None, tr!("the file is far too large for a profile")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        content(Some(line), tr!("the text is not UTF-8; save the file as UTF-8 in your editor"))
    })
}

/// The name of a profile as the folder has it, letter for letter also where the system does not care.
pub fn existing(home: &Home, typed: &str) -> Result<Name, ProfileError> {
    let stems = stems(home)?;
    if stems.iter().any(|stem| stem == typed) {
        return Ok(Name::new(typed)?);
    }
    let hint = match nearest(typed, stems.iter().map(String::as_str)) {
        Some(near) => tr!("did you mean {near}?", near = format_args!("{near:?}")),
        None if stems.is_empty() => tr!("none was made yet; to make one: pimbridge profile add --help"),
        None => tr!("to see those that there are: pimbridge profile list"),
    };
    Err(ProfileError::NoSuch { name: typed.to_owned(), hint })
}

fn stems(home: &Home) -> Result<Vec<String>, ProfileError> {
    let folder = home.profiles_dir();
    let failed = |source| ProfileError::Read { file: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut stems = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        if let Some(stem) = name.strip_suffix(".toml").filter(|stem| !stem.starts_with('.')) {
            stems.push(stem.to_owned());
        }
    }
    stems.sort();
    Ok(stems)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "kind = \"tasks\"\n[local]\ntype = \"vdir\"\npath = \"~/t\"\n[remote]\ntype = \"dav\"\nurl = \"https://s.example/t/\"\n";

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        (folder, home)
    }

    #[test]
    fn what_is_in_the_folder() {
        let (_folder, home) = home();
        assert!(load_all(&home).unwrap().profiles.is_empty());
        add(&home, &Name::new("work").unwrap(), GOOD).unwrap();
        fs::write(home.profiles_dir().join("broken.toml"), "kind = ").unwrap();
        fs::write(home.profiles_dir().join("latin.toml"), b"kind = \"events\"\n# B\xfcro").unwrap();
        fs::write(home.profiles_dir().join("con.toml"), GOOD).unwrap();
        fs::write(home.profiles_dir().join(".work.toml.1.tmp"), GOOD).unwrap();
        fs::write(home.profiles_dir().join("notes.txt"), "x").unwrap();
        let loaded = load_all(&home).unwrap();
        assert_eq!(loaded.profiles.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["work"]);
        let broken: Vec<String> =
            loaded.broken.iter().map(|(name, error)| format!("{name}: {error}")).collect();
        let text = broken.join("\n").replace(&home.profiles_dir().display().to_string(), "profiles");
        insta::assert_snapshot!(text, @r#"
        broken: profiles/broken.toml, line 1: this is not written as TOML demands: string values must be quoted, expected literal string
        con: the profile name "con" is reserved by Windows; choose another one
        latin: profiles/latin.toml, line 2: the text is not UTF-8; save the file as UTF-8 in your editor
        "#);
    }

    #[test]
    fn a_wrong_text_is_not_written() {
        let (_folder, home) = home();
        let name = Name::new("work").unwrap();
        add(&home, &name, GOOD).unwrap();
        assert!(replace(&home, &name, "kind = 1").is_err());
        assert_eq!(read_text(&home, "work").unwrap().1, GOOD);
        let other_case = Name::new("Work").unwrap();
        assert!(matches!(add(&home, &other_case, GOOD), Err(ProfileError::Exists(_))));
    }

    #[test]
    fn a_misspelt_name() {
        let (_folder, home) = home();
        insta::assert_snapshot!(load(&home, "wrok").unwrap_err(), @r#"there is no profile "wrok"; none was made yet; to make one: pimbridge profile add --help"#);
        add(&home, &Name::new("work").unwrap(), GOOD).unwrap();
        insta::assert_snapshot!(load(&home, "wrok").unwrap_err(), @r#"there is no profile "wrok"; did you mean "work"?"#);
        insta::assert_snapshot!(load(&home, "../x").unwrap_err(), @r#"there is no profile "../x"; to see those that there are: pimbridge profile list"#);
        remove(&home, "work").unwrap();
        assert!(load(&home, "work").is_err());
    }
}
