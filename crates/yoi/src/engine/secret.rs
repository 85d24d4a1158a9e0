//! Where a key is. The key itself is never in a profile.

use std::{
    env, fmt,
    fs::File,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Where a key is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum KeySource {
    /// In an environment variable.
    Env(String),
    /// In a file, as its only line.
    File(PathBuf),
}

/// How a key's place is written.
const FORM: &str = "{ env = \"VARIABLE\" } or { file = \"PATH\" }";

impl KeySource {
    /// Says what is missing, if nothing is there.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Env(variable) if env::var_os(variable).is_none_or(|key| key.is_empty()) => {
                Err(format!("key: the environment variable {variable} is not set"))
            }
            Self::Env(_) => Ok(()),
            Self::File(path) => File::open(path)
                .map(|_| ())
                .map_err(|error| format!("key: {} cannot be read: {error}", path.display())),
        }
    }

    /// The same, with a relative path meant from `folder`.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Env(_) => self,
            Self::File(path) => Self::File(folder.join(path)),
        }
    }
}

impl<'de> Deserialize<'de> for KeySource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeySourceVisitor)
    }
}

/// Derived code would show the value where it is of another type, and that may be a key.
struct KeySourceVisitor;

impl<'de> Visitor<'de> for KeySourceVisitor {
    type Value = KeySource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<KeySource, E> {
        Err(E::custom(format!("a key is not written here; say where it is: {FORM}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeySource, A::Error> {
        match Place::deserialize(MapAccessDeserializer::new(map))? {
            Place { env: Some(variable), file: None } if is_variable(&variable) => {
                Ok(KeySource::Env(variable))
            }
            Place { env: Some(_), file: None } => Err(A::Error::custom(
                "env is the name of an environment variable: letters, digits and `_`",
            )),
            Place { env: None, file: Some(path) } => Ok(KeySource::File(path)),
            Place { .. } => Err(A::Error::custom(format!("expected {FORM}"))),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    env: Option<String>,
    file: Option<PathBuf>,
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
