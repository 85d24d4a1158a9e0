//! A reader of one Worker's stream, which checks that the stream keeps its promises.

use std::{collections::BTreeMap, sync::Arc};

use worker_runtime::{
    StreamItem, Subscription, TurnId, WorkerRef,
    event::{EventBody, EventType},
};

use crate::ledger::Ledger;

/// What a stream has shown of a turn.
#[derive(Debug, Default)]
struct Shown {
    text: String,
    /// Whether the turn began while the stream was live, so that the stream has all of its text.
    is_whole: bool,
    has_ended: bool,
}

/// Reads a stream that began with the first event until its end, and checks each item.
pub(crate) async fn follow(ledger: Arc<Ledger>, worker: WorkerRef, mut stream: Subscription) {
    let mut turns: BTreeMap<TurnId, Shown> = BTreeMap::new();
    let mut last = 0;
    let (mut has_gap, mut is_live) = (false, false);
    while let Some(item) = stream.next().await {
        match item {
            StreamItem::Event(event) => {
                let sequence = event.worker_sequence.expect("a Worker's event has a place");
                assert!(has_gap || sequence == last + 1, "{worker:?}: {last} then {sequence}");
                assert!(sequence > last, "{worker:?}: {last} then {sequence}");
                last = sequence;
                let Some(turn_id) = event.turn_id else { continue };
                let shown = turns.entry(turn_id).or_default();
                // The change of state to which the turn's end leads comes after it.
                let follows = event.event_type() == EventType::WorkerStateChanged;
                assert!(
                    follows || !shown.has_ended,
                    "{worker:?}: an event after the turn's end: {event:?}"
                );
                shown.is_whole |= is_live && event.event_type() == EventType::TurnStarted;
                if event.event_type().ends_turn() {
                    shown.has_ended = true;
                    check_text(shown, &event.body, event.redacted);
                }
            }
            StreamItem::TextDelta { turn_id, offset, text } => {
                let shown = turns.entry(turn_id).or_default();
                assert!(!shown.has_ended, "{worker:?}: text after the turn's end");
                if offset == 0 {
                    shown.text.clear();
                }
                assert_eq!(offset, shown.text.len() as u64, "{worker:?}: a hole in the text");
                shown.text.push_str(&text);
            }
            StreamItem::Synced { .. } => is_live = true,
            StreamItem::Gap { .. } => has_gap = true,
            StreamItem::Ended { .. } => {
                // Nothing more will come. A turn whose end was not told must not have one.
                let open = turns.iter().filter(|(_, shown)| !shown.has_ended && !has_gap);
                ledger.lock().without_end.extend(open.map(|(turn_id, _)| (worker, *turn_id)));
            }
            _ => {}
        }
    }
}

fn check_text(shown: &Shown, body: &EventBody, redacted: bool) {
    let entry = match body {
        EventBody::TurnCompleted { entry, .. } => Some(entry),
        EventBody::TurnFailed { entry, .. } | EventBody::TurnCancelled { entry, .. } => {
            entry.as_ref()
        }
        _ => None,
    };
    // Of a turn that was over when the stream was made, there is no text but the entry's.
    let is_shown = shown.is_whole || !shown.text.is_empty();
    if let Some(entry) = entry.filter(|_| is_shown && !redacted) {
        assert_eq!(shown.text, *entry.text, "the deltas are the text of the entry");
    }
}
