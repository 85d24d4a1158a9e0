//! The tasks that drive turns: one whose turn is over waits for the next.

use std::{
    future::poll_fn,
    mem,
    sync::Arc,
    task::{Poll, Waker},
};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::{
    sync::{Padded, PerGroup},
    turn::Begun,
};

/// How many tasks wait for a turn at most, for each group of threads.
const WAITING: usize = 64;

/// The tasks that wait for a turn: to hand one over costs much less than to start a task.
///
/// They hold nothing of the Runtime but this, and end with it. Each waits for the threads that handed it
/// its last turn, so that threads meet neither here nor in a task's memory.
#[derive(Debug, Default)]
pub(crate) struct Drivers(PerGroup<Padded<Mutex<Waiting>>>);

#[derive(Debug, Default)]
struct Waiting {
    seats: Vec<Arc<Seat>>,
    ended: bool,
}

/// Where a task waits.
#[derive(Debug)]
struct Seat {
    waker: Waker,
    offer: Mutex<Offer>,
}

#[derive(Debug, Default)]
enum Offer {
    #[default]
    Nothing,
    Turn(Begun),
    /// There will be nothing more, or nobody is there to take it.
    End,
}

impl Drivers {
    /// Has a turn driven, by a task that waits or by a new one.
    pub(super) fn drive(self: &Arc<Self>, mut turn: Begun, handle: &Handle) {
        loop {
            let waiting = self.0.of(turn.home).lock().seats.pop();
            let Some(seat) = waiting else { break };
            match seat.offer(turn) {
                Ok(()) => return,
                Err(back) => turn = back,
            }
        }
        handle.spawn(Arc::clone(self).run(turn));
    }

    /// Ends the tasks that wait, and the others once their turns are over.
    pub(crate) fn end(&self) {
        for group in self.0.iter() {
            let mut waiting = group.lock();
            waiting.ended = true;
            let seats = mem::take(&mut waiting.seats);
            drop(waiting);
            for seat in seats {
                seat.end();
                seat.waker.wake_by_ref();
            }
        }
    }

    /// Drives turns, one after the other.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` has room for its arguments twice")]
    fn run(self: Arc<Self>, mut turn: Begun) -> impl Future<Output = ()> + Send {
        async move {
            let mut own = None;
            loop {
                let home = turn.home;
                turn.drive().await;
                match self.next(home, &mut own).await {
                    Some(next) => turn = next,
                    None => return,
                }
            }
        }
    }

    /// Waits for a turn, if not too many tasks do already.
    fn next(&self, home: u8, own: &mut Option<Own>) -> impl Future<Output = Option<Begun>> {
        let mut sits = false;
        poll_fn(move |context| {
            if mem::replace(&mut sits, true) {
                return own.as_ref().map_or(Poll::Ready(None), |own| own.0.poll());
            }
            if self.sit(home, own, context.waker()) { Poll::Pending } else { Poll::Ready(None) }
        })
    }

    fn sit(&self, home: u8, own: &mut Option<Own>, waker: &Waker) -> bool {
        let mut waiting = self.0.of(home).lock();
        let has_room = !waiting.ended && waiting.seats.len() < WAITING;
        if has_room {
            // The waker is kept with the seat: a task of tokio's has one for life.
            let own = own.get_or_insert_with(|| Own(Arc::new(Seat::new(waker.clone()))));
            waiting.seats.push(Arc::clone(&own.0));
        }
        has_room
    }
}

impl Seat {
    fn new(waker: Waker) -> Self {
        Self { waker, offer: Mutex::new(Offer::Nothing) }
    }

    /// Gives the turn back if nobody sits here any more.
    fn offer(&self, turn: Begun) -> Result<(), Begun> {
        let mut offer = self.offer.lock();
        match &*offer {
            Offer::Nothing => *offer = Offer::Turn(turn),
            Offer::Turn(_) | Offer::End => return Err(turn),
        }
        drop(offer);
        self.waker.wake_by_ref();
        Ok(())
    }

    fn poll(&self) -> Poll<Option<Begun>> {
        // Nobody offers anything more until the task sits here again.
        match mem::take(&mut *self.offer.lock()) {
            Offer::Nothing => Poll::Pending,
            Offer::Turn(turn) => Poll::Ready(Some(turn)),
            Offer::End => Poll::Ready(None),
        }
    }

    fn end(&self) {
        let offer = mem::replace(&mut *self.offer.lock(), Offer::End);
        // A turn may be the last that holds something: it is dropped outside the lock.
        drop(offer);
    }
}

/// A task's own seat. With its tokio runtime the task may go away while it waits; a turn that it was
/// handed then goes like one whose task cannot be started.
struct Own(Arc<Seat>);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.end();
    }
}
