//! The files `displayname` and `color`, in which a vdir keeps what it is called and its colour.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};

use tr::tr;

use super::temporary::Temporary;
use super::{Folder, sys};
use crate::collection::{CollectionError, Color, Feature, Look, Trouble, plain_name};

const NAME: &str = "displayname";
const COLOR: &str = "color";
/// What comes after this many bytes is not read.
const MOST: u64 = 4096;

impl Folder {
    pub(super) fn look(&self) -> Result<Look, CollectionError> {
        let color = match self.read(COLOR)?.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => {
                let read = Color::read(text);
                Some(read.ok_or_else(|| {
                    let file = self.path.join(COLOR);
                    odd(tr!(
                        "the file {} does not hold a colour such as #FF8000: correct it, or delete it so that it is \
                         written anew",
                        file.display()
                    ))
                })?)
            }
            None => None,
        };
        Ok(Look { name: self.read(NAME)?.as_deref().and_then(plain_name), color })
    }

    pub(super) fn set_look(&self, feature: &Feature) -> Result<(), CollectionError> {
        let (file, text) = match feature {
            Feature::Name(name) => (NAME, name.clone()),
            Feature::Color(color) => (COLOR, color.to_string()),
        };
        let write = || -> io::Result<()> {
            let mut new = Temporary::create(&self.path, text.as_bytes(), None)?;
            sys::flush(&self.path, std::slice::from_ref(&new.path))?;
            fs::rename(&new.path, self.path.join(file))?;
            new.is_in_place = true;
            sys::flush_names(&self.path)
        };
        write().map_err(|error| self.trouble(&error))
    }

    /// The beginning of a file; `None` where there is none.
    fn read(&self, name: &str) -> Result<Option<String>, CollectionError> {
        let mut bytes = Vec::new();
        let path = self.path.join(name);
        let read = File::open(&path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
        match read {
            Ok(_) => match std::str::from_utf8(&bytes) {
                Ok(text) => Ok(Some(text.to_owned())),
                // It was cut within a character.
                Err(error) if bytes.len() as u64 == MOST && error.error_len().is_none() => {
                    bytes.truncate(error.valid_up_to());
                    Ok(String::from_utf8(bytes).ok())
                }
                Err(_) => Err(odd(tr!(
                    "the file {} is not UTF-8 text: correct it, or delete it so that it is written anew",
                    path.display()
                ))),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(odd(tr!(
                "the file {} cannot be read ({error}): correct it, or delete it so that it is written anew",
                path.display(),
                error
            ))),
        }
    }
}

fn odd(message: String) -> CollectionError {
    CollectionError::new(Trouble::Storage, message)
}
