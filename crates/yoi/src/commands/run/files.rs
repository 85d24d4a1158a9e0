//! The text files that are put before the prompt.

use std::{fs::File, io::Read, path::Path};

use super::stdin::{STDIN, read_stdin};
use crate::{failure::Failure, session_args::MAX_INPUT_BYTES};

/// Returns the contents of all files, each with its name.
pub(super) fn gather(paths: &[impl AsRef<Path>]) -> Result<String, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let (name, contents) = if path.as_os_str() == STDIN {
            ("stdin".to_owned(), read_stdin()?)
        } else {
            (path.display().to_string(), read(path)?)
        };
        let contents = contents.trim_end_matches(['\n', '\r']);
        texts.push(format!("<file name=\"{name}\">\n{contents}\n</file>\n\n"));
    }
    Ok(texts.concat())
}

fn read(path: &Path) -> Result<String, Failure> {
    let wrong = |problem: String| Failure::configuration(format!("{}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| wrong(format!("cannot be opened: {error}")))?;
    let mut bytes = Vec::new();
    // One byte more than allowed is read, so that a larger file is refused and not cut off.
    file.take(MAX_INPUT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(wrong(format!("is larger than {MAX_INPUT_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("is not text in UTF-8".to_owned()))
}
