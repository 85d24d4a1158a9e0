//! Checks of `settle`: it reports the truth, and a commit settled as `NotApplied` never takes effect.

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
        client::{Client, answer},
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    store::{Batch, Settlement, StoreError},
};

/// The time that a check gives a commit to take effect late.
const LATE: Duration = Duration::from_millis(200);

/// The number of commits that are interrupted, or settled while they are in progress.
const ROUNDS: usize = 8;

/// Settles commits that were made and commits that were not.
pub(super) async fn settling(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    check_settlement(&client, &model, 1, Settlement::NotApplied, "a creation that was not made")
        .await?;
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    check_settlement(&client, &model, 1, Settlement::Committed, "a creation").await?;
    check_settlement(&client, &model, 2, Settlement::NotApplied, "a change that was not made")
        .await?;
    let input = model.input(lease);
    client.apply(&mut model, input).await?;
    check_settlement(&client, &model, 2, Settlement::Committed, "a change").await?;
    check_settlement(&client, &model, 3, Settlement::NotApplied, "a change that was not made")
        .await?;
    for batch in [ReferenceModel::answer, ReferenceModel::stop] {
        let batch = batch(&model, lease);
        client.apply(&mut model, batch).await?;
    }
    check_settlement(&client, &model, 5, Settlement::NotApplied, "a deletion that was not made")
        .await?;
    let deleted = model.delete(lease);
    client.apply(&mut model, deleted).await?;
    check_settlement(&client, &model, 5, Settlement::Committed, "a deletion").await
}

async fn check_settlement(
    client: &Client,
    model: &ReferenceModel,
    version: u64,
    wanted: Settlement,
    commit: &str,
) -> CheckResult {
    let seen = settle(client, model, version).await?;
    Rule::Settling.expect(seen == wanted, || format!("{commit} was settled as {seen:?}"))
}

async fn settle(client: &Client, model: &ReferenceModel, version: u64) -> CheckResult<Settlement> {
    let ask = || client.store.settle(client.lease(), model.worker_id, version);
    let settled = answer("settle", ask).await?;
    settled.map_err(|error| Rule::Settling.violation(format!("`settle` failed: {error}")))
}

/// Settles commits whose future was dropped after one poll, two polls, and so on.
pub(super) async fn interrupted(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let mut model = ReferenceModel::new(1);
    for polls in 1..=ROUNDS {
        let batch = next(&model, &client);
        let version = batch.expected_version + 1;
        {
            let mut commit = Box::pin(client.commit(batch.clone()));
            for _ in 0..polls {
                if poll_once(commit.as_mut()).await.is_some() {
                    break;
                }
                yield_now().await;
            }
        }
        let settled = settle(&client, &model, version).await?;
        check_outcome(&client, &mut model, batch, settled).await?;
    }
    Ok(())
}

/// Settles commits that are still in progress, and then awaits the commits.
pub(super) async fn overtaken(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let mut model = ReferenceModel::new(1);
    for polls in 1..=ROUNDS {
        let batch = next(&model, &client);
        let version = batch.expected_version + 1;
        let mut commit = Box::pin(client.commit(batch.clone()));
        let mut outcome = None;
        for _ in 0..polls {
            outcome = poll_once(commit.as_mut()).await;
            if outcome.is_some() {
                break;
            }
        }
        let settled = settle(&client, &model, version).await?;
        let outcome = match outcome {
            Some(outcome) => outcome?,
            None => commit.await?,
        };
        let (rule, agree) = match settled {
            Settlement::Committed => {
                (Rule::Settling, matches!(outcome, Ok(()) | Err(StoreError::Unknown(_))))
            }
            Settlement::NotApplied => (Rule::Never, outcome.is_err()),
        };
        rule.expect(agree, || {
            format!("a commit was settled as {settled:?} and then answered with {outcome:?}")
        })?;
        check_outcome(&client, &mut model, batch, settled).await?;
    }
    Ok(())
}

/// The next batch of an endless conversation, whatever was committed before.
pub(super) fn next(model: &ReferenceModel, client: &Client) -> Batch {
    match &model.record {
        None => model.create(client.lease()),
        Some(record) if record.running_turn().is_some() => model.answer(client.lease()),
        Some(_) => model.input(client.lease()),
    }
}

/// Returns a violation unless the store agrees with the settlement, now and later.
async fn check_outcome(
    client: &Client,
    model: &mut ReferenceModel,
    batch: Batch,
    settled: Settlement,
) -> CheckResult {
    match settled {
        Settlement::Committed => {
            model.apply(&batch);
            client.check_as(Rule::Settling, model).await
        }
        Settlement::NotApplied => {
            sleep(LATE).await;
            client.check_as(Rule::Never, model).await?;
            // Another batch may use the version that the batch did not reach.
            let other = Batch { worker_id: model.worker_id, ..next(model, client) };
            client.apply(model, other).await?;
            sleep(LATE).await;
            client.check_as(Rule::Never, model).await
        }
    }
}

/// Polls a future once, and returns the output if the future is ready.
pub(super) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Settles a creation whose future was dropped, restarts, and compares the store.
pub(super) async fn interrupted_for_good(factory: &impl Factory) -> CheckResult {
    let mut client = Client::open(factory.fresh().await).await?;
    let mut model = ReferenceModel::new(1);
    let created = model.create(client.lease());
    drop(poll_once(Box::pin(client.commit(created.clone())).as_mut()).await);
    let settled = settle(&client, &model, 1).await?;
    if settled == Settlement::Committed {
        model.apply(&created);
    }
    sleep(LATE).await;
    client.release().await?;
    let store = factory.reopen(Arc::clone(&client.store)).await;
    client = Client::open(store).await?;
    client.check_as(Rule::Never, &model).await
}
