//! Checks of a connection that is lost in the middle of a commit.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    conformance::{
        client::{Client, answer},
        factory::Factory,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
        settling::{next, poll_once},
    },
    store::{Settlement, StoreError},
};

/// The number of commits whose connection is cut, each after more polls than the one before.
const ROUNDS: usize = 8;

/// The time in which a store must be connected again.
const RECONNECT: Duration = Duration::from_secs(10);

/// Cuts the connections while commits are under way, and settles the commits.
pub(super) async fn disconnection(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let mut model = ReferenceModel::new(1);
    for polls in 0..ROUNDS {
        let batch = next(&model, &client);
        let mut commit = Box::pin(client.commit(batch.clone()));
        let mut answered = None;
        for _ in 0..polls {
            answered = poll_once(commit.as_mut()).await;
            if answered.is_some() {
                break;
            }
        }
        factory.disconnect().await;
        let answered = match answered {
            Some(answered) => answered?,
            None => commit.await?,
        };
        let settled = settle(&client, &model, batch.expected_version + 1).await?;
        let agree = match (&answered, settled) {
            (Ok(()), Settlement::Committed)
            | (Err(StoreError::Refused(_)), Settlement::NotApplied)
            | (Err(StoreError::Unknown(_)), _) => true,
            (Ok(()) | Err(StoreError::Refused(_) | StoreError::LeaseLost), _) => false,
        };
        Rule::Disconnection.expect(agree, || {
            format!(
                "a commit whose connection was lost got {answered:?} and was settled as {settled:?}"
            )
        })?;
        if settled == Settlement::Committed {
            model.apply(&batch);
        }
        check(&client, &model).await?;
    }
    Ok(())
}

/// Settles a commit as soon as the store is connected again.
async fn settle(client: &Client, model: &ReferenceModel, version: u64) -> CheckResult<Settlement> {
    let until = Instant::now() + RECONNECT;
    loop {
        let ask = || client.store.settle(client.lease(), model.worker_id, version);
        match answer("settle", ask).await? {
            Ok(settled) => return Ok(settled),
            Err(StoreError::Unknown(_) | StoreError::Refused(_)) if Instant::now() < until => {
                sleep(Duration::from_millis(20)).await;
            }
            Err(error) => {
                let seen =
                    format!("{RECONNECT:?} after a connection was lost, `settle` failed: {error}");
                return Err(Rule::Disconnection.violation(seen));
            }
        }
    }
}

/// Compares the store with the model as soon as the reads have connections again.
async fn check(client: &Client, model: &ReferenceModel) -> CheckResult {
    let until = Instant::now() + RECONNECT;
    loop {
        match client.check_as(Rule::Disconnection, model).await {
            Err(violation) if violation.rule == Rule::Answers && Instant::now() < until => {
                sleep(Duration::from_millis(20)).await;
            }
            checked => return checked,
        }
    }
}
