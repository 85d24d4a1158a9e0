//! Comparison of the contents of a store with the reference model.

use std::fmt::Debug;

use crate::conformance::{
    client::{Client, EVENTS_KEPT},
    reference_model::ReferenceModel,
    rule::{CheckResult, Rule},
};

impl Client {
    /// Returns a violation unless the store holds exactly the contents of the model.
    pub(super) async fn check(&self, model: &ReferenceModel) -> CheckResult {
        self.check_record(model).await?;
        let entries = self.all_entries(model.worker_id).await?;
        expect_equal(Rule::Entries, "entry", &model.entries, &entries)?;
        let turns = self.all_turns(model.worker_id).await?;
        expect_equal(Rule::Turns, "turn", &model.turns, &turns)?;
        self.check_events(model).await
    }

    /// Compares like [`Self::check`], and reports a difference as a violation of `rule`, because a
    /// check of that rule led to the difference.
    pub(super) async fn check_as(&self, rule: Rule, model: &ReferenceModel) -> CheckResult {
        match self.check(model).await {
            Err(violation) if violation.rule != Rule::Answers => {
                let text = format!("{} ({:?})", violation.seen, violation.rule);
                Err(rule.violation(text))
            }
            other => other,
        }
    }

    async fn check_record(&self, model: &ReferenceModel) -> CheckResult {
        let found = self.worker(model).await?;
        let version = found.as_ref().map(|worker| worker.record.version);
        let wanted = model.record.as_ref().map(|record| record.version);
        Rule::Committed.expect(version == wanted, || {
            format!("the Worker's version is {version:?} instead of {wanted:?}")
        })?;
        let (Some(found), Some(record)) = (found, &model.record) else { return Ok(()) };
        Rule::Workers.expect(found.record == *record, || {
            format!("the Worker's record is {} instead of {}", brief(&found.record), brief(record))
        })?;
        expect_equal(Rule::InputKeys, "key", &model.keys, &found.keys)
    }

    async fn check_events(&self, model: &ReferenceModel) -> CheckResult {
        let (oldest, events) = self.all_events(model.worker_id).await?;
        let head = model.events.len() as u64;
        if head == 0 {
            let empty = oldest == 0 && events.is_empty();
            return Rule::Absent.expect(empty, || {
                format!("a Worker without events has {} events, the oldest {oldest}", events.len())
            });
        }
        let first_needed = (head + 1).saturating_sub(EVENTS_KEPT).max(1);
        Rule::EventsKept.expect((1..=first_needed).contains(&oldest), || {
            format!("the oldest of {head} events is {oldest}, but must be {first_needed} or older")
        })?;
        let dropped = usize::try_from(oldest - 1).unwrap_or(usize::MAX);
        expect_equal(Rule::Events, "event", &model.events[dropped..], &events)
    }
}

/// Returns a violation that names the first difference unless both lists are equal. `noun` names an
/// item of the lists.
pub(super) fn expect_equal<T: PartialEq + Debug>(
    rule: Rule,
    noun: &str,
    wanted: &[T],
    seen: &[T],
) -> CheckResult {
    let pairs = wanted.iter().zip(seen).zip(1..);
    for ((wanted, seen), place) in pairs {
        rule.expect(wanted == seen, || {
            format!("{noun} {place} is {} instead of {}", brief(seen), brief(wanted))
        })?;
    }
    rule.expect(wanted.len() == seen.len(), || {
        format!("the list has {} items ({noun}) instead of {}", seen.len(), wanted.len())
    })
}

/// Formats a value for a message and cuts the text where it gets too long.
fn brief(value: &impl Debug) -> String {
    const MAX_BYTES: usize = 300;
    let mut text = format!("{value:?}");
    if text.len() > MAX_BYTES {
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        text.push('…');
    }
    text
}
