//! Checks of an owner that commits while others open the store.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::yield_now,
    time::{Instant, sleep},
};

use crate::{
    conformance::{
        client::{Client, LONG_LEASE, request},
        concurrency::join,
        factory::Factory,
        ids::new_uuid,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
        settling::next,
    },
    identity::RuntimeId,
    store::{OpenError, OpenRequest, StoreError},
};

const COMMITS: usize = 40;

/// Commits while other Runtimes ask for the store and are refused.
pub(super) async fn refused(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let reopened = factory.reopen(Arc::clone(&client.store)).await;
    let owner = client.clone();
    let writer = tokio::spawn(async move {
        let mut model = ReferenceModel::new(1);
        for _ in 0..COMMITS {
            let batch = next(&model, &owner);
            let answer = owner.commit(batch.clone()).await?;
            Rule::Undisturbed.expect(answer.is_ok(), || {
                format!("a commit of the owner, beside an `open` that is refused, got {answer:?}")
            })?;
            model.apply(&batch);
            yield_now().await;
        }
        Ok(model)
    });
    let other = OpenRequest {
        runtime_id: Some(RuntimeId::from_uuid(new_uuid())),
        events_per_worker: 1,
        ..request(Duration::from_millis(1))
    };
    let same = OpenRequest { runtime_id: None, ..other };
    loop {
        // At least once after the last commit.
        let is_last = writer.is_finished();
        for (store, request) in [(&client.store, same), (&reopened, other), (&reopened, same)] {
            let opened = Client::try_open(store, request).await?;
            Rule::Undisturbed.expect(opened.is_err(), || {
                format!("`open` of a store that has an owner returned {opened:?}")
            })?;
        }
        if is_last {
            break;
        }
        // A paused clock advances only while every task waits.
        sleep(Duration::from_millis(1)).await;
    }
    let mut model = join(writer).await?;
    let batch = next(&model, &client);
    client.apply(&mut model, batch).await?;
    client.check_as(Rule::Undisturbed, &model).await
}

/// The duration of a lease that is taken over.
const SHORT: Duration = Duration::from_millis(300);

/// The time in which a store can be taken over at the latest.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(20);

/// Takes a store over while the old owner commits, and lets both go on.
pub(super) async fn taken_over(factory: &impl Factory) -> CheckResult {
    let old = Client::open_as(factory.fresh().await, request(SHORT)).await?;
    let store = factory.reopen(Arc::clone(&old.store)).await;
    let (taken, seen_taken) = watch::channel(false);
    let writer = tokio::spawn(async move {
        let mut model = ReferenceModel::new(1);
        loop {
            let batch = next(&model, &old);
            let is_late = *seen_taken.borrow();
            match old.commit(batch.clone()).await? {
                Ok(()) if is_late => {
                    let seen = "a commit of an owner that was replaced was applied";
                    return Err(Rule::Fence.violation(seen));
                }
                Ok(()) => model.apply(&batch),
                Err(StoreError::LeaseLost) => return Ok((old, model)),
                Err(error) => {
                    let seen = format!("a commit of an owner that was replaced got {error:?}");
                    return Err(Rule::Fence.violation(seen));
                }
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    let until = Instant::now() + TAKEN_OVER_WITHIN;
    let new = loop {
        match Client::try_open(&store, request(LONG_LEASE)).await? {
            Ok(opened) => break Client { store, opened },
            Err(OpenError::Owned { .. }) if Instant::now() < until => {}
            Err(error) => {
                writer.abort();
                return Err(Rule::Expiry.violation(format!(
                    "`open` failed for {TAKEN_OVER_WITHIN:?}, though the lease of {SHORT:?} was not \
                     renewed: {error}"
                )));
            }
        }
        if writer.is_finished() {
            let lost = join(writer).await.map(|_| ());
            return lost
                .and(Err(Rule::Fence.violation("an owner without a successor lost its lease")));
        }
        sleep(Duration::from_millis(20)).await;
    };
    taken.send_replace(true);
    let mut other = ReferenceModel::new(1_000);
    let batch = next(&other, &new);
    new.apply(&mut other, batch).await?;
    let (old, mut model) = join(writer).await?;
    // Everything that the old owner was told to be stored is there, and nothing else.
    new.check_as(Rule::Fence, &model).await?;
    for _ in 0..COMMITS {
        let late = next(&model, &old);
        let batch = next(&model, &new);
        let old = old.clone();
        let late = tokio::spawn(async move { old.commit(late).await });
        new.apply(&mut model, batch).await?;
        let late = join(late).await?;
        Rule::Fence.expect(late == Err(StoreError::LeaseLost), || {
            format!("a commit of an old owner, beside one of the new owner, got {late:?}")
        })?;
    }
    new.check_as(Rule::Fence, &model).await
}
