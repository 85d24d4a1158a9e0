//! Reads the lines of a conversation, by keys at a terminal and otherwise directly from stdin.

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
    sync::mpsc,
    thread,
};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{line::Line, typing::Typing};
use crate::{failure::Failure, session_args::MAX_INPUT_BYTES};

/// The lines of a conversation.
#[derive(Debug)]
pub(super) enum Lines {
    /// Those that are typed at a terminal.
    Typed(Box<Typing>),
    /// Those of another stdin.
    Piped(Piped),
}

/// The lines of a stdin that is not a terminal. A thread reads each when it is asked for.
#[derive(Debug)]
pub(super) struct Piped {
    asks: mpsc::Sender<()>,
    read: UnboundedReceiver<Result<Line, Failure>>,
    /// Whether a line was asked for and was not returned yet.
    is_asked: bool,
}

impl Lines {
    /// Opens stdin. Lines that are typed at a terminal are recorded in the file `history`.
    pub(super) fn open(history: Option<PathBuf>) -> Result<Self, Failure> {
        if io::stdin().is_terminal() {
            return Typing::open(history).map(|typing| Self::Typed(Box::new(typing)));
        }
        let (asks, asked) = mpsc::channel();
        let (sender, read) = unbounded_channel();
        thread::spawn(move || asked.iter().all(|()| sender.send(read_stdin()).is_ok()));
        Ok(Self::Piped(Piped { asks, read, is_asked: false }))
    }

    /// The line that is typed, if there is a terminal.
    pub(super) fn typing(&mut self) -> Option<&mut Typing> {
        match self {
            Self::Typed(typing) => Some(typing),
            Self::Piped(_) => None,
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Typed(_))
    }

    /// Returns the next line. This method is cancel safe: the next call returns the line.
    pub(super) async fn next(&mut self, prompt: &str) -> Result<Line, Failure> {
        match self {
            Self::Typed(typing) => typing.next(prompt, true).await,
            Self::Piped(piped) => piped.next().await,
        }
    }

    /// Returns the next line that is typed while an answer is written. Without a terminal, this never
    /// returns.
    pub(super) async fn typed_ahead(&mut self, prompt: &str) -> Result<Line, Failure> {
        match self {
            Self::Typed(typing) => typing.next(prompt, false).await,
            Self::Piped(_) => std::future::pending().await,
        }
    }
}

impl Piped {
    async fn next(&mut self) -> Result<Line, Failure> {
        if !self.is_asked {
            self.is_asked = self.asks.send(()).is_ok();
        }
        let line = self.read.recv().await;
        self.is_asked = false;
        line.unwrap_or_else(|| Err(Failure::new("lines can no longer be read")))
    }
}

/// Reads the next line of a stdin that is not a terminal.
fn read_stdin() -> Result<Line, Failure> {
    use std::io::BufRead;

    let mut line = Vec::new();
    // Room for a newline of two bytes, and one byte more than allowed, by which a longer line is
    // recognised.
    io::stdin()
        .lock()
        .take(MAX_INPUT_BYTES + 3)
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::usage(format!("cannot read stdin: {error}")))?;
    if line.is_empty() {
        return Ok(Line::End);
    }
    let mut line =
        String::from_utf8(line).map_err(|_| Failure::usage("stdin is not text in UTF-8"))?;
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    if line.len() as u64 > MAX_INPUT_BYTES {
        let problem = format!("a line of stdin is larger than {MAX_INPUT_BYTES} bytes");
        return Err(Failure::usage(problem));
    }
    Ok(Line::Text(line))
}
