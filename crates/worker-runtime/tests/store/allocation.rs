//! Scope claims compared with a naive model: no two holders conflict, and no claim leaks.

use std::sync::Arc;

use proptest::prelude::*;
use worker_runtime::{
    Runtime, RuntimeError, WorkerRef,
    commands::{CancelWorker, CreateWorker, DeleteWorker, SendInput, StopWorker},
    model::{Access, Input, ScopeClaim},
    queries::GetRuntime,
};

use crate::trouble::{Trouble, TroubledStore};

/// One step of a random history. An index selects one of the Workers that have not ended.
#[derive(Clone, Debug)]
enum Step {
    Create { claims: Vec<ScopeClaim>, with_turn: bool },
    CreateRefusedByStore { claims: Vec<ScopeClaim> },
    Stop(prop::sample::Index),
    Cancel(prop::sample::Index),
    CancelAndDelete(prop::sample::Index),
    Talk(prop::sample::Index),
    Restart,
}

fn claims() -> impl Strategy<Value = Vec<ScopeClaim>> {
    let access = prop_oneof![Just(Access::Shared), Just(Access::Exclusive)];
    // One name is a prefix of another, so that a comparison of texts and one of segments differ.
    let segment = prop_oneof![Just("a"), Just("ab"), Just("b")];
    let resource = prop::collection::vec(segment, 1..4).prop_map(|segments| segments.join("/"));
    let claim = (resource, access).prop_map(|(resource, access)| ScopeClaim { resource, access });
    prop::collection::vec(claim, 0..4)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (claims(), any::<bool>())
            .prop_map(|(claims, with_turn)| Step::Create { claims, with_turn }),
        1 => claims().prop_map(|claims| Step::CreateRefusedByStore { claims }),
        2 => any::<prop::sample::Index>().prop_map(Step::Stop),
        1 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        1 => any::<prop::sample::Index>().prop_map(Step::CancelAndDelete),
        1 => any::<prop::sample::Index>().prop_map(Step::Talk),
        1 => Just(Step::Restart),
    ]
}

/// The claims of all Workers that have not ended.
#[derive(Default)]
struct Model(Vec<(WorkerRef, Vec<ScopeClaim>)>);

impl Model {
    /// The Workers that conflict with these claims, each with the claim that conflicts.
    fn in_the_way(&self, claims: &[ScopeClaim]) -> Vec<(String, WorkerRef)> {
        let mut found = Vec::new();
        for claim in claims {
            for (holder, held) in &self.0 {
                if held.iter().any(|held| conflict(held, claim)) {
                    found.push((claim.resource.clone(), *holder));
                }
            }
        }
        found
    }

    fn holders(&self) -> Vec<(String, String, WorkerRef)> {
        let all = self.0.iter().flat_map(|(worker, held)| {
            held.iter()
                .map(|claim| (claim.resource.clone(), format!("{:?}", claim.access), *worker))
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        all
    }

    fn take_out(&mut self, index: prop::sample::Index) -> Option<WorkerRef> {
        (!self.0.is_empty()).then(|| self.0.remove(index.index(self.0.len())).0)
    }
}

fn conflict(one: &ScopeClaim, other: &ScopeClaim) -> bool {
    let covers = |above: &str, below: &str| format!("{below}/").starts_with(&format!("{above}/"));
    let overlap = covers(&one.resource, &other.resource) || covers(&other.resource, &one.resource);
    overlap && (one.access == Access::Exclusive || other.access == Access::Exclusive)
}

async fn runtime_on(store: &Arc<TroubledStore>) -> Runtime {
    Runtime::builder().store(Arc::clone(store) as _).build().await.unwrap()
}

async fn run(steps: Vec<Step>) {
    let store = Arc::new(TroubledStore::default());
    let mut runtime = runtime_on(&store).await;
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Create { claims, with_turn } => {
                let initial_input = with_turn.then(|| Input::user("hello"));
                let create = CreateWorker {
                    scope_claims: Some(claims.clone()),
                    initial_input,
                    ..CreateWorker::default()
                };
                let in_the_way = model.in_the_way(&claims);
                match runtime.handle(create).await {
                    Ok(created) => {
                        assert_eq!(in_the_way, [], "{claims:?} were given all the same");
                        model.0.push((created.detail.worker, claims));
                    }
                    Err(RuntimeError::ScopeConflict { resource, holder }) => {
                        let named = (resource, holder);
                        assert!(in_the_way.contains(&named), "{named:?} is not in the way");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Step::CreateRefusedByStore { claims } => {
                store.set(Trouble::CommitsRefused);
                let create = CreateWorker { scope_claims: Some(claims), ..CreateWorker::default() };
                assert!(runtime.handle(create).await.is_err());
                store.set(Trouble::None);
            }
            Step::Stop(index) => {
                if let Some(worker) = model.take_out(index) {
                    // A running turn would hold the claims a little longer.
                    let stop = StopWorker { deadline_ms: Some(0), ..StopWorker::new(worker) };
                    runtime.handle(stop).await.unwrap();
                }
            }
            Step::Cancel(index) => {
                if let Some(worker) = model.take_out(index) {
                    runtime.handle(CancelWorker::new(worker)).await.unwrap();
                }
            }
            Step::CancelAndDelete(index) => {
                if let Some(worker) = model.take_out(index) {
                    runtime.handle(CancelWorker::new(worker)).await.unwrap();
                    runtime.handle(DeleteWorker::new(worker)).await.unwrap();
                }
            }
            Step::Talk(index) => {
                if let Some((worker, _)) = model.0.get(index.index(model.0.len().max(1))) {
                    // The Worker may be busy. The end of the turn does not change the claims.
                    let _ = runtime.handle(SendInput::new(*worker, "hello")).await;
                    tokio::task::yield_now().await;
                }
            }
            Step::Restart => {
                drop(runtime);
                runtime = runtime_on(&store).await;
            }
        }
        let allocation = runtime.handle(GetRuntime {}).await.unwrap().allocation;
        let seen = allocation.holders.iter();
        let mut seen: Vec<_> = seen
            .map(|holder| (holder.resource.clone(), format!("{:?}", holder.access), holder.worker))
            .collect();
        seen.sort();
        assert_eq!(seen, model.holders());
        assert_eq!(allocation.claims, seen.len() as u64);
        assert!(!allocation.more);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn claims_are_held_as_in_the_model(steps in prop::collection::vec(step(), 1..40)) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let tokio = builder.enable_time().start_paused(true).build().unwrap();
        tokio.block_on(run(steps));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_of_the_allocation_is_bounded() {
    let runtime = runtime_on(&Arc::new(TroubledStore::default())).await;
    for number in 0..101 {
        let resource = format!("resource/{number:03}");
        let claim = ScopeClaim { resource, access: Access::Exclusive };
        let scope_claims = Some(vec![claim]);
        runtime.handle(CreateWorker { scope_claims, ..CreateWorker::default() }).await.unwrap();
        let allocation = runtime.handle(GetRuntime {}).await.unwrap().allocation;
        assert_eq!(allocation.claims, number + 1);
        assert_eq!(allocation.holders.len() as u64, (number + 1).min(100));
        assert_eq!(allocation.more, number + 1 > 100);
        assert!(allocation.holders.is_sorted_by(|one, next| one.resource <= next.resource));
    }
}
