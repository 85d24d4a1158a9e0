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

/// The root of the project.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The `yoi` that `cargo build --release -p yoi` has made, if it has.
#[must_use]
pub fn yoi() -> Option<PathBuf> {
    let path = workspace().join("target/release/yoi");
    path.exists().then_some(path)
}
