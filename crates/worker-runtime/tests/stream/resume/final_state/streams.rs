//! What a stream from a cursor gives, held against what is read from there.

use std::time::Duration;

use futures_util::FutureExt;
use worker_runtime::{
    RuntimeEvent, StreamItem, Subscription,
    event::{EndReason, EventType},
};

use crate::resume::replay::entry;

/// A stream from the same place gives the same events, and no others.
pub(super) async fn check_stream(stream: Option<Subscription>, after: &[RuntimeEvent]) {
    let mut stream = stream.expect("the Worker is there");
    for event in after {
        let next = loop {
            match next(&mut stream).await {
                StreamItem::Event(it) => break it.event.clone(),
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

/// A stream that is read after the deletion says that and nothing else of the Worker.
pub(super) async fn check_erased(mut stream: Subscription) {
    let mut last = None;
    loop {
        match next(&mut stream).await {
            StreamItem::Event(it) => {
                assert_says_nothing(&it.event);
                last = Some(it.event.event_type());
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
    next.await.expect("it comes").expect("the stream goes on")
}

/// Names, texts and remarks are gone.
pub(super) fn assert_says_nothing(event: &RuntimeEvent) {
    assert!(event.redacted, "{event:?}");
    assert_eq!((&event.meta, &event.idempotency_key), (&None, &None));
    assert!(entry(event).is_none_or(|it| it.text.is_empty()), "{event:?}");
}
