//! Checks of the lease: one owner at a time, and nobody after a newer one.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    conformance::{
        client::{LONG_LEASE_MS, Probe, answer, new_uuid, request},
        factory::Factory,
        reference_model::Mirror,
        rule::{Checked, Rule},
    },
    identity::RuntimeId,
    store::{Batch, Lease, OpenError, OpenRequest, StoreError},
};

/// A lease that a check waits for.
const SHORT_LEASE_MS: u64 = 1_000;

/// Long enough for a short lease to run out, whatever the store's clock.
const PAST_SHORT: Duration = Duration::from_millis(SHORT_LEASE_MS + 500);

pub(super) async fn identity(factory: &impl Factory) -> Checked {
    let ours = RuntimeId::from_uuid(new_uuid());
    let insisting = OpenRequest { runtime_id: Some(ours), ..request(LONG_LEASE_MS) };
    let probe = Probe::open_as(factory.fresh().await, insisting).await?;
    is_ours(&probe, ours)?;
    probe.release().await?;
    let other = OpenRequest {
        runtime_id: Some(RuntimeId::from_uuid(new_uuid())),
        ..request(LONG_LEASE_MS)
    };
    let refused = Probe::try_open(&probe.store, other).await?.map(|it| it.runtime_id);
    Rule::Identity.expect(refused == Err(OpenError::OtherRuntime { runtime_id: ours }), || {
        format!("another Runtime that opened it got {refused:?}")
    })?;
    // A request that names nobody gets the store's own Runtime, and the refused one took nothing.
    is_ours(&Probe::open(Arc::clone(&probe.store)).await?, ours)
}

fn is_ours(probe: &Probe, ours: RuntimeId) -> Checked {
    let seen = probe.opened.runtime_id;
    Rule::Identity.expect(seen == ours, || format!("it belongs to {seen} instead of {ours}"))
}

pub(super) async fn one_owner(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    for store in [Arc::clone(&probe.store), factory.reopen(Arc::clone(&probe.store)).await] {
        let second = Probe::try_open(&store, request(LONG_LEASE_MS)).await?;
        let refused = match &second {
            Err(OpenError::Owned { remaining_ms }) => (1..=LONG_LEASE_MS).contains(remaining_ms),
            Err(OpenError::OtherRuntime { .. } | OpenError::Failed(_)) | Ok(_) => false,
        };
        Rule::OneOwner.expect(refused, || format!("a second `open` got {second:?}"))?;
    }
    let mut mirror = Mirror::new(1);
    let created = mirror.create(probe.lease());
    probe.apply(&mut mirror, created).await
}

pub(super) async fn expiry(factory: &impl Factory) -> Checked {
    let probe = Probe::open_as(factory.fresh().await, request(SHORT_LEASE_MS)).await?;
    sleep(PAST_SHORT).await;
    let next = Probe::try_open(&probe.store, request(LONG_LEASE_MS)).await?;
    Rule::Expiry.expect(next.is_ok(), || format!("`open` after the lease's end got {next:?}"))
}

pub(super) async fn renewal(factory: &impl Factory) -> Checked {
    let probe = Probe::open_as(factory.fresh().await, request(SHORT_LEASE_MS)).await?;
    let renewed = answer("renew", || probe.store.renew(probe.lease(), LONG_LEASE_MS)).await?;
    Rule::Renewal.expect(renewed.is_ok(), || format!("`renew` got {renewed:?}"))?;
    sleep(PAST_SHORT).await;
    let second = Probe::try_open(&probe.store, request(LONG_LEASE_MS)).await?;
    Rule::Renewal.expect(matches!(second, Err(OpenError::Owned { .. })), || {
        format!("`open` while a renewed lease holds got {second:?}")
    })?;
    let renewed = answer("renew", || probe.store.renew(probe.lease(), SHORT_LEASE_MS)).await?;
    Rule::Renewal.expect(renewed.is_ok(), || format!("a second `renew` got {renewed:?}"))?;
    sleep(PAST_SHORT).await;
    let next = Probe::try_open(&probe.store, request(LONG_LEASE_MS)).await?;
    Rule::Renewal.expect(next.is_ok(), || {
        format!("`open` after the end of a lease that was renewed for less got {next:?}")
    })
}

pub(super) async fn release(factory: &impl Factory) -> Checked {
    let first = Probe::open(factory.fresh().await).await?;
    first.release().await?;
    let batch = Mirror::new(1).create(first.lease());
    fenced(&first, Rule::Release, &batch).await?;
    let next = Probe::try_open(&first.store, request(LONG_LEASE_MS)).await?;
    Rule::Release.expect(next.is_ok(), || format!("`open` right after it got {next:?}"))
}

pub(super) async fn fence(factory: &impl Factory) -> Checked {
    let old = Probe::open_as(factory.fresh().await, request(SHORT_LEASE_MS)).await?;
    let mut mirror = Mirror::new(1);
    let created = mirror.create(old.lease());
    old.apply(&mut mirror, created).await?;
    sleep(PAST_SHORT).await;
    let new = Probe::open(Arc::clone(&old.store)).await?;
    numbers_grow(old.lease(), new.lease())?;
    let late = mirror.input(old.lease());
    fenced(&old, Rule::Fence, &late).await?;
    let settled = answer("settle", || old.store.settle(old.lease(), mirror.worker_id, 2)).await?;
    Rule::Fence.expect(settled == Err(StoreError::LeaseLost), || {
        format!("`settle` with an older lease got {settled:?}")
    })?;
    // An older owner that says goodbye takes nothing from the newer one.
    old.release().await?;
    let third = Probe::try_open(&old.store, request(LONG_LEASE_MS)).await?;
    Rule::Fence.expect(matches!(third, Err(OpenError::Owned { .. })), || {
        format!("after an older lease was given back, `open` got {third:?}")
    })?;
    let answered = mirror.input(new.lease());
    new.apply(&mut mirror, answered).await?;
    new.release().await?;
    let newest = Probe::open(Arc::clone(&old.store)).await?;
    numbers_grow(new.lease(), newest.lease())?;
    for earlier in [&old, &new] {
        fenced(earlier, Rule::Fence, &mirror.answer(earlier.lease())).await?;
    }
    newest.holds_for(Rule::Fence, &mirror).await
}

fn numbers_grow(old: Lease, new: Lease) -> Checked {
    Rule::Fence.expect(new.0 > old.0, || format!("lease {} came after {}", new.0, old.0))
}

/// Nothing can be done with the lease of `probe` any more.
async fn fenced(probe: &Probe, rule: Rule, batch: &Batch) -> Checked {
    let committed = probe.commit(batch.clone()).await?;
    rule.expect(committed == Err(StoreError::LeaseLost), || {
        format!("a commit with it got {committed:?}")
    })?;
    let renewed = answer("renew", || probe.store.renew(probe.lease(), LONG_LEASE_MS)).await?;
    rule.expect(renewed == Err(StoreError::LeaseLost), || format!("`renew` got {renewed:?}"))
}
