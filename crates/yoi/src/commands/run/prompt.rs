//! The prompt for the model: files, the argument, stdin, or several of these.

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use super::files;
use crate::{failure::Failure, report, session_args::MAX_INPUT_BYTES};

/// The time after which a stdin that gives nothing is mentioned.
const SILENCE: Duration = Duration::from_secs(1);

/// Builds the prompt from `files`, `argument` and stdin. Stdin is read once: as one of the files,
/// or if the argument is `-`, or else if it is not a terminal.
pub(super) fn gather(argument: Option<String>, files: &[PathBuf]) -> Result<String, Failure> {
    let stdins = files.iter().filter(|path| path.as_os_str() == files::STDIN).count();
    let is_dash = argument.as_deref() == Some(files::STDIN);
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

/// Reads all of stdin, without the newlines at its end, which most tools add.
pub(super) fn read_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut stdin = io::stdin().lock();
    let read = first(&mut stdin, &mut bytes).and_then(|()| {
        // One byte more than allowed is read, so that a longer input is refused and not cut off.
        stdin.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes)
    });
    read.map_err(|error| Failure::configuration(format!("cannot read stdin: {error}")))?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(Failure::usage(format!("stdin is larger than {MAX_INPUT_BYTES} bytes")));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|_| Failure::usage("stdin is not text in UTF-8"))?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}

/// Reads the first byte of stdin, if there is one. Prints a note while nothing comes, unless it is a
/// terminal, where people see that it waits for them.
fn first(stdin: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let (came, wait) = channel::<()>();
    if !io::stdin().is_terminal() {
        thread::spawn(move || {
            if wait.recv_timeout(SILENCE) == Err(RecvTimeoutError::Timeout) {
                report::note("reading stdin; close it or use `</dev/null`");
            }
        });
    }
    let read = stdin.take(1).read_to_end(bytes);
    drop(came);
    read.map(|_| ())
}
