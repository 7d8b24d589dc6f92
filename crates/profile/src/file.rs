//! Profiles as files: YAML, or JSON if the name ends so.

use std::io::Write;
use std::path::{Path, PathBuf};

use dbmocker_core::yaml::yaml_within;
use saphyr::{LoadableYamlNode, MarkedYamlOwned};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::yaml::Node;
use crate::{Profile, VERSION};

/// Floats up to this value represent every integer exactly.
const MOST_EXACT: f64 = 9e15;
/// Characters of a line of YAML.
const WIDTH: usize = 120;

/// A profile that cannot be read or written.
#[derive(Debug, Error)]
pub enum ProfileError {
    #[error("cannot read the profile `{}`: {source}; `dbmocker learn --out` writes one", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot write the profile `{}`: {source}; choose another --out", path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("`{file}`, line {line}, column {column}: {message}")]
    At { file: String, line: usize, column: usize, message: String },
}

impl Profile {
    /// Reads a file and checks it.
    ///
    /// # Errors
    /// [`ProfileError`], with the place in the file.
    pub fn read(path: &Path) -> Result<Profile, ProfileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProfileError::Unreadable { path: path.to_path_buf(), source })?;
        Self::parse(&text, &path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
    }

    /// As [`Profile::read`], for a text; `file` is its name in messages.
    ///
    /// # Errors
    /// As [`Profile::read`].
    pub fn parse(text: &str, file: &str) -> Result<Profile, ProfileError> {
        let at = |(line, column): (usize, usize), message: String| ProfileError::At {
            file: file.to_owned(),
            line,
            column,
            message,
        };
        let documents = MarkedYamlOwned::load_from_str(text).map_err(|e| {
            at((e.marker().line(), e.marker().col() + 1), format!("this is neither YAML nor JSON: {}", e.info()))
        })?;
        let [document] = documents.as_slice() else {
            return Err(at((1, 1), format!("a profile is one document, and there are {}", documents.len())));
        };
        let root = Node(document);
        #[derive(Deserialize)]
        struct Head {
            dbmocker_profile: u32,
        }
        let head = Head::deserialize(root)
            .map_err(|e| at(e.at.unwrap_or(root.place()), format!("no profile of dbmocker: {e}")))?;
        if head.dbmocker_profile != VERSION {
            let version = head.dbmocker_profile;
            let message = format!("the profile has version {version}, this program reads {VERSION}; learn it again");
            return Err(at(root.find(&["dbmocker_profile".into()]).place(), message));
        }
        let profile = Profile::deserialize(root).map_err(|e| at(e.at.unwrap_or(root.place()), e.message))?;
        profile.validate().map_err(|e| at(root.find(&e.path).place(), e.to_string()))?;
        Ok(profile)
    }

    /// The profile as text, JSON or YAML.
    pub fn text(&self, json: bool) -> String {
        let mut value = serde_json::to_value(self).expect("a profile is JSON because its keys are texts");
        whole_numbers(&mut value);
        if json { format!("{value:#}\n") } else { yaml_within(&value, WIDTH) }
    }

    /// Writes the file as a whole or not at all; JSON if its name ends so, else YAML.
    ///
    /// # Errors
    /// [`ProfileError::Unwritable`].
    pub fn write(&self, path: &Path) -> Result<(), ProfileError> {
        let json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
            file.write_all(self.text(json).as_bytes())?;
            file.persist(path)?;
            Ok(())
        });
        written.map_err(|source| ProfileError::Unwritable { path: path.to_path_buf(), source })
    }
}

/// `6` for `6.0`.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(whole_numbers),
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Number(n) => {
            let x = n.as_f64().filter(|x| n.is_f64() && x.fract() == 0.0 && x.abs() < MOST_EXACT);
            if let Some(x) = x {
                *value = Value::from(x as i64); // whole, and far from the limits
            }
        }
        _ => {}
    }
}
