//! Drives one turn: the engine's stream into the Worker's live text, and its end into a commit.

mod drivers;
mod ending;
mod gather;
mod next_step;
mod unusual;
mod watch;

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use tracing::{Instrument, Span};
use worker::HistoryTurn;

use self::{
    ending::{Ending, finish},
    gather::gather,
    next_step::{Step, next_step},
    unusual::take_unusual,
};
use crate::{
    model::TurnDetail,
    state::{core::Core, live::Live, worker_cell::Cell},
    store::WorkerRecord,
    sync::here,
};
pub(crate) use drivers::Drivers;
pub(crate) use ending::{cancel_late, time_out, turn_ends};

/// A turn that is to be driven.
#[derive(Debug)]
struct Begun {
    core: Arc<Core>,
    cell: Arc<Cell>,
    live: Arc<Live>,
    span: Span,
    /// The group of the thread that began it.
    home: u8,
}

/// Has a turn driven. Some task does that as long as the turn runs.
pub(crate) fn begin(core: &Arc<Core>, cell: &Arc<Cell>, live: Arc<Live>) {
    let span = tracing::info_span!(
        "turn",
        runtime_id = %core.owner.runtime_id,
        worker_id = %cell.worker_id,
        turn_id = %live.turn_id,
    );
    let turn = Begun { core: Arc::clone(core), cell: Arc::clone(cell), live, span, home: here() };
    core.drivers.drive(turn, &core.turn_handle);
    watch::ensure(core);
}

impl Begun {
    /// Takes the turn from its first call of the model to its end, unless somebody else ends it.
    fn drive(self) -> impl Future<Output = ()> + Send {
        let Self { core, cell, live, span, home: _ } = self;
        drive(core, cell, live).instrument(span)
    }
}

/// This future is what a turn costs while its model is silent: its parts share their room, and what
/// comes rarely is boxed.
#[expect(clippy::manual_async_fn, reason = "an `async fn` has room for its arguments twice")]
fn drive(core: Arc<Core>, cell: Arc<Cell>, live: Arc<Live>) -> impl Future<Output = ()> + Send {
    async move {
        let Some((mut worker, history)) =
            unless_over(&live, pin!(gather(&core, &cell, &live))).await
        else {
            return;
        };
        let turn = worker.turn_over(history);
        let ending = unless_over(&live, pin!(follow(&core, &cell, &live, turn))).await;
        cell.lock().token_estimate = worker.token_estimate();
        let Some(ending) = ending else { return };
        live.engine_ended();
        finish(&core, &cell, &live, ending).await;
    }
}

/// What comes of `driving`, which is left once somebody else has ended the turn. That it is to be
/// woken then is noted when it first waits: many turns never do.
fn unless_over<T>(
    live: &Live,
    mut driving: Pin<&mut impl Future<Output = Option<T>>>,
) -> impl Future<Output = Option<T>> {
    let mut waited = false;
    poll_fn(move |context| {
        if live.is_over() {
            return Poll::Ready(None);
        }
        let polled = driving.as_mut().poll(context);
        let waits = polled.is_pending() && !mem::replace(&mut waited, true);
        if waits && live.driven_by(context.waker()) { Poll::Ready(None) } else { polled }
    })
}

/// Moves the engine's text into the live turn until the turn ends; `None` if somebody else ended it.
#[expect(clippy::manual_async_fn, reason = "an `async fn` has room for its arguments twice")]
fn follow(
    core: &Arc<Core>,
    cell: &Arc<Cell>,
    live: &Live,
    mut turn: HistoryTurn<'_>,
) -> impl Future<Output = Option<Ending>> + Send {
    async move {
        loop {
            let unusual = match next_step(core, live, &mut turn).await {
                Step::Ended(ending) => return Some(ending),
                Step::Over => return None,
                Step::Unusual(it) => Box::pin(take_unusual(core, cell, live, it)),
            };
            if !unusual.await {
                return None;
            }
        }
    }
}

/// The turn in a Worker's record, if it is this one and still runs.
fn current<'a>(record: &'a WorkerRecord, live: &Live) -> Option<&'a Arc<TurnDetail>> {
    record.running_turn().filter(|turn| turn.turn_id == live.turn_id)
}
