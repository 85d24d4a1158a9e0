//! The paths of a user's files on each platform.

use std::path::PathBuf;

use etcetera::{
    base_strategy::{BaseStrategy, choose_base_strategy},
    home_dir,
};

/// Returns the path of the profiles file, or `None` without a home directory.
pub(crate) fn profiles() -> Option<PathBuf> {
    let platform = choose_base_strategy().ok()?;
    Some(platform.config_dir().join("yoi").join("profiles.toml"))
}

/// Returns the path of the history of `yoi chat`, in the platform's directory for state, or for
/// data if the platform has none. `None` without a home directory, or if the path is in a home
/// directory that does not exist, because it is not for `yoi` to create that.
pub(crate) fn chat_history() -> Option<PathBuf> {
    let platform = choose_base_strategy().ok()?;
    let folder = platform.state_dir().unwrap_or_else(|| platform.data_dir());
    if folder.starts_with(platform.home_dir()) && !platform.home_dir().is_dir() {
        return None;
    }
    Some(folder.join("yoi").join("chat_history"))
}

/// Returns the folder of kept conversations, in the platform's directory for data, or `None` without
/// a home directory.
pub(crate) fn talks() -> Option<PathBuf> {
    let platform = choose_base_strategy().ok()?;
    Some(platform.data_dir().join("yoi").join("talks"))
}

/// Returns the user's home directory, which need not exist.
pub(crate) fn home() -> Option<PathBuf> {
    home_dir().ok()
}
