//! Another provider beside one with the same settings of the connection, whose client they share.

use std::{hint::black_box, sync::Arc};

use llm_engine::{
    Provider,
    providers::{ProviderConfig, ProviderKind},
};

use crate::{
    harness::{Side, compare, numbers, on_thread},
    table::Row,
};

/// Measures the line.
#[must_use]
pub fn run() -> Vec<Row> {
    let first = build();
    let [ours] = compare([Side::timed(1, |count| {
        on_thread(|| numbers(count).for_each(|_| drop(black_box(build()))))
    })]);
    drop(first);
    vec![Row::absolute("a second provider over https", ours, "µs", 100.0)]
}

/// Builds a provider with TLS. Nothing is sent.
#[must_use]
pub fn build() -> Arc<dyn Provider> {
    let config = ProviderConfig::new(ProviderKind::OpenAi).api_key("key");
    config.build().expect("the machine has certificates")
}
