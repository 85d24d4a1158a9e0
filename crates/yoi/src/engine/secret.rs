//! Secrets, written in a file or referred to by an environment variable or another file.

use std::{
    env::{self, VarError},
    path::{Path, PathBuf},
};

use llm_engine::providers::{SecretString, read_key_file};
use serde::{Deserialize, Deserializer, de::Error};
use toml::{Table, Value};

/// The place of a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SecretPlace {
    /// The name of an environment variable.
    Env(String),
    /// The path of a file that has the secret as its only line.
    File(PathBuf),
}

/// A secret in a profiles file: the text itself, or its place.
#[derive(Clone, Debug)]
pub(crate) enum Secret {
    Written(SecretString),
    Kept(SecretPlace),
}

/// The form of a place in a profiles file.
const FORM: &str = "{ env = \"VARIABLE\" } or { file = \"PATH\" }";

impl SecretPlace {
    /// Returns the environment variable `name` as a place. The error does not repeat an invalid
    /// name, which may be the secret itself.
    pub(crate) fn variable(name: &str) -> Result<Self, &'static str> {
        let is_variable = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_variable {
            Ok(Self::Env(name.to_owned()))
        } else {
            Err("is the name of an environment variable: letters, digits and `_`")
        }
    }

    /// Reads the secret. The error is the reason why it cannot be read.
    pub(crate) fn read(&self) -> Result<SecretString, String> {
        match self {
            Self::Env(variable) => match env::var(variable) {
                Ok(secret) if !secret.is_empty() => Ok(secret.into()),
                Ok(_) | Err(VarError::NotPresent) => {
                    Err(format!("the environment variable {variable} is not set"))
                }
                Err(VarError::NotUnicode(_)) => {
                    Err(format!("the environment variable {variable} is not valid Unicode"))
                }
            },
            Self::File(path) => read_key_file(path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display())),
        }
    }

    /// Resolves a relative path against `folder`.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Env(_) => self,
            Self::File(path) => Self::File(folder.join(path)),
        }
    }

    fn of_table(table: &Table) -> Result<Self, String> {
        match (table.len(), table.get("env"), table.get("file")) {
            (1, Some(Value::String(name)), _) => {
                Self::variable(name).map_err(|problem| format!("env {problem}"))
            }
            (1, _, Some(Value::String(path))) => Ok(Self::File(path.into())),
            _ => Err(format!("expected {FORM}")),
        }
    }
}

impl Secret {
    /// Reads the secret. The error is the reason why it cannot be read.
    pub(crate) fn read(&self) -> Result<SecretString, String> {
        match self {
            Self::Written(secret) => Ok(secret.clone()),
            Self::Kept(place) => place.read(),
        }
    }

    /// Resolves a relative path against `folder`.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Written(_) => self,
            Self::Kept(place) => Self::Kept(place.relative_to(folder)),
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A value of any type is read first, because the errors of derived code would repeat it.
        match Value::deserialize(deserializer)? {
            Value::String(secret) => Ok(Self::Written(secret.into())),
            Value::Table(table) => {
                SecretPlace::of_table(&table).map(Self::Kept).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom(format!("expected text, {FORM}"))),
        }
    }
}

impl<'de> Deserialize<'de> for SecretPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Secret::deserialize(deserializer)? {
            Secret::Kept(place) => Ok(place),
            Secret::Written(_) => {
                Err(D::Error::custom(format!("a key is not written here; say where it is: {FORM}")))
            }
        }
    }
}
