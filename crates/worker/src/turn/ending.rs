//! The end of a turn, and what it leaves in the conversation.

use llm_engine::{Block, EngineError, ErrorKind, Message, Step, StepsEnd, StepsFailure, TurnEvent};

use super::{Phase, WorkerTurn};
use crate::WorkerEvent;

impl WorkerTurn<'_> {
    /// Ends the turn because its time is over. What has not begun is cancelled.
    pub(super) fn out_of_time(&mut self) {
        self.give_up();
        let limit = self.worker.profile.policy.deadlines.turn;
        let error = EngineError::new(
            ErrorKind::Timeout,
            format!(
                "the turn was not over within {limit:?} (deadlines.turn); try again or raise the \
                 limit"
            ),
        );
        self.end(TurnEvent::Failed { error, usage: self.usage() });
    }

    /// Cancels what runs, and keeps what there is of the present step.
    pub(super) fn give_up(&mut self) {
        self.model_is_over();
        self.phase = Phase::Over;
        match self.steps.abandon() {
            Some(step) => self.keep_step(Some(step)),
            None => self.keep_text(),
        }
    }

    /// Ends the turn as its steps ended.
    pub(super) fn done(&mut self, end: StepsEnd) {
        let usage = self.usage();
        let event = match end {
            StepsEnd::Answered { blocks, stop_reason } => {
                self.keep_answer(blocks);
                TurnEvent::Completed { stop_reason, usage }
            }
            StepsEnd::Failed(failure) => {
                self.keep_text();
                let kind = match failure {
                    StepsFailure::Limit => ErrorKind::Limit,
                    StepsFailure::Repeated => ErrorKind::Repeated,
                    StepsFailure::Protocol | _ => ErrorKind::Protocol,
                };
                TurnEvent::Failed { error: EngineError::new(kind, failure.to_string()), usage }
            }
            StepsEnd::Cut { .. } | StepsEnd::Abandoned | _ => {
                self.keep_text();
                TurnEvent::Cancelled { usage }
            }
        };
        self.end(event);
    }

    /// Ends the turn, whose conversation is as it stays.
    pub(super) fn end(&mut self, event: TurnEvent) {
        self.phase = Phase::Over;
        self.worker.usage.add(self.usage());
        self.events.push_back(WorkerEvent::Turn(event));
    }

    pub(super) fn keep_step(&mut self, step: Option<Step>) {
        self.answer.clear();
        self.worker.conversation.extend(step.map(Message::step));
    }

    /// Adds the whole answer to the conversation, with what its provider wants back.
    fn keep_answer(&mut self, blocks: Vec<Block>) {
        let has_opaque = blocks.iter().any(|block| matches!(block, Block::Opaque(_)));
        match Step::new(blocks, Vec::new()) {
            Ok(step) if has_opaque && !self.answer.is_empty() => {
                self.worker.conversation.push(Message::step(step));
            }
            _ => self.keep_text(),
        }
    }

    /// Adds the text of the present model call to the conversation.
    fn keep_text(&mut self) {
        // Some providers refuse a conversation with an empty message in it.
        if !self.answer.is_empty() {
            self.worker.conversation.push(Message::assistant(&*self.answer));
        }
    }
}
