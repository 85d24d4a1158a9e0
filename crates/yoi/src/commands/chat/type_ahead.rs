//! Reads lines that are typed at a terminal while no line is edited.

use std::{io, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read},
};
use tokio::time::interval;

use super::line::Line;

/// The time between two polls of the terminal.
const INTERVAL: Duration = Duration::from_millis(50);

/// The longest line that a terminal returns, in bytes.
const LONGEST_LINE: usize = 4096;

/// Returns the next line. This function is cancel safe.
///
/// The terminal is polled, because a blocking read could not be cancelled when the turn is over,
/// and would take the next line away from the editor.
pub(super) async fn next() -> Line {
    let mut looks = interval(INTERVAL);
    loop {
        looks.tick().await;
        match read_now() {
            Ok(None) | Err(Errno::INTR) => {}
            Ok(Some(line)) if line.is_empty() => return Line::End,
            Ok(Some(line)) => {
                let text = String::from_utf8_lossy(&line);
                return Line::Text(text.trim_end_matches(['\n', '\r']).to_owned());
            }
            Err(_) => return Line::End,
        }
    }
}

/// Reads a line if a complete one is available. An empty line is the end of input.
fn read_now() -> Result<Option<Vec<u8>>, Errno> {
    let stdin = io::stdin();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&at_once))? == 0 {
        return Ok(None);
    }
    let mut line = vec![0; LONGEST_LINE];
    let length = read(&stdin, &mut line)?;
    line.truncate(length);
    Ok(Some(line))
}
