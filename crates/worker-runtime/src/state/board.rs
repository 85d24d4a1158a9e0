//! The Runtime's log, its figures and its list of Workers, and each tenant's part of them, behind one
//! lock.

mod part;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use part::{Figures, Part};

use crate::{
    log::{EventBlock, Published, RuntimeFact, RuntimeSource, Source},
    model::RuntimeState,
    state::{sequences::Sequences, tenant::Tenant},
    store::TenantTotals,
    sync::Wakers,
};

/// The state that the lock of the Runtime's log guards. A commit changes all of it in one hold of
/// the lock, so that no reader sees an event without its effect on the figures and the list.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) runtime: RuntimeState,
    /// Whether the Runtime has ended, so that a stream ends once it has delivered every event.
    pub(crate) closed: bool,
    /// What the Backend sees.
    pub(crate) whole: Part,
    /// What each tenant sees.
    tenants: BTreeMap<Arc<str>, (Arc<Tenant>, Part)>,
    /// The events about the Runtime's own course, which every tenant sees too: its start and its stop.
    course: Vec<Arc<RuntimeSource>>,
}

/// What an event leaves to be done when no lock is held.
#[derive(Debug, Default)]
#[must_use = "what falls out of a log is dropped, and readers are woken, outside its lock"]
pub(crate) struct Aftermath {
    /// The commits that a log no longer keeps.
    pub(crate) evicted: Vec<Arc<Published>>,
    /// The readers that wait for an event.
    pub(crate) waiting: Vec<Wakers>,
}

impl Board {
    /// Creates a board without events, whose log keeps the newest `capacity` events.
    pub(crate) fn new(capacity: u64, figures: Figures) -> Self {
        Self {
            runtime: RuntimeState::Running,
            closed: false,
            whole: Part::new(capacity, figures),
            tenants: BTreeMap::new(),
            course: Vec::new(),
        }
    }

    /// Returns the tenant with this name, if it was [added](Self::add).
    pub(crate) fn tenant(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.tenants.get(name).map(|(tenant, _)| tenant)
    }

    /// Adds a tenant, whose log begins with what the Runtime has told of its own course.
    pub(crate) fn add(&mut self, tenant: &Arc<Tenant>) {
        // The Runtime's log bounds what the logs of tenants keep.
        let mut part = Part::new(u64::MAX, Figures::default());
        for source in &self.course {
            let evicted = part.append_own(Arc::clone(source), self.whole.events.head());
            debug_assert!(evicted.is_empty(), "the log is not bounded");
        }
        self.tenants.insert(Arc::clone(&tenant.name), (Arc::clone(tenant), part));
    }

    /// Sets the sums over the Workers that a tenant ever had.
    pub(crate) fn set_totals(&mut self, of: &TenantTotals) {
        if let Some((_, part)) = self.tenants.get_mut(&of.tenant) {
            part.figures.usage.add(&of.totals.usage);
            part.figures.outcomes.add(&of.totals.outcomes);
        }
    }

    /// Returns the part of a tenant, or of the Backend if there is none. A tenant that was not added
    /// has no part.
    pub(crate) fn part(&self, tenant: Option<&Tenant>) -> Option<&Part> {
        match tenant {
            None => Some(&self.whole),
            Some(tenant) => self.tenants.get(&tenant.name).map(|(_, part)| part),
        }
    }

    /// Does what [`part`](Self::part) does, for changes.
    pub(crate) fn part_mut(&mut self, tenant: Option<&Tenant>) -> Option<&mut Part> {
        match tenant {
            None => Some(&mut self.whole),
            Some(tenant) => self.tenants.get_mut(&tenant.name).map(|(_, part)| part),
        }
    }

    /// Returns the parts that a Worker of this tenant, or of none, belongs to.
    pub(crate) fn parts_of(&mut self, tenant: Option<&Tenant>) -> impl Iterator<Item = &mut Part> {
        let of_tenant = tenant.and_then(|it| self.tenants.get_mut(&it.name));
        [&mut self.whole].into_iter().chain(of_tenant.map(|(_, part)| part))
    }

    /// Appends the events of a commit about a Worker of this tenant, or of none. `sequences` are those
    /// of the Worker's previous commit, and become those of this one.
    pub(crate) fn append_commit(
        &mut self,
        tenant: Option<&Tenant>,
        block: &Arc<EventBlock>,
        sequences: &mut Sequences,
    ) -> Aftermath {
        let in_whole = self.whole.events.head() + 1;
        let mut aftermath = Aftermath::default();
        if let Some(part) = tenant.and_then(|_| self.part_mut(tenant)) {
            let first = part.events.head() + 1;
            let mut commit = Published::new(first, Source::Worker(Arc::clone(block)));
            commit.previous = std::mem::replace(&mut sequences.tenant, first);
            commit.in_runtime = in_whole;
            aftermath.evicted = part.events.append(commit);
            aftermath.waiting.push(part.waiting.take());
        }
        let mut commit = Published::new(in_whole, Source::Worker(Arc::clone(block)));
        commit.previous = std::mem::replace(&mut sequences.whole, in_whole);
        self.append(commit, &mut aftermath);
        aftermath
    }

    /// Appends an event of the Runtime itself.
    ///
    /// What concerns the Runtime's course is told to every tenant, without the metadata of the command,
    /// which is the Backend's. A diagnostic is told to the tenant that it is about, if there is one.
    pub(crate) fn append_own(&mut self, source: RuntimeSource) -> Aftermath {
        let in_whole = self.whole.events.head() + 1;
        let mut aftermath = Aftermath::default();
        match &source.fact {
            RuntimeFact::Diagnostic(diagnostic) => {
                let tenant = diagnostic.tenant.as_deref().and_then(|it| self.tenants.get_mut(it));
                if let Some((_, part)) = tenant {
                    aftermath.evicted = part.append_own(Arc::new(source.clone()), in_whole);
                    aftermath.waiting.push(part.waiting.take());
                }
            }
            RuntimeFact::Started | RuntimeFact::Stopping { .. } | RuntimeFact::Stopped => {
                let shown = Arc::new(RuntimeSource { metadata: None, ..source.clone() });
                for (_, part) in self.tenants.values_mut() {
                    aftermath.evicted.extend(part.append_own(Arc::clone(&shown), in_whole));
                    aftermath.waiting.push(part.waiting.take());
                }
                self.course.push(shown);
            }
        }
        let commit = Published::new(in_whole, Source::Runtime(Arc::new(source)));
        self.append(commit, &mut aftermath);
        aftermath
    }

    /// Appends to the Runtime's log. What this log no longer keeps, the logs of tenants drop too, so
    /// that all of them together keep no more than this one.
    fn append(&mut self, commit: Published, aftermath: &mut Aftermath) {
        let evicted = self.whole.events.append(commit);
        aftermath.waiting.push(self.whole.waiting.take());
        for commit in &evicted {
            let tenant = commit.source.tenant().and_then(|name| self.tenants.get_mut(name));
            if let Some((_, part)) = tenant {
                aftermath.evicted.extend(part.events.drop_through(commit.first));
            }
        }
        aftermath.evicted.extend(evicted);
    }

    /// Takes the wakers of all readers that wait for an event, which the caller wakes with no lock
    /// held.
    pub(crate) fn take_waiting(&mut self) -> Vec<Wakers> {
        let of_tenants = self.tenants.values_mut().map(|(_, part)| part);
        [&mut self.whole].into_iter().chain(of_tenants).map(|part| part.waiting.take()).collect()
    }
}
