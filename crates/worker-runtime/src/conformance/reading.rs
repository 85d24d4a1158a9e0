//! Checks of reads: places, limits, look-ups, and Workers that are not there.

use std::fmt::Debug;

use crate::{
    conformance::{
        client::{Probe, new_uuid},
        factory::Factory,
        reference_model::Mirror,
        rule::{Checked, Rule},
    },
    identity::TurnId,
    store::TurnSelector,
};

const TURNS: usize = 5;

pub(super) async fn pages(factory: &impl Factory) -> Checked {
    let (probe, mirror) = conversation(factory).await?;
    let id = mirror.worker_id;
    let (oldest, events) = probe.all_events(id).await?;
    for limit in [1, 2, 3, 100] {
        for first in 1..=mirror.entries.len() as u64 + 2 {
            let seen = probe.entries(id, first, limit).await?;
            exact("entries", &mirror.entries, first, limit, &seen)?;
        }
        for first in 1..=TURNS as u64 + 2 {
            let seen = probe.turns(id, first, limit).await?;
            exact("turns", &mirror.turns, first, limit, &seen)?;
        }
        let head = mirror.events.len() as u64;
        for after in 0..=head + 1 {
            let page = probe.events(id, after, limit).await?;
            Rule::Pages.expect(page.oldest == oldest, || {
                format!("the oldest event is {} or {oldest}", page.oldest)
            })?;
            let first = (after + 1).max(oldest) - (oldest - 1);
            exact("events", &events, first, limit, &page.events)?;
        }
    }
    Ok(())
}

fn exact<T: PartialEq + Debug>(
    what: &str,
    all: &[T],
    first: u64,
    limit: usize,
    seen: &[T],
) -> Checked {
    let skipped = usize::try_from(first - 1).unwrap_or(usize::MAX);
    let wanted: Vec<&T> = all.iter().skip(skipped).take(limit).collect();
    Rule::Pages.expect(wanted.iter().copied().eq(seen), || {
        let places: Vec<Option<usize>> =
            seen.iter().map(|it| all.iter().position(|one| one == it).map(|p| p + 1)).collect();
        let (last, count) = (skipped + wanted.len(), wanted.len());
        format!(
            "{what} from {first}, at most {limit}, were those at {places:?} instead of the {count} \
             up to {last}"
        )
    })
}

/// A Worker with several turns, the last of which runs.
async fn conversation(factory: &impl Factory) -> Checked<(Probe, Mirror)> {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirror = Mirror::new(1);
    let created = mirror.create(lease);
    probe.apply(&mut mirror, created).await?;
    for turn in 1..=TURNS {
        // The key is used anew for every other turn.
        let input = mirror.input_with_key(lease, ["even", "odd"][turn % 2], &["even", "odd"]);
        probe.apply(&mut mirror, input).await?;
        if turn < TURNS {
            let answer = mirror.answer(lease);
            probe.apply(&mut mirror, answer).await?;
        }
    }
    Ok((probe, mirror))
}

pub(super) async fn turn_lookup(factory: &impl Factory) -> Checked {
    let (probe, mirror) = conversation(factory).await?;
    let id = mirror.worker_id;
    for turn in &mirror.turns {
        let seen = probe.turn(id, TurnSelector::Id(turn.turn_id)).await?;
        Rule::TurnLookup.expect(seen.as_ref() == Some(turn), || {
            format!("turn {} was found as {:?}", turn.input_sequence, seen.map(|it| it.turn_id))
        })?;
    }
    for (key, place) in [("odd", TURNS - 1), ("even", TURNS - 2)] {
        let seen = probe.turn(id, TurnSelector::Key(key.into())).await?;
        Rule::TurnLookup.expect(seen.as_ref() == mirror.turns.get(place), || {
            let input = seen.map(|it| it.input_sequence);
            format!("the latest turn of a key was found at entry {input:?}")
        })?;
    }
    let strange = TurnId::from_uuid(new_uuid());
    for selector in [TurnSelector::Id(strange), TurnSelector::Key("no such key".into())] {
        let seen = probe.turn(id, selector).await?;
        Rule::TurnLookup.expect(seen.is_none(), || "a turn that never was is there".to_owned())?;
    }
    Ok(())
}

pub(super) async fn absent(factory: &impl Factory) -> Checked {
    let (probe, mirror) = conversation(factory).await?;
    let stranger = Mirror::new(2);
    probe.holds_for(Rule::Absent, &stranger).await?;
    // A turn of another Worker is none of this one's.
    for turn in &mirror.turns {
        let seen = probe.turn(stranger.worker_id, TurnSelector::Id(turn.turn_id)).await?;
        Rule::Absent.expect(seen.is_none(), || "it has another Worker's turn".to_owned())?;
    }
    let seen = probe.turn(stranger.worker_id, TurnSelector::Key("odd".into())).await?;
    Rule::Absent.expect(seen.is_none(), || "it has another Worker's key".to_owned())
}

/// Workers by ordinal, in pages, with gaps where some were deleted.
pub(super) async fn workers(factory: &impl Factory) -> Checked {
    let probe = Probe::open(factory.fresh().await).await?;
    let lease = probe.lease();
    let mut mirrors = Vec::new();
    // Ordinals need not come in order, and numbers may be left out.
    for ordinal in [3, 1, 2, 9, 1_000_000, 7] {
        let mut mirror = Mirror::new(ordinal);
        let created = mirror.create(lease);
        probe.apply(&mut mirror, created).await?;
        mirrors.push(mirror);
    }
    for gone in [2, 9] {
        let Some(mirror) = mirrors.iter_mut().find(|it| it.ordinal == gone) else { continue };
        for batch in [Mirror::stop, Mirror::delete] {
            let batch = batch(mirror, lease);
            probe.apply(mirror, batch).await?;
        }
    }
    mirrors.retain(|it| it.record.is_some());
    mirrors.sort_by_key(|it| it.ordinal);
    for limit in [1, 2, 3, 100] {
        for after in [0, 1, 2, 3, 7, 999_999, 1_000_000] {
            let page = probe.workers(after, limit).await?;
            let seen: Vec<_> =
                page.iter().map(|it| it.as_ref().map(|it| it.record.ordinal)).collect();
            let wanted: Vec<_> = mirrors
                .iter()
                .filter(|it| it.ordinal > after)
                .take(limit)
                .map(|it| Ok(it.ordinal))
                .collect();
            Rule::Workers.expect(seen == wanted, || {
                format!("after {after}, at most {limit}, are {seen:?} instead of {wanted:?}")
            })?;
        }
    }
    for mirror in &mirrors {
        probe.holds_for(Rule::Workers, mirror).await?;
    }
    Ok(())
}
