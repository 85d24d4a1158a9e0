//! The newest diagnostics of the Runtime.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{Diagnostic, Severity};

/// The newest diagnostics, numbered from 1. As many are kept as `capacity` says.
#[derive(Debug)]
pub(crate) struct Diagnostics {
    /// The diagnostics by number, once for each severity: those that have at least that severity.
    at_least: [BTreeMap<u64, Arc<Diagnostic>>; 3],
    capacity: u64,
    /// The number of the newest diagnostic; 0 if there is none.
    head: u64,
}

impl Diagnostics {
    pub(crate) fn new(capacity: u64) -> Self {
        Self { at_least: Default::default(), capacity, head: 0 }
    }

    /// Adds a diagnostic. Returns the one that is no longer kept, to be dropped outside the lock.
    pub(crate) fn add(&mut self, diagnostic: &Arc<Diagnostic>) -> Option<Arc<Diagnostic>> {
        self.head += 1;
        let gone = self.head.saturating_sub(self.capacity);
        let mut evicted = None;
        for (severity, kept) in SEVERITIES.iter().zip(&mut self.at_least) {
            if diagnostic.severity >= *severity {
                kept.insert(self.head, Arc::clone(diagnostic));
            }
            evicted = kept.remove(&gone).or(evicted);
        }
        evicted
    }

    /// Returns diagnostics with a number less than `before`, newest first, each with its number, and
    /// whether there are further ones. If a tenant is named, only those of the tenant count.
    pub(crate) fn newest(
        &self,
        before: Option<u64>,
        at_least: Severity,
        tenant: Option<&str>,
        limit: usize,
    ) -> (Vec<(Arc<Diagnostic>, u64)>, bool) {
        let kept =
            SEVERITIES.iter().zip(&self.at_least).find(|(severity, _)| **severity == at_least);
        let before = before.unwrap_or(u64::MAX);
        let is_of_tenant =
            |it: &Diagnostic| tenant.is_none_or(|tenant| it.tenant.as_deref() == Some(tenant));
        let older = kept.into_iter().flat_map(|(_, kept)| kept.range(..before).rev());
        let mut older = older.filter(|(_, it)| is_of_tenant(it)).fuse();
        let found = older.by_ref().take(limit);
        let found = found.map(|(number, it)| (Arc::clone(it), *number)).collect();
        (found, older.next().is_some())
    }
}

const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::DiagnosticId;

    fn diagnostic(severity: Severity) -> Arc<Diagnostic> {
        Arc::new(Diagnostic {
            diagnostic_id: DiagnosticId::from_uuid(uuid::Uuid::nil()),
            severity,
            message: "a message".to_owned(),
            at_ms: 7,
            worker: None,
            tenant: None,
            turn_id: None,
        })
    }

    #[test]
    fn the_newest_are_kept_and_found_by_severity() {
        let mut diagnostics = Diagnostics::new(5);
        let mut evicted = 0;
        for number in 0..8 {
            let severity = SEVERITIES[number % 3];
            evicted += usize::from(diagnostics.add(&diagnostic(severity)).is_some());
        }
        assert_eq!(evicted, 3);
        let numbers = |before, severity, limit| {
            let (found, more) = diagnostics.newest(before, severity, None, limit);
            (found.iter().map(|(_, number)| *number).collect::<Vec<_>>(), more)
        };
        assert_eq!(numbers(None, Severity::Info, 9), (vec![8, 7, 6, 5, 4], false));
        assert_eq!(numbers(Some(7), Severity::Info, 2), (vec![6, 5], true));
        assert_eq!(numbers(None, Severity::Warning, 9), (vec![8, 6, 5], false));
        assert_eq!(numbers(None, Severity::Error, 1), (vec![6], false));
    }
}
