//! The prompt for the model: files, the argument, stdin, or several of these.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use super::{
    files,
    stdin::{STDIN, read_stdin},
};
use crate::{failure::Failure, session_args::MAX_INPUT_BYTES};

/// Builds the prompt from `files`, `argument` and stdin. Stdin is read once: as one of the files,
/// or if the argument is `-`, or else if it is not a terminal.
pub(super) fn gather(argument: Option<String>, files: &[PathBuf]) -> Result<String, Failure> {
    let stdins = files.iter().filter(|path| path.as_os_str() == STDIN).count();
    let is_dash = argument.as_deref() == Some(STDIN);
    if stdins + usize::from(is_dash) > 1 {
        return Err(Failure::usage("stdin can be read only once, and `-` stands for it twice"));
    }
    let is_read = is_dash || (stdins == 0 && !io::stdin().is_terminal());
    if argument.is_none() && files.is_empty() && !is_read {
        return Err(Failure::usage("no prompt: give it as argument or on stdin"));
    }
    let files = files::gather(files)?;
    let argument = argument.filter(|_| !is_dash).unwrap_or_default();
    let stdin = if is_read { read_stdin()? } else { String::new() };
    let prompt = files + &joined(argument, &stdin);
    if prompt.is_empty() {
        return Err(Failure::usage("the prompt is empty"));
    }
    if prompt.len() as u64 > MAX_INPUT_BYTES {
        let problem = format!("the prompt is larger than {MAX_INPUT_BYTES} bytes in all");
        return Err(Failure::usage(problem));
    }
    Ok(prompt)
}

fn joined(argument: String, stdin: &str) -> String {
    match (argument.is_empty(), stdin.is_empty()) {
        (_, true) => argument,
        (true, false) => stdin.to_owned(),
        (false, false) => format!("{argument}\n\n{stdin}"),
    }
}
