//! The place where conversations are kept.

use std::{
    fs::{self, DirBuilder},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::Timestamp;
use uuid::Uuid;

use super::file;
use crate::paths;

/// How the names of the files end.
const EXTENSION: &str = "sqlite";

/// The place where conversations are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// A folder, in which each run of `yoi` has a file of its own. Two that run at the same time do
    /// not meet.
    Folder(PathBuf),
    /// One file, which one process at a time can have open.
    File(PathBuf),
}

impl Place {
    /// Returns the place at a path: what is there already decides, and else whether the name ends as
    /// those of files do.
    pub(crate) fn at(path: PathBuf) -> Self {
        let is_named_so = path.extension().is_some_and(|extension| extension == EXTENSION);
        if path.is_file() || (is_named_so && !path.is_dir()) {
            Self::File(path)
        } else {
            Self::Folder(path)
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }

    /// Returns the files, each with the latest time at which it can have changed, the latest first.
    /// A folder that does not exist has none.
    pub(crate) fn files(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut files = match self {
            Self::File(path) => vec![(changed(path)?, path.clone())],
            Self::Folder(folder) => match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                entries => {
                    let paths = entries?.map(|entry| Ok(entry?.path()));
                    let paths = paths.collect::<io::Result<Vec<_>>>()?.into_iter();
                    let paths = paths.filter(|it| it.extension().is_some_and(|it| it == EXTENSION));
                    // One that was deleted meanwhile is left out.
                    paths.filter_map(|path| Some((changed(&path).ok()?, path))).collect()
                }
            },
        };
        files.sort_unstable_by(|a, b| b.cmp(a));
        Ok(files)
    }
}

/// Returns the path of a file for a new conversation in a folder. The names sort by time.
pub(super) fn new_file(folder: &Path) -> PathBuf {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let id = Uuid::new_v4().simple().to_string();
    folder.join(format!("{time}-{}.{EXTENSION}", &id[..8]))
}

/// Makes a folder for the user alone, with those above it, and returns whether there was none. A home
/// directory is never made: who has none does not want one.
pub(super) fn make(folder: &Path) -> io::Result<bool> {
    if folder.is_dir() {
        return Ok(false);
    }
    if let Some(home) = paths::home()
        && folder.starts_with(&home)
        && !home.exists()
    {
        let problem = format!("the home directory {} does not exist", home.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, problem));
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    Ok(true)
}

/// Returns when a file or its WAL was last written.
fn changed(path: &Path) -> io::Result<SystemTime> {
    let file = path.metadata()?.modified()?;
    let wal = file::wal(path).metadata().and_then(|wal| wal.modified());
    Ok(wal.map_or(file, |wal| file.max(wal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_a_file_from_a_folder_where_there_is_neither() {
        for (path, expected) in [
            ("nowhere/talks", Place::Folder as fn(PathBuf) -> Place),
            ("nowhere/talks.sqlite", Place::File),
            ("src", Place::Folder),
            ("Cargo.toml", Place::File),
        ] {
            assert_eq!(Place::at(path.into()), expected(path.into()));
        }
    }
}
