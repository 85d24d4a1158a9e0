//! Checks of `settle`: it tells the truth, and `Never` means never.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{task::yield_now, time::sleep};

use crate::{
    conformance::{
        client::{Probe, answer},
        factory::Factory,
        reference_model::Mirror,
        rule::{Checked, Rule},
    },
    store::{Batch, Settlement, StoreError},
};

/// How long a late success is waited for.
const LATE: Duration = Duration::from_millis(200);

/// Commits that are interrupted or asked about while they are under way.
const ROUNDS: usize = 8;

pub(super) async fn settling(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirror = Mirror::new(1);
    is(&probe, &mirror, 1, Settlement::Never, "a creation that was not made").await?;
    let created = mirror.create(lease);
    probe.apply(&mut mirror, created).await?;
    is(&probe, &mirror, 1, Settlement::Committed, "a creation").await?;
    is(&probe, &mirror, 2, Settlement::Never, "a change that was not made").await?;
    let input = mirror.input(lease);
    probe.apply(&mut mirror, input).await?;
    is(&probe, &mirror, 2, Settlement::Committed, "a change").await?;
    is(&probe, &mirror, 3, Settlement::Never, "a change that was not made").await?;
    for batch in [Mirror::answer, Mirror::stop] {
        let batch = batch(&mirror, lease);
        probe.apply(&mut mirror, batch).await?;
    }
    is(&probe, &mirror, 5, Settlement::Never, "a deletion that was not made").await?;
    let deleted = mirror.delete(lease);
    probe.apply(&mut mirror, deleted).await?;
    is(&probe, &mirror, 5, Settlement::Committed, "a deletion").await
}

async fn is(
    probe: &Probe,
    mirror: &Mirror,
    version: u64,
    wanted: Settlement,
    what: &str,
) -> Checked {
    let seen = settle(probe, mirror, version).await?;
    Rule::Settling.expect(seen == wanted, || format!("{what} was settled as {seen:?}"))
}

async fn settle(probe: &Probe, mirror: &Mirror, version: u64) -> Checked<Settlement> {
    let ask = || probe.store.settle(probe.lease(), mirror.worker_id, version);
    let settled = answer("settle", ask).await?;
    settled.map_err(|error| Rule::Settling.broken(format!("`settle` failed: {error}")))
}

/// Commits whose future is dropped at its `n`-th suspension.
pub(super) async fn interrupted(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let mut mirror = Mirror::new(1);
    for polls in 1..=ROUNDS {
        let batch = next(&mirror, &probe);
        let version = batch.expected_version + 1;
        {
            let mut commit = Box::pin(probe.commit(batch.clone()));
            for _ in 0..polls {
                if poll_once(commit.as_mut()).await.is_some() {
                    break;
                }
                yield_now().await;
            }
        }
        let settled = settle(&probe, &mirror, version).await?;
        follow(&probe, &mut mirror, batch, settled).await?;
    }
    Ok(())
}

/// Commits that are asked about while they are under way, and then awaited.
pub(super) async fn overtaken(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let mut mirror = Mirror::new(1);
    for polls in 1..=ROUNDS {
        let batch = next(&mirror, &probe);
        let version = batch.expected_version + 1;
        let mut commit = Box::pin(probe.commit(batch.clone()));
        let mut outcome = None;
        for _ in 0..polls {
            outcome = poll_once(commit.as_mut()).await;
            if outcome.is_some() {
                break;
            }
        }
        let settled = settle(&probe, &mirror, version).await?;
        let outcome = match outcome {
            Some(outcome) => outcome?,
            None => commit.await?,
        };
        let (rule, agree) = match settled {
            Settlement::Committed => {
                (Rule::Settling, matches!(outcome, Ok(()) | Err(StoreError::Unknown(_))))
            }
            Settlement::Never => (Rule::Never, outcome.is_err()),
        };
        rule.expect(agree, || {
            format!("a commit was settled as {settled:?} and then answered {outcome:?}")
        })?;
        follow(&probe, &mut mirror, batch, settled).await?;
    }
    Ok(())
}

/// The next batch of an endless conversation.
fn next(mirror: &Mirror, probe: &Probe) -> Batch {
    match &mirror.record {
        None => mirror.create(probe.lease()),
        Some(record) if record.running_turn().is_some() => mirror.answer(probe.lease()),
        Some(_) => mirror.input(probe.lease()),
    }
}

/// Sees to it that the store is where its settlement says, now and later.
async fn follow(probe: &Probe, mirror: &mut Mirror, batch: Batch, settled: Settlement) -> Checked {
    match settled {
        Settlement::Committed => {
            mirror.apply(&batch);
            probe.holds_for(Rule::Settling, mirror).await
        }
        Settlement::Never => {
            sleep(LATE).await;
            probe.holds_for(Rule::Never, mirror).await?;
            // The version is free again, for another batch.
            let other = Batch { worker_id: mirror.worker_id, ..next(mirror, probe) };
            probe.apply(mirror, other).await?;
            sleep(LATE).await;
            probe.holds_for(Rule::Never, mirror).await
        }
    }
}

/// Polls a future once, as a caller that is about to give up.
async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// What an interrupted creation leaves, seen after a restart.
pub(super) async fn interrupted_for_good(factory: &impl Factory) -> Checked {
    let mut probe = Probe::open(factory.fresh().await).await?;
    let mut mirror = Mirror::new(1);
    let created = mirror.create(probe.lease());
    drop(poll_once(Box::pin(probe.commit(created.clone())).as_mut()).await);
    let settled = settle(&probe, &mirror, 1).await?;
    if settled == Settlement::Committed {
        mirror.apply(&created);
    }
    sleep(LATE).await;
    probe.release().await?;
    let store = factory.reopen(Arc::clone(&probe.store)).await;
    probe = Probe::open(store).await?;
    probe.holds_for(Rule::Never, &mirror).await
}
