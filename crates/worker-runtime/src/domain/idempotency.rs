//! Idempotency keys: which are remembered, and the digest of a request's body.

use std::{collections::BTreeMap, io, sync::Arc};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    error::RuntimeError,
    store::{CreateKey, InputKey},
};

/// An idempotency key that is remembered.
pub(crate) trait Remembered {
    fn key(&self) -> &Arc<str>;
    fn digest(&self) -> &[u8; 16];
    fn at_ms(&self) -> u64;
}

impl Remembered for InputKey {
    fn key(&self) -> &Arc<str> {
        &self.key
    }

    fn digest(&self) -> &[u8; 16] {
        &self.digest
    }

    fn at_ms(&self) -> u64 {
        self.at_ms
    }
}

impl Remembered for CreateKey {
    fn key(&self) -> &Arc<str> {
        &self.key
    }

    fn digest(&self) -> &[u8; 16] {
        &self.digest
    }

    fn at_ms(&self) -> u64 {
        self.at_ms
    }
}

/// The maximum number and the maximum age of the keys that are remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowBounds {
    pub(crate) count: u64,
    pub(crate) age_ms: u64,
}

/// The idempotency keys that are remembered, each once. Keys that have expired stay until later
/// requests with a key push them out, a few each.
#[derive(Debug)]
pub(crate) struct KeyWindow<T> {
    /// The keys by number, oldest first.
    keys: BTreeMap<u64, T>,
    /// The number of each key.
    numbers: BTreeMap<Arc<str>, u64>,
    next_number: u64,
}

/// The most keys that one request pushes out, so that none pays for all that have expired.
const AT_ONCE: usize = 64;

impl<T> Default for KeyWindow<T> {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), numbers: BTreeMap::new(), next_number: 0 }
    }
}

impl<T: Remembered> KeyWindow<T> {
    /// Returns the record of a key that is still remembered.
    ///
    /// # Errors
    ///
    /// Returns `idempotency_conflict` if the key was used with another body.
    pub(crate) fn replay(
        &self,
        key: &str,
        digest: &[u8; 16],
        now_ms: u64,
        bounds: WindowBounds,
    ) -> Result<Option<&T>, RuntimeError> {
        let found = self.get(key).filter(|known| is_fresh(*known, now_ms, bounds));
        match found {
            Some(known) if known.digest() != digest => Err(RuntimeError::IdempotencyConflict {}),
            found => Ok(found),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.keys.get(self.numbers.get(key)?)
    }

    /// Returns the keys that are forgotten when the key `new` is remembered: the oldest ones that
    /// have expired or for which there is no room, at most 64, and an earlier use of `new`.
    pub(crate) fn pushed_out(&self, new: &str, now_ms: u64, bounds: WindowBounds) -> Vec<Arc<str>> {
        let room = usize::try_from(bounds.count - 1).unwrap_or(usize::MAX);
        let surplus = self.keys.len().saturating_sub(room);
        let gone = |(place, key): &(usize, &T)| *place < surplus || !is_fresh(*key, now_ms, bounds);
        let oldest = self.keys.values().enumerate().take(AT_ONCE).take_while(gone);
        let oldest = oldest.map(|(_, key)| key).filter(|key| &**key.key() != new);
        oldest.chain(self.get(new)).map(|key| Arc::clone(key.key())).collect()
    }

    /// Forgets the keys that [`pushed_out`](Self::pushed_out) returned. Keys that another change has
    /// forgotten meanwhile are skipped.
    pub(crate) fn forget(&mut self, dropped: &[Arc<str>]) {
        for name in dropped {
            if let Some(number) = self.numbers.remove(name) {
                self.keys.remove(&number);
            }
        }
    }

    /// Remembers a key as the newest one, in place of an earlier use of it.
    pub(crate) fn remember(&mut self, key: T) {
        let number = self.next_number;
        self.next_number += 1;
        if let Some(earlier) = self.numbers.insert(Arc::clone(key.key()), number) {
            self.keys.remove(&earlier);
        }
        self.keys.insert(number, key);
    }
}

/// Returns whether a key is young enough to be remembered.
pub(crate) fn is_fresh(it: &impl Remembered, now_ms: u64, bounds: WindowBounds) -> bool {
    now_ms.saturating_sub(it.at_ms()) <= bounds.age_ms
}

/// Returns the digest of a request's body, from which the caller leaves out the idempotency key and
/// the metadata.
///
/// The digest is the first 16 bytes of the SHA-256 of the body as JSON. The JSON is hashed piece by
/// piece, so that a large body is not copied.
pub(crate) fn digest(body: &impl Serialize) -> [u8; 16] {
    let mut hash = HashWriter(Sha256::new());
    // Writing to the hash cannot fail, and every request can be written as JSON.
    let _ = serde_json::to_writer(&mut hash, body);
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.0.finalize()[..16]);
    digest
}

/// Hashes the bytes that are written to it.
struct HashWriter(Sha256);

impl io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::WorkerId;

    const BOUNDS: WindowBounds = WindowBounds { count: 2, age_ms: 100 };

    fn key(name: &str, at_ms: u64) -> CreateKey {
        let worker_id = WorkerId::NIL;
        CreateKey { key: name.into(), digest: [1; 16], at_ms, worker_id, receipt: None }
    }

    fn insert(window: &mut KeyWindow<CreateKey>, it: CreateKey) -> Vec<Arc<str>> {
        let gone = window.pushed_out(&it.key, it.at_ms, BOUNDS);
        window.forget(&gone);
        window.remember(it);
        gone
    }

    #[test]
    fn the_oldest_key_makes_room() {
        let mut window = KeyWindow::default();
        assert!(insert(&mut window, key("a", 0)).is_empty());
        assert!(insert(&mut window, key("b", 1)).is_empty());
        assert_eq!(insert(&mut window, key("c", 2)), ["a".into()]);
        assert!(window.get("a").is_none());
        assert_eq!(window.get("b").map(|it| it.at_ms), Some(1));
        assert_eq!(window.get("c").map(|it| it.at_ms), Some(2));
    }

    #[test]
    fn a_key_is_forgotten_past_its_age_and_may_be_used_anew() {
        let mut window = KeyWindow::default();
        insert(&mut window, key("a", 0));
        assert!(window.replay("a", &[1; 16], 100, BOUNDS).unwrap().is_some());
        assert!(window.replay("a", &[2; 16], 100, BOUNDS).is_err());
        assert!(window.replay("a", &[2; 16], 101, BOUNDS).unwrap().is_none());
        assert_eq!(insert(&mut window, key("a", 101)), ["a".into()]);
        assert_eq!(window.get("a").map(|it| it.at_ms), Some(101));
    }

    #[test]
    fn no_request_pays_for_all_keys_that_have_expired() {
        const MANY: WindowBounds = WindowBounds { count: 10_000, age_ms: 100 };
        let mut window = KeyWindow::default();
        for number in 0..10_000 {
            window.remember(key(&number.to_string(), 0));
        }
        for number in 0..200 {
            let fresh = key(&format!("new {number}"), 1000);
            let gone = window.pushed_out(&fresh.key, fresh.at_ms, MANY);
            assert!(gone.len() <= AT_ONCE);
            window.forget(&gone);
            window.remember(fresh);
            assert!(window.replay("9999", &[1; 16], 1000, MANY).unwrap().is_none());
        }
        assert_eq!((window.keys.len(), window.numbers.len()), (200, 200));
    }

    #[test]
    fn a_key_that_is_used_anew_is_dropped_once_and_not_again() {
        const WIDE: WindowBounds = WindowBounds { count: 1000, age_ms: 100 };
        let mut window = KeyWindow::default();
        for number in 0..200 {
            window.remember(key(&number.to_string(), 0));
        }
        let mut dropped = Vec::new();
        for name in ["150", "a", "b", "c", "d"] {
            let gone = window.pushed_out(name, 1000, WIDE);
            window.forget(&gone);
            window.remember(key(name, 1000));
            dropped.extend(gone);
        }
        assert_eq!(dropped.iter().filter(|name| &***name == "150").count(), 1);
        assert!(dropped[..65].contains(&"150".into()), "with the batch that uses it anew");
        assert_eq!((window.keys.len(), window.numbers.len()), (5, 5));
    }
}
