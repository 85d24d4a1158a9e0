//! Checks of single commits: what is taken is there, what is not leaves nothing.

use std::sync::Arc;

use crate::{
    conformance::{
        client::Probe,
        factory::Factory,
        reference_model::Mirror,
        rule::{Checked, Rule},
    },
    store::{Batch, StoreError, Totals, TurnSelector},
};

/// A Worker's whole life, looked at after every commit.
pub(super) async fn committed(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirror = Mirror::new(1);
    probe.holds(&mirror).await?;
    let created = mirror.create(lease);
    probe.apply(&mut mirror, created).await?;
    probe.holds(&mirror).await?;
    for turn in 0..6 {
        let input = mirror.input_with_key(lease, &format!("key {turn}"), &[]);
        probe.apply(&mut mirror, input).await?;
        probe.holds(&mirror).await?;
        let answer = mirror.answer(lease);
        probe.apply(&mut mirror, answer).await?;
        probe.holds(&mirror).await?;
    }
    let stopped = mirror.stop(lease);
    probe.apply(&mut mirror, stopped).await?;
    probe.holds(&mirror).await?;
    let deleted = mirror.delete(lease);
    probe.apply(&mut mirror, deleted).await?;
    probe.holds(&mirror).await
}

/// The turn shows at once what every commit made of it.
pub(super) async fn fresh(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirror = Mirror::new(1);
    let created = mirror.create(lease);
    probe.apply(&mut mirror, created).await?;
    for step in 0..12 {
        let batch = if step % 2 == 0 { mirror.input(lease) } else { mirror.answer(lease) };
        probe.apply(&mut mirror, batch).await?;
        let Some(wanted) = mirror.turns.last() else { continue };
        let seen = probe.turn(mirror.worker_id, TurnSelector::Id(wanted.turn_id)).await?;
        Rule::Fresh.expect(seen.as_ref() == Some(wanted), || {
            let outcome = seen.as_ref().map(|it| it.outcome);
            format!("the latest turn's outcome is {outcome:?} instead of {:?}", wanted.outcome)
        })?;
        let sequence = mirror.entries.len() as u64;
        let entry = probe.entries(mirror.worker_id, sequence, 1).await?;
        Rule::Fresh.expect(entry.first() == mirror.entries.last(), || {
            format!("entry {sequence} is not there right after it was committed")
        })?;
    }
    Ok(())
}

pub(super) async fn version(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirror = Mirror::new(1);
    // A Worker that is not there can only be created.
    for version in [1, 2] {
        refused(&probe, Batch { expected_version: version, ..mirror.create(lease) }).await?;
    }
    let created = mirror.create(lease);
    probe.apply(&mut mirror, created).await?;
    refused(&probe, mirror.create(lease)).await?;
    let input = mirror.input(lease);
    probe.apply(&mut mirror, input).await?;
    for version in [0, 1, 3, u64::MAX >> 11] {
        refused(&probe, Batch { expected_version: version, ..mirror.answer(lease) }).await?;
        refused(&probe, Batch { expected_version: version, ..mirror.delete(lease) }).await?;
    }
    let answer = mirror.answer(lease);
    probe.apply(&mut mirror, answer).await
}

async fn refused(probe: &Probe, batch: Batch) -> Checked {
    let expected = batch.expected_version;
    let answer = probe.commit(batch).await?;
    Rule::Version.expect(matches!(answer, Err(StoreError::Refused(_))), || {
        format!("a batch that expected version {expected} got {answer:?}")
    })
}

/// Batches with everything in them that must not be applied.
pub(super) async fn no_trace(factory: &impl Factory) -> Checked {
    let mut probe = Probe::open(factory.fresh().await).await?;
    let mut mirror = Mirror::new(1);
    let created = mirror.create_with_key(probe.lease(), "first", &[]);
    let kept_key = created.create_key.clone().map(|it| it.key);
    probe.apply(&mut mirror, created).await?;
    let input = mirror.input_with_key(probe.lease(), "input", &[]);
    probe.apply(&mut mirror, input).await?;
    let answer = mirror.answer(probe.lease());
    probe.apply(&mut mirror, answer).await?;
    probe.open_again().await?;
    let totals = probe.opened.totals;
    let stranger = Mirror::new(2);
    let lease = probe.lease();
    let create_key = stranger.create_with_key(lease, "burnt", &["first"]);
    let rich = Batch {
        expected_version: mirror.record.as_ref().map_or(0, |it| it.version) + 1,
        create_key: create_key.create_key.clone(),
        totals: Totals { created: 1, ..totals },
        ..mirror.input_with_key(lease, "burnt", &["input"])
    };
    let not_created = Batch { expected_version: 1, ..create_key };
    let gone = Batch { expected_version: 1, totals, ..mirror.delete(lease) };
    for batch in [rich, not_created, gone] {
        let answer = probe.commit(batch).await?;
        Rule::NoTrace.expect(answer.is_err(), || "it was applied".to_owned())?;
    }
    probe.holds_for(Rule::NoTrace, &mirror).await?;
    probe.holds_for(Rule::NoTrace, &stranger).await?;
    let keys = probe.create_keys().await?;
    Rule::NoTrace.expect(keys.iter().eq(kept_key.iter()), || {
        let names: Vec<Arc<str>> = keys.iter().map(|it| Arc::clone(&it.key)).collect();
        format!("the keys of creations are {names:?} instead of [\"first\"]")
    })?;
    probe.open_again().await?;
    let after = probe.opened.totals;
    Rule::NoTrace
        .expect(after == totals, || format!("the totals went from {totals:?} to {after:?}"))
}
