//! The end of what a program wrote to its standard error.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{io::AsyncReadExt, process::ChildStderr, task::JoinHandle, time::timeout};

/// The most bytes that are kept.
const KEPT: usize = 4 * 1024;

/// The most characters that are shown.
const SHOWN: usize = 300;

/// The time in which what a program wrote before it ended has surely been read.
const READING: Duration = Duration::from_millis(500);

/// The end of what a program wrote to its standard error.
#[derive(Default)]
pub(crate) struct StderrTail {
    kept: Arc<Kept>,
    reading: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Kept(Mutex<VecDeque<u8>>);

impl StderrTail {
    /// Reads until the program and all that inherited from it have closed the pipe, so that nobody
    /// waits for room in it.
    pub(crate) fn read(&self, mut pipe: ChildStderr) {
        let kept = Arc::clone(&self.kept);
        let reading = tokio::spawn(async move {
            let mut piece = [0; 1024];
            while let Ok(read @ 1..) = pipe.read(&mut piece).await {
                kept.push(&piece[..read]);
            }
        });
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }

    /// Returns the end of what a program wrote that is about to end, if it wrote anything.
    pub(crate) async fn last(&self) -> Option<String> {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reading) = reading {
            // A program that goes on is not waited for.
            let _ = timeout(READING, reading).await;
        }
        self.text()
    }

    /// Returns the end, if the program wrote anything.
    pub(crate) fn text(&self) -> Option<String> {
        self.kept.text()
    }
}

impl Kept {
    fn push(&self, piece: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(piece);
        let excess = kept.len().saturating_sub(KEPT);
        kept.drain(..excess);
    }

    fn text(&self) -> Option<String> {
        let kept: Vec<u8> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&kept);
        let text = text.trim();
        let begin = text.char_indices().rev().nth(SHOWN - 1).map_or(0, |(begin, _)| begin);
        (!text.is_empty()).then(|| text[begin..].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let tail = Kept::default();
        assert_eq!(tail.text(), None);
        tail.push(b" warning\n");
        assert_eq!(tail.text().as_deref(), Some("warning"));
        tail.push(&[b'x'; 3 * KEPT]);
        tail.push("€ end\n".as_bytes());
        let text = tail.text().unwrap();
        assert!(text.ends_with("x€ end") && text.chars().count() == SHOWN, "{text}");
        assert_eq!(tail.0.lock().unwrap().len(), KEPT);
    }
}
