//! A store that errs when it is opened.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use worker_runtime::{
    BuildError, Runtime, RuntimeId,
    commands::CreateWorker,
    model::Input,
    queries::GetRuntime,
    store::{MemoryStore, Opened, Store, StoreError, StoreInfo, StoreWrapper},
};

use super::lying_store::{bounded, restart, runtime_on, store, told};

#[test]
fn a_store_of_another_runtime_is_refused_whatever_it_says() {
    bounded(async {
        let store = store();
        store.opened.set(|(), opened| Ok(Opened { runtime_id: RuntimeId::NIL, ..opened }));
        let wanted = RuntimeId::from_uuid(uuid::Uuid::from_u128(7));
        let builder = || Runtime::builder().store(Arc::clone(&store) as Arc<dyn Store>);
        for _ in 0..2 {
            // The lease was released, so that the next attempt is not `StoreOwned`.
            let built = builder().runtime_id(wanted).build().await;
            let other = BuildError::OtherRuntime { runtime_id: RuntimeId::NIL };
            assert_eq!(built.unwrap_err(), other);
        }
    });
}

#[test]
fn totals_that_leave_no_room_for_a_worker_are_refused() {
    bounded(async {
        let store = store();
        store.opened.set(|(), mut opened| {
            opened.totals.created = u64::MAX;
            Ok(opened)
        });
        for _ in 0..2 {
            let built =
                Runtime::builder().store(Arc::clone(&store) as Arc<dyn Store>).build().await;
            assert!(matches!(built, Err(BuildError::StoreFailed(_))), "{built:?}");
        }
    });
}

#[test]
fn keys_of_creations_with_numbers_out_of_range_are_reported() {
    bounded(async {
        let store = store();
        let runtime = runtime_on(&store).await;
        let create = |key: &str| CreateWorker::default().idempotency_key(key);
        let first = runtime.handle(create("first")).await.unwrap();
        let second = create("second").initial_input(Input::user("hi"));
        runtime.handle(second.clone()).await.unwrap();
        store.create_keys.set(|(), mut keys| {
            keys[0].at_ms = u64::MAX;
            keys[1].receipt.as_mut().unwrap().1 = u64::MAX;
            Ok(keys)
        });
        let runtime = restart(&store, runtime).await;
        let told = told(&runtime).await;
        assert_eq!(told, ["the store gave an idempotency key with numbers out of range"]);
        let again = runtime.handle(create("first")).await.unwrap();
        assert_eq!((again.replayed, again.detail.worker), (true, first.detail.worker));
        let again = runtime.handle(second).await.unwrap();
        assert_eq!((again.replayed, again.receipt), (true, None));
    });
}

#[test]
fn what_a_store_says_of_a_listing_that_failed_is_bounded() {
    bounded(async {
        let store = store();
        let problem = || StoreError::Refused("no\n".repeat(100_000));
        let build = || Runtime::builder().store(Arc::clone(&store) as Arc<dyn Store>).build();
        store.create_keys.set(move |(), _| Err(problem()));
        let of_keys = build().await;
        store.create_keys.set(|(), keys| Ok(keys));
        store.workers.set(move |_, _| Err(problem()));
        for built in [of_keys, build().await] {
            let Err(BuildError::StoreFailed(problem)) = built else { panic!("{built:?}") };
            assert!(problem.len() <= 1024 && !problem.contains('\n'));
        }
    });
}

/// A store whose description panics, or is long.
#[derive(Default)]
struct Boastful {
    inner: MemoryStore,
    panics: AtomicBool,
}

impl StoreWrapper for Boastful {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    fn info(&self) -> StoreInfo {
        assert!(!self.panics.load(Ordering::Relaxed), "no description today");
        StoreInfo { kind: "big\u{1b}".repeat(100_000), durable: true }
    }
}

#[test]
fn a_description_that_panics_leaves_the_store_free_and_a_long_one_is_cut() {
    bounded(async {
        let store = Arc::new(Boastful::default());
        let attempt = || Runtime::builder().store(Arc::clone(&store) as Arc<dyn Store>).build();
        store.panics.store(true, Ordering::Relaxed);
        let built = attempt().await;
        assert!(matches!(built, Err(BuildError::StoreFailed(_))), "{built:?}");
        store.panics.store(false, Ordering::Relaxed);
        let runtime = attempt().await.expect("the lease was given back");
        let kind = runtime.handle(GetRuntime {}).await.unwrap().store.kind;
        assert_eq!((kind.len(), kind.contains(char::is_control)), (64, false));
    });
}
