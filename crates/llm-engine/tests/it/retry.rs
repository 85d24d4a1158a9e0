//! A call is made again only before any output, and only so often.

use std::time::Duration;

use llm_engine::{EngineError, ErrorKind, Policy, Script, ScriptedProvider, TokenUsage, TurnEvent};
use tokio::time::Instant;

use crate::support::{failure, joined, overloaded, pauses, run, stop_reason, tokens, usage};

#[tokio::test(start_paused = true)]
async fn a_retry_is_told_before_its_pause() {
    let provider = ScriptedProvider::new()
        .script(Script::new().error(overloaded()))
        .script(Script::new().error(overloaded()))
        .script(Script::new().text("hi").finish());
    let began = Instant::now();
    let events = run(&provider, Policy::default()).await;
    match &events[..] {
        [
            TurnEvent::Started,
            TurnEvent::Retrying { attempt: 2, delay: one, error },
            TurnEvent::Retrying { attempt: 3, delay: two, .. },
            TurnEvent::TextDelta(_),
            TurnEvent::Completed { .. },
        ] => {
            assert_eq!(*error, overloaded());
            assert!(began.elapsed() >= *one + *two);
        }
        other => panic!("{other:?}"),
    }
    let asked = provider.requests();
    assert!(asked.iter().all(|request| *request == asked[0]), "each call asks the same");
}

#[tokio::test(start_paused = true)]
async fn retries_are_bounded() {
    let provider = ScriptedProvider::failing(overloaded());
    let events = run(&provider, Policy::default()).await;
    assert_eq!(*failure(&events), overloaded());
    assert_eq!((provider.calls(), pauses(&events).len()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_retried_after_output() {
    for script in [Script::new().text("a"), Script::new().reasoning("a")] {
        let provider = ScriptedProvider::new().script(script.error(overloaded()));
        let events = run(&provider, Policy::default()).await;
        assert_eq!(*failure(&events), overloaded());
        assert_eq!(provider.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn events_without_output_do_not_hinder_a_retry() {
    let provider = ScriptedProvider::new()
        .script(Script::new().heartbeat().text("").usage(tokens(5, 0)).error(overloaded()))
        .script(Script::new().text("hi").finish());
    assert_eq!(joined(&run(&provider, Policy::default()).await), "hi");
}

#[tokio::test(start_paused = true)]
async fn a_final_error_is_not_retried() {
    let refused = EngineError::new(ErrorKind::Authentication, "wrong key");
    let provider = ScriptedProvider::failing(refused.clone());
    assert_eq!(*failure(&run(&provider, Policy::default()).await), refused);
    assert_eq!(provider.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_not_asked_before_it_wants_to_be() {
    let wait = Duration::from_secs(37);
    let provider = ScriptedProvider::new()
        .script(Script::new().error(overloaded().with_retry_after(wait)))
        .script(Script::new().finish());
    let began = Instant::now();
    let events = run(&provider, Policy::default()).await;
    stop_reason(&events);
    assert_eq!(pauses(&events), [wait]);
    assert!(began.elapsed() >= wait);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_bound_is_left_to_the_caller() {
    let error = overloaded().with_retry_after(Duration::from_secs(61));
    let provider = ScriptedProvider::failing(error.clone());
    let began = Instant::now();
    assert_eq!(*failure(&run(&provider, Policy::default()).await), error);
    assert_eq!((provider.calls(), began.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_would_outlast_the_turn_is_not_begun() {
    let provider = ScriptedProvider::failing(overloaded().with_retry_after(Duration::from_secs(9)));
    let mut policy = Policy::default();
    policy.deadlines.turn = Duration::from_secs(9);
    let began = Instant::now();
    assert_eq!(failure(&run(&provider, policy).await).kind, ErrorKind::Overloaded);
    assert_eq!((provider.calls(), began.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_usage_of_all_calls_is_summed() {
    let provider = ScriptedProvider::new()
        .script(Script::new().usage(tokens(5, 1)).usage(tokens(6, 1)).error(overloaded()))
        .script(Script::new().error(overloaded()))
        .script(Script::new().usage(tokens(10, 0)).text("a").finish_with(
            llm_engine::StopReason::MaxTokens,
            llm_engine::TokenUsage::new().output(3),
        ));
    let events = run(&provider, Policy::default()).await;
    let told = usage(&events);
    let told = [told.input_tokens, told.output_tokens].map(|count| count.unwrap().get());
    assert_eq!(told, [16, 4]);
    assert_eq!(stop_reason(&events), llm_engine::StopReason::MaxTokens);
}

#[tokio::test(start_paused = true)]
async fn the_sum_is_too_low_if_a_call_told_nothing() {
    let tells = || Script::new().usage(tokens(7, 5));
    for (first, sum) in [
        (tells().error(overloaded()), tokens(14, 10)),
        (Script::new().error(overloaded()), {
            let mut told = tokens(7, 5);
            told += TokenUsage::new();
            told
        }),
    ] {
        let provider = ScriptedProvider::new().script(first).script(tells().text("hi").finish());
        let told = usage(&run(&provider, Policy::default()).await);
        assert_eq!((told, told.is_complete()), (sum, sum == tokens(14, 10)));
    }
    let provider = ScriptedProvider::new().script(tells().text("hi").finish());
    assert!(usage(&run(&provider, Policy::default()).await).is_complete());
}
