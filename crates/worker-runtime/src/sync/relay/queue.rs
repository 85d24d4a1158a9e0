//! The tasks that a relay is to wake, and its threads.

use std::{
    collections::{VecDeque, btree_map::IntoValues},
    task::Waker,
};

use super::super::Foreign;

/// The tasks that wait for a relay, and the numbers of its threads.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<IntoValues<u64, Foreign<Waker>>>,
    /// The runners that were called and are not at work yet.
    pub(super) starting: usize,
    /// The runners that are in a waker.
    pub(super) busy: usize,
    /// The busy runners that were so when the watch last found that too few tasks were woken.
    pub(super) stuck: usize,
    /// The runners that have nothing to do.
    pub(super) idle: usize,
    /// The number of times that the busy runners were counted as stuck. A runner whose waker returns
    /// in a later round than it was called in is stuck no more.
    pub(super) round: u64,
    /// The number of wakers that have returned.
    pub(super) woken: u64,
    pub(super) watch: Watch,
    /// Whether a paused clock is held.
    pub(super) is_held: bool,
    /// Whether threads that have nothing to do end at once.
    pub(super) is_over: bool,
}

/// The state of the thread that looks after the runners.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Watch {
    #[default]
    None,
    Sleeping,
    Looking,
}

impl Queue {
    /// Takes the next waker.
    pub(super) fn next(&mut self) -> Option<Foreign<Waker>> {
        while let Some(wakers) = self.waiting.front_mut() {
            if let Some(waker) = wakers.next() {
                return Some(waker);
            }
            self.waiting.pop_front();
        }
        // Gives back the memory of a time when many waited.
        self.waiting = VecDeque::new();
        None
    }

    /// The number of runners.
    pub(super) fn runners(&self) -> usize {
        self.starting + self.busy + self.idle
    }

    /// The number of runners that work and are not stuck.
    pub(super) fn moving(&self) -> usize {
        self.starting + self.busy - self.stuck
    }

    /// Whether every task is woken, except by wakers that block.
    pub(super) fn is_calm(&self) -> bool {
        self.waiting.is_empty() && self.busy == self.stuck
    }
}
