//! The Workers that have ended, for the task that deletes them when retention says so.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use crate::{
    identity::WorkerId,
    model::{Retention, wire},
    store::WorkerRecord,
    sync::Backoff,
};

/// The Workers that have ended, in the order in which retention deletes them.
#[derive(Debug)]
pub(crate) struct EndedWorkers {
    policy: Retention,
    ended: Mutex<Ended>,
    /// Notified when a Worker or the Runtime has ended.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct Ended {
    /// The Workers that are not put off, by the time that [`note`](EndedWorkers::note) took, in
    /// milliseconds since the Unix epoch, and then by ordinal.
    order: BTreeMap<(u64, u64), WorkerId>,
    /// The Workers whose deletion failed, by the time until which they are put off, and then by
    /// ordinal.
    put_off: BTreeMap<(Instant, u64), WorkerId>,
    /// All of these Workers, by ordinal.
    places: BTreeMap<u64, Place>,
}

/// The place of a Worker among those that have ended.
#[derive(Debug)]
struct Place {
    /// The time in `order`.
    at_ms: u64,
    /// The time in `put_off`, if the Worker is there and not in `order`.
    until: Option<Instant>,
    /// The pauses after deletions that failed; absent until the first one.
    pauses: Option<Box<Backoff>>,
}

/// The deletions that are due now, or the time until the next one.
#[derive(Debug)]
pub(crate) enum Due {
    /// These Workers are due, with their ordinals; those that ended first come first.
    Now(Vec<(u64, WorkerId)>),
    /// No Worker is due before this time has passed, unless another one ends.
    In(Duration),
    /// No Worker is due until another one ends.
    Nothing,
}

/// The pauses after deletions of a Worker that failed.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(30));

/// The most Workers that are deleted at the same time.
const AT_ONCE: usize = 64;

impl EndedWorkers {
    pub(crate) fn new(policy: Retention) -> Arc<Self> {
        Arc::new(Self { policy, ended: Mutex::default(), changed: Notify::new() })
    }

    pub(crate) fn is_on(&self) -> bool {
        self.policy != Retention::default()
    }

    /// Adds a Worker that has ended, with the time of its newest event. That event is the end of
    /// the Worker, or after a restart of the Runtime perhaps a later event.
    pub(crate) fn note(&self, record: &WorkerRecord) {
        if !self.is_on() {
            return;
        }
        let place = Place { at_ms: record.active_at_ms, until: None, pauses: None };
        let mut ended = self.ended.lock();
        ended.remove(record.ordinal);
        ended.order.insert((place.at_ms, record.ordinal), record.worker_id);
        ended.places.insert(record.ordinal, place);
        drop(ended);
        self.changed.notify_one();
    }

    /// Removes a Worker that was deleted.
    pub(crate) fn forget(&self, ordinal: u64) {
        if self.is_on() {
            self.ended.lock().remove(ordinal);
        }
    }

    /// Puts off a Worker whose deletion failed, so that it holds up no other.
    pub(crate) fn put_off(&self, ordinal: u64) {
        let mut ended = self.ended.lock();
        let ended = &mut *ended;
        let Some(place) = ended.places.get_mut(&ordinal) else { return };
        let Some(worker_id) = ended.order.remove(&(place.at_ms, ordinal)) else { return };
        let pause = place.pauses.get_or_insert_with(|| Box::new(PAUSES)).next();
        let until = Instant::now() + pause.unwrap_or_default();
        place.until = Some(until);
        ended.put_off.insert((until, ordinal), worker_id);
    }

    /// Wakes the retention task, which then sees that the Runtime has ended.
    pub(crate) fn end(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn due(&self, now_ms: u64) -> Due {
        let mut ended = self.ended.lock();
        let now = Instant::now();
        ended.take_up(now);
        let all = ended.order.len() + ended.put_off.len();
        let surplus = self.policy.count.map_or(0, |count| all.saturating_sub(count));
        // A Worker that is put off is part of the surplus.
        let surplus = surplus.saturating_sub(ended.put_off.len());
        let age_ms = self.policy.age.map(wire::milliseconds);
        let left = |ended_at_ms: u64| {
            age_ms.map(|age| ended_at_ms.saturating_add(age).saturating_sub(now_ms))
        };
        let is_due = |(place, ((at_ms, _), _)): &(usize, (&(u64, u64), &WorkerId))| {
            *place < surplus || left(*at_ms) == Some(0)
        };
        let going: Vec<(u64, WorkerId)> = ended
            .order
            .iter()
            .enumerate()
            .take_while(is_due)
            .take(AT_ONCE)
            .map(|(_, ((_, ordinal), worker_id))| (*ordinal, *worker_id))
            .collect();
        if !going.is_empty() {
            return Due::Now(going);
        }
        let next = ended.order.first_key_value().and_then(|((at_ms, _), _)| left(*at_ms));
        let again = ended.put_off.first_key_value().map(|((until, _), _)| *until - now);
        let next = next.map(Duration::from_millis).into_iter().chain(again).min();
        next.map_or(Due::Nothing, Due::In)
    }
}

impl Ended {
    fn remove(&mut self, ordinal: u64) {
        let Some(place) = self.places.remove(&ordinal) else { return };
        match place.until {
            None => self.order.remove(&(place.at_ms, ordinal)),
            Some(until) => self.put_off.remove(&(until, ordinal)),
        };
    }

    /// Moves the Workers back into the order that were put off until now.
    fn take_up(&mut self, now: Instant) {
        while let Some(first) = self.put_off.first_entry().filter(|it| it.key().0 <= now) {
            let ((_, ordinal), worker_id) = first.remove_entry();
            if let Some(place) = self.places.get_mut(&ordinal) {
                place.until = None;
                self.order.insert((place.at_ms, ordinal), worker_id);
            }
        }
    }
}
