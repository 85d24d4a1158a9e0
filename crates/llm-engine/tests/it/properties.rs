//! Whatever a provider does, a turn keeps its promises.

use std::{sync::Arc, time::Duration};

use llm_engine::{
    Engine, EngineError, ErrorKind, Policy, ProviderEvent, Script, ScriptedProvider, TurnRequest,
};
use proptest::prelude::*;
use tokio::{runtime::Builder, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::support::{asking, drain, joined, overloaded, pauses, tokens};

#[derive(Clone, Debug)]
enum Step {
    Event(ProviderEvent),
    Error(EngineError),
    Delay(Duration),
    EndEarly,
    Hang,
    Flood,
    Panic,
}

fn step() -> impl Strategy<Value = Step> {
    let text = "[a€😀]{0,6}";
    let endings = prop_oneof![
        2 => Just(Step::Error(overloaded())),
        1 => Just(Step::Error(EngineError::new(ErrorKind::InvalidRequest, "no"))),
        1 => Just(Step::EndEarly),
        1 => Just(Step::Hang),
        1 => Just(Step::Flood),
        1 => Just(Step::Panic),
    ];
    prop_oneof![
        4 => text.prop_map(|text| Step::Event(ProviderEvent::TextDelta(text))),
        2 => text.prop_map(|text| Step::Event(ProviderEvent::ReasoningDelta(text))),
        1 => Just(Step::Event(ProviderEvent::Connected)),
        1 => Just(Step::Event(ProviderEvent::Heartbeat)),
        1 => (0..9_u64).prop_map(|n| Step::Event(ProviderEvent::Usage(tokens(n, n)))),
        2 => (0..200_u64).prop_map(|seconds| Step::Delay(Duration::from_secs(seconds))),
        2 => endings,
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let steps = prop::collection::vec(step(), 0..8);
    (steps, any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.1)).prop_map(
        |(steps, finishes, panics_at_start, panics_in_drop)| {
            let mut script = steps.into_iter().fold(Script::new(), |script, step| match step {
                Step::Event(event) => script.event(event),
                Step::Error(error) => script.error(error),
                Step::Delay(wait) => script.delay(wait),
                Step::EndEarly => script.end_early(),
                Step::Hang => script.hang(),
                Step::Flood => script.flood("a€"),
                Step::Panic => script.panic(),
            });
            if finishes {
                script = script.finish();
            }
            if panics_at_start {
                script = script.panic_at_start();
            }
            if panics_in_drop {
                script = script.panic_in_drop();
            }
            script
        },
    )
}

proptest! {
    #[test]
    fn every_turn_ends_once(
        scripts in prop::collection::vec(script(), 1..4),
        max_output_bytes in 0..40_usize,
        cancel_after in prop::option::of(0..400_u64),
    ) {
        let provider = scripts.into_iter().fold(ScriptedProvider::new(), ScriptedProvider::script);
        let policy = Policy::default().max_output_bytes(max_output_bytes);
        let token = CancellationToken::new();
        let request = TurnRequest::from(asking("hi")).cancelled_by(token.clone());
        let turn = Engine::with_policy(Arc::new(provider.clone()), policy).turn(request);
        let clock = Builder::new_current_thread().enable_time().start_paused(true).build();
        let events = clock.expect("a runtime").block_on(async {
            let cancelling = tokio::spawn(async move {
                if let Some(seconds) = cancel_after {
                    sleep(Duration::from_secs(seconds)).await;
                    token.cancel();
                }
            });
            let events = drain(turn).await;
            cancelling.abort();
            events
        });
        prop_assert!(joined(&events).len() <= max_output_bytes);
        prop_assert!(pauses(&events).len() <= 2);
        prop_assert!(provider.calls() <= 3);
        prop_assert_eq!(provider.live(), 0);
    }
}
