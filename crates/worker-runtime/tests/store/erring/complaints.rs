//! The complaints about a store: one for each Worker and kind.

use worker_runtime::{
    Limits, Profile, Runtime, Scope,
    commands::{CreateWorker, DeleteWorker, StopWorker},
    model::PageRequest,
    queries::{GetTranscript, ListDiagnostics, ReadEvents},
    store::{EventPage, Store},
};

use super::lying_store::{after_turns, bounded, provider, store, told};

/// The number of diagnostics, of which there may be many pages.
async fn count(runtime: &Runtime) -> usize {
    let (mut count, mut token) = (0, None);
    loop {
        let page = PageRequest { limit: Some(1000), token };
        let page = runtime.handle(ListDiagnostics::new().page(page)).await.unwrap();
        count += page.items.len();
        token = page.next;
        if token.is_none() {
            return count;
        }
    }
}

#[test]
fn a_complaint_about_each_of_many_workers_is_made_once() {
    bounded(async {
        let store = store();
        let runtime = Runtime::builder()
            .profile(Profile::new("scripted", std::sync::Arc::new(provider())))
            .limits(Limits::default().diagnostics(100_000))
            .store(std::sync::Arc::clone(&store) as std::sync::Arc<dyn Store>)
            .build()
            .await
            .unwrap();
        let mut workers = Vec::new();
        for _ in 0..1100 {
            workers.push(runtime.handle(CreateWorker::new()).await.unwrap().detail.worker);
        }
        store.events.set(|_, _| Ok(EventPage::default()));
        for _ in 0..3 {
            for worker in &workers {
                runtime.handle(ReadEvents::new(Scope::worker(*worker))).await.unwrap_err();
            }
        }
        assert_eq!(count(&runtime).await, 1100);
    });
}

#[test]
fn each_kind_of_error_is_told_of() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        store.events.set(|_, _| Ok(EventPage::default()));
        store.entries.set(|_, _| Ok(Vec::new()));
        for _ in 0..3 {
            runtime.handle(ReadEvents::new(Scope::worker(worker))).await.unwrap_err();
            runtime.handle(GetTranscript::new(worker)).await.unwrap_err();
        }
        assert_eq!(told(&runtime).await.len(), 2);
        // The complaints go with the Worker.
        runtime.handle(StopWorker::new(worker)).await.unwrap();
        runtime.handle(DeleteWorker::new(worker)).await.unwrap();
        let next = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
        runtime.handle(ReadEvents::new(Scope::worker(next))).await.unwrap_err();
        assert_eq!(told(&runtime).await.len(), 3);
    });
}
