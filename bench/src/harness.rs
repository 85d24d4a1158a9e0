//! Compares ways to do something: interleaved rounds, and the median of each way.

use std::time::Duration;

/// Rounds of a comparison: so many that what disturbs the machine for a moment is in few of them.
const ROUNDS: usize = 151;

/// The shortest batch that is timed: what reading a clock costs is lost in it.
const BATCH: Duration = Duration::from_micros(500);

/// One way to do something: given a number of operations, does them and tells what they took.
pub struct Side<'a> {
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
    /// Operations in a batch.
    batch: u64,
}

impl<'a> Side<'a> {
    /// A way whose batch may be of any size.
    pub fn new(run: impl FnMut(u64) -> Duration + 'a) -> Self {
        Self::in_units(1, run)
    }

    /// A way whose batch is a multiple of `unit` operations.
    pub fn in_units(unit: u64, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        Self { run: Box::new(run), batch: unit }
    }

    /// Warms up and finds the size of a batch.
    fn calibrate(&mut self) {
        // What is made at the first use is not part of a batch.
        (self.run)(self.batch);
        while (self.run)(self.batch) < BATCH && self.batch < 1 << 22 {
            self.batch *= 2;
        }
        (self.run)(self.batch);
    }

    fn nanos(&mut self) -> f64 {
        (self.run)(self.batch).as_nanos() as f64 / self.batch as f64
    }
}

/// What one operation takes on each side, in nanoseconds: medians of interleaved rounds.
#[must_use]
pub fn compare<const N: usize>(mut sides: [Side<'_>; N]) -> [f64; N] {
    sides.iter_mut().for_each(Side::calibrate);
    compare_units(ROUNDS, sides)
}

/// The same for operations that take long: so many rounds, each of one `unit`.
#[must_use]
pub fn compare_units<const N: usize>(rounds: usize, mut sides: [Side<'_>; N]) -> [f64; N] {
    let mut samples = [const { Vec::new() }; N];
    for round in 0..rounds {
        // Each round begins with another side, so that none is always the one after a certain other.
        for turn in 0..N {
            let side = (round + turn) % N;
            samples[side].push(sides[side].nanos());
        }
    }
    samples.map(median)
}

/// The middle one.
#[must_use]
pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
