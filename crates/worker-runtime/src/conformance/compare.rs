//! Whether a store holds what a mirror says.

use std::fmt::Debug;

use crate::conformance::{
    client::{EVENTS_KEPT, Probe},
    reference_model::Mirror,
    rule::{Checked, Rule},
};

impl Probe {
    /// Complains unless the store holds exactly what the mirror says.
    pub(super) async fn holds(&self, mirror: &Mirror) -> Checked {
        self.holds_record(mirror).await?;
        let entries = self.all_entries(mirror.worker_id).await?;
        same(Rule::Entries, "entry", &mirror.entries, &entries)?;
        let turns = self.all_turns(mirror.worker_id).await?;
        same(Rule::Turns, "turn", &mirror.turns, &turns)?;
        self.holds_events(mirror).await
    }

    /// The same, as a matter of another rule.
    pub(super) async fn holds_for(&self, rule: Rule, mirror: &Mirror) -> Checked {
        match self.holds(mirror).await {
            Err(violation) if violation.rule != Rule::Answers => {
                let text = format!("{:?} was broken: {}", violation.rule, violation.seen);
                Err(rule.broken(text))
            }
            other => other,
        }
    }

    async fn holds_record(&self, mirror: &Mirror) -> Checked {
        let found = self.worker(mirror).await?;
        let version = found.as_ref().map(|it| it.record.version);
        let wanted = mirror.record.as_ref().map(|it| it.version);
        Rule::Committed.expect(version == wanted, || {
            format!("a Worker's version is {version:?} instead of {wanted:?}")
        })?;
        let (Some(found), Some(record)) = (found, &mirror.record) else { return Ok(()) };
        Rule::Workers.expect(found.record == *record, || {
            format!("the record is {} instead of {}", brief(&found.record), brief(record))
        })?;
        same(Rule::InputKeys, "key", &mirror.keys, &found.keys)
    }

    async fn holds_events(&self, mirror: &Mirror) -> Checked {
        let (oldest, events) = self.all_events(mirror.worker_id).await?;
        let head = mirror.events.len() as u64;
        if head == 0 {
            let empty = oldest == 0 && events.is_empty();
            return Rule::Absent
                .expect(empty, || format!("there are {} events from {oldest} on", events.len()));
        }
        let first_needed = (head + 1).saturating_sub(EVENTS_KEPT).max(1);
        Rule::EventsKept.expect((1..=first_needed).contains(&oldest), || {
            format!("the oldest of {head} events is {oldest} instead of {first_needed}")
        })?;
        let dropped = usize::try_from(oldest - 1).unwrap_or(usize::MAX);
        same(Rule::Events, "event", &mirror.events[dropped..], &events)
    }
}

/// Complains unless both lists are equal.
pub(super) fn same<T: PartialEq + Debug>(
    rule: Rule,
    what: &str,
    wanted: &[T],
    seen: &[T],
) -> Checked {
    let pairs = wanted.iter().zip(seen).zip(1..);
    for ((wanted, seen), place) in pairs {
        rule.expect(wanted == seen, || {
            format!("{what} {place} is {} instead of {}", brief(seen), brief(wanted))
        })?;
    }
    rule.expect(wanted.len() == seen.len(), || {
        format!("there are {} of {what} instead of {}", seen.len(), wanted.len())
    })
}

/// A value for a message, not too long.
fn brief(value: &impl Debug) -> String {
    const MOST: usize = 300;
    let mut text = format!("{value:?}");
    if text.len() > MOST {
        text.truncate(text.floor_char_boundary(MOST));
        text.push('…');
    }
    text
}
