//! What a reply showed, held against what came after it and what there is in the end.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt};
use worker_runtime::{
    Cursor, EventsFrom, Runtime, RuntimeError, RuntimeEvent, Scope, StreamItem, Subscribe,
    Subscription, WorkerId, WorkerRef,
    commands::Cancellation,
    event::{EndReason, EventBody, EventType, StreamEvent},
    model::{Meta, RuntimeState, RuntimeSummary, TranscriptEntry, WorkerDetail, WorkerState},
    queries::{
        GetRuntime, GetTranscript, GetTurn, GetWorker, ReadEvents, TranscriptReply, TurnReply,
    },
};

use super::{
    shown::{entry, follow, settled},
    take::{Cut, Deed, Said, Shows},
};
use crate::mirror::Mirror;

/// A Runtime in which nothing happens any more.
pub(crate) struct Quiet {
    runtime: Runtime,
    /// Everything that happened, as the Runtime's log has it.
    log: Vec<RuntimeEvent>,
    workers: Mirror,
    summary: RuntimeSummary,
}

impl Quiet {
    pub(crate) async fn new(runtime: Runtime) -> Self {
        let log = read(&runtime, Scope::runtime(), EventsFrom::oldest()).await.unwrap();
        let (workers, _) = Mirror::snapshot(&runtime, 1000).await.unwrap();
        let summary = runtime.handle(GetRuntime {}).await.unwrap().summary;
        Self { runtime, log, workers, summary }
    }

    /// Checks what a reply showed.
    pub(crate) async fn check(&self, cut: Cut) {
        let Cut { shows, cursor, before, stream } = cut;
        let after = self.after(shows.scope(), &cursor).await;
        let worker = match &shows {
            Shows::Deed(Deed { worker, .. })
            | Shows::Transcript { worker, .. }
            | Shows::Turn { worker, .. } => Some(*worker),
            Shows::Worker { detail, .. } => Some(detail.worker),
            Shows::Workers(_) | Shows::Runtime(_) | Shows::RuntimeStop { .. } => None,
        };
        match (after, worker) {
            (Ok(after), _) => {
                check_stream(stream, &after).await;
                self.check_shown(shows, &cursor, &before, &after).await;
            }
            (Err(error), Some(worker)) => {
                assert_eq!(error, RuntimeError::WorkerNotFound {});
                self.check_gone(worker).await;
                if let Some(stream) = stream {
                    check_erased(stream).await;
                }
            }
            (Err(error), None) => panic!("{error}"),
        }
    }

    /// Checks that a Worker was deleted once, and that nothing is known of it but that.
    pub(crate) async fn check_gone(&self, worker: WorkerRef) {
        let gone = RuntimeError::WorkerNotFound {};
        assert_eq!(self.runtime.handle(GetWorker { worker }).await.unwrap_err(), gone);
        let transcript = GetTranscript::tail(worker);
        assert_eq!(self.runtime.handle(transcript).await.unwrap_err(), gone);
        let subscribe = Subscribe::to(Scope::worker(worker));
        assert_eq!(self.runtime.subscribe(subscribe).await.unwrap_err(), gone);
        let its: Vec<_> = self.log.iter().filter(|it| it.worker == Some(worker)).collect();
        for (event, sequence) in its.iter().zip(1..) {
            assert_eq!(event.worker_sequence, Some(sequence));
            let is_last = sequence == its.len() as u64;
            assert_eq!(event.event_type() == EventType::WorkerDeleted, is_last);
            assert_says_nothing(event);
        }
        assert!(!its.is_empty());
    }

    async fn check_shown(
        &self,
        shows: Shows,
        cursor: &Cursor,
        before: &Cursor,
        after: &[RuntimeEvent],
    ) {
        match shows {
            Shows::Deed(deed) => self.check_deed(&deed, after).await,
            Shows::Worker { detail, exact } => {
                if exact {
                    let first = after.first().and_then(|it| it.worker_sequence);
                    assert!(first.is_none_or(|it| it == detail.worker_sequence + 1));
                }
                self.check_worker(&detail, after).await;
                let everywhere = self.after(Scope::runtime(), before).await.unwrap();
                self.check_worker(&detail, &everywhere).await;
            }
            Shows::Transcript { worker, reply, between } => {
                self.check_place(worker, between, after).await;
                self.check_transcript(worker, *reply, after).await;
            }
            Shows::Turn { worker, reply, between } => {
                self.check_place(worker, between, after).await;
                self.check_turn(worker, *reply, after).await;
            }
            Shows::Workers(items) => {
                let mut mirror = Mirror::default();
                let ids: Vec<WorkerId> = items.iter().map(|it| it.worker.worker_id).collect();
                mirror.workers.extend(items.into_iter().map(|it| (it.worker.worker_id, it)));
                for event in after.iter().cloned() {
                    let cursor = cursor.clone();
                    mirror.follow(&StreamItem::Event(Box::new(StreamEvent { event, cursor })));
                }
                for id in ids {
                    assert_eq!(mirror.workers.get(&id), self.workers.workers.get(&id));
                }
            }
            Shows::Runtime(summary) => self.check_summary(*summary, after),
            Shows::RuntimeStop { call, reply } => {
                let is_own = |it: &&RuntimeEvent| {
                    it.event_type() == EventType::RuntimeStopping && is_of(it, &call)
                };
                assert_eq!(self.log.iter().filter(is_own).count(), usize::from(!reply.already));
                if !reply.already {
                    assert_eq!(reply.state, RuntimeState::Stopping);
                    assert!(is_own(&&after[0]), "right before the command's own first event");
                    let caused = after.iter().filter(|it| is_of(it, &call)).count();
                    let all = self.log.iter().filter(|it| is_of(it, &call)).count();
                    assert_eq!(caused, all, "everything it caused comes after");
                }
            }
        }
    }

    async fn check_worker(&self, detail: &WorkerDetail, after: &[RuntimeEvent]) {
        let worker = detail.worker;
        let mut known = settled(detail);
        for event in after.iter().filter(|it| it.worker == Some(worker)) {
            if event.worker_sequence > Some(known.worker_sequence) {
                follow(&mut known, event);
            }
        }
        let now = self.runtime.handle(GetWorker { worker }).await.unwrap().detail;
        assert_eq!(known, settled(&now));
    }

    /// The cursor lay at the Worker's end when the reply was made.
    async fn check_place(
        &self,
        worker: WorkerRef,
        [first, last]: [u64; 2],
        after: &[RuntimeEvent],
    ) {
        let now = self.runtime.handle(GetWorker { worker }).await.unwrap().detail.worker_sequence;
        assert!((first..=last).contains(&(now - after.len() as u64)), "at the present end");
    }

    async fn check_turn(&self, worker: WorkerRef, shown: TurnReply, after: &[RuntimeEvent]) {
        let turn_id = shown.turn.turn_id;
        let end = |it: &&RuntimeEvent| it.event_type().ends_turn() && it.turn_id == Some(turn_id);
        let answer = match after.iter().find(end) {
            Some(end) => entry(end).cloned(),
            None => shown.answer,
        };
        assert_eq!(shown.turn.outcome.is_none(), after.iter().any(|it| end(&it)));
        let now = self.runtime.handle(GetTurn::by_id(worker, turn_id)).await.unwrap();
        assert_eq!((shown.input, answer), (now.input, now.answer));
    }

    async fn check_transcript(
        &self,
        worker: WorkerRef,
        shown: TranscriptReply,
        after: &[RuntimeEvent],
    ) {
        assert_eq!(shown.total, shown.entries.len() as u64);
        let mut entries = shown.entries;
        entries.extend(after.iter().filter_map(entry).cloned());
        assert_eq!(entries, self.entries(worker).await);
        let turns = |it: &&RuntimeEvent| {
            it.event_type().ends_turn() || it.event_type() == EventType::TurnStarted
        };
        let next = after.iter().find(turns);
        let ending = next.filter(|it| it.event_type().ends_turn()).and_then(|it| it.turn_id);
        assert_eq!(ending, shown.in_progress.map(|it| it.turn_id), "what runs is what ends next");
    }

    async fn check_deed(&self, deed: &Deed, after: &[RuntimeEvent]) {
        let scope = Scope::worker(deed.worker);
        let all = read(&self.runtime, scope, EventsFrom::oldest()).await.unwrap();
        let (early, late) = all.split_at(all.len() - after.len());
        assert_eq!(late, after);
        let own: Vec<_> = all.iter().filter(|it| is_of(it, &deed.call)).collect();
        let [first, last] = deed.between;
        match (own.first(), deed.said) {
            (Some(own), _) => assert_eq!(*own, &after[0], "right before its own first event"),
            // It is the first reply's, which has a check of its own.
            (None, Said::Accepted { .. }) => {}
            (None, _) => {
                assert!((first..=last).contains(&(early.len() as u64)), "at the present end");
            }
        }
        let became = |events: &[&RuntimeEvent]| events.iter().rev().find_map(|it| state_after(it));
        match deed.said {
            Said::Created(receipt) => {
                assert!(early.is_empty() && after[0].event_type() == EventType::WorkerCreated);
                let input = own.get(1).and_then(|it| Some((it.turn_id?, entry(it)?.sequence)));
                assert_eq!(input, receipt.map(|it| (it.turn_id, it.entry_sequence)));
            }
            Said::Accepted { receipt, replayed } => {
                assert_eq!(own.is_empty(), replayed);
                assert_eq!(after[0].event_type(), EventType::InputAccepted);
                assert_eq!(after[0].turn_id, Some(receipt.turn_id));
                assert_eq!(entry(&after[0]).unwrap().sequence, receipt.entry_sequence);
            }
            Said::Cancelled(Cancellation::Cancelled { turn_id }) => {
                assert_eq!(own[0].event_type(), EventType::TurnCancelled);
                assert_eq!(own[0].turn_id, Some(turn_id));
            }
            Said::Cancelled(Cancellation::NoTurn {} | Cancellation::AlreadyFinished { .. }) => {
                assert!(own.is_empty());
            }
            Said::Stopped { state, already } => {
                assert!(already || !own.is_empty());
                let shown: Vec<_> = early.iter().chain(own.iter().copied()).collect();
                assert_eq!(became(&shown), Some(state));
            }
            Said::WorkerCancelled { already } => {
                assert_eq!(own.is_empty(), already);
                let expected = (!already).then_some(WorkerState::Cancelled);
                assert_eq!(became(&own), expected);
            }
            Said::Updated { worker_sequence } => {
                assert!(own.len() <= 1);
                assert_eq!(worker_sequence, (early.len() + own.len()) as u64);
            }
        }
    }

    fn check_summary(&self, mut known: RuntimeSummary, after: &[RuntimeEvent]) {
        let is_early =
            |it: &&RuntimeEvent| after.first().is_none_or(|first| it.sequence < first.sequence);
        let mut states: BTreeMap<Option<WorkerRef>, WorkerState> = BTreeMap::new();
        for event in self.log.iter().take_while(is_early) {
            states.extend(state_after(event).map(|state| (event.worker, state)));
        }
        for event in after {
            let was = states.get(&event.worker).copied();
            if event.event_type() == EventType::WorkerDeleted {
                *known.workers.of(was.expect("it was in some state")) -= 1;
            }
            if let Some(state) = state_after(event) {
                if let Some(was) = was {
                    *known.workers.of(was) -= 1;
                }
                *known.workers.of(state) += 1;
                states.insert(event.worker, state);
            }
            known.turns_in_flight += u64::from(event.event_type() == EventType::TurnStarted);
            known.turns_in_flight -= u64::from(event.event_type().ends_turn());
            match event.body {
                EventBody::RuntimeStopping { .. } => known.state = RuntimeState::Stopping,
                EventBody::RuntimeStopped {} => known.state = RuntimeState::Stopped,
                _ => {}
            }
        }
        assert_eq!(known, self.summary);
    }

    async fn entries(&self, worker: WorkerRef) -> Vec<Arc<TranscriptEntry>> {
        let whole = GetTranscript { limit: Some(1000), ..GetTranscript::tail(worker) };
        self.runtime.handle(whole).await.unwrap().entries
    }

    async fn after(
        &self,
        scope: Scope,
        cursor: &Cursor,
    ) -> Result<Vec<RuntimeEvent>, RuntimeError> {
        read(&self.runtime, scope, EventsFrom::after(cursor.clone())).await
    }
}

/// Every event from a position on, page by page.
async fn read(
    runtime: &Runtime,
    scope: Scope,
    from: EventsFrom,
) -> Result<Vec<RuntimeEvent>, RuntimeError> {
    let mut events = Vec::new();
    let mut from = Some(from);
    while from.is_some() {
        let page = ReadEvents { from, limit: Some(1000), ..ReadEvents::of(scope) };
        let page = runtime.handle(page).await?;
        events.extend(page.items);
        from = page.more.then(|| EventsFrom::after(page.next));
    }
    Ok(events)
}

/// A stream from the same place gives the same events, and no others.
async fn check_stream(stream: Option<Subscription>, after: &[RuntimeEvent]) {
    let mut stream = stream.expect("the Worker is there");
    for event in after {
        let next = loop {
            match next(&mut stream).await {
                StreamItem::Event(it) => break it.event,
                StreamItem::TextDelta { .. }
                | StreamItem::ReasoningDelta { .. }
                | StreamItem::Synced { .. } => {}
                item @ (StreamItem::Gap { .. } | StreamItem::Ended { .. }) => panic!("{item:?}"),
            }
        };
        assert_eq!(next, *event);
    }
    while let Some(Some(item)) = stream.next().now_or_never() {
        assert!(!matches!(item, StreamItem::Event(_) | StreamItem::Gap { .. }), "{item:?}");
    }
}

/// A stream that is read after the deletion says that and nothing else of the Worker.
async fn check_erased(mut stream: Subscription) {
    let mut last = None;
    loop {
        match next(&mut stream).await {
            StreamItem::Event(it) => {
                assert_says_nothing(&it.event);
                last = Some(it.event.event_type());
            }
            StreamItem::Synced { .. } | StreamItem::Gap { .. } => {}
            item @ (StreamItem::TextDelta { .. } | StreamItem::ReasoningDelta { .. }) => {
                panic!("{item:?}")
            }
            StreamItem::Ended { reason } => {
                assert_eq!(reason, EndReason::WorkerDeleted);
                break;
            }
        }
    }
    assert_eq!(last, Some(EventType::WorkerDeleted));
    assert_eq!(stream.next().await, None);
}

async fn next(stream: &mut Subscription) -> StreamItem {
    let next = tokio::time::timeout(Duration::from_mins(1), stream.next());
    next.await.expect("it comes").expect("the stream goes on")
}

fn assert_says_nothing(event: &RuntimeEvent) {
    assert!(event.redacted, "{event:?}");
    assert_eq!((&event.meta, &event.idempotency_key), (&None, &None));
    assert!(entry(event).is_none_or(|it| it.text.is_empty()), "{event:?}");
}

fn is_of(event: &RuntimeEvent, call: &Meta) -> bool {
    event.meta.as_deref() == Some(call)
}

fn state_after(event: &RuntimeEvent) -> Option<WorkerState> {
    match &event.body {
        EventBody::WorkerCreated { detail } => Some(detail.state),
        EventBody::WorkerStateChanged { to, .. } => Some(*to),
        _ => None,
    }
}
