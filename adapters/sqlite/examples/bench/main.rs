//! What the store costs, beside what SQLite alone costs for the same rows.
//!
//! `bench [--rounds N] [--turns N] [--workers N] [--open N] [--million]`
//!
//! The first table has echo turns of 64 Workers, through a Runtime on the store and as bare inserts in
//! transactions of the same size, in turn; the second one Worker's latency as its history grows; the
//! third the start of a Runtime, beside reading and parsing the same rows. Figures are medians.

#![forbid(unsafe_code)]
#![expect(
    clippy::cast_precision_loss,
    reason = "figures are for people: fifteen digits are enough"
)]

mod bare;
mod measure;
mod restore;
mod templates;
mod turns;

use std::error::Error;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Size {
    rounds: usize,
    turns: u64,
    workers: u64,
    open: u64,
    million: bool,
}

impl Size {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut size =
            Self { rounds: 5, turns: 25, workers: 100_000, open: 10_000, million: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut number = || arguments.next().unwrap_or_default().parse::<u64>();
            match name.as_str() {
                "--rounds" => size.rounds = usize::try_from(number()?)?.max(1),
                "--turns" => size.turns = number()?.max(1),
                "--workers" => size.workers = number()?.max(1),
                "--open" => size.open = number()?,
                "--million" => size.million = true,
                _ => return Err(format!("no such option: {name}").into()),
            }
        }
        Ok(size)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let size = Size::read()?;
    turns::throughput(size).await?;
    turns::latency(size).await?;
    restore::run(size.workers, size.open.min(size.workers), size.rounds.min(3)).await?;
    if size.million {
        restore::run(1_000_000, 0, 3).await?;
    }
    Ok(())
}
