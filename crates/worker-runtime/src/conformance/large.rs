//! Checks of one large Worker: many entries, turns and events, and long texts.

use std::sync::Arc;

use crate::{
    conformance::{
        client::{Client, LONG_LEASE, request},
        factory::Factory,
        reading::expect_page,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{Batch, Lease, OpenRequest},
};

/// The number of turns of the large Worker.
const TURNS: usize = 620;

/// The number of turns in each batch.
const TURNS_A_BATCH: usize = 31;

/// The length of long instructions, in bytes.
const INSTRUCTIONS: usize = 64 << 10;

/// The length of a long entry, in bytes.
const ENTRY: usize = 4 << 20;

/// Reads hundreds of entries, turns and events in pages of several sizes.
pub(super) async fn pages(factory: &impl Factory) -> CheckResult {
    let everything = OpenRequest { events_per_worker: 10_000, ..request(LONG_LEASE) };
    let client = Client::open_as(factory.fresh().await, everything).await?;
    let lease = client.lease();
    let mut model = ReferenceModel { text: "short".into(), ..ReferenceModel::new(1) };
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    let turn: [fn(&ReferenceModel, Lease) -> Batch; 2] =
        [ReferenceModel::input, ReferenceModel::answer];
    for _ in 0..TURNS / TURNS_A_BATCH {
        let steps = std::iter::repeat_n(turn, TURNS_A_BATCH).flatten();
        let batch = model.together(lease, steps);
        client.apply(&mut model, batch).await?;
    }
    let id = model.worker_id;
    let all = model.events.len().max(model.entries.len());
    for limit in [100, 256, 1_000, 100_000] {
        for first in (1..=all as u64).step_by(limit) {
            let entries = client.entries(id, first, limit).await?;
            expect_page(Rule::Many, "entries", &model.entries, first, limit, &entries)?;
            let turns = client.turns(id, first, limit).await?;
            expect_page(Rule::Many, "turns", &model.turns, first, limit, &turns)?;
            let events = client.events(id, first - 1, limit).await?.events;
            expect_page(Rule::Many, "events", &model.events, first, limit, &events)?;
        }
    }
    Ok(())
}

/// Commits long instructions and a long entry, and reads them before and after a restart.
pub(super) async fn texts(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    let long = model.update(lease, "long", Some(&long_text(INSTRUCTIONS)));
    client.apply(&mut model, long).await?;
    client.check_as(Rule::Large, &model).await?;
    let mut input = model.input(lease);
    for entry in &mut input.entries {
        Arc::make_mut(entry).text = long_text(ENTRY).into();
    }
    client.apply(&mut model, input).await?;
    client.check_as(Rule::Large, &model).await?;
    client.release().await?;
    let client = Client::open(factory.reopen(Arc::clone(&client.store)).await).await?;
    client.check_as(Rule::Large, &model).await
}

/// A text of `bytes` bytes without a period that a compression or a buffer could have.
fn long_text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 8);
    for number in 0_u64.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&number.to_string());
        text.push('é');
    }
    text.truncate(text.floor_char_boundary(bytes));
    text
}
