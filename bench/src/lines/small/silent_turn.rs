//! What a turn takes while it waits for the model.

use crate::{
    lines::fast::cancel_turn::{begin, host},
    memory::Count,
    providers::Stalled,
};

const FEW: u64 = 50_000;
const MANY: u64 = 100_000;

/// Bytes of a turn in flight.
pub(crate) fn turns(count: Count) -> f64 {
    let provider = Stalled::default();
    let host = host(&provider, MANY);
    begin(&host, &provider, FEW);
    count(&mut || begin(&host, &provider, MANY)) / (MANY - FEW) as f64
}
