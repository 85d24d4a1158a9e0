//! The way out: lines from everywhere, written one after another.

use std::mem;

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::{JoinHandle, spawn_blocking},
};

use crate::{exit::Exit, failure::Failure, output::print_harmless};

/// How many pieces of output may wait to be written. Whoever has more waits, and holds one.
const PIECES: usize = 32;

/// How long a piece becomes from which no more lines are kept back, in bytes.
const PIECE: usize = 8 << 10;

/// Where lines are put to be written. The way is open until the last clone is dropped.
#[derive(Clone, Debug)]
pub(super) struct Outbox(Sender<String>);

/// Writes what is put into the [`Outbox`].
#[derive(Debug)]
pub(super) struct Writer(JoinHandle<Result<(), Failure>>);

pub(super) fn open() -> (Outbox, Writer) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (Outbox(sender), Writer(spawn_blocking(|| write(receiver))))
}

impl Outbox {
    /// Puts a line last, or some with newlines between them, once there is room. They are lost if
    /// stdout was closed.
    pub(super) async fn send(&self, lines: String) {
        // Whoever must know asks `is_closed`.
        let _ = self.0.send(lines).await;
    }

    /// Whether nobody reads stdout any more.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until nobody reads stdout any more. It shows when something is written.
    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }
}

/// Lines that go out together, because each trip to the writer may wake a thread.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    outbox: &'a Outbox,
    lines: String,
}

impl<'a> Piece<'a> {
    pub(super) fn new(outbox: &'a Outbox) -> Self {
        Self { outbox, lines: String::new() }
    }

    /// Adds a line, which is kept back until the piece is long or is sent.
    pub(super) async fn add(&mut self, line: String) {
        if self.lines.is_empty() {
            self.lines = line;
        } else {
            self.lines.push('\n');
            self.lines.push_str(&line);
        }
        if self.lines.len() >= PIECE {
            self.send().await;
        }
    }

    /// Sends what was kept back.
    pub(super) async fn send(&mut self) {
        if !self.lines.is_empty() {
            self.outbox.send(mem::take(&mut self.lines)).await;
        }
    }
}

impl Writer {
    /// Waits until everything is written.
    pub(super) async fn finish(self) -> Result<Exit, Failure> {
        match self.0.await {
            Ok(written) => written.map(|()| Exit::Completed),
            Err(error) => Err(Failure::new(format!("the writer failed: {error}"))),
        }
    }
}

/// Has a thread of its own, so that a piece takes one trip to be written.
fn write(mut pieces: Receiver<String>) -> Result<(), Failure> {
    while let Some(mut lines) = pieces.blocking_recv() {
        lines.push('\n');
        while lines.len() < PIECE
            && let Ok(more) = pieces.try_recv()
        {
            lines.push_str(&more);
            lines.push('\n');
        }
        print_harmless(&lines)?;
    }
    Ok(())
}
