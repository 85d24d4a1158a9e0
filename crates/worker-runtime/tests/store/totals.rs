//! Totals from a store that exceed the numbers of the wire format.

use std::{sync::Arc, time::Duration};

use llm_engine::{Script, ScriptedProvider};
use worker_runtime::{
    Profile, Runtime,
    commands::{CreateWorker, SendInput},
    model::Usage,
    queries::GetOverview,
    store::{MemoryStore, OpenError, OpenRequest, Opened, Store, StoreFuture, StoreWrapper},
};

use crate::wrapper::immediate;

const MOST: u64 = (1 << 53) - 1;

/// A store whose totals are the largest `u64` numbers.
struct Exaggerates(Arc<MemoryStore>);

impl StoreWrapper for Exaggerates {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    fn open(&self, request: OpenRequest) -> StoreFuture<Result<Opened, OpenError>> {
        let opened = immediate(self.0.open(request)).map(|mut opened| {
            opened.totals.outcomes.completed = u64::MAX;
            opened.totals.usage =
                Usage { turns: u64::MAX, input_tokens: u64::MAX, ..Usage::default() };
            opened
        });
        StoreFuture::ready(opened)
    }
}

#[tokio::test(start_paused = true)]
async fn totals_stay_within_the_range_of_the_wire() {
    let provider = ScriptedProvider::new().script(Script::new().text("a").finish());
    let runtime = Runtime::builder()
        .profile(Profile::new("scripted", Arc::new(provider)))
        .store(Arc::new(Exaggerates(Arc::default())))
        .build()
        .await
        .expect("a Runtime");
    let check = async |when: &str| {
        let overview = runtime.handle(GetOverview::default()).await.expect("an overview");
        let shown = [overview.turns.completed, overview.usage.turns, overview.usage.input_tokens];
        assert_eq!(shown, [MOST; 3], "{when}");
        assert!(overview.usage.incomplete, "{when}");
    };
    check("at the start").await;
    let worker = runtime.handle(CreateWorker::default()).await.expect("a Worker").detail.worker;
    runtime.handle(SendInput::new(worker, "hi")).await.expect("a turn");
    runtime.wait_idle(worker, Duration::from_secs(1)).await.expect("the turn ends");
    check("after a turn").await;
}
