//! The way out: lines from everywhere, written one after another.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::{JoinHandle, spawn_blocking},
};

use crate::{exit::Exit, failure::Failure};

/// How many pieces of output may wait to be written. Whoever has more waits, and holds one.
const PIECES: usize = 32;

/// How long a piece becomes from which no more lines are kept back, in bytes.
const PIECE: usize = 64 << 10;

/// Writes all of a text and waits for it.
type Print = fn(&str) -> Result<(), Failure>;

/// Where lines are put to be written. The way is open until the last clone is dropped.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    print: Print,
    pieces: Sender<Result<String, Failure>>,
    /// How many pieces are not written yet.
    unwritten: Arc<AtomicUsize>,
}

/// Writes what is put into the [`Outbox`].
#[derive(Debug)]
pub(super) struct Writer(JoinHandle<Result<(), Failure>>);

pub(super) fn open(print: Print) -> (Outbox, Writer) {
    let (pieces, receiver) = mpsc::channel(PIECES);
    let unwritten = Arc::new(AtomicUsize::new(0));
    let outbox = Outbox { print, pieces, unwritten: Arc::clone(&unwritten) };
    (outbox, Writer(spawn_blocking(move || write(receiver, print, &unwritten))))
}

impl Outbox {
    /// Puts a line last, once there is room. It is lost if stdout was closed.
    pub(super) async fn send(&self, mut line: String) {
        line.push('\n');
        self.put(Ok(line)).await;
    }

    async fn put(&self, piece: Result<String, Failure>) {
        // Whoever must know asks `is_closed`. A piece counts once it has its place, because those who
        // wait for one may give up.
        if let Ok(room) = self.pieces.reserve().await {
            self.unwritten.fetch_add(1, Ordering::AcqRel);
            room.send(piece);
        }
    }

    /// Whether nobody reads stdout any more.
    pub(super) fn is_closed(&self) -> bool {
        self.pieces.is_closed()
    }

    /// Waits until nobody reads stdout any more. It shows when something is written.
    pub(super) async fn closed(&self) {
        self.pieces.closed().await;
    }
}

/// Lines that go out together, because each trip may wake somebody. They are written on the thread
/// of whoever sends them, if nothing that was put into the outbox before is still to be written.
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
        self.lines.push_str(&line);
        self.lines.push('\n');
        if self.lines.len() >= PIECE {
            self.send().await;
        }
    }

    /// Sends what was kept back.
    pub(super) async fn send(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        if self.outbox.unwritten.load(Ordering::Acquire) > 0 {
            self.outbox.put(Ok(mem::take(&mut self.lines))).await;
        } else {
            if let Err(failure) = (self.outbox.print)(&self.lines) {
                self.outbox.put(Err(failure)).await;
            }
            self.lines.clear();
            self.lines.shrink_to(2 * PIECE);
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
fn write(
    mut pieces: Receiver<Result<String, Failure>>,
    print: Print,
    unwritten: &AtomicUsize,
) -> Result<(), Failure> {
    while let Some(piece) = pieces.blocking_recv() {
        let mut count = 1;
        let mut lines = piece?;
        while lines.len() < PIECE
            && let Ok(more) = pieces.try_recv()
        {
            count += 1;
            lines.push_str(&more?);
        }
        print(&lines)?;
        unwritten.fetch_sub(count, Ordering::AcqRel);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use parking_lot::Mutex;

    use super::*;

    #[tokio::test]
    async fn what_was_put_before_is_written_before() {
        static WRITTEN: Mutex<String> = Mutex::new(String::new());
        static ALL_PUT: Barrier = Barrier::new(2);

        let (outbox, writer) = open(|lines| {
            if lines.starts_with("event") {
                ALL_PUT.wait();
            }
            WRITTEN.lock().push_str(lines);
            Ok(())
        });
        let mut piece = Piece::new(&outbox);
        for line in ["first", "second"] {
            piece.add(line.to_owned()).await;
        }
        piece.send().await;
        assert_eq!(*WRITTEN.lock(), "first\nsecond\n");
        outbox.send("event".to_owned()).await;
        piece.add("third".to_owned()).await;
        piece.send().await;
        ALL_PUT.wait();
        drop(outbox);
        assert_eq!(writer.finish().await.ok(), Some(Exit::Completed));
        assert_eq!(*WRITTEN.lock(), "first\nsecond\nevent\nthird\n");
    }

    #[tokio::test]
    async fn a_failure_closes_the_way_whoever_has_it() {
        let (outbox, writer) = open(|_| Err(Failure::new("no room")));
        let mut piece = Piece::new(&outbox);
        piece.add("a".to_owned()).await;
        piece.send().await;
        outbox.closed().await;
        assert!(writer.finish().await.is_err());
    }
}
