//! Programs that some lines run.

use std::{
    env,
    path::{Path, PathBuf},
};

/// This program.
#[must_use]
pub fn myself() -> PathBuf {
    env::current_exe().expect("a program knows its path")
}

/// The profile that this program was built in: the name of the folder it lies in.
#[must_use]
pub fn profile() -> String {
    let path = myself();
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().into_owned()
}
