//! Reads the lines of a conversation, with a line editor at a terminal and otherwise directly from
//! stdin.

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
    sync::mpsc,
    thread,
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{editor::Editor, line::Line};
use crate::{failure::Failure, session_args::MAX_INPUT_BYTES};

/// The lines of a conversation.
///
/// A thread reads the lines, each only when it is asked for. Between lines the terminal is in its
/// usual mode, so that output can be printed to it.
#[derive(Debug)]
pub(super) struct Lines {
    prompts: mpsc::Sender<String>,
    read: UnboundedReceiver<Result<Line, Failure>>,
    /// Whether a line was asked for and was not returned yet.
    is_asked: bool,
    #[cfg(unix)]
    mode: Option<super::terminal_mode::TerminalMode>,
    is_terminal: bool,
}

impl Lines {
    /// Opens stdin. Lines that are typed at a terminal are recorded in the file `history`.
    pub(super) fn open(history: Option<PathBuf>) -> Result<Self, Failure> {
        let is_terminal = io::stdin().is_terminal();
        let (prompts, asked) = mpsc::channel();
        let (sender, read) = unbounded_channel();
        let editor = is_terminal.then(|| Editor::open(history)).transpose()?;
        thread::spawn(move || match editor {
            Some(mut editor) => serve(&asked, &sender, |prompt| editor.read(prompt)),
            None => serve(&asked, &sender, |_| read_stdin()),
        });
        Ok(Self {
            prompts,
            read,
            is_asked: false,
            #[cfg(unix)]
            mode: super::terminal_mode::TerminalMode::of_stdin(),
            is_terminal,
        })
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Returns the next line. This method is cancel safe: the next call returns the line.
    pub(super) async fn next(&mut self, prompt: &str) -> Result<Line, Failure> {
        if !self.is_asked {
            self.is_asked = self.prompts.send(prompt.to_owned()).is_ok();
        }
        let line = self.read.recv().await;
        self.is_asked = false;
        line.unwrap_or_else(|| Err(Failure::new("lines can no longer be read")))
    }

    /// Returns the next line that is typed while none is asked for. Without a terminal, or on other
    /// systems than Unix, this never returns.
    pub(super) async fn typed_ahead(&self) -> Line {
        #[cfg(unix)]
        if self.is_terminal {
            return super::type_ahead::next().await;
        }
        std::future::pending().await
    }
}

#[cfg(unix)]
impl Drop for Lines {
    fn drop(&mut self) {
        // The editor is left in the middle of a line, so it cannot restore the terminal itself.
        if self.is_asked
            && let Some(mode) = &self.mode
        {
            mode.restore();
        }
    }
}

/// Reads a line for each prompt, until either channel is closed.
fn serve(
    asked: &mpsc::Receiver<String>,
    lines: &UnboundedSender<Result<Line, Failure>>,
    mut read: impl FnMut(&str) -> Result<Line, Failure>,
) {
    for prompt in asked {
        if lines.send(read(&prompt)).is_err() {
            return;
        }
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
        .map_err(|error| Failure::new(format!("cannot read stdin: {error}")))?;
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
