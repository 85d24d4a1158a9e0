//! Secrets, written in a file or referred to by an environment variable or another file.

use std::{
    env::{self, VarError},
    io,
    path::{Path, PathBuf},
};

use llm_engine::providers::{SecretString, read_key_file};

/// The place of a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SecretPlace {
    /// The name of an environment variable.
    Env(String),
    /// The path of a file that has the secret as its only line.
    File(PathBuf),
}

/// A secret: the text itself, or its place.
#[derive(Clone, Debug)]
pub enum Secret {
    /// The text itself, which `Debug` does not show.
    Written(SecretString),
    /// The place of the text.
    Kept(SecretPlace),
}

/// The reason why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The environment variable is not set, or is empty.
    #[error("the environment variable {variable} is not set")]
    NotSet {
        /// The name of the variable.
        variable: String,
    },
    /// The environment variable is not text.
    #[error("the environment variable {variable} is not valid Unicode")]
    NotUnicode {
        /// The name of the variable.
        variable: String,
    },
    /// The file cannot be read, or is more than one line.
    #[error("{} cannot be read: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the read.
        error: io::Error,
    },
}

/// The error of a text that cannot be the name of an environment variable. It does not repeat the
/// text, which may be the secret itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("is the name of an environment variable: letters, digits and `_`")]
pub struct InvalidVariable;

impl SecretPlace {
    /// Returns the environment variable `name` as a place.
    pub fn variable(name: &str) -> Result<Self, InvalidVariable> {
        let is_variable = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_variable { Ok(Self::Env(name.to_owned())) } else { Err(InvalidVariable) }
    }

    /// Reads the secret.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Env(variable) => match env::var(variable) {
                Ok(secret) if !secret.is_empty() => Ok(secret.into()),
                Ok(_) | Err(VarError::NotPresent) => {
                    Err(SecretError::NotSet { variable: variable.clone() })
                }
                Err(VarError::NotUnicode(_)) => {
                    Err(SecretError::NotUnicode { variable: variable.clone() })
                }
            },
            Self::File(path) => {
                read_key_file(path).map_err(|error| SecretError::File { path: path.clone(), error })
            }
        }
    }

    /// Resolves a relative path against `folder`.
    pub(crate) fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Env(_) => self,
            Self::File(path) => Self::File(folder.join(path)),
        }
    }
}

impl Secret {
    /// Reads the secret.
    pub fn read(&self) -> Result<SecretString, SecretError> {
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
