//! A store that errs when it is opened.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use worker_runtime::{
    BuildError, Runtime, RuntimeId, TurnId,
    commands::CreateWorker,
    model::Input,
    queries::{GetOverview, GetRuntime},
    store::{MemoryStore, Opened, Store, StoreError, StoreInfo, StoreWrapper, Totals},
};

use super::lying_store::{bounded, converse, restart, runtime_on, store, told};

const WRONG_KEY: &str = "the store gave an idempotency key that cannot be right";

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
        assert_eq!(told, [WRONG_KEY]);
        let again = runtime.handle(create("first")).await.unwrap();
        assert_eq!((again.replayed, again.detail.worker), (true, first.detail.worker));
        let again = runtime.handle(second).await.unwrap();
        assert_eq!((again.replayed, again.receipt), (true, None));
    });
}

#[test]
fn a_receipt_of_a_creation_for_what_is_not_there_is_not_shown() {
    for (turn, entry) in [(None, 999_999), (None, 1), (None, 0), (Some(7), 2), (Some(7), 1)] {
        bounded(async move {
            let store = store();
            let runtime = runtime_on(&store).await;
            let create = CreateWorker::new().idempotency_key("k").initial_input(Input::user("hi"));
            let first = runtime.handle(create.clone()).await.unwrap();
            let worker = first.detail.worker;
            runtime.wait_idle(worker, std::time::Duration::from_secs(5)).await.unwrap();
            if (turn, entry) == (None, 1) {
                // This is the right receipt, and stays.
                let runtime = restart(&store, runtime).await;
                let again = runtime.handle(create).await.unwrap();
                assert_eq!((again.replayed, again.receipt), (true, first.receipt));
                assert!(told(&runtime).await.is_empty());
                return;
            }
            store.create_keys.set(move |(), mut keys| {
                let (turn_id, _) = keys[0].receipt.unwrap();
                let other = turn.map(|it| TurnId::from_uuid(uuid::Uuid::from_u128(it)));
                keys[0].receipt = Some((other.unwrap_or(turn_id), entry));
                Ok(keys)
            });
            let runtime = restart(&store, runtime).await;
            assert_eq!(told(&runtime).await, [WRONG_KEY]);
            let again = runtime.handle(create).await.unwrap();
            assert_eq!((again.replayed, again.receipt), (true, None));
            assert_eq!(again.detail.worker, worker);
        });
    }
}

#[test]
fn a_receipt_of_a_creation_may_be_of_any_worker_that_went_on() {
    bounded(async {
        let store = store();
        let runtime = runtime_on(&store).await;
        let create = CreateWorker::new().idempotency_key("k").initial_input(Input::user("hi"));
        let first = runtime.handle(create.clone()).await.unwrap();
        let worker = first.detail.worker;
        runtime.wait_idle(worker, std::time::Duration::from_secs(5)).await.unwrap();
        for _ in 0..3 {
            converse(&runtime, worker).await;
        }
        let runtime = restart(&store, runtime).await;
        assert!(told(&runtime).await.is_empty());
        let again = runtime.handle(create).await.unwrap();
        assert_eq!(again.receipt, first.receipt);
    });
}

#[test]
fn of_a_key_of_two_creations_the_first_is_kept() {
    bounded(async {
        let store = store();
        let runtime = runtime_on(&store).await;
        let create = CreateWorker::new().idempotency_key("k");
        let first = runtime.handle(create.clone()).await.unwrap().detail.worker;
        let second = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
        store.create_keys.set(move |(), mut keys| {
            let mut double = keys[0].clone();
            double.worker_id = second.worker_id;
            keys.push(double);
            Ok(keys)
        });
        let runtime = restart(&store, runtime).await;
        assert_eq!(told(&runtime).await, [WRONG_KEY]);
        let again = runtime.handle(create).await.unwrap();
        assert_eq!((again.replayed, again.detail.worker), (true, first));
    });
}

#[test]
fn totals_below_the_workers_are_raised_and_reported() {
    type Wrong = fn(&mut Totals);
    let wrong: [Wrong; 4] = [
        |totals| *totals = Totals::default(),
        |totals| totals.created = 1,
        |totals| totals.usage.turns = 1,
        |totals| totals.outcomes.completed = 1,
    ];
    for wrong in wrong {
        bounded(async move {
            let store = store();
            let runtime = runtime_on(&store).await;
            for _ in 0..2 {
                let worker = runtime.handle(CreateWorker::new()).await.unwrap().detail.worker;
                converse(&runtime, worker).await;
            }
            store.opened.set(move |(), mut opened| {
                wrong(&mut opened.totals);
                Ok(opened)
            });
            let runtime = restart(&store, runtime).await;
            let why = "the store's totals are less than what its workers add up to";
            assert_eq!(told(&runtime).await, [why]);
            let overview = runtime.handle(GetOverview::new()).await.unwrap();
            assert_eq!((overview.usage.turns, overview.turns.completed), (2, 2));
            assert!(overview.usage.incomplete, "the tokens of the script are unknown");
        });
    }
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
