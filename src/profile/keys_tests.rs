use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use super::*;

/// What the schema finds wrong with a profile.
fn wrong(profile: &Value) -> Option<String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("profile.json", TABLE.schema("A profile")).unwrap();
    let schema = compiler.compile("profile.json", &mut schemas).unwrap();
    schemas.validate(profile, schema).err().map(|error| error.to_string())
}

fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles-examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.map(|file| (file.display().to_string(), std::fs::read_to_string(&file).unwrap())).collect()
}

#[test]
fn the_schema_takes_every_example() {
    for (file, text) in examples() {
        assert_eq!(wrong(&toml::from_str(&text).unwrap()), None, "{file}");
    }
}

#[test]
fn the_schema_knows_what_is_wrong() {
    let good = json!({
        "kind": "events",
        "local": {"type": "vdir", "path": "/cal"},
        "remote": {"type": "dav", "url": "https://cloud.example.org/"},
    });
    assert_eq!(wrong(&good), None);
    let with = |path: &str, value: Value| {
        let mut profile = good.clone();
        *profile.pointer_mut(path).unwrap() = value;
        wrong(&profile).unwrap_or_default()
    };
    assert!(with("/kind", "evnets".into()).contains("/kind"));
    assert!(with("/local/type", "dav".into()).contains("/local/type"));
    assert!(with("/local", json!({"type": "vdir"})).contains("path"));
    assert!(with("/remote", json!({"type": "dav", "url": "x", "colour": "y"})).contains("colour"));
    assert!(wrong(&json!({"kind": "events"})).unwrap().contains("local"));
    for (key, value) in
        [("interval_minutes", json!(-1)), ("active", json!("yes")), ("chunk_size", json!(1.5))]
    {
        let mut profile = good.clone();
        profile[key] = value;
        assert!(wrong(&profile).unwrap().contains(key), "{profile}");
    }
}

#[test]
fn every_key_is_in_the_schema_and_in_an_example() {
    let schema = TABLE.schema("A profile");
    let examples: String = examples().into_iter().map(|(_, text)| text).collect();
    let lines: Vec<&str> = examples.lines().map(|line| line.trim_start_matches(['#', ' '])).collect();
    for key in TABLE.keys {
        let path = match key.section {
            "" => format!("/properties/{}", key.name),
            section => format!("/properties/{section}/properties/{}", key.name),
        };
        let described = schema.pointer(&path).unwrap();
        assert!(described["description"].as_str().is_some_and(|text| text.len() > 5), "{}", key.path());
        assert!(lines.iter().any(|line| line.starts_with(&format!("{} = ", key.name))), "{}", key.path());
    }
}

#[test]
fn what_an_example_calls_the_default_is_the_default() {
    for (file, text) in examples() {
        let lines: Vec<&str> = text.lines().collect();
        for (line, key) in lines.iter().flat_map(|line| TABLE.keys.iter().map(move |key| (line, key))) {
            let said = line.trim_start_matches(['#', ' ']).strip_prefix(&format!("{} = ", key.name));
            let Some((_, said)) = said.and_then(|said| {
                said.to_lowercase().split_once("default ").map(|(a, b)| (a.to_owned(), b.to_owned()))
            }) else {
                continue;
            };
            let default = key.default().unwrap().to_string();
            assert!(said.trim().starts_with(&default), "{file}: {line} is not {default}");
        }
    }
}

#[test]
fn the_readme_names_every_example() {
    let readme = include_str!("../../README.md");
    for (file, _) in examples() {
        let name = Path::new(&file).file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}
