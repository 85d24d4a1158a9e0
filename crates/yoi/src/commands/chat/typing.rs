//! The line that is typed at a terminal, at the prompt and while an answer is written above it.

use std::{fmt, fs, io, path::PathBuf, process::Command};

use super::{
    command::ChatCommand,
    completion::{self, Completions},
    edit::{Asked, Edit},
    history::History,
    keys::{Key, Keys},
    line::Line,
};
use crate::{
    failure::Failure,
    report,
    terminal::{self, Mode, Typed},
};

/// The line that is typed at a terminal.
pub(super) struct Typing {
    edit: Edit,
    keys: Keys,
    /// The mode in which keys are read. It is left while another program has the terminal.
    mode: Option<Mode>,
    /// Whether anything was typed since the last line, Ctrl-C or Ctrl-D.
    is_touched: bool,
    /// Whether the last key was a Tab that could not complete more.
    lists_next: bool,
    /// The names of profiles, for completion.
    pub(super) profiles: Vec<String>,
    #[cfg(unix)]
    continued: tokio::signal::unix::Signal,
}

impl Typing {
    /// Takes over the terminal. Lines are recorded in the file `history`.
    pub(super) fn open(history: Option<PathBuf>) -> Result<Self, Failure> {
        let mode = Mode::enter().map_err(|error| failure(&error))?;
        Ok(Self {
            edit: Edit::new(History::open(history)),
            keys: Keys::open(),
            mode: Some(mode),
            is_touched: false,
            lists_next: false,
            profiles: Vec::new(),
            #[cfg(unix)]
            continued: {
                use tokio::signal::unix::{SignalKind, signal};
                // SIGCONT, by which a shell brings a stopped program back.
                signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))
                    .map_err(|error| failure(&error))?
            },
        })
    }

    /// Returns the next line, or the key that came instead. `is_at_prompt` is whether the prompt is shown
    /// although nothing was typed yet. This method is cancel safe: what was typed stays.
    pub(super) async fn next(&mut self, prompt: &str, is_at_prompt: bool) -> Result<Line, Failure> {
        loop {
            self.show(prompt, is_at_prompt);
            let key = tokio::select! {
                key = self.keys.next() => key,
                () = continued(&mut self.continued) => {
                    self.mode = None;
                    self.mode = Some(Mode::enter().map_err(|error| failure(&error))?);
                    continue;
                }
            };
            let mut next = Some(key);
            // What was typed at once is shown at once.
            while let Some(key) = next {
                if let Some(line) = self.take(key, prompt, is_at_prompt)? {
                    return Ok(line);
                }
                next = self.keys.ready();
            }
        }
    }

    /// Whether anything was typed since this was last asked.
    pub(super) fn take_touched(&mut self) -> bool {
        std::mem::take(&mut self.is_touched)
    }

    /// Puts a text before what is being typed.
    pub(super) fn give_back(&mut self, text: &str) {
        let typed = self.edit.take();
        let separator = if typed.is_empty() { "" } else { "\n" };
        self.edit.insert(&format!("{text}{separator}{typed}"));
    }

    fn take(
        &mut self,
        key: Key,
        prompt: &str,
        is_at_prompt: bool,
    ) -> Result<Option<Line>, Failure> {
        let key = match key {
            Key::Resized => return Ok(None),
            Key::Gone(error) => return Err(failure(&error)),
            Key::Pasted(text) => {
                self.is_touched = true;
                self.insert(&text);
                return Ok(None);
            }
            Key::Pressed(key) => key,
        };
        let before = self.edit.text().len();
        let asked = self.edit.key(key);
        let lists = std::mem::take(&mut self.lists_next);
        self.is_touched |= self.edit.text().len() != before;
        match asked {
            Asked::Nothing => {}
            Asked::Clear => terminal::clear(),
            Asked::Complete => self.complete(lists),
            Asked::Suspend => self.suspend()?,
            Asked::Interrupt => {
                if is_at_prompt {
                    self.show(prompt, true);
                    terminal::leave();
                    self.edit.discard();
                }
                return Ok(Some(Line::Interrupted));
            }
            Asked::End => return Ok(Some(Line::End)),
            Asked::Done => {
                let text = self.edit.take();
                self.edit.history.add(&text);
                if is_at_prompt {
                    let cursor = text.len();
                    let prompt = prompt.to_owned();
                    terminal::show(Some(Typed { prompt, text: text.clone(), cursor }));
                    terminal::leave();
                } else {
                    terminal::show(None);
                }
                return Ok(Some(Line::Text(text)));
            }
        }
        Ok(None)
    }

    fn insert(&mut self, text: &str) {
        if !self.edit.insert(text) {
            report::note("the text is too long for one message, and was left out");
        }
    }

    fn show(&self, prompt: &str, is_at_prompt: bool) {
        let text = self.edit.text().to_owned();
        let prompt = match self.edit.search() {
            Some(search) if search.is_found || search.wanted.is_empty() => {
                format!("(search {:?}) ", search.wanted)
            }
            Some(search) => format!("(nothing has {:?}) ", search.wanted),
            None => prompt.to_owned(),
        };
        let is_shown = is_at_prompt || !text.is_empty() || self.edit.search().is_some();
        let cursor = self.edit.cursor();
        terminal::show(is_shown.then_some(Typed { prompt, text, cursor }));
    }

    /// Completes the word before the cursor, or lists the ways to go on if `lists`.
    fn complete(&mut self, lists: bool) {
        let text = &self.edit.text()[..self.edit.cursor()];
        let found = completion::complete(text, ChatCommand::NAMES, &self.profiles);
        let Completions { start, words } = &found;
        let common = found.common();
        if common.len() > text.len() - start {
            let common = common.to_owned();
            self.edit.complete(*start, &common);
        } else if words.len() > 1 && lists {
            report::hint(&words.iter().map(|word| word.trim_end()).collect::<Vec<_>>().join("  "));
        } else {
            self.lists_next = true;
        }
    }

    /// Stops the program until the shell brings it back.
    #[cfg(unix)]
    fn suspend(&mut self) -> Result<(), Failure> {
        terminal::show(None);
        let pause = self.keys.pause();
        self.mode = None;
        terminal::stop();
        let stopped =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP);
        self.mode = Some(Mode::enter().map_err(|error| failure(&error))?);
        drop(pause);
        stopped.map_err(|error| failure(&error.into()))
    }

    #[cfg(not(unix))]
    fn suspend(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Has the text edited in the program that `VISUAL` or `EDITOR` names.
    pub(super) fn edit_elsewhere(&mut self) -> Result<(), String> {
        let editor = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
        let editor = editor.filter(|it| !it.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
        let place = std::env::temp_dir().join(format!("yoi-{}.md", uuid::Uuid::new_v4()));
        let cannot = |error: io::Error| format!("{editor} could not be used: {error}");
        private_file(&place).map_err(cannot)?;
        terminal::show(None);
        let pause = self.keys.pause();
        self.mode = None;
        // The variable may have arguments, as in `code --wait`.
        let script = format!("{editor} \"$1\"");
        let ended = Command::new("sh").args(["-c", &script, "sh"]).arg(&place).status();
        let mode = Mode::enter();
        drop(pause);
        let text = fs::read_to_string(&place);
        let _ = fs::remove_file(&place);
        self.mode = Some(mode.map_err(cannot)?);
        if !ended.map_err(cannot)?.success() {
            return Err(format!("{editor} failed, so nothing was taken over"));
        }
        let text = text.map_err(cannot)?;
        self.edit.insert(text.trim_end_matches('\n'));
        Ok(())
    }
}

impl Drop for Typing {
    fn drop(&mut self) {
        terminal::leave();
    }
}

impl fmt::Debug for Typing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typing").finish_non_exhaustive()
    }
}

#[cfg(unix)]
async fn continued(signal: &mut tokio::signal::unix::Signal) {
    signal.recv().await;
}

/// Creates a file that only the user can read.
fn private_file(path: &std::path::Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn failure(error: &io::Error) -> Failure {
    Failure::new(format!("lines cannot be edited: {error}"))
}
