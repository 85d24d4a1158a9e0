//! A store whose answers were polled before, so that they never come.

use std::time::Duration;

use worker_runtime::{
    RuntimeError,
    commands::{CreateWorker, UpdateWorker},
    queries::{GetRuntime, GetTranscript, GetWorker},
};

use super::lying_store::{after_turns, bounded, told};

#[test]
fn a_commit_whose_answer_was_taken_is_settled() {
    bounded(async {
        let (store, runtime, worker) = after_turns(0).await;
        *store.commits_are_taken.lock().unwrap() = true;
        let update =
            UpdateWorker { display_name: Some("a".to_owned()), ..UpdateWorker::new(worker) };
        let unknown = runtime.handle(update).await.unwrap_err();
        assert!(matches!(unknown, RuntimeError::StoreFailed { certain: false, .. }), "{unknown:?}");
        let unknown = runtime.handle(CreateWorker::default()).await.unwrap_err();
        assert!(matches!(unknown, RuntimeError::StoreFailed { certain: false, .. }), "{unknown:?}");
        tokio::time::sleep(Duration::from_secs(10)).await;
        let reply = runtime.handle(GetRuntime {}).await.unwrap();
        assert_eq!((reply.store.pending, reply.summary.workers.idle), (0, 2));
        let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
        assert_eq!(detail.display_name.to_string(), "a");
    });
}

#[test]
fn a_read_whose_answer_was_taken_is_a_failure() {
    bounded(async {
        let (store, runtime, worker) = after_turns(1).await;
        *store.entries_are_taken.lock().unwrap() = true;
        let failed = runtime.handle(GetTranscript::new(worker)).await.unwrap_err();
        assert!(matches!(failed, RuntimeError::StoreFailed { certain: true, .. }), "{failed:?}");
        *store.entries_are_taken.lock().unwrap() = false;
        runtime.handle(GetTranscript::new(worker)).await.unwrap();
        assert!(told(&runtime).await.is_empty());
    });
}
