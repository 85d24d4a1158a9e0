//! The example as a process of its own, and what it says.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;

use crate::talk;

/// How long anything may take, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The lease of every owner.
pub(crate) const LEASE_MS: u64 = 1_000;

/// Where a child finds its arguments, which are lines.
const ARGUMENTS: &str = "TALK";

/// Not a test: the example, when this program was started as a child. The program starts itself, so
/// that the child is never older than the tests.
#[test]
fn talk() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let ended = talk::run(arguments.lines().map(OsString::from));
    // The only way to end without an error.
    std::process::exit(if ended.is_ok() { 3 } else { 1 });
}

/// The example as a process. It is killed when it is dropped.
pub(crate) struct Backend {
    process: Child,
    lines: Receiver<Value>,
}

impl Backend {
    pub(crate) fn start(file: &Path, delay_ms: u64) -> Self {
        Self::of(&mut Command::new(std::env::current_exe().unwrap()), file, delay_ms)
    }

    /// Starts it so that no file of it can grow past so many blocks, as if the disk were full: the
    /// system refuses the write, at whatever point of a transaction that is.
    pub(crate) fn start_with_little_room(file: &Path, delay_ms: u64, blocks: u32) -> Self {
        let mut shell = Command::new("sh");
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.arg("-c").arg(limited).arg(std::env::current_exe().unwrap());
        Self::of(&mut shell, file, delay_ms)
    }

    fn of(command: &mut Command, file: &Path, delay_ms: u64) -> Self {
        let file = file.to_str().unwrap();
        let arguments =
            format!("{file}\n--workers\n6\n--delay-ms\n{delay_ms}\n--lease-ms\n{LEASE_MS}");
        let mut process = command
            .args(["child::talk", "--exact", "--nocapture", "--quiet", "--test-threads=2"])
            .env(ARGUMENTS, arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (say, lines) = channel();
        thread::spawn(move || {
            // The last line of a process that was killed may be torn: that was not acknowledged.
            let whole = stdout.lines().map_while(Result::ok);
            for line in whole.filter_map(|line| serde_json::from_str(&line).ok()) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    /// Reads what is said up to the first line of this type.
    pub(crate) fn hear_until(&self, wanted: &str) -> Vec<Value> {
        let given_up = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        loop {
            let left = given_up.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let found = line["type"] == wanted;
                    heard.push(line);
                    if found {
                        return heard;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no `{wanted}` came, only {heard:?}")
                }
            }
        }
    }

    /// Kills it and gives the rest of what it had said.
    pub(crate) fn kill(mut self) -> Vec<Value> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.lines.iter().collect()
    }

    /// Waits for its end and gives the rest of what it said.
    pub(crate) fn ends(mut self) -> (ExitStatus, Vec<Value>) {
        let heard = self.hear_until("stopped");
        (self.process.wait().unwrap(), heard.into_iter().chain(self.lines.iter()).collect())
    }

    /// Pauses it. It is: a signal alone may take effect a moment later.
    pub(crate) fn pause(&self) {
        kill_process(self.id(), Signal::STOP).unwrap();
        let paused = waitpid(Some(self.id()), WaitOptions::UNTRACED).unwrap();
        assert!(paused.is_some_and(|(_, status)| status.stopped()), "it ended instead");
    }

    pub(crate) fn resume(&self) {
        kill_process(self.id(), Signal::CONT).unwrap();
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.process)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // It may have ended, or be paused; either way nothing of it stays.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
