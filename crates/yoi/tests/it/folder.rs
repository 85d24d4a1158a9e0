//! Folders that tests may do with as they like.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// An empty folder of a test's own. `name` tells it from those of all others.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
