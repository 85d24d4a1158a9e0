//! The memory of another provider beside one with the same settings of the connection.

use crate::{
    lines::{count::Count, fast::second_provider::build},
    table::Row,
};

const PROVIDERS: usize = 1000;

/// Counts the line.
pub fn count(count: Count) -> Row {
    let first = build();
    let mut others = Vec::with_capacity(PROVIDERS);
    let bytes = count(&mut || others.extend((0..PROVIDERS).map(|_| build())));
    drop((first, others));
    let bytes = bytes / PROVIDERS as f64;
    Row::absolute("a second provider over https", bytes, "bytes", 16_384.0)
}
