//! Who waits for the next event: parked wakers, taken under a lock and woken outside it.

use std::{num::NonZeroU64, task::Waker};

/// Readers that wait. Lives under the lock of what they wait for.
#[derive(Debug, Default)]
pub(crate) struct WakeList {
    parked: Vec<Option<Waker>>,
    free: Vec<usize>,
    /// Goes up whenever everybody is taken, so that places of an earlier round mean nothing.
    rounds: u64,
}

/// A reader's place in a list, so that it parks at most once a round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WakeSlot(Option<(usize, NonZeroU64)>);

impl WakeList {
    /// Parks a reader until the list is next taken.
    pub(crate) fn park(&mut self, slot: &mut WakeSlot, waker: &Waker) {
        if let Some(parked) = self.place(*slot) {
            if !parked.as_ref().is_some_and(|it| it.will_wake(waker)) {
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

    /// Forgets a reader that goes away; gives its waker back to be dropped outside the lock.
    pub(crate) fn leave(&mut self, slot: WakeSlot) -> Option<Waker> {
        let waker = self.place(slot)?.take()?;
        self.free.extend(slot.0.map(|(place, _)| place));
        Some(waker)
    }

    /// Takes everybody, to be woken once the lock is gone.
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

    /// The present round; never zero, so that a place is small.
    fn round(&self) -> NonZeroU64 {
        NonZeroU64::MIN.saturating_add(self.rounds)
    }
}

/// Readers to be woken, outside every lock.
#[derive(Debug, Default)]
#[must_use = "readers that are not woken never learn of the event"]
pub(crate) struct Wakers(Vec<Option<Waker>>);

impl Wakers {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn wake(self) {
        self.0.into_iter().flatten().for_each(Waker::wake);
    }

    pub(crate) fn add(&mut self, other: Self) {
        if self.0.is_empty() {
            self.0 = other.0;
        } else {
            self.0.extend(other.0);
        }
    }
}
