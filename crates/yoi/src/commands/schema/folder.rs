//! Reads and writes folders of documents.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use crate::{exit::Exit, failure::Failure};

/// Writes each document under its name. Other files in the folder stay.
pub(super) fn write(folder: &Path, files: &[(&str, String)]) -> Result<Exit, Failure> {
    fs::create_dir_all(folder).map_err(|error| cannot("create", folder, &error))?;
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| cannot("write", &path, &error))?;
    }
    Ok(Exit::Completed)
}

/// Reads the contents of a folder by name. A subfolder counts as an empty file.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))? {
        let path = entry.map_err(|error| cannot("read", folder, &error))?.path();
        let Some(name) = path.file_name() else { continue };
        let content = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::IsADirectory => Vec::new(),
            content => content.map_err(|error| cannot("read", &path, &error))?,
        };
        files.insert(name.to_string_lossy().into_owned(), content);
    }
    Ok(files)
}

pub(super) fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot {what} {}: {error}", path.display()))
}
