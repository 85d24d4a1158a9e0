//! The example as a process of its own, and what it says.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;

/// How long anything may take, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The lease of every owner.
pub(crate) const LEASE_MS: u64 = 1_000;

/// The example as a process. It is killed when it is dropped.
pub(crate) struct Backend {
    process: Child,
    lines: Receiver<Value>,
}

impl Backend {
    pub(crate) fn start(file: &Path, delay_ms: u64) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sqlite-store"))
            .arg(file)
            .args(["--workers", "6", "--delay-ms", &delay_ms.to_string()])
            .args(["--lease-ms", &LEASE_MS.to_string()])
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
