//! A running `yoi`, with its input, its output and its end. Every wait has a generous timeout.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel},
    thread,
    time::Duration,
};

use llm_engine::providers::ProviderKind;
use serde_json::Value;

/// The timeout of every wait, reached only when a test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// What stderr has if the echo provider answers because nothing is chosen.
pub(crate) const ECHO_NOTE: &str = "\
note: no provider is configured: the echo provider answers, without a model
  a server on this machine: `--base-url http://127.0.0.1:8080/v1`
  a key: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY, and add `--model NAME`
  a profile: `--profile NAME`; `yoi profiles` says in which file
";

/// The command `yoi` without the environment variables and files of the user.
pub(crate) fn yoi() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yoi"));
    for folder in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(folder, env!("CARGO_TARGET_TMPDIR").to_owned() + "/nobody");
    }
    // Tests of keeping say where; the others keep nothing.
    command.env("YOI_STORE", "off");
    for variable in ["ANTHROPIC_AUTH_TOKEN", "CLICOLOR_FORCE", "NO_COLOR", "OPENAI_API_VERSION"] {
        command.env_remove(variable);
    }
    for kind in ProviderKind::ALL {
        command.env_remove(kind.base_url_variable());
        for variable in kind.api_key_variables() {
            command.env_remove(variable);
        }
    }
    command
}

/// A running `yoi`. It is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stdin: Option<Sender<Vec<u8>>>,
    stdout: Option<Pipe>,
    stderr: Pipe,
}

/// The end of a `yoi`, with the output that was not read before.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(yoi().args(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("yoi starts");
        let stdin = child.stdin.take().map(writer);
        let stdout = child.stdout.take().map(Pipe::new);
        let stderr = child.stderr.take().map(Pipe::new).expect("stderr is piped");
        Self { child, stdin, stdout, stderr }
    }

    /// Writes to stdin without waiting for the process to read.
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_ref().expect("stdin is open");
        // An error means that the process no longer reads, which a test sees otherwise.
        let _ = stdin.send(bytes.as_ref().to_vec());
    }

    /// Closes stdin after everything is written.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Closes stdout. The process notices when it writes.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// The next line of stdout, without its newline; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        self.stdout.as_mut().expect("stdout is open").line()
    }

    /// The next line of stdout, which must be JSON.
    pub(crate) fn json(&mut self) -> Value {
        let line = self.line().expect("there is one more line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Reads stdout up to and including `text`.
    pub(crate) fn until(&mut self, text: &str) -> String {
        self.stdout.as_mut().expect("stdout is open").until(text)
    }

    /// Reads stderr up to and including `text`.
    pub(crate) fn until_stderr(&mut self, text: &str) -> String {
        self.stderr.until(text)
    }

    /// Sends a signal, such as `INT`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Closes stdin and waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        self.close_stdin();
        self.wait()
    }

    /// Waits for the process to end without closing stdin.
    pub(crate) fn wait(mut self) -> Ended {
        let stdout = self.stdout.as_mut().map(Pipe::rest).unwrap_or_default();
        let stderr = self.stderr.rest();
        let code = self.child.wait().expect("the process ends").code();
        Ended { code, stdout, stderr }
    }

    /// Waits for the process to end without closing stdin and without reading stdout.
    #[cfg(unix)]
    pub(crate) fn wait_without_reading(mut self) -> Ended {
        let stderr = self.stderr.rest();
        let code = self.child.wait().expect("the process ends").code();
        Ended { code, stdout: String::new(), stderr }
    }
}

#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    let script = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &script]).status().expect("sh runs");
    assert!(status.success(), "the process is there to get SIG{name}");
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a thread that writes what is sent to it.
fn writer(mut stdin: impl Write + Send + 'static) -> Sender<Vec<u8>> {
    let (sender, pieces) = channel::<Vec<u8>>();
    thread::spawn(move || {
        for piece in pieces {
            if stdin.write_all(&piece).and_then(|()| stdin.flush()).is_err() {
                return;
            }
        }
    });
    sender
}

/// The reading end of a pipe. A thread reads it, no faster than the test does.
#[derive(Debug)]
pub(crate) struct Pipe {
    chunks: Receiver<Vec<u8>>,
    unread: Vec<u8>,
}

impl Pipe {
    pub(crate) fn new(mut source: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = sync_channel(0);
        thread::spawn(move || {
            let mut chunk = vec![0; 8192];
            while let Ok(length @ 1..) = source.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { chunks, unread: Vec::new() }
    }

    /// Waits for more output. Returns false at the end.
    fn more(&mut self) -> bool {
        match self.chunks.recv_timeout(PATIENCE) {
            Ok(chunk) => {
                self.unread.extend(chunk);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => {
                let unread = String::from_utf8_lossy(&self.unread);
                panic!("nothing more came; unread is {unread:?}")
            }
        }
    }

    fn take(&mut self, length: usize) -> String {
        let rest = self.unread.split_off(length);
        let taken = std::mem::replace(&mut self.unread, rest);
        String::from_utf8(taken).expect("what is written is UTF-8")
    }

    fn line(&mut self) -> Option<String> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.unread[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line = self.take(searched + at + 1);
                line.pop();
                return Some(line);
            }
            searched = self.unread.len();
            if !self.more() {
                assert!(self.unread.is_empty(), "the last line ends with a newline");
                return None;
            }
        }
    }

    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let found = self.unread.windows(text.len()).position(|it| it == text.as_bytes());
            if let Some(at) = found {
                return self.take(at + text.len());
            }
            assert!(self.more(), "{text:?} comes before the end");
        }
    }

    pub(crate) fn rest(&mut self) -> String {
        while self.more() {}
        self.take(self.unread.len())
    }
}
