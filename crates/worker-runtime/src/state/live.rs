//! The running turn of a Worker: its growing text, which readers follow by offset.

mod closed;
#[cfg(test)]
mod tests;

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Poll, Waker},
};

use llm_engine::TokenUsage;
use parking_lot::Mutex;
use tokio::{task::AbortHandle, time::Instant};
use worker::Profile;

pub(crate) use self::closed::Closed;
use crate::{
    identity::TurnId,
    log::{Tail, piece_after},
    sync::{Foreign, WakeList, WakeSlot, Wakers},
};

/// The running turn of one Worker. It holds the only copy of the running answer.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) turn_id: TurnId,
    pub(crate) profile: Arc<Profile>,
    text: Mutex<LiveText>,
    /// The number of deltas that came after the turn was over.
    late: Arc<AtomicU64>,
    /// Whether the watch ends the turn, because the engine kept no deadline.
    given_up: AtomicBool,
    /// Whether `text.phase` is `Over`. The task that polls the engine reads it without the lock.
    over: AtomicBool,
    /// Whether the engine may still give text.
    heard: AtomicBool,
}

/// The state that changes while the turn runs. Fields that most turns never need are boxed, because
/// there may be many turns whose model is silent.
#[derive(Debug)]
struct LiveText {
    answer: String,
    reasoning: Option<Box<Tail>>,
    usage: TokenUsage,
    phase: Phase,
    /// The begin of the turn as the watch knows it. The watch's first look sets it, so that only
    /// the watch reads the clock.
    began: Option<Instant>,
    /// The time of the watch's first look after the last output, or the time at which a new attempt
    /// begins; `None` from an output until the watch looks.
    silent_since: Option<Instant>,
    /// Whether the engine has given output in this attempt.
    after_output: bool,
    waiting: Option<Box<WakeList>>,
    /// Wakes the task that drives the turn.
    driver: Option<Waker>,
    deadline: Option<Box<Deadline>>,
}

/// The soonest deadline of a stop, and the task that waits for it.
#[derive(Debug)]
struct Deadline {
    at: Instant,
    task: AbortHandle,
}

/// The times of a turn that the watch compares with its deadlines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) began: Instant,
    /// The time since which the engine has given no output, as far as the watch has seen.
    pub(crate) silent_since: Instant,
    /// Whether the engine gave output before that, in this attempt.
    pub(crate) after_output: bool,
}

/// Whether the text may grow.
#[derive(Debug)]
enum Phase {
    Open,
    /// An end of the turn was decided and is being committed. The variant has the answer at the
    /// time of the decision.
    Sealed(Arc<str>),
    /// The turn is over.
    Over,
}

/// The position of a reader in the texts of a turn, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadOffsets {
    pub(crate) answer: usize,
    pub(crate) reasoning: usize,
}

/// A part of the text for a reader, with its `offset` in bytes.
#[derive(Debug)]
pub(crate) enum Piece {
    Answer { offset: usize, text: String },
    Reasoning { offset: usize, text: String },
}

/// The reason for which a delta is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An end is being committed. The commit may still fail.
    Sealed,
    /// The turn is over.
    Over,
}

impl Live {
    pub(crate) fn new(turn_id: TurnId, profile: Arc<Profile>) -> Self {
        Self {
            turn_id,
            profile,
            text: Mutex::new(LiveText {
                answer: String::new(),
                reasoning: None,
                usage: TokenUsage::default(),
                phase: Phase::Open,
                began: None,
                silent_since: None,
                after_output: false,
                waiting: None,
                driver: None,
                deadline: None,
            }),
            late: Arc::default(),
            given_up: AtomicBool::new(false),
            over: AtomicBool::new(false),
            heard: AtomicBool::new(true),
        }
    }

    /// Adds to the answer.
    pub(crate) fn push(&self, delta: &str) -> Result<(), Refusal> {
        self.add(|text| text.answer.push_str(delta))
    }

    /// Adds to the reasoning.
    pub(crate) fn reason(&self, delta: &str) -> Result<(), Refusal> {
        self.add(|text| text.reasoning.get_or_insert_default().push(delta))
    }

    fn add(&self, add: impl FnOnce(&mut LiveText)) -> Result<(), Refusal> {
        let mut text = self.text.lock();
        match text.phase {
            Phase::Open => {
                add(&mut text);
                Ok(())
            }
            Phase::Sealed(_) => Err(Refusal::Sealed),
            Phase::Over => {
                self.late.fetch_add(1, Ordering::Relaxed);
                Err(Refusal::Over)
            }
        }
    }

    /// Sets the tokens that the provider has reported so far. The next decision that ends the turn
    /// uses them.
    pub(crate) fn set_usage(&self, usage: TokenUsage) {
        self.text.lock().usage = usage;
    }

    /// Returns the tokens that the provider has reported so far.
    pub(crate) fn usage(&self) -> TokenUsage {
        self.text.lock().usage
    }

    /// Notes that the engine gave text. Returns the readers that wait for text.
    pub(crate) fn progressed(&self) -> Wakers {
        let mut text = self.text.lock();
        text.silent_since = None;
        text.after_output = true;
        text.take_waiting()
    }

    /// Waits until the text is not sealed. Only the task that drives the turn waits, which
    /// [`unseal`](Self::unseal) wakes.
    pub(crate) async fn unsealed(&self) {
        poll_fn(|_| match self.text.lock().phase {
            Phase::Sealed(_) => Poll::Pending,
            Phase::Open | Phase::Over => Poll::Ready(()),
        })
        .await;
    }

    /// Seals the text, so that it does not grow. Returns the answer, the usage known so far, and
    /// whether this call sealed the text.
    pub(crate) fn seal(&self) -> (Arc<str>, TokenUsage, bool) {
        let mut text = self.text.lock();
        match &text.phase {
            Phase::Sealed(answer) => (Arc::clone(answer), text.usage, false),
            Phase::Over => (text.answer.as_str().into(), text.usage, false),
            Phase::Open => {
                let answer: Arc<str> = text.answer.as_str().into();
                text.phase = Phase::Sealed(Arc::clone(&answer));
                (answer, text.usage, true)
            }
        }
    }

    /// Lets a sealed text grow again. Returns the wakers of all who wait for the text: readers, and
    /// the task that drives the turn.
    pub(crate) fn unseal(&self) -> (Wakers, Option<Foreign<Waker>>) {
        let mut text = self.text.lock();
        if let Phase::Sealed(_) = text.phase {
            text.phase = Phase::Open;
        }
        (text.take_waiting(), text.driver.clone().map(Foreign::new))
    }

    /// Returns a copy of the answer so far.
    pub(crate) fn written(&self) -> String {
        self.text.lock().answer.clone()
    }

    /// Returns the answer and the usage known so far, for a decision.
    pub(crate) fn answer(&self) -> (Arc<str>, TokenUsage) {
        let text = self.text.lock();
        (text.answer.as_str().into(), text.usage)
    }

    /// Notes that the engine makes a new attempt at the time `at`.
    pub(crate) fn begins_anew(&self, at: Instant) {
        let mut text = self.text.lock();
        text.silent_since = Some(at);
        text.after_output = false;
    }

    /// Returns the times of the turn, for the watch. A time that is not set yet becomes `now`.
    pub(crate) fn seen(&self, now: Instant) -> Seen {
        let mut text = self.text.lock();
        Seen {
            began: *text.began.get_or_insert(now),
            silent_since: *text.silent_since.get_or_insert(now),
            after_output: text.after_output,
        }
    }

    /// Returns `true` to the first caller only, who then ends the turn in place of the engine.
    pub(crate) fn give_up(&self) -> bool {
        !self.given_up.swap(true, Ordering::Relaxed)
    }

    /// Returns the length of the reasoning so far, in bytes. New readers start at that offset.
    pub(crate) fn reasoning_end(&self) -> usize {
        self.text.lock().reasoning.as_ref().map_or(0, |reasoning| reasoning.end())
    }

    /// Returns the next piece after `offsets` and advances `offsets` past the piece. If there is no
    /// piece and the turn is not over, parks the reader, which has brought its waker.
    pub(crate) fn read(&self, offsets: &mut ReadOffsets, slot: &mut WakeSlot) -> Option<Piece> {
        let mut text = self.text.lock();
        if matches!(text.phase, Phase::Over) {
            // The rest of the text comes with the event that ends the turn.
            return None;
        }
        if let Some((offset, piece)) =
            text.reasoning.as_ref().and_then(|reasoning| reasoning.after(offsets.reasoning))
        {
            let piece = piece.to_owned();
            offsets.reasoning = offset + piece.len();
            return Some(Piece::Reasoning { offset, text: piece });
        }
        let offset = offsets.answer;
        if let Some(piece) = piece_after(&text.answer, offset) {
            let piece = piece.to_owned();
            offsets.answer += piece.len();
            return Some(Piece::Answer { offset, text: piece });
        }
        text.park(slot);
        None
    }

    /// Returns the next piece of the answer after `offsets` and advances `offsets` past the piece.
    pub(crate) fn more_answer(&self, offsets: &mut ReadOffsets) -> Option<String> {
        let text = self.text.lock();
        let piece = piece_after(&text.answer, offsets.answer)?.to_owned();
        offsets.answer += piece.len();
        Some(piece)
    }

    /// Removes the waker of a reader that is dropped.
    pub(crate) fn leave(&self, slot: &WakeSlot) {
        let waker = self.text.lock().waiting.as_mut().and_then(|waiting| waiting.leave(slot));
        drop(waker);
    }

    /// Marks the turn as over, so that its text does not grow any more.
    pub(crate) fn close(&self) -> Closed {
        let mut text = self.text.lock();
        text.phase = Phase::Over;
        self.over.store(true, Ordering::Release);
        Closed {
            wakers: text.take_waiting(),
            is_heard: self.heard.load(Ordering::Acquire),
            driver: text.driver.take(),
            deadline: text.deadline.take(),
            _answer: std::mem::take(&mut text.answer),
            reasoning: text.reasoning.take(),
        }
    }

    /// Returns the number of deltas that came after the turn was over, which may still grow.
    pub(crate) fn late(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.late)
    }

    /// Sets the waker of the task that drives the turn, which the end of the turn wakes. Returns
    /// `false` if the turn is over.
    pub(crate) fn wakes_at_end(&self, driver: &Waker) -> bool {
        let mut text = self.text.lock();
        let is_over = matches!(text.phase, Phase::Over);
        if !is_over {
            text.driver = Some(driver.clone());
        }
        !is_over
    }

    /// Whether the turn is over. The task that drives the turn then drops the engine.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Notes that the engine's stream has ended.
    pub(crate) fn engine_ended(&self) {
        self.heard.store(false, Ordering::Release);
    }

    /// Starts a task with `wait` that cancels the turn at the time `at`, and aborts the task of a
    /// later deadline. Does nothing if the turn is over, or if a task waits for the same or a
    /// sooner deadline.
    pub(crate) fn cancel_at(&self, at: Instant, wait: impl FnOnce() -> AbortHandle) {
        let mut text = self.text.lock();
        let is_over = matches!(text.phase, Phase::Over);
        if is_over || text.deadline.as_ref().is_some_and(|deadline| deadline.at <= at) {
            return;
        }
        let later = text.deadline.replace(Box::new(Deadline { at, task: wait() }));
        drop(text);
        if let Some(later) = later {
            later.task.abort();
        }
    }
}

impl LiveText {
    fn park(&mut self, slot: &mut WakeSlot) {
        self.waiting.get_or_insert_default().park(slot);
    }

    fn take_waiting(&mut self) -> Wakers {
        self.waiting.as_mut().map(|waiting| waiting.take()).unwrap_or_default()
    }
}
