//! Programs that some lines run.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
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

/// The command line as it is released, which is built first if it is not up to date.
#[must_use]
pub fn yoi() -> Option<PathBuf> {
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--locked", "-p", "yoi"])
        // Its place must not depend on where this program's own build goes.
        .args(["--target-dir", "target"])
        .current_dir(workspace())
        .status();
    built.is_ok_and(|it| it.success()).then(|| workspace().join("target/release/yoi"))
}
