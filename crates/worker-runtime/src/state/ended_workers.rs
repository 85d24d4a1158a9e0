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
    /// The Workers that are neither put off nor being deleted, by the time that
    /// [`note`](EndedWorkers::note) took, in milliseconds since the Unix epoch, and then by ordinal.
    order: BTreeMap<(u64, u64), WorkerId>,
    /// The Workers whose deletion failed, by the time until which they are put off, and then by
    /// ordinal.
    put_off: BTreeMap<(Instant, u64), WorkerId>,
    /// The Workers that are being deleted, by the time at which that began, and then by ordinal.
    going: BTreeMap<(Instant, u64), WorkerId>,
    /// All of these Workers, by ordinal.
    places: BTreeMap<u64, Place>,
}

/// The place of a Worker among those that have ended.
#[derive(Debug)]
struct Place {
    /// The time in `order`.
    at_ms: u64,
    list: List,
    /// The pauses after deletions that failed; absent until the first one.
    pauses: Option<Box<Backoff>>,
}

/// The list that a Worker is in, with its time there.
#[derive(Clone, Copy, Debug)]
enum List {
    Order,
    PutOff(Instant),
    Going(Instant),
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

/// The most deletions that are young at the same time. One that takes long, because its Worker hangs,
/// takes the place of no other.
const AT_ONCE: usize = 64;

/// The time for which a deletion is young.
const YOUNG: Duration = Duration::from_millis(50);

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
        let place = Place { at_ms: record.active_at_ms, list: List::Order, pauses: None };
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

    /// Puts off a Worker whose deletion failed, so that it holds up no other. Returns whether it was
    /// the first time.
    pub(crate) fn put_off(&self, ordinal: u64) -> bool {
        let mut ended = self.ended.lock();
        let ended = &mut *ended;
        let Some(place) = ended.places.get_mut(&ordinal) else { return false };
        let List::Going(since) = place.list else { return false };
        let Some(worker_id) = ended.going.remove(&(since, ordinal)) else { return false };
        let is_first = place.pauses.is_none();
        let pause = place.pauses.get_or_insert_with(|| Box::new(PAUSES)).next();
        let until = Instant::now() + pause.unwrap_or_default();
        place.list = List::PutOff(until);
        ended.put_off.insert((until, ordinal), worker_id);
        is_first
    }

    /// Wakes the retention task, which then sees that the Runtime has ended.
    pub(crate) fn end(&self) {
        self.changed.notify_one();
    }

    /// Returns what is due. The Workers that are returned count as being deleted until they are
    /// [put off](Self::put_off) or [gone](Self::forget), so that no deletion is begun twice.
    pub(crate) fn due(&self, now_ms: u64) -> Due {
        let mut ended = self.ended.lock();
        let ended = &mut *ended;
        let now = Instant::now();
        ended.take_up(now);
        let room = AT_ONCE.saturating_sub(ended.young(now));
        if room == 0 {
            return Due::In(YOUNG);
        }
        let others = ended.put_off.len() + ended.going.len();
        let all = ended.order.len() + others;
        let surplus = self.policy.count.map_or(0, |count| all.saturating_sub(count));
        // A Worker that is put off or being deleted is part of the surplus.
        let surplus = surplus.saturating_sub(others);
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
            .take(room)
            .map(|(_, ((_, ordinal), worker_id))| (*ordinal, *worker_id))
            .collect();
        if !going.is_empty() {
            ended.begin(&going, now);
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
        match place.list {
            List::Order => self.order.remove(&(place.at_ms, ordinal)),
            List::PutOff(until) => self.put_off.remove(&(until, ordinal)),
            List::Going(since) => self.going.remove(&(since, ordinal)),
        };
    }

    /// The number of deletions that are young.
    fn young(&self, now: Instant) -> usize {
        let since = now.checked_sub(YOUNG);
        since.map_or(self.going.len(), |since| self.going.range((since, u64::MAX)..).count())
    }

    /// Takes Workers that are due out of the order.
    fn begin(&mut self, going: &[(u64, WorkerId)], now: Instant) {
        for (ordinal, worker_id) in going {
            let Some(place) = self.places.get_mut(ordinal) else { continue };
            self.order.remove(&(place.at_ms, *ordinal));
            place.list = List::Going(now);
            self.going.insert((now, *ordinal), *worker_id);
        }
    }

    /// Moves the Workers back into the order that were put off until now.
    fn take_up(&mut self, now: Instant) {
        while let Some(first) = self.put_off.first_entry().filter(|it| it.key().0 <= now) {
            let ((_, ordinal), worker_id) = first.remove_entry();
            if let Some(place) = self.places.get_mut(&ordinal) {
                place.list = List::Order;
                self.order.insert((place.at_ms, ordinal), worker_id);
            }
        }
    }
}
