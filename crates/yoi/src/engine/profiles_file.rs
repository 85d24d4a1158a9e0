//! Finds the profiles file.

use std::{io, path::PathBuf};

use yoi_profiles::{ProfilesError, ProfilesFile};

use crate::{failure::Failure, paths};

/// The profiles file that was found, or an empty one.
#[derive(Debug, Default)]
pub(crate) struct FoundFile {
    /// The platform's path for the file, if there is no file.
    pub(crate) missing: Option<PathBuf>,
    pub(crate) file: ProfilesFile,
}

/// Reads the file at `path`, or at the platform's path if there is none. Only the latter may be
/// missing.
pub(super) fn find(path: Option<PathBuf>) -> Result<FoundFile, Failure> {
    let is_usual = path.is_none();
    let Some(path) = path.or_else(paths::profiles) else { return Ok(FoundFile::default()) };
    match ProfilesFile::read(&path) {
        Ok(file) => Ok(FoundFile { missing: None, file }),
        Err(ProfilesError::Unreadable { error, .. })
            if is_usual && error.kind() == io::ErrorKind::NotFound =>
        {
            Ok(FoundFile { missing: Some(path), ..FoundFile::default() })
        }
        Err(error) => Err(Failure::configuration(error.to_string())),
    }
}
