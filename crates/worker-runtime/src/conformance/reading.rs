//! Checks of reads: pages, look-ups of turns, and Workers that do not exist.

use std::fmt::Debug;

use crate::{
    conformance::{
        client::Client,
        factory::Factory,
        ids::new_uuid,
        reference_model::ReferenceModel,
        rule::{CheckResult, Rule},
    },
    identity::TurnId,
    store::TurnLookup,
};

const TURNS: usize = 5;

/// Reads every page of entries, turns and events, from every position and with several limits.
pub(super) async fn pages(factory: &impl Factory) -> CheckResult {
    let (client, model) = conversation(factory).await?;
    let id = model.worker_id;
    let (oldest, events) = client.all_events(id).await?;
    for limit in [1, 2, 3, 100] {
        for first in 1..=model.entries.len() as u64 + 2 {
            let seen = client.entries(id, first, limit).await?;
            expect_page(Rule::Pages, "entries", &model.entries, first, limit, &seen)?;
        }
        for first in 1..=TURNS as u64 + 2 {
            let seen = client.turns(id, first, limit).await?;
            expect_page(Rule::Pages, "turns", &model.turns, first, limit, &seen)?;
        }
        let head = model.events.len() as u64;
        for after in 0..=head + 1 {
            let page = client.events(id, after, limit).await?;
            Rule::Pages.expect(page.oldest == oldest, || {
                format!("one page says that the oldest event is {oldest}, another {}", page.oldest)
            })?;
            let first = (after + 1).max(oldest) - (oldest - 1);
            expect_page(Rule::Pages, "events", &events, first, limit, &page.events)?;
        }
    }
    Ok(())
}

/// Returns a violation unless `seen` is the page of `all` that begins at position `first`.
pub(super) fn expect_page<T: PartialEq + Debug>(
    rule: Rule,
    noun: &str,
    all: &[T],
    first: u64,
    limit: usize,
    seen: &[T],
) -> CheckResult {
    let skipped = usize::try_from(first - 1).unwrap_or(usize::MAX);
    let wanted: Vec<&T> = all.iter().skip(skipped).take(limit).collect();
    rule.expect(wanted.iter().copied().eq(seen), || {
        let places: Vec<Option<usize>> =
            seen.iter().map(|item| (1..).zip(all).find(|(_, one)| *one == item).map(|(place, _)| place)).collect();
        let (last, count) = (skipped + wanted.len(), wanted.len());
        format!(
            "the page of at most {limit} {noun} from {first} on holds those at positions {places:?} \
             instead of the {count} up to {last}"
        )
    })
}

/// Creates a Worker with several turns, the last of which is still running.
async fn conversation(factory: &impl Factory) -> CheckResult<(Client, ReferenceModel)> {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut model = ReferenceModel::new(1);
    let created = model.create(lease);
    client.apply(&mut model, created).await?;
    for turn in 1..=TURNS {
        // Two keys take turns, and each input drops the earlier use of its key.
        let input = model.input_with_key(lease, ["even", "odd"][turn % 2], &["even", "odd"]);
        client.apply(&mut model, input).await?;
        if turn < TURNS {
            let answer = model.answer(lease);
            client.apply(&mut model, answer).await?;
        }
    }
    Ok((client, model))
}

/// Looks turns up by id and by key.
pub(super) async fn turn_lookup(factory: &impl Factory) -> CheckResult {
    let (client, model) = conversation(factory).await?;
    let id = model.worker_id;
    for turn in &model.turns {
        let seen = client.turn(id, TurnLookup::Id(turn.turn_id)).await?;
        Rule::TurnLookup.expect(seen == Some(model.found(turn)), || {
            format!("a look-up of the turn {}, with its entries, returned {seen:?}", turn.turn_id)
        })?;
    }
    for (key, place) in [("odd", TURNS - 1), ("even", TURNS - 2)] {
        let seen = client.turn(id, TurnLookup::Key(key.into())).await?;
        let wanted = model.turns.get(place).map(|turn| model.found(turn));
        Rule::TurnLookup.expect(seen == wanted, || {
            let input = seen.map(|found| found.turn.input_sequence);
            format!("a look-up of the latest turn of a key returned the turn of entry {input:?}")
        })?;
    }
    let unknown = TurnId::from_uuid(new_uuid());
    for selector in [TurnLookup::Id(unknown), TurnLookup::Key("no such key".into())] {
        let seen = client.turn(id, selector).await?;
        Rule::TurnLookup.expect(seen.is_none(), || {
            "a look-up of a turn that does not exist returned a turn".to_owned()
        })?;
    }
    Ok(())
}

/// Reads a Worker that does not exist beside one that does.
pub(super) async fn absent(factory: &impl Factory) -> CheckResult {
    let (client, model) = conversation(factory).await?;
    let stranger = ReferenceModel::new(2);
    client.check_as(Rule::Absent, &stranger).await?;
    // A look-up finds only turns of the Worker that it names.
    for turn in &model.turns {
        let seen = client.turn(stranger.worker_id, TurnLookup::Id(turn.turn_id)).await?;
        Rule::Absent.expect(seen.is_none(), || {
            "a look-up by id returned another Worker's turn".to_owned()
        })?;
    }
    let seen = client.turn(stranger.worker_id, TurnLookup::Key("odd".into())).await?;
    Rule::Absent
        .expect(seen.is_none(), || "a look-up by key returned another Worker's turn".to_owned())
}

/// Lists Workers in pages, with gaps where Workers were deleted or ordinals were skipped.
pub(super) async fn workers(factory: &impl Factory) -> CheckResult {
    let client = Client::open(factory.fresh().await).await?;
    let lease = client.lease();
    let mut models = Vec::new();
    // Ordinals may be committed in any order, and some may never be used.
    for ordinal in [3, 1, 2, 9, 1_000_000, 7] {
        let mut model = ReferenceModel::new(ordinal);
        let created = model.create(lease);
        client.apply(&mut model, created).await?;
        models.push(model);
    }
    for deleted in [2, 9] {
        let Some(model) = models.iter_mut().find(|model| model.ordinal == deleted) else {
            continue;
        };
        for batch in [ReferenceModel::stop, ReferenceModel::delete] {
            let batch = batch(model, lease);
            client.apply(model, batch).await?;
        }
    }
    models.retain(|model| model.record.is_some());
    models.sort_by_key(|model| model.ordinal);
    for limit in [1, 2, 3, 100] {
        for after in [0, 1, 2, 3, 7, 999_999, 1_000_000] {
            let page = client.workers(after, limit).await?;
            let seen: Vec<_> = page
                .iter()
                .map(|listed| listed.as_ref().map(|worker| worker.record.ordinal))
                .collect();
            let wanted: Vec<_> = models
                .iter()
                .filter(|model| model.ordinal > after)
                .take(limit)
                .map(|model| Ok(model.ordinal))
                .collect();
            // A page may be short, but only a page after the last Worker is empty.
            let is_page = wanted.starts_with(&seen) && seen.is_empty() == wanted.is_empty();
            Rule::Workers.expect(is_page, || {
                format!("the page of at most {limit} Workers after {after} is {seen:?} instead of {wanted:?}")
            })?;
        }
    }
    for model in &models {
        client.check_as(Rule::Workers, model).await?;
    }
    Ok(())
}
