//! The turn in flight: its growing text, which readers follow by offset.

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

use crate::{
    identity::TurnId,
    log::{Tail, piece_after},
    sync::{WakeList, WakeSlot, Wakers},
};

/// The turn in flight of one Worker.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) turn_id: TurnId,
    pub(crate) profile: Arc<Profile>,
    text: Mutex<LiveText>,
    /// Outputs of the engine that came after the end was decided.
    late: AtomicU64,
    /// Whether somebody ends it for its engine, which kept no deadline.
    given_up: AtomicBool,
    /// Whether the phase is that the turn is over, for whoever polls the engine.
    over: AtomicBool,
    /// Whether the engine may still be heard.
    heard: AtomicBool,
}

/// What changes while the turn runs. What most turns never need is boxed: there may be many turns
/// whose model is silent.
#[derive(Debug)]
struct LiveText {
    answer: String,
    reasoning: Option<Box<Tail>>,
    usage: TokenUsage,
    phase: Phase,
    /// Not set by the begin, nor by an output, but by the watch's first look, so that nobody else
    /// reads the clock for it.
    began: Option<Instant>,
    silent_since: Option<Instant>,
    /// Whether the engine gave something before in this attempt.
    after_output: bool,
    waiting: Option<Box<WakeList>>,
    /// Wakes the task that drives the turn, once that had to wait.
    driver: Option<Waker>,
    deadline: Option<Box<Deadline>>,
}

/// The soonest deadline of a stop, and the task that waits for it.
#[derive(Debug)]
struct Deadline {
    at: Instant,
    task: AbortHandle,
}

/// What the watch sees of a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) began: Instant,
    /// Since when the engine has given nothing.
    pub(crate) silent_since: Instant,
    /// Whether it gave something before in this attempt.
    pub(crate) after_output: bool,
}

/// Whether the text may grow.
#[derive(Debug)]
enum Phase {
    Open,
    /// An end was decided and is being committed; the answer as it stood then.
    Frozen(Arc<str>),
    /// The turn is over.
    Over,
}

/// What is left to do about a turn that is over, with no lock held.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    /// Everybody who waits for text.
    pub(crate) wakers: Wakers,
    /// Whether the engine may still be heard.
    is_heard: bool,
    driver: Option<Waker>,
    deadline: Option<Box<Deadline>>,
    /// The end of the reasoning, for readers who have not read it yet.
    pub(crate) reasoning: Option<Box<Tail>>,
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadOffsets {
    pub(crate) answer: usize,
    pub(crate) reasoning: usize,
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Piece {
    Answer { offset: usize, text: String },
    Reasoning { offset: usize, text: String },
}

/// Why an output is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An end is being committed; it may still fail.
    Frozen,
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
            late: AtomicU64::new(0),
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
            Phase::Frozen(_) => Err(Refusal::Frozen),
            Phase::Over => {
                self.late.fetch_add(1, Ordering::Relaxed);
                Err(Refusal::Over)
            }
        }
    }

    /// Sets the tokens that the provider has told so far. They count with the next end that is decided.
    pub(crate) fn set_usage(&self, usage: TokenUsage) {
        self.text.lock().usage = usage;
    }

    /// Notes that the engine gave text. Returns everybody who waits for text.
    pub(crate) fn progressed(&self) -> Wakers {
        let mut text = self.text.lock();
        text.silent_since = None;
        text.after_output = true;
        text.take_waiting()
    }

    /// Waits while an end is being committed.
    pub(crate) async fn thawed(&self) {
        let mut slot = WakeSlot::default();
        poll_fn(|context| {
            let mut text = self.text.lock();
            match text.phase {
                Phase::Frozen(_) => {
                    text.park(&mut slot, context.waker());
                    Poll::Pending
                }
                Phase::Open | Phase::Over => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Freezes the answer and gives it with the usage known so far.
    pub(crate) fn freeze(&self) -> (Arc<str>, TokenUsage) {
        let mut text = self.text.lock();
        let answer = match &text.phase {
            Phase::Frozen(answer) => Arc::clone(answer),
            Phase::Open | Phase::Over => {
                let answer: Arc<str> = text.answer.as_str().into();
                text.phase = Phase::Frozen(Arc::clone(&answer));
                answer
            }
        };
        (answer, text.usage)
    }

    /// Lets the answer grow again, because the end that was decided did not come about. Gives
    /// everybody who waited for that.
    pub(crate) fn thaw(&self) -> Wakers {
        let mut text = self.text.lock();
        if let Phase::Frozen(_) = text.phase {
            text.phase = Phase::Open;
        }
        text.take_waiting()
    }

    /// The answer so far, and what the engine is known to have used.
    pub(crate) fn answer(&self) -> (Arc<str>, TokenUsage) {
        let text = self.text.lock();
        (text.answer.as_str().into(), text.usage)
    }

    /// Notes that the engine begins anew at that time.
    pub(crate) fn begins_anew(&self, at: Instant) {
        let mut text = self.text.lock();
        text.silent_since = Some(at);
        text.after_output = false;
    }

    /// How long it has run and been silent, as far as the watch has seen, which looks `now`.
    pub(crate) fn seen(&self, now: Instant) -> Seen {
        let mut text = self.text.lock();
        Seen {
            began: *text.began.get_or_insert(now),
            silent_since: *text.silent_since.get_or_insert(now),
            after_output: text.after_output,
        }
    }

    /// Whether the caller is the first to end the turn for its engine, and so the one who does.
    pub(crate) fn give_up(&self) -> bool {
        !self.given_up.swap(true, Ordering::Relaxed)
    }

    /// How long the reasoning is so far, so that a reader starts there.
    pub(crate) fn reasoning_end(&self) -> usize {
        self.text.lock().reasoning.as_ref().map_or(0, |it| it.end())
    }

    /// The next piece after `offsets`, which move with it; or parks the reader.
    pub(crate) fn read(
        &self,
        offsets: &mut ReadOffsets,
        slot: &mut WakeSlot,
        waker: &Waker,
    ) -> Option<Piece> {
        let mut text = self.text.lock();
        if matches!(text.phase, Phase::Over) {
            // What is left comes with the turn's terminal event.
            return None;
        }
        if let Some((offset, piece)) =
            text.reasoning.as_ref().and_then(|it| it.after(offsets.reasoning))
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
        text.park(slot, waker);
        None
    }

    /// The next piece of the answer after `offsets`, which move with it.
    pub(crate) fn more_answer(&self, offsets: &mut ReadOffsets) -> Option<String> {
        let text = self.text.lock();
        let piece = piece_after(&text.answer, offsets.answer)?.to_owned();
        offsets.answer += piece.len();
        Some(piece)
    }

    /// Forgets a reader that goes away.
    pub(crate) fn leave(&self, slot: WakeSlot) {
        let waker = self.text.lock().waiting.as_mut().and_then(|it| it.leave(slot));
        drop(waker);
    }

    /// The turn is over: nothing is added any more.
    pub(crate) fn close(&self) -> Closed {
        let mut text = self.text.lock();
        text.phase = Phase::Over;
        self.over.store(true, Ordering::Release);
        Closed {
            wakers: text.take_waiting(),
            is_heard: self.heard.load(Ordering::Acquire),
            driver: text.driver.take(),
            deadline: text.deadline.take(),
            reasoning: text.reasoning.take(),
        }
    }

    /// Outputs that came too late so far.
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Has the end of the turn wake the task of `driver`, which drives it. `false` if the turn is over.
    pub(crate) fn wakes_at_end(&self, driver: &Waker) -> bool {
        let mut text = self.text.lock();
        let is_over = matches!(text.phase, Phase::Over);
        if !is_over {
            text.driver = Some(driver.clone());
        }
        !is_over
    }

    /// Whether the turn is over, and its engine is to be left.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// The engine has come to its end and says nothing any more.
    pub(crate) fn engine_ended(&self) {
        self.heard.store(false, Ordering::Release);
    }

    /// Has a task wait for a deadline, unless the turn is over or one waits for a sooner one.
    pub(crate) fn cancel_at(&self, at: Instant, wait: impl FnOnce() -> AbortHandle) {
        let mut text = self.text.lock();
        let is_over = matches!(text.phase, Phase::Over);
        if is_over || text.deadline.as_ref().is_some_and(|it| it.at <= at) {
            return;
        }
        let later = text.deadline.replace(Box::new(Deadline { at, task: wait() }));
        drop(text);
        if let Some(later) = later {
            later.task.abort();
        }
    }
}

impl Closed {
    /// Whether the engine may still be heard.
    pub(crate) fn is_driven(&self) -> bool {
        self.is_heard
    }

    /// Has the turn be left: by the task that drives it, and by the one that waits for its deadline.
    pub(crate) fn leave(self) {
        if let Some(driver) = self.driver.filter(|_| self.is_heard) {
            driver.wake();
        }
        if let Some(deadline) = self.deadline {
            deadline.task.abort();
        }
    }
}

impl LiveText {
    fn park(&mut self, slot: &mut WakeSlot, waker: &Waker) {
        self.waiting.get_or_insert_default().park(slot, waker);
    }

    fn take_waiting(&mut self) -> Wakers {
        self.waiting.as_mut().map(|it| it.take()).unwrap_or_default()
    }
}
