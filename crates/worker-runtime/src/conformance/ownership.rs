//! Checks of the lease: the store has one owner at a time, and an earlier owner is fenced off.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    conformance::{
        client::{Client, LONG_LEASE, answer, request},
        factory::Factory,
        ids::new_uuid,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    identity::{Epoch, RuntimeId},
    store::{Batch, Lease, OpenError, OpenRequest, StoreError},
};

/// The duration of a lease whose expiry a check waits for.
const SHORT_LEASE: Duration = Duration::from_secs(1);

/// Longer than a short lease, so that the lease has expired by any clock that the store uses.
const PAST_SHORT: Duration = Duration::from_millis(1_500);

/// The time by which a store may round up what is left of a lease.
const ROUNDING: Duration = Duration::from_secs(1);

/// Opens a store for one Runtime and then for another.
pub(super) async fn identity(factory: &impl Factory) -> CheckResult {
    let ours = RuntimeId::from_uuid(new_uuid());
    let as_ours = OpenRequest { runtime_id: Some(ours), ..request(LONG_LEASE) };
    let client = Client::open_as(factory.fresh().await, as_ours).await?;
    check_identity(&client, ours)?;
    client.release().await?;
    let other =
        OpenRequest { runtime_id: Some(RuntimeId::from_uuid(new_uuid())), ..request(LONG_LEASE) };
    let refused = Client::try_open(&client.store, other).await?.map(|opened| opened.runtime_id);
    Rule::Identity.expect(refused == Err(OpenError::OtherRuntime { runtime_id: ours }), || {
        format!("`open` by another Runtime returned {refused:?}")
    })?;
    // A request without a Runtime id opens the store for its own Runtime. The refused `open` took no
    // lease.
    check_identity(&Client::open(Arc::clone(&client.store)).await?, ours)
}

fn check_identity(client: &Client, ours: RuntimeId) -> CheckResult {
    let seen = client.opened.runtime_id;
    Rule::Identity
        .expect(seen == ours, || format!("the store belongs to Runtime {seen} instead of {ours}"))
}

/// Opens a store that already has an owner, also through a reopened store.
pub(super) async fn one_owner(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    for store in [Arc::clone(&client.store), factory.reopen(Arc::clone(&client.store)).await] {
        let second = Client::try_open(&store, request(LONG_LEASE)).await?;
        let refused = match &second {
            Err(OpenError::Owned { remaining }) => {
                !remaining.is_zero() && *remaining <= LONG_LEASE + ROUNDING
            }
            Err(
                OpenError::OtherRuntime { .. }
                | OpenError::NewerFormat { .. }
                | OpenError::Failed(_),
            )
            | Ok(_) => false,
        };
        Rule::OneOwner.expect(refused, || {
            format!(
                "`open` of a store whose lease lasts {LONG_LEASE:?} returned {second:?}; a store may \
                 round the rest of the lease up by {ROUNDING:?}, but not to nothing"
            )
        })?;
    }
    let mut model = ReferenceModel::new(1);
    let created = model.create(client.lease());
    client.apply(&mut model, created).await
}

/// Opens a store whose lease has expired.
pub(super) async fn expiry(factory: &impl Factory) -> CheckResult {
    let client = Client::open_as(factory.fresh().await, request(SHORT_LEASE)).await?;
    sleep(PAST_SHORT).await;
    let next = Client::try_open(&client.store, request(LONG_LEASE)).await?;
    Rule::Expiry
        .expect(next.is_ok(), || format!("`open` after the lease expired returned {next:?}"))
}

/// Renews a lease for longer and for shorter, and opens the store before and after the expiry.
pub(super) async fn renewal(factory: &impl Factory) -> CheckResult {
    let client = Client::open_as(factory.fresh().await, request(SHORT_LEASE)).await?;
    let renewed = answer("renew", || client.store.renew(client.lease(), LONG_LEASE)).await?;
    Rule::Renewal.expect(renewed.is_ok(), || format!("`renew` returned {renewed:?}"))?;
    sleep(PAST_SHORT).await;
    let second = Client::try_open(&client.store, request(LONG_LEASE)).await?;
    Rule::Renewal.expect(matches!(second, Err(OpenError::Owned { .. })), || {
        format!("`open` while a renewed lease was valid returned {second:?}")
    })?;
    let renewed = answer("renew", || client.store.renew(client.lease(), SHORT_LEASE)).await?;
    Rule::Renewal.expect(renewed.is_ok(), || format!("a second `renew` returned {renewed:?}"))?;
    sleep(PAST_SHORT).await;
    let next = Client::try_open(&client.store, request(LONG_LEASE)).await?;
    Rule::Renewal.expect(next.is_ok(), || {
        format!(
            "`open` after a lease that was renewed for a shorter time expired returned {next:?}"
        )
    })
}

/// Uses a lease after its release, and opens the store again.
pub(super) async fn release(factory: &impl Factory) -> CheckResult {
    let first = Client::open(factory.fresh().await).await?;
    first.release().await?;
    let batch = ReferenceModel::new(1).create(first.lease());
    check_fenced(&first, Rule::Release, &batch).await?;
    let next = Client::try_open(&first.store, request(LONG_LEASE)).await?;
    Rule::Release.expect(next.is_ok(), || format!("`open` right after `release` returned {next:?}"))
}

/// Uses old leases after a newer one was granted, because of an expiry or a release.
pub(super) async fn fence(factory: &impl Factory) -> CheckResult {
    let old = Client::open_as(factory.fresh().await, request(SHORT_LEASE)).await?;
    let mut model = ReferenceModel::new(1);
    let created = model.create(old.lease());
    old.apply(&mut model, created).await?;
    sleep(PAST_SHORT).await;
    let new = Client::open(Arc::clone(&old.store)).await?;
    check_lease_grows(old.lease(), new.lease())?;
    let late = model.input(old.lease());
    check_fenced(&old, Rule::Fence, &late).await?;
    let settled = answer("settle", || old.store.settle(old.lease(), model.worker_id, 2)).await?;
    Rule::Fence.expect(settled == Err(StoreError::LeaseLost), || {
        format!("`settle` with an older lease returned {settled:?}")
    })?;
    // A release with an older lease does not end the newer lease.
    old.release().await?;
    let third = Client::try_open(&old.store, request(LONG_LEASE)).await?;
    Rule::Fence.expect(matches!(third, Err(OpenError::Owned { .. })), || {
        format!("`open` after a release with an older lease returned {third:?}")
    })?;
    let answered = model.input(new.lease());
    new.apply(&mut model, answered).await?;
    new.release().await?;
    let newest = Client::open(Arc::clone(&old.store)).await?;
    check_lease_grows(new.lease(), newest.lease())?;
    for earlier in [&old, &new] {
        check_fenced(earlier, Rule::Fence, &model.answer(earlier.lease())).await?;
    }
    newest.check_as(Rule::Fence, &model).await
}

/// Uses the newest fencing token with the epoch of another start of the Runtime.
pub(super) async fn epoch(factory: &impl Factory) -> CheckResult {
    let asked = request(LONG_LEASE);
    let owner = Client::open_as(factory.fresh().await, asked).await?;
    Rule::LeaseEpoch.expect(owner.lease().epoch == asked.epoch, || {
        "the lease has another epoch than its request".to_owned()
    })?;
    let mut model = ReferenceModel::new(1);
    let created = model.create(owner.lease());
    owner.apply(&mut model, created).await?;
    let mut stranger = owner.clone();
    stranger.opened.lease.epoch = Epoch::from_uuid(new_uuid());
    check_fenced(&stranger, Rule::LeaseEpoch, &model.input(stranger.lease())).await?;
    // Only the holder of a lease can release it.
    stranger.release().await?;
    let input = model.input(owner.lease());
    owner.apply(&mut model, input).await?;
    owner.check_as(Rule::LeaseEpoch, &model).await
}

fn check_lease_grows(old: Lease, new: Lease) -> CheckResult {
    Rule::Fence.expect(new.fencing_token > old.fencing_token, || {
        format!("lease {} was granted after lease {}", new.fencing_token, old.fencing_token)
    })
}

/// Returns a violation of `rule` unless commits, renewals and settlements with the lease of `client`
/// are refused.
async fn check_fenced(client: &Client, rule: Rule, batch: &Batch) -> CheckResult {
    let committed = client.commit(batch.clone()).await?;
    rule.expect(committed == Err(StoreError::LeaseLost), || {
        format!("`commit` with a lost lease returned {committed:?}")
    })?;
    let renewed = answer("renew", || client.store.renew(client.lease(), LONG_LEASE)).await?;
    rule.expect(renewed == Err(StoreError::LeaseLost), || {
        format!("`renew` of a lost lease returned {renewed:?}")
    })?;
    let settle =
        || client.store.settle(client.lease(), batch.worker_id, batch.expected_version + 1);
    let settled = answer("settle", settle).await?;
    rule.expect(settled == Err(StoreError::LeaseLost), || {
        format!("`settle` with a lost lease returned {settled:?}")
    })
}
