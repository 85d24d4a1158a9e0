//! Checks of what outlasts a Worker or a process: keys, totals, deletion, restarts.

use std::sync::Arc;

use crate::{
    conformance::{
        client::Probe,
        compare::same,
        factory::Factory,
        reference_model::Mirror,
        rule::{Checked, Rule},
    },
    store::{Batch, CreateKey, StoreError, Totals, TurnSelector},
};

pub(super) async fn input_keys(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirror = Mirror::new(1);
    let created = mirror.create(lease);
    probe.apply(&mut mirror, created).await?;
    let steps: [(&str, &[&str]); 5] =
        [("a", &[]), ("b", &[]), ("c", &["a"]), ("b", &["b", "never was"]), ("d", &["c", "b"])];
    for (key, dropped) in steps {
        let input = mirror.input_with_key(lease, key, dropped);
        probe.apply(&mut mirror, input).await?;
        probe.holds_for(Rule::InputKeys, &mirror).await?;
        let answer = mirror.answer(lease);
        probe.apply(&mut mirror, answer).await?;
    }
    Ok(())
}

pub(super) async fn create_keys(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut kept: Vec<CreateKey> = Vec::new();
    let steps: [(&str, &[&str]); 5] =
        [("a", &[]), ("b", &[]), ("c", &["a"]), ("b", &["b", "never was"]), ("d", &["c"])];
    for ((key, dropped), ordinal) in steps.into_iter().zip(1..) {
        let mut mirror = Mirror::new(ordinal);
        let created = mirror.create_with_key(lease, key, dropped);
        kept.retain(|it| !dropped.contains(&&*it.key));
        kept.extend(created.create_key.clone().map(|it| it.key));
        probe.apply(&mut mirror, created).await?;
        same(Rule::CreateKeys, "key", &kept, &probe.create_keys().await?)?;
        // The key outlives its Worker.
        for batch in [Mirror::stop, Mirror::delete] {
            let batch = batch(&mirror, lease);
            probe.apply(&mut mirror, batch).await?;
        }
        same(Rule::CreateKeys, "key", &kept, &probe.create_keys().await?)?;
    }
    Ok(())
}

pub(super) async fn totals(factory: &impl Factory) -> Checked {
    let mut probe = Probe::open(factory.fresh().await).await?;
    let mut wanted = Totals::default();
    is_total(&probe, &wanted)?;
    for ordinal in 1..=3 {
        let mut mirror = Mirror::new(ordinal);
        let life = [Mirror::create, Mirror::input, Mirror::answer, Mirror::stop, Mirror::delete];
        for step in life {
            let batch = step(&mirror, probe.lease());
            wanted.add(&batch.totals);
            probe.apply(&mut mirror, batch).await?;
            probe.open_again().await?;
            is_total(&probe, &wanted)?;
        }
    }
    Ok(())
}

fn is_total(probe: &Probe, wanted: &Totals) -> Checked {
    let seen = probe.opened.totals;
    Rule::Totals.expect(seen == *wanted, || format!("they are {seen:?} instead of {wanted:?}"))
}

pub(super) async fn deletion(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut gone = Mirror::new(1);
    let mut neighbour = Mirror::new(2);
    for mirror in [&mut gone, &mut neighbour] {
        let created = mirror.create(lease);
        probe.apply(mirror, created).await?;
        let input = mirror.input_with_key(lease, "key", &[]);
        probe.apply(mirror, input).await?;
        let answer = mirror.answer(lease);
        probe.apply(mirror, answer).await?;
    }
    let stop = gone.stop(lease);
    probe.apply(&mut gone, stop).await?;
    let before = gone.clone();
    let delete = gone.delete(lease);
    probe.apply(&mut gone, delete).await?;
    is_gone(&probe, &before, &gone).await?;
    // Whoever still knew the Worker cannot bring it back.
    for late in [before.input(lease), before.delete(lease)] {
        let answer = probe.commit(late).await?;
        Rule::Deletion.expect(matches!(answer, Err(StoreError::Refused(_))), || {
            format!("a change of a deleted Worker got {answer:?}")
        })?;
    }
    is_gone(&probe, &before, &gone).await?;
    probe.holds_for(Rule::Deletion, &neighbour).await?;
    probe.release().await?;
    let probe = Probe::open(factory.reopen(Arc::clone(&probe.store)).await).await?;
    is_gone(&probe, &before, &gone).await?;
    probe.holds_for(Rule::Deletion, &neighbour).await
}

async fn is_gone(probe: &Probe, before: &Mirror, gone: &Mirror) -> Checked {
    probe.holds_for(Rule::Deletion, gone).await?;
    for turn in &before.turns {
        for selector in [TurnSelector::Id(turn.turn_id), TurnSelector::Key("key".into())] {
            let seen = probe.turn(gone.worker_id, selector).await?;
            Rule::Deletion.expect(seen.is_none(), || "a turn of it is still found".to_owned())?;
        }
    }
    Ok(())
}

pub(super) async fn restart(factory: &impl Factory) -> Checked {
    let mut probe = Probe::open(factory.fresh().await).await?;
    let mut mirrors: Vec<Mirror> = (1..=3).map(Mirror::new).collect();
    let mut wanted = Totals::default();
    let mut create_keys: Vec<CreateKey> = Vec::new();
    for round in 0..3 {
        let lease = probe.lease();
        for mirror in &mut mirrors {
            if mirror.record.is_none() {
                let created = mirror.create_with_key(lease, &format!("{}", mirror.ordinal), &[]);
                create_keys.extend(created.create_key.clone().map(|it| it.key));
                wanted.add(&created.totals);
                probe.apply(mirror, created).await?;
            }
            let input = mirror.input_with_key(lease, &format!("{round}"), &[]);
            let answer = |mirror: &Mirror| mirror.answer(lease);
            probe.apply(mirror, input).await?;
            let answer: Batch = answer(mirror);
            wanted.add(&answer.totals);
            probe.apply(mirror, answer).await?;
        }
        probe.release().await?;
        let again = Probe::open(factory.reopen(Arc::clone(&probe.store)).await).await?;
        let (old, new) = (probe.opened, again.opened);
        Rule::Restart
            .expect(new.runtime_id == old.runtime_id, || "its Runtime changed".to_owned())?;
        Rule::Restart.expect(new.lease.0 > old.lease.0, || {
            format!("lease {} came after {}", new.lease.0, old.lease.0)
        })?;
        Rule::Restart.expect(new.totals == wanted, || {
            format!("the totals are {:?} instead of {wanted:?}", new.totals)
        })?;
        same(Rule::Restart, "key of a creation", &create_keys, &again.create_keys().await?)?;
        for mirror in &mirrors {
            again.holds_for(Rule::Restart, mirror).await?;
        }
        probe = again;
    }
    Ok(())
}

/// Checked only if the factory can damage a record.
pub(super) async fn unreadable(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirrors: Vec<Mirror> = (1..=3).map(Mirror::new).collect();
    for mirror in &mut mirrors {
        let created = mirror.create(lease);
        probe.apply(mirror, created).await?;
    }
    if !factory.corrupt(mirrors[1].worker_id).await {
        return Ok(());
    }
    let page = probe.workers(0, 10).await?;
    let ordinals: Vec<Result<u64, u64>> = page
        .iter()
        .map(|it| it.as_ref().map(|it| it.record.ordinal).map_err(|it| it.ordinal))
        .collect();
    Rule::Unreadable.expect(ordinals == [Ok(1), Err(2), Ok(3)], || {
        format!("with the second of three damaged, the list is {ordinals:?}")
    })?;
    let paged = probe.workers(1, 1).await?;
    Rule::Unreadable.expect(matches!(paged.as_slice(), [Err(_)]), || {
        "a page that holds only the damaged one does not report it".to_owned()
    })?;
    probe.holds_for(Rule::Unreadable, &mirrors[0]).await?;
    probe.holds_for(Rule::Unreadable, &mirrors[2]).await
}
