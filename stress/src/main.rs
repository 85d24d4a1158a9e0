//! Stress: many threads send random commands to a Runtime whose engines, store, clock and readers
//! misbehave. Each thread knows what must have become of its own Workers, and an audit compares
//! that with everything that the Runtime says, also after restarts. Then ten kinds of churn
//! must leave the memory as they found it.
//!
//! Start reading at [`life`], one life of a Runtime.

#![forbid(unsafe_code)]

mod audit;
mod churn;
mod driver;
mod hostile;
mod ledger;
mod life;
mod reader;

use std::{
    alloc::System,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Send random commands from many threads to a Runtime among hostile engines, stores, wakers and
/// clocks, and audit what it says.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long the random commands go on, in seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,

    /// The seed of the random numbers; another one each time if absent.
    #[arg(long)]
    seed: Option<u64>,

    /// How many rounds each kind of churn makes.
    #[arg(long, default_value_t = 20_000)]
    churn: u32,
}

fn main() {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    hostile::end_at_panics();
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut lives = life::Lives::default();
    while Instant::now() < until {
        let mut tokio = tokio::runtime::Builder::new_multi_thread();
        let tokio = tokio.worker_threads(4).enable_time().build().expect("a tokio runtime");
        let store = Arc::new(hostile::HostileStore::default());
        tokio.block_on(life::lives_on_one_store(&store, &mut random, &mut lives, until));
    }
    println!("{lives}");
    churn::all(arguments.churn, ALLOCATOR);
    println!("all held");
}
