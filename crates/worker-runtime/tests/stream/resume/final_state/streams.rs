//! Comparison of a stream from a cursor with the events after that cursor.

use std::time::Duration;

use futures_util::FutureExt;
use worker_runtime::{
    RuntimeEvent, StreamItem, Subscription,
    event::{EndReason, EventType},
};

use crate::resume::replay::entry;

/// Checks that a stream gives exactly the events of `rest`.
pub(super) async fn check_stream(stream: Option<Subscription>, rest: &[RuntimeEvent]) {
    let mut stream = stream.expect("the Worker exists");
    for event in rest {
        let next = loop {
            match next(&mut stream).await {
                StreamItem::Event(shared) => break shared.event.clone(),
                StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. }
                | StreamItem::Synced { .. } => {}
                item => panic!("{item:?}"),
            }
        };
        assert_eq!(next, *event);
    }
    while let Some(Some(item)) = stream.next().now_or_never() {
        assert!(!matches!(item, StreamItem::Event(_) | StreamItem::Gap { .. }), "{item:?}");
    }
}

/// Checks that a stream which is read after the Worker's deletion shows only redacted events and the
/// deletion.
pub(super) async fn check_deleted_stream(mut stream: Subscription) {
    let mut last = None;
    loop {
        match next(&mut stream).await {
            StreamItem::Event(shared) => {
                assert_redacted(&shared.event);
                last = Some(shared.event.event_type());
            }
            StreamItem::Synced { .. } | StreamItem::Gap { .. } => {}
            StreamItem::Ended { reason } => {
                assert_eq!(reason, EndReason::WorkerDeleted);
                break;
            }
            item => panic!("{item:?}"),
        }
    }
    assert_eq!(last, Some(EventType::WorkerDeleted));
    assert_eq!(stream.next().await, None);
}

async fn next(stream: &mut Subscription) -> StreamItem {
    let next = tokio::time::timeout(Duration::from_mins(1), stream.next());
    next.await.expect("an item comes in time").expect("the stream goes on")
}

/// Checks that an event has no text and no metadata.
pub(super) fn assert_redacted(event: &RuntimeEvent) {
    assert!(event.redacted, "{event:?}");
    assert_eq!((&event.meta, &event.idempotency_key), (&None, &None));
    assert!(entry(event).is_none_or(|entry| entry.text.is_empty()), "{event:?}");
}
