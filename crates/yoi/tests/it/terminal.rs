//! A running `yoi` at a terminal of its own, with its input and its output.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use pty_process::{
    Size,
    blocking::{self, Pty},
};
use rustix::termios::{LocalModes, tcgetattr};

use crate::process::{Ended, Pipe, signal, yoi};

/// A running `yoi` at a terminal. It is killed when it is dropped.
pub(crate) struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    screen: Pipe,
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = yoi();
        command.args(arguments);
        Self::spawn(command)
    }

    pub(crate) fn spawn(command: Command) -> Self {
        Self::open(at_xterm(command))
    }

    /// Starts `yoi` with the terminal as its output only.
    pub(crate) fn with_stdin(command: Command, stdin: impl Into<Stdio>) -> Self {
        Self::open(at_xterm(command).stdin(stdin))
    }

    fn open(command: blocking::Command) -> Self {
        let (pty, terminal) = blocking::open().expect("there is a terminal");
        pty.resize(Size::new(24, 80)).expect("the terminal has a size");
        let child = command.spawn(terminal).expect("yoi starts");
        let pty = Arc::new(pty);
        let screen = Pipe::new(Screen(Arc::clone(&pty)));
        Self { child, pty, screen }
    }

    /// Types text or keys.
    pub(crate) fn keys(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Types a line.
    pub(crate) fn line(&self, line: &str) {
        self.keys(line);
        self.keys("\r");
    }

    /// Reads the terminal's output up to and including `text`.
    pub(crate) fn until(&mut self, text: &str) -> String {
        self.screen.until(text)
    }

    /// Waits for the process to end. `stdout` has the output of both streams.
    pub(crate) fn end(mut self) -> Ended {
        let stdout = self.screen.rest();
        let code = self.child.wait().expect("the process ends").code();
        Ended { code, stdout, stderr: String::new() }
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).expect("the terminal takes the size");
        self.signal("WINCH");
    }

    /// Waits until the process is stopped.
    pub(crate) fn wait_until_stopped(&self) {
        let path = format!("/proc/{}/stat", self.child.id());
        for _ in 0..6000 {
            let stat = std::fs::read_to_string(&path).expect("the process is there");
            if stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the process was not stopped");
    }

    /// Whether the terminal is in the usual mode of shells: echo is on and input comes by lines.
    pub(crate) fn is_as_it_was(&self) -> bool {
        let usual = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcgetattr(&*self.pty).expect("the terminal has settings").local_modes.contains(usual)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sets `TERM` to that of a common terminal, if the command sets no other.
fn at_xterm(mut command: Command) -> blocking::Command {
    if !command.get_envs().any(|(name, _)| name == "TERM") {
        command.env("TERM", "xterm");
    }
    command.into()
}

/// The output of a terminal, for a [`Pipe`].
struct Screen(Arc<Pty>);

impl Read for Screen {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        (&*self.0).read(buffer)
    }
}
