//! What of a profile reaches the provider.

use std::sync::Arc;

use llm_engine::{EchoProvider, ErrorKind, Message, Policy, Sampling, ScriptedProvider, TurnEvent};
use worker::{HistoryBudget, Profile, Worker};

use crate::support::{drain, ending, profile};

#[tokio::test]
async fn the_model_is_asked_as_the_profile_says() {
    let provider = ScriptedProvider::answer("hello");
    let sampling = Sampling::default().temperature(0.5);
    let profile =
        profile(&provider).model("m-1").instructions("Be kind.").sampling(sampling.clone());
    drain(Worker::new(Arc::new(profile)).turn(Message::user("hi"))).await;
    let asked = &provider.requests()[0];
    assert_eq!(asked.model.as_deref(), Some("m-1"));
    assert_eq!(asked.instructions.as_deref(), Some("Be kind."));
    assert_eq!(*asked.sampling, sampling);
}

#[tokio::test]
async fn a_workers_own_instructions_replace_the_profiles() {
    let provider = ScriptedProvider::answer("hello");
    let shared = Arc::new(profile(&provider).instructions("Be kind."));
    for (own, expected) in [(Some("Be brief.".into()), "Be brief."), (None, "Be kind.")] {
        let mut worker = Worker::new(Arc::clone(&shared)).with_instructions(own);
        drain(worker.turn(Message::user("hi"))).await;
        let asked = provider.requests();
        assert_eq!(asked[asked.len() - 1].instructions.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn the_policy_holds() {
    let policy = Policy::default().max_output_bytes(4);
    let profile = profile(&ScriptedProvider::answer("hello")).policy(policy);
    let events = drain(Worker::new(Arc::new(profile)).turn(Message::user("hi"))).await;
    match ending(&events) {
        TurnEvent::Failed { error, .. } => assert_eq!(error.kind, ErrorKind::TooLarge),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_history_budget_holds() {
    let provider = ScriptedProvider::answer("hello");
    let budget = HistoryBudget { max_messages: 2, ..HistoryBudget::default() };
    let mut worker = Worker::new(Arc::new(profile(&provider).history(budget)));
    for input in ["one", "two"] {
        drain(worker.turn(Message::user(input))).await;
    }
    let given = [Message::assistant("hello"), Message::user("two")];
    assert_eq!(provider.requests()[1].messages, given);
    assert_eq!(worker.conversation().len(), 4, "the conversation itself is whole");
}

#[test]
fn a_profile_shows_its_provider_by_name() {
    let profile = Profile::new("p", Arc::new(EchoProvider::new()));
    assert!(format!("{:?}", profile.clone()).contains("echo"));
}
