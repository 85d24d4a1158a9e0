//! The file that the answer is written to, as a whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

use crate::failure::Failure;

/// A file that has not got its contents yet. They are written beside it and take its place at once;
/// dropped before that, the file is as it was.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: PathBuf,
    /// The file with the contents until they are complete. `None` if the path is not of a regular
    /// file, such as `/dev/null`, which is written itself.
    beside: Option<PathBuf>,
    file: File,
}

impl OutputFile {
    /// Opens the file, so that a file that cannot be written is an error before the model is asked.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        Self::create(path).map_err(|error| Failure::configuration(problem(path, &error)))
    }

    fn create(path: &Path) -> io::Result<Self> {
        // What a link leads to is replaced, and not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let known = fs::metadata(&path).ok();
        if known.as_ref().is_some_and(|known| !known.is_file()) {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok(Self { path, beside: None, file });
        }
        let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
        let beside = format!(".{}.{}.part", name.to_string_lossy(), process::id());
        let beside = path.with_file_name(beside);
        if known.is_some() {
            // A file that may not be written is not replaced either.
            OpenOptions::new().write(true).open(&path)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        let output = Self { path, beside: Some(beside), file };
        if let Some(known) = known {
            output.file.set_permissions(known.permissions())?;
        }
        Ok(output)
    }

    /// Writes the contents, with a newline at the end if there are any.
    pub(super) fn write(mut self, text: &str) -> Result<(), Failure> {
        self.replace(text).map_err(|error| Failure::new(problem(&self.path, &error)))
    }

    fn replace(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            self.file.write_all(b"\n")?;
        }
        if let Some(beside) = &self.beside {
            self.file.sync_all()?;
            fs::rename(beside, &self.path)?;
            self.beside = None;
        }
        Ok(())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // An error leaves a file that nobody reads, which is all that can be done here.
            let _ = fs::remove_file(beside);
        }
    }
}

fn problem(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}
