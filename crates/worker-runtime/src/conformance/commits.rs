//! Checks of single commits: an accepted batch is stored, a refused one leaves no trace.

use std::sync::Arc;

use crate::{
    conformance::{
        client::Client,
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{Batch, StoreError, Totals, TurnLookup},
};

/// Compares the store with the model after every commit of a Worker's whole life.
pub(super) async fn committed(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    client.check(&model).await?;
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    client.check(&model).await?;
    for turn in 0..6 {
        let input = model.input_with_key(lease, &format!("key {turn}"), &[]);
        client.apply(&mut model, input).await?;
        client.check(&model).await?;
        let answer = model.answer(lease);
        client.apply(&mut model, answer).await?;
        client.check(&model).await?;
    }
    let stopped = model.stop(lease);
    client.apply(&mut model, stopped).await?;
    client.check(&model).await?;
    let deleted = model.delete(lease);
    client.apply(&mut model, deleted).await?;
    client.check(&model).await
}

/// Reads the latest turn and entry right after every commit.
pub(super) async fn fresh(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    for step in 0..12 {
        let batch = if step % 2 == 0 { model.input(lease) } else { model.answer(lease) };
        client.apply(&mut model, batch).await?;
        let Some(wanted) = model.turns.last().map(|turn| model.found(turn)) else { continue };
        let seen = client.turn(model.worker_id, TurnLookup::Id(wanted.turn.turn_id)).await?;
        Rule::Fresh.expect(seen.as_ref() == Some(&wanted), || {
            let outcome = seen.as_ref().map(|found| found.turn.outcome);
            format!(
                "the latest turn, with its entries, has the outcome {outcome:?} instead of {:?}",
                wanted.turn.outcome
            )
        })?;
        let sequence = model.entries.len() as u64;
        let entry = client.entries(model.worker_id, sequence, 1).await?;
        Rule::Fresh.expect(entry.first() == model.entries.last(), || {
            format!("entry {sequence} is missing right after its commit")
        })?;
    }
    Ok(())
}

/// Commits batches whose expected version is not the Worker's version.
pub(super) async fn version(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    // A Worker that does not exist has version 0, so only a creation can succeed.
    for version in [1, 2] {
        refused(&client, Batch { expected_version: version, ..model.create(lease) }).await?;
    }
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    refused(&client, model.create(lease)).await?;
    let input = model.input(lease);
    client.apply(&mut model, input).await?;
    for version in [0, 1, 3, u64::MAX >> 11] {
        refused(&client, Batch { expected_version: version, ..model.answer(lease) }).await?;
        refused(&client, Batch { expected_version: version, ..model.delete(lease) }).await?;
    }
    let answer = model.answer(lease);
    client.apply(&mut model, answer).await
}

async fn refused(client: &Client, batch: Batch) -> CheckResult {
    let expected = batch.expected_version;
    let answer = client.commit(batch).await?;
    Rule::Version.expect(matches!(answer, Err(StoreError::Refused(_))), || {
        format!("a batch that expected version {expected} got {answer:?}")
    })
}

/// Commits batches that contain every kind of change and must be refused.
pub(super) async fn no_trace(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut model = ReferenceModel::new(1);
    let created = model.create_with_key(client.lease(), "first", &[]);
    let kept_key = created.create_key.clone().map(|new| new.key);
    client.apply(&mut model, created).await?;
    let input = model.input_with_key(client.lease(), "input", &[]);
    client.apply(&mut model, input).await?;
    let answer = model.answer(client.lease());
    client.apply(&mut model, answer).await?;
    client.open_again().await?;
    let totals = client.opened.totals;
    let stranger = ReferenceModel::new(2);
    let lease = client.lease();
    let create_key = stranger.create_with_key(lease, "burnt", &["first"]);
    let everything = Batch {
        expected_version: model.record.as_ref().map_or(0, |record| record.version) + 1,
        create_key: create_key.create_key.clone(),
        totals: Totals { created: 1, ..totals },
        ..model.input_with_key(lease, "burnt", &["input"])
    };
    let of_no_worker = Batch { expected_version: 1, ..create_key };
    let deletion = Batch { expected_version: 1, totals, ..model.delete(lease) };
    for batch in [everything, of_no_worker, deletion] {
        let answer = client.commit(batch).await?;
        Rule::NoTrace.expect(answer.is_err(), || {
            "a batch with a wrong expected version was applied".to_owned()
        })?;
    }
    client.check_as(Rule::NoTrace, &model).await?;
    client.check_as(Rule::NoTrace, &stranger).await?;
    let keys = client.create_keys().await?;
    Rule::NoTrace.expect(keys.iter().eq(kept_key.iter()), || {
        let names: Vec<Arc<str>> = keys.iter().map(|key| Arc::clone(&key.key)).collect();
        format!("the keys of creations are {names:?} instead of [\"first\"]")
    })?;
    client.open_again().await?;
    let after = client.opened.totals;
    Rule::NoTrace
        .expect(after == totals, || format!("the totals changed from {totals:?} to {after:?}"))
}
