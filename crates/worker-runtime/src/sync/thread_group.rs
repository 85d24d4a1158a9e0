//! Threads in groups: what is kept for each group is seldom wanted by two threads at once.

use std::{
    array,
    hash::{DefaultHasher, Hash, Hasher},
    thread,
};

/// How many groups there are: a bit of a byte may stand for each.
pub(crate) const GROUPS: u8 = 8;

/// A value for each group of threads.
#[derive(Debug, Default)]
pub(crate) struct PerGroup<T>([T; GROUPS as usize]);

impl<T> PerGroup<T> {
    pub(crate) fn from_fn(mut value: impl FnMut() -> T) -> Self {
        Self(array::from_fn(|_| value()))
    }

    /// The value for the group of this thread.
    pub(crate) fn here(&self) -> &T {
        self.of(here())
    }

    /// The value for a group.
    pub(crate) fn of(&self, group: u8) -> &T {
        &self.0[usize::from(group)]
    }
}

thread_local! {
    static HERE: u8 = {
        // By the thread's own id: a count of threads would be something that all Runtimes share.
        let mut hasher = DefaultHasher::new();
        thread::current().id().hash(&mut hasher);
        u8::try_from(hasher.finish() % u64::from(GROUPS)).unwrap_or_default()
    };
}

/// The group of this thread.
pub(crate) fn here() -> u8 {
    HERE.with(|it| *it)
}
