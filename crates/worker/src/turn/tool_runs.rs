//! The calls of a step that run, and those about which somebody is asked.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use llm_engine::{CallEnd, CutOff, Decision, Json, ToolEffects, ToolEnd, ToolSpec};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
    time::{Instant, Sleep, sleep_until},
};

/// The most words of tools that wait to be given out. What comes beyond is lost.
const PROGRESS: usize = 64;

/// The most bytes of the words of a tool on how far it is.
const PROGRESS_BYTES: usize = 4 * 1024;

/// The most bytes of a result, for a tool that does not say.
const OUTPUT_BYTES: u64 = 64 * 1024;

/// The calls of a step that run, each in a task of its own, and those about which somebody is asked.
/// Dropping it cancels them.
pub(super) struct ToolRuns {
    running: Vec<Run>,
    asked: Vec<Asked>,
    /// The time from which nothing can go on but a decision.
    waits_since: Option<Instant>,
    told: mpsc::Receiver<(usize, String)>,
    tell: mpsc::Sender<(usize, String)>,
}

/// What happened.
pub(super) enum Happened {
    Progress(usize, String),
    Decided(usize, Decision),
    Ended(usize, CallEnd, Option<Json>),
}

struct Run {
    index: usize,
    effects: ToolEffects,
    output_bytes: usize,
    task: Task<ToolEnd>,
    deadline: Pin<Box<Sleep>>,
}

struct Asked {
    index: usize,
    task: Task<Decision>,
}

/// A task that is cancelled when it is dropped.
struct Task<T>(JoinHandle<T>);

impl ToolRuns {
    pub(super) fn new() -> Self {
        let (tell, told) = mpsc::channel(PROGRESS);
        Self { running: Vec::new(), asked: Vec::new(), waits_since: None, told, tell }
    }

    /// Returns a function that a call tells how far it is.
    pub(super) fn progress_of(&self, index: usize) -> impl Fn(&str) + Send + Sync + 'static {
        let tell = self.tell.clone();
        move |text| {
            let text = &text[..text.floor_char_boundary(PROGRESS_BYTES)];
            // If nobody keeps up, the words are lost, as the tool was told.
            let _ = tell.try_send((index, text.to_owned()));
        }
    }

    /// Runs a call until it is over, at most until `deadline`.
    pub(super) fn begin(
        &mut self,
        index: usize,
        spec: &ToolSpec,
        deadline: Instant,
        call: impl Future<Output = ToolEnd> + Send + 'static,
    ) {
        let output_bytes = spec.output_bytes.map_or(OUTPUT_BYTES, Into::into);
        self.running.push(Run {
            index,
            effects: spec.effects,
            output_bytes: usize::try_from(output_bytes).unwrap_or(usize::MAX),
            task: Task(tokio::spawn(call)),
            deadline: Box::pin(sleep_until(deadline)),
        });
    }

    /// Waits for a decision about a call.
    pub(super) fn ask(
        &mut self,
        index: usize,
        asking: impl Future<Output = Decision> + Send + 'static,
    ) {
        self.asked.push(Asked { index, task: Task(tokio::spawn(asking)) });
    }

    /// Returns for how long nothing could go on but a decision, since this was last asked.
    pub(super) fn take_waited(&mut self) -> Duration {
        self.waits_since.take().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Waits until something happens. What a call told comes before its end.
    pub(super) fn poll_happened(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Happened>> {
        let mut over = Vec::new();
        self.asked.retain_mut(|asked| {
            let Poll::Ready(decision) = Pin::new(&mut asked.task.0).poll(cx) else { return true };
            over.push(Happened::Decided(asked.index, decision.unwrap_or_else(undecided)));
            false
        });
        self.running.retain_mut(|run| {
            let Poll::Ready((end, data)) = run.poll_end(cx) else { return true };
            over.push(Happened::Ended(run.index, end, data));
            false
        });
        let mut happened = Vec::new();
        // No more at once than there is room for, so that a tool cannot keep its host busy.
        for _ in 0..PROGRESS {
            let Poll::Ready(Some((index, text))) = self.told.poll_recv(cx) else { break };
            happened.push(Happened::Progress(index, text));
        }
        happened.append(&mut over);
        if !happened.is_empty() {
            return Poll::Ready(happened);
        }
        if self.running.is_empty() {
            self.waits_since.get_or_insert_with(Instant::now);
        }
        Poll::Pending
    }
}

impl Run {
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<(CallEnd, Option<Json>)> {
        let end = match Pin::new(&mut self.task.0).poll(cx) {
            Poll::Ready(Ok(end)) => self.end(end),
            Poll::Ready(Err(error)) => {
                let cause = if error.is_panic() { CutOff::Panicked } else { CutOff::Interrupted };
                discard(error);
                self.cut_off(cause)
            }
            Poll::Pending if self.deadline.as_mut().poll(cx).is_ready() => {
                self.cut_off(CutOff::Timeout)
            }
            Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(end)
    }

    fn end(&self, end: ToolEnd) -> (CallEnd, Option<Json>) {
        match end {
            ToolEnd::Done(mut output) => {
                let data = output.data.take();
                (CallEnd::done(output.cut(self.output_bytes)), data)
            }
            ToolEnd::Later { .. } | ToolEnd::Ask { .. } | _ => self.cut_off(CutOff::CannotWait),
        }
    }

    fn cut_off(&self, cause: CutOff) -> (CallEnd, Option<Json>) {
        tracing::debug!(index = self.index, ?cause, "a call of a tool was cut off");
        (CallEnd::cut_off(self.effects, cause), None)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The decision of somebody whose code failed.
fn undecided(error: JoinError) -> Decision {
    discard(error);
    Decision::Deny { note: "nobody could decide about it".into() }
}

/// Drops what a panic left, which is foreign code and may panic in turn.
fn discard(error: JoinError) {
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(error)));
    if let Err(second) = dropped {
        std::mem::forget(second);
    }
}
