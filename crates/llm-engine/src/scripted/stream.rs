//! The stream that plays a script.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    thread,
};

use futures_core::Stream;
use tokio::time::Instant;

use super::{
    script::{Script, Step},
    seen::Seen,
};
use crate::{
    EngineError, ProviderEvent,
    timer::{Timer, after},
};

/// The stream of one call. It counts as live until it is dropped.
pub(super) struct Play {
    script: Arc<Script>,
    next: usize,
    /// Whether the script finished, failed or ended early.
    ended: bool,
    /// The end of the present delay.
    due: Option<Instant>,
    timer: Timer,
    seen: Arc<Seen>,
}

impl Play {
    pub(super) fn new(script: Arc<Script>, seen: Arc<Seen>) -> Self {
        seen.opened();
        Self { script, next: 0, ended: false, due: None, timer: Timer::default(), seen }
    }
}

impl Stream for Play {
    type Item = Result<ProviderEvent, EngineError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let play = self.get_mut();
        loop {
            let Some(step) = play.script.steps.get(play.next) else {
                play.ended = true;
                return Poll::Ready(None);
            };
            let item = match step {
                Step::Give(item) => Some(item.clone()),
                Step::End => None,
                Step::Flood(event) => return Poll::Ready(Some(Ok(event.clone()))),
                Step::Hang => return Poll::Pending,
                Step::Panic => panic!("a scripted panic while streaming"),
                Step::Block(wait) => {
                    thread::sleep(*wait);
                    play.next += 1;
                    continue;
                }
                Step::Delay(wait) => {
                    let due = *play.due.get_or_insert_with(|| after(Instant::now(), *wait));
                    ready!(play.timer.poll_by(due, cx));
                    play.due = None;
                    play.next += 1;
                    continue;
                }
            };
            play.next += 1;
            play.ended |= matches!(item, None | Some(Err(_) | Ok(ProviderEvent::Finished { .. })));
            return Poll::Ready(item);
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        self.seen.closed(self.ended);
        // A second panic while the thread unwinds would abort the process.
        let panics = self.script.panics_in_drop && !thread::panicking();
        assert!(!panics, "a scripted panic while dropping");
    }
}
