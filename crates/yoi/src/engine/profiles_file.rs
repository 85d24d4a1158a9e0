//! The profiles file: finds it, reads it and locates its errors.

mod parse;
mod problem;
mod raw;

use std::{
    fs, io, mem,
    path::{Path, PathBuf},
};

use self::problem::Problem;
use super::ProfileSpec;
use crate::{failure::Failure, paths};

/// The contents of a profiles file.
#[derive(Debug, Default)]
pub(crate) struct ProfilesFile {
    /// The platform's path for the file, if there is no file.
    pub(crate) missing: Option<PathBuf>,
    /// The name of the profile to use if no flag names one.
    pub(crate) default: Option<String>,
    /// The profiles in the order of their names.
    pub(crate) profiles: Vec<ProfileSpec>,
}

impl ProfilesFile {
    /// Reads the file at `path`, or at the platform's path if there is none. Only the latter may be
    /// missing.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let default = if path.is_none() { paths::profiles() } else { None };
        let Some(path) = path.or(default.as_deref()) else { return Ok(Self::default()) };
        let shown = path.display();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path)
                .map_err(|problem| Failure::configuration(format!("{shown}:{problem}"))),
            Err(error) if default.is_some() && error.kind() == io::ErrorKind::NotFound => {
                Ok(Self { missing: default, ..Self::default() })
            }
            Err(error) => Err(Failure::configuration(format!("{shown} cannot be read: {error}"))),
        }
    }

    /// Returns the profile with this name.
    pub(crate) fn profile(&self, name: &str) -> Option<&ProfileSpec> {
        self.profiles.iter().find(|spec| spec.name == name)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Problem> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let (default, mut profiles) = parse::parse(text)?;
        for spec in &mut profiles {
            let provider = &mut spec.provider;
            provider.key = provider.key.take().map(|key| key.relative_to(folder));
            provider.headers = mem::take(&mut provider.headers).relative_to(folder);
        }
        Ok(Self { missing: None, default, profiles })
    }
}

#[cfg(test)]
mod tests;
