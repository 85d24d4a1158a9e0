//! The whole answer of a turn, for callers that do not show it while it grows.

use std::{future::poll_fn, pin::Pin};

use futures_core::Stream;

use crate::{EngineError, ErrorKind, TokenUsage, Turn, TurnEnd, TurnEvent};

/// The text, the end and the token counts of a turn.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The joined text deltas. If the turn did not complete, this is only a part of the answer.
    pub text: String,
    /// The end of the turn.
    pub end: TurnEnd,
    /// The token counts of all attempts, as far as the provider reported them.
    pub usage: TokenUsage,
}

impl Turn {
    /// Runs the turn to its end and collects its text. Reasoning is left out.
    ///
    /// Text that was taken from the stream before is not in the answer. A turn whose terminal event
    /// was taken before gives an empty answer, which failed as interrupted.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use llm_engine::{EchoProvider, Engine, Message, ModelRequest, StopReason, TurnEnd};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let engine = Engine::new(Arc::new(EchoProvider::new()));
    /// let messages = vec![Message::user("hello")];
    /// let turn = engine.turn(ModelRequest::new(messages));
    /// let answer = turn.collect_answer().await;
    /// assert_eq!(answer.text, "echo: hello");
    /// assert_eq!(answer.end, TurnEnd::Completed(StopReason::EndTurn));
    /// # }
    /// ```
    pub async fn collect_answer(mut self) -> Answer {
        let mut text = String::new();
        while let Some(event) = poll_fn(|cx| Pin::new(&mut self).poll_next(cx)).await {
            let (end, usage) = match event {
                TurnEvent::TextDelta(delta) => {
                    text.push_str(&delta);
                    continue;
                }
                TurnEvent::Started
                | TurnEvent::ReasoningDelta(_)
                | TurnEvent::CallBegan { .. }
                | TurnEvent::CallArguments { .. }
                | TurnEvent::CallComplete { .. }
                | TurnEvent::Opaque(_)
                | TurnEvent::Usage(_)
                | TurnEvent::Retrying { .. } => continue,
                TurnEvent::Completed { stop_reason, usage } => {
                    (TurnEnd::Completed(stop_reason), usage)
                }
                TurnEvent::Cancelled { usage } => (TurnEnd::Cancelled, usage),
                TurnEvent::Failed { error, usage } => (TurnEnd::Failed(error), usage),
            };
            return Answer { text, end, usage };
        }
        let error = EngineError::new(
            ErrorKind::Interrupted,
            "the turn was over before its answer was collected",
        );
        Answer { text, end: TurnEnd::Failed(error), usage: self.usage() }
    }
}
