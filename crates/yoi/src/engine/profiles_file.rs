//! The file of profiles: where it is, what is in it, and where it is wrong.

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

/// What a profiles file says.
#[derive(Debug, Default)]
pub(crate) struct ProfilesFile {
    /// Where it would be, if there is none.
    pub(crate) missing: Option<PathBuf>,
    /// The name of the profile to use if none is asked for.
    pub(crate) default: Option<String>,
    /// By name.
    pub(crate) profiles: Vec<ProfileSpec>,
}

impl ProfilesFile {
    /// Reads the file at `path`, which must be there, or else the platform's, which need not.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let usual = if path.is_none() { paths::profiles() } else { None };
        let Some(path) = path.or(usual.as_deref()) else { return Ok(Self::default()) };
        let shown = path.display();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path)
                .map_err(|problem| Failure::configuration(format!("{shown}:{problem}"))),
            Err(error) if usual.is_some() && error.kind() == io::ErrorKind::NotFound => {
                Ok(Self { missing: usual, ..Self::default() })
            }
            Err(error) => Err(Failure::configuration(format!("{shown} cannot be read: {error}"))),
        }
    }

    /// The profile of a name.
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
