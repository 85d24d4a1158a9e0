//! The running turn of a Worker: its growing text, which readers follow by offset.

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

/// The running turn of one Worker. It holds the only copy of the running answer.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) turn_id: TurnId,
    pub(crate) profile: Arc<Profile>,
    text: Mutex<LiveText>,
    /// How many deltas came after the turn was over.
    late: AtomicU64,
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
    /// The first look of the watch after the last output.
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
    /// The time since which the engine has given no output.
    pub(crate) silent_since: Instant,
    /// Whether the engine gave output before that, in this attempt.
    pub(crate) after_output: bool,
}

/// Whether the text may grow.
#[derive(Debug)]
enum Phase {
    Open,
    /// An end was decided and is being committed. This is the answer at the time of the decision.
    Sealed(Arc<str>),
    /// The turn is over.
    Over,
}

/// The rest of the work for a turn that is over, to be done with no lock held.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    /// The readers that wait for text.
    pub(crate) wakers: Wakers,
    /// Whether the engine may still give text.
    is_heard: bool,
    driver: Option<Waker>,
    deadline: Option<Box<Deadline>>,
    /// The end of the reasoning, for readers who have not read it yet.
    pub(crate) reasoning: Option<Box<Tail>>,
}

/// The position of a reader.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadOffsets {
    pub(crate) answer: usize,
    pub(crate) reasoning: usize,
}

/// A part of the text, as a reader gets it.
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
            Phase::Sealed(_) => Err(Refusal::Sealed),
            Phase::Over => {
                self.late.fetch_add(1, Ordering::Relaxed);
                Err(Refusal::Over)
            }
        }
    }

    /// Sets the tokens that the provider has told so far. The next end that is decided takes them.
    pub(crate) fn set_usage(&self, usage: TokenUsage) {
        self.text.lock().usage = usage;
    }

    /// Notes that the engine gave text. Returns the readers that wait for text.
    pub(crate) fn progressed(&self) -> Wakers {
        let mut text = self.text.lock();
        text.silent_since = None;
        text.after_output = true;
        text.take_waiting()
    }

    /// Waits while an end is being committed.
    pub(crate) async fn unsealed(&self) {
        let mut slot = WakeSlot::default();
        poll_fn(|context| {
            let mut text = self.text.lock();
            match text.phase {
                Phase::Sealed(_) => {
                    text.park(&mut slot, context.waker());
                    Poll::Pending
                }
                Phase::Open | Phase::Over => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Seals the answer, so that it does not grow. Returns the answer, the usage known so far, and whether
    /// it was not sealed before.
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

    /// Lets a sealed answer grow again. Returns the wakers of everybody who waited for that.
    pub(crate) fn unseal(&self) -> Wakers {
        let mut text = self.text.lock();
        if let Phase::Sealed(_) = text.phase {
            text.phase = Phase::Open;
        }
        text.take_waiting()
    }

    /// The answer and the tokens known so far.
    pub(crate) fn answer(&self) -> (Arc<str>, TokenUsage) {
        let text = self.text.lock();
        (text.answer.as_str().into(), text.usage)
    }

    /// Notes that the engine makes a new attempt at that time.
    pub(crate) fn begins_anew(&self, at: Instant) {
        let mut text = self.text.lock();
        text.silent_since = Some(at);
        text.after_output = false;
    }

    /// The times of the turn, for the watch, which looks `now`.
    pub(crate) fn seen(&self, now: Instant) -> Seen {
        let mut text = self.text.lock();
        Seen {
            began: *text.began.get_or_insert(now),
            silent_since: *text.silent_since.get_or_insert(now),
            after_output: text.after_output,
        }
    }

    /// `true` for the first caller alone, who then ends the turn in place of its engine.
    pub(crate) fn give_up(&self) -> bool {
        !self.given_up.swap(true, Ordering::Relaxed)
    }

    /// The length of the reasoning so far. New readers start there.
    pub(crate) fn reasoning_end(&self) -> usize {
        self.text.lock().reasoning.as_ref().map_or(0, |reasoning| reasoning.end())
    }

    /// The next piece after `offsets`, which move with it. If there is none, parks the reader.
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
        let waker = self.text.lock().waiting.as_mut().and_then(|waiting| waiting.leave(slot));
        drop(waker);
    }

    /// Ends the turn. Nothing is added any more.
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

    /// How many deltas came after the turn was over.
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Has the end of the turn wake the task of `driver`, which drives it. `false` if the turn is
    /// over.
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

    /// Notes that the engine's stream has ended.
    pub(crate) fn engine_ended(&self) {
        self.heard.store(false, Ordering::Release);
    }

    /// Keeps the task that waits for a deadline, unless the turn is over or a task waits for a
    /// sooner one.
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

impl Closed {
    /// Whether the engine may still give text.
    pub(crate) fn is_driven(&self) -> bool {
        self.is_heard
    }

    /// Ends the task that drives the turn and the task that waits for its deadline.
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
        self.waiting.as_mut().map(|waiting| waiting.take()).unwrap_or_default()
    }
}
