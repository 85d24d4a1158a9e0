//! Tests of what a turn that is over keeps.

use std::sync::{Arc, atomic::Ordering};

use llm_engine::EchoProvider;
use worker::Profile;

use super::{Live, Refusal};
use crate::identity::TurnId;

#[test]
fn a_turn_that_is_over_keeps_no_text_and_counts_what_comes_late() {
    let profile = Arc::new(Profile::new("echo", Arc::new(EchoProvider::new())));
    let live = Live::new(TurnId::NIL, profile);
    live.push(&"long ".repeat(1000)).unwrap();
    live.reason("because").unwrap();
    let late = live.late();
    let closed = live.close();
    assert!(closed.is_driven() && closed.reasoning.is_some());
    assert_eq!(live.text.lock().answer.capacity(), 0, "the transcript has the answer");
    assert!(live.text.lock().reasoning.is_none());
    closed.leave();
    assert!(matches!(live.push("late"), Err(Refusal::Over)));
    // The count outlives the turn.
    drop(live);
    assert_eq!(late.load(Ordering::Relaxed), 1);
}
