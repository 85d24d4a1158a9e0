//! Temporary folders for tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Creates an empty folder. `name` must be unique among all tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
