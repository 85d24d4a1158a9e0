//! A runner for properties over random cases, which prints the number of cases and checks.

use std::{cell::Cell, time::Instant};

use proptest::{
    prelude::*,
    test_runner::{TestCaseResult, TestRunner},
};

/// Checks a property on `cases` random inputs, or on as many as `PROPTEST_CASES` says. The property returns
/// the number of its checks, and the sum is printed.
#[expect(clippy::print_stdout, reason = "how much was looked at is the figure that is asked for")]
pub(crate) fn check<S: Strategy>(
    cases: u32,
    inputs: &S,
    property: impl Fn(S::Value) -> Result<u64, TestCaseError>,
) {
    let asked = std::env::var("PROPTEST_CASES").is_ok();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let config = if asked { config } else { ProptestConfig { cases, ..config } };
    let (run, looked) = (Cell::new(0_u64), Cell::new(0));
    let counted = |input| -> TestCaseResult {
        looked.set(looked.get() + property(input)?);
        run.set(run.get() + 1);
        Ok(())
    };
    let since = Instant::now();
    let outcome = TestRunner::new(config).run(inputs, counted);
    let test = std::thread::current();
    let (test, took) = (test.name().unwrap_or_default(), since.elapsed().as_secs_f32());
    println!("{test}: {} cases, {} checks, {took:.1} s", run.get(), looked.get());
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// Runs a test on a paused clock, so that pauses take no time and each run is the same.
pub(crate) fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(test)
}

/// Runs a test on real threads.
pub(crate) fn threads<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(3).enable_time().build().unwrap().block_on(test)
}
