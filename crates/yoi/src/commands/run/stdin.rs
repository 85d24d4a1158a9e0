//! Stdin as a text.

use std::{
    io::{self, IsTerminal, Read},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use crate::{failure::Failure, report, session_args::MAX_INPUT_BYTES};

/// The name that stands for stdin.
pub(super) const STDIN: &str = "-";

/// The time after which a stdin that gives nothing is mentioned.
const SILENCE: Duration = Duration::from_secs(1);

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
