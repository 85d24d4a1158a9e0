//! Gives `yoi --version` the commit of which it is built: from git, or else from `YOI_COMMIT`.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=YOI_COMMIT");
    let commit = of_git().or_else(|| env::var("YOI_COMMIT").ok().filter(|it| !it.is_empty()));
    let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    println!("cargo::rustc-env=YOI_VERSION={}{commit}", env!("CARGO_PKG_VERSION"));
}

/// Returns the commit of the repository that tracks this crate, and has the next commit build it
/// again. `None` without git, or in the sources of a package.
fn of_git() -> Option<String> {
    git(&["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    // A path that does not exist would have every build run this again.
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
