//! What is measured: time, or the processor's time of the thread alone.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The processor's time that the calling thread has used so far. Neither neighbours on the machine
/// nor a sleep count.
#[must_use]
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// A measurement under way on one thread.
#[derive(Clone, Copy, Debug)]
pub struct ThreadTimer(Duration);

impl ThreadTimer {
    /// Begins.
    #[must_use]
    pub fn start() -> Self {
        Self(thread_time())
    }

    /// What the thread has used since.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        thread_time().saturating_sub(self.0)
    }
}

/// What `work` takes of the thread.
pub fn on_thread<T>(work: impl FnOnce() -> T) -> Duration {
    let timer = ThreadTimer::start();
    std::hint::black_box(work());
    timer.elapsed()
}

/// What `work` takes by the clock on the wall.
pub fn on_wall<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}
