//! The newest diagnostics of the Runtime.

use std::{collections::VecDeque, sync::Arc};

use crate::model::{Diagnostic, Severity};

/// The newest diagnostics, numbered from 1. As many are kept as `capacity` says.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    kept: VecDeque<Arc<Diagnostic>>,
    capacity: usize,
    /// The number of the newest diagnostic; 0 if there is none.
    head: u64,
}

impl Diagnostics {
    pub(crate) fn new(capacity: u64) -> Self {
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        Self { kept: VecDeque::new(), capacity, head: 0 }
    }

    /// Adds a diagnostic. Returns the one that is no longer kept, to be dropped outside the lock.
    pub(crate) fn add(&mut self, diagnostic: Arc<Diagnostic>) -> Option<Arc<Diagnostic>> {
        self.head += 1;
        let full = self.kept.len() == self.capacity;
        let evicted = if full { self.kept.pop_front() } else { None };
        self.kept.push_back(diagnostic);
        evicted
    }

    /// Returns diagnostics with a number less than `before`, newest first, each with its number, and
    /// whether there are further ones.
    pub(crate) fn newest(
        &self,
        before: Option<u64>,
        at_least: Severity,
        limit: usize,
    ) -> (Vec<(Arc<Diagnostic>, u64)>, bool) {
        let before = before.unwrap_or(u64::MAX);
        let numbered = self.kept.iter().rev().zip((1..=self.head).rev());
        let mut matching =
            numbered.filter(|(it, number)| *number < before && it.severity >= at_least).peekable();
        let found = matching.by_ref().take(limit);
        let found = found.map(|(it, number)| (Arc::clone(it), number)).collect();
        (found, matching.peek().is_some())
    }
}
