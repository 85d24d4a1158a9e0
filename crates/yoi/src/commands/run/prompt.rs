//! The prompt for the model: the argument, stdin, or both.

use std::io::{self, IsTerminal, Read};

use crate::{failure::Failure, session_args::MAX_INPUT_BYTES};

/// Builds the prompt from `argument` and stdin. Stdin is read if it is not a terminal, or if the
/// argument is `-`.
pub(super) fn gather(argument: Option<String>) -> Result<String, Failure> {
    let is_terminal = io::stdin().is_terminal();
    let prompt = match argument {
        Some(dash) if dash == "-" => read_stdin()?,
        Some(argument) if is_terminal => argument,
        Some(argument) => joined(argument, &read_stdin()?),
        None if is_terminal => {
            return Err(Failure::usage("no prompt: give it as argument or on stdin"));
        }
        None => read_stdin()?,
    };
    if prompt.is_empty() { Err(Failure::usage("the prompt is empty")) } else { Ok(prompt) }
}

fn joined(argument: String, stdin: &str) -> String {
    match (argument.is_empty(), stdin.is_empty()) {
        (_, true) => argument,
        (true, false) => stdin.to_owned(),
        (false, false) => format!("{argument}\n\n{stdin}"),
    }
}

/// Reads all of stdin, without the newlines at its end, which most tools add.
fn read_stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    // One byte more than allowed is read, so that a longer input is refused and not cut off.
    io::stdin()
        .lock()
        .take(MAX_INPUT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(format!("cannot read stdin: {error}")))?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(Failure::usage(format!("stdin is larger than {MAX_INPUT_BYTES} bytes")));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|_| Failure::usage("stdin is not text in UTF-8"))?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}
