//! Where a user's files are on each platform.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};

/// The file that describes profiles. `None` without a home directory.
pub(crate) fn profiles() -> Option<PathBuf> {
    let platform = choose_base_strategy().ok()?;
    Some(platform.config_dir().join("yoi").join("profiles.toml"))
}

/// The file that keeps what was typed in `yoi chat`: state where the platform tells that from data.
/// `None` without a home directory.
pub(crate) fn chat_history() -> Option<PathBuf> {
    let platform = choose_base_strategy().ok()?;
    let folder = platform.state_dir().unwrap_or_else(|| platform.data_dir());
    Some(folder.join("yoi").join("chat_history"))
}
