//! A list of wakers that are parked under a lock and woken outside it.

use std::{num::NonZeroU64, task::Waker};

use super::contained;

/// Readers that wait. The list lies under the lock of what they wait for.
#[derive(Debug, Default)]
pub(crate) struct WakeList {
    parked: Vec<Option<Waker>>,
    free: Vec<usize>,
    /// How often the list was taken. A place is good only in the round in which it was given.
    rounds: u64,
}

/// A reader's place in a list, so that it parks at most once a round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WakeSlot(Option<(usize, NonZeroU64)>);

impl WakeList {
    /// Parks a reader until the list is next taken.
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
        *slot = WakeSlot(Some((place, self.round())));
    }

    /// Removes a reader that goes away. Returns its waker, to be dropped outside the lock.
    pub(crate) fn leave(&mut self, slot: WakeSlot) -> Option<Waker> {
        let waker = self.place(slot)?.take()?;
        self.free.extend(slot.0.map(|(place, _)| place));
        Some(waker)
    }

    /// Takes all wakers, to be woken when the lock is released.
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
        if round == self.round() { self.parked.get_mut(place) } else { None }
    }

    /// The present round. It is never zero, so that an absent place takes no room of its own.
    fn round(&self) -> NonZeroU64 {
        NonZeroU64::MIN.saturating_add(self.rounds)
    }
}

/// Readers to be woken, outside every lock.
#[derive(Debug, Default)]
#[must_use = "readers that are not woken never learn of the event"]
pub(crate) struct Wakers(Vec<Option<Waker>>);

impl Wakers {
    /// The number of places, those of readers that went away included.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Wakes all of them. A waker that panics costs nobody but its own task.
    pub(crate) fn wake(self) {
        for waker in self.0.into_iter().flatten() {
            let _ = contained(|| waker.wake());
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        if self.0.is_empty() {
            self.0 = other.0;
        } else {
            self.0.extend(other.0);
        }
    }
}
