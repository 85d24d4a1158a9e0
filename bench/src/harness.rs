//! Compares several ways to do something, in interleaved rounds, by the median of each way.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime as Tokio;

/// The largest number of rounds of a comparison. A short disturbance of the machine affects only a
/// few of them and does not move the median.
const MOST_ROUNDS: usize = 101;

/// The smallest number of rounds of a comparison, however long they take.
const FEWEST_ROUNDS: usize = 9;

/// The time after which a comparison begins no further round.
const BUDGET: Duration = Duration::from_secs(4);

/// The shortest time of a batch. Compared with it, the cost of reading the clock is negligible.
const SHORTEST_BATCH: Duration = Duration::from_micros(500);

/// One way to do something.
pub struct Side<'a> {
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
    batch: u64,
}

impl<'a> Side<'a> {
    /// Creates a side whose `run` does the given number of operations, a multiple of `unit`, and
    /// returns the time that they took.
    pub fn timed(unit: u64, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        Self { run: Box::new(run), batch: unit }
    }

    /// Creates a side that awaits one operation after the other on the calling thread. The
    /// operation is given its number within the batch.
    pub fn each(tokio: &'a Tokio, mut operation: impl AsyncFnMut(usize) + 'a) -> Self {
        Self::timed(1, move |count| {
            on_thread(|| {
                tokio.block_on(async {
                    for nth in numbers(count) {
                        operation(nth).await;
                    }
                });
            })
        })
    }

    /// Runs one batch that is not part of any comparison.
    pub fn once(&mut self) {
        (self.run)(self.batch);
    }

    /// Warms up, and doubles the batch until it takes at least [`SHORTEST_BATCH`].
    fn calibrate(&mut self) {
        self.once();
        while (self.run)(self.batch) < SHORTEST_BATCH {
            self.batch *= 2;
        }
    }

    fn micros(&mut self) -> f64 {
        (self.run)(self.batch).as_secs_f64() * 1e6 / self.batch as f64
    }
}

/// Measures the time that one operation takes on each side, in microseconds.
#[must_use]
pub fn compare<const N: usize>(mut sides: [Side<'_>; N]) -> [f64; N] {
    sides.iter_mut().for_each(Side::calibrate);
    let began = Instant::now();
    let mut samples = [const { Vec::new() }; N];
    for round in 0..MOST_ROUNDS {
        if round >= FEWEST_ROUNDS && began.elapsed() > BUDGET {
            break;
        }
        // Each round begins with another side, so that no side always follows the same one.
        for turn in 0..N {
            let side = (round + turn) % N;
            samples[side].push(sides[side].micros());
        }
    }
    samples.map(median)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Returns the numbers from zero up to but not including `count`, as indexes.
#[must_use]
pub fn numbers(count: u64) -> std::ops::Range<usize> {
    0..usize::try_from(count).expect("a count of operations fits into memory")
}

/// Measures the processor time that `work` takes on the calling thread. Time of other programs and
/// time asleep are not part of it.
pub fn on_thread<T>(work: impl FnOnce() -> T) -> Duration {
    let timer = ThreadTimer::start();
    black_box(work());
    timer.elapsed()
}

/// A measurement of the calling thread's processor time.
#[derive(Clone, Copy, Debug)]
pub struct ThreadTimer(Duration);

impl ThreadTimer {
    /// Begins the measurement.
    #[must_use]
    pub fn start() -> Self {
        Self(thread_time())
    }

    /// Returns the processor time since the beginning.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        thread_time().saturating_sub(self.0)
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().expect("a thread's time is positive")
}
