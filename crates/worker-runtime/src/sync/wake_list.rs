//! A list of wakers that are parked under a lock and woken outside it.

use std::task::Waker;

use super::contained;

/// The wakers of readers that wait. The list is guarded by the lock of the state that the readers
/// wait for.
#[derive(Debug, Default)]
pub(crate) struct WakeList {
    parked: Vec<Option<Waker>>,
    free: Vec<usize>,
    /// The number of times that the wakers were taken. A slot is valid only in the round in which
    /// it was given.
    rounds: u64,
}

/// The place of a reader in a list, by which the reader is parked at most once a round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WakeSlot(Option<(usize, u64)>);

impl WakeList {
    /// Parks a reader until the wakers are next taken. A reader that is parked already keeps its
    /// place, and its waker is replaced if it would wake another task.
    pub(crate) fn park(&mut self, slot: &mut WakeSlot, waker: &Waker) {
        if let Some(parked) = self.place(*slot) {
            if !parked.as_ref().is_some_and(|parked| parked.will_wake(waker)) {
                *parked = Some(waker.clone());
            }
            return;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.parked.push(None);
            self.parked.len() - 1
        });
        self.parked[place] = Some(waker.clone());
        *slot = WakeSlot(Some((place, self.rounds)));
    }

    /// Removes a reader that is dropped. Returns its waker, which the caller drops outside the
    /// lock.
    pub(crate) fn leave(&mut self, slot: WakeSlot) -> Option<Waker> {
        let waker = self.place(slot)?.take()?;
        self.free.extend(slot.0.map(|(place, _)| place));
        Some(waker)
    }

    /// Takes all wakers, which the caller wakes after it has released the lock.
    pub(crate) fn take(&mut self) -> Wakers {
        if self.parked.is_empty() {
            return Wakers::default();
        }
        self.rounds += 1;
        self.free.clear();
        Wakers(std::mem::take(&mut self.parked))
    }

    fn place(&mut self, slot: WakeSlot) -> Option<&mut Option<Waker>> {
        let (place, round) = slot.0?;
        if round == self.rounds { self.parked.get_mut(place) } else { None }
    }
}

/// The wakers that were taken from a list, to be woken with no lock held.
#[derive(Debug, Default)]
#[must_use = "readers that are not woken never learn of the event"]
pub(crate) struct Wakers(Vec<Option<Waker>>);

impl Wakers {
    /// Returns the number of places, including those of readers that were removed.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Wakes all readers. A panic of a waker is contained, so that the other readers are woken too.
    pub(crate) fn wake(self) {
        for waker in self.0.into_iter().flatten() {
            let _ = contained(|| waker.wake());
        }
    }
}
