//! Reads the rest of responses whose answer is known, so that their connections can be used again.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{Response, header::CONNECTION};
use tokio::{runtime::Handle, time::timeout};
use tokio_util::sync::CancellationToken;

/// The longest wait for the end of a response, and the most bytes that are read of it meanwhile.
const REST_TIME: Duration = Duration::from_secs(1);
const REST_BYTES: usize = 64 * 1024;

/// The longest wait of a call for a connection whose last response is just coming to its end. A new
/// connection takes as long, and costs both sides more.
const PATIENCE: Duration = Duration::from_millis(5);

/// The responses of a server that are being read to their end. Only a response that was read to its
/// end gives its connection back, and many servers end it a little after the answer.
///
/// Each response is waited for by one call at most, so that there are never more of them here than
/// there were calls at the same time.
#[derive(Debug, Default)]
pub(in crate::providers) struct Rests {
    read: Mutex<VecDeque<CancellationToken>>,
    /// The number of connections that were given back and not used again, as far as it is known.
    idle: Arc<AtomicUsize>,
}

impl Rests {
    /// Reads the rest of a response in a task of its own: a little of it, for a little while.
    pub(super) fn read(&self, mut response: Response, is_at_end: bool) {
        let stays = response.headers().get(CONNECTION).is_none_or(|it| it != "close");
        if is_at_end {
            self.idle.fetch_add(usize::from(stays), Ordering::Relaxed);
            return;
        }
        let Ok(tokio) = Handle::try_current() else { return };
        let idle = Arc::clone(&self.idle);
        let is_read = CancellationToken::new();
        let guard = is_read.clone().drop_guard();
        self.lock().push_back(is_read);
        let rest = async move {
            let mut read = 0;
            while let Ok(chunk) = response.chunk().await {
                let Some(chunk) = chunk else {
                    idle.fetch_add(usize::from(stays), Ordering::Relaxed);
                    return;
                };
                read += chunk.len();
                if read > REST_BYTES {
                    return;
                }
            }
        };
        tokio.spawn(async move {
            drop(timeout(REST_TIME, rest).await);
            drop(guard);
        });
    }

    /// Waits a moment for the connection of a response that is being read, if there is one.
    pub(super) async fn wait(&self) {
        let oldest = self.lock().pop_front();
        if let Some(is_read) = oldest {
            drop(timeout(PATIENCE, is_read.cancelled()).await);
        }
    }

    /// Takes one of the connections that were given back. Returns whether there may be one, which the
    /// server may have closed in the meantime.
    pub(super) fn take_idle(&self) -> bool {
        let less = |idle: usize| idle.checked_sub(1);
        self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Forgets the connections that were given back, because one of them was closed. Otherwise a
    /// server that closes every connection would be sent one request as often as it had many.
    pub(super) fn forget_idle(&self) {
        self.idle.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<CancellationToken>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
