//! `send_input`: says something to a Worker and has it answer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::change::Decision,
    domain::{context::Rules, draft::Draft, idempotency},
    error::RuntimeError,
    identity::{TurnId, WorkerRef},
    lifecycle::{self, LifecycleInput, Transition},
    model::{BusyPolicy, Cursor, Input, InputReceipt, Meta, Tags},
    request::Command,
    state::{core::Core, worker_cell::CellState},
    store::{InputKey, WorkerRecord},
};

/// Says something to a Worker, which answers it in a turn.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SendInput {
    /// Which Worker.
    pub worker: WorkerRef,
    /// What is said.
    pub input: Input,
    /// What to do if the Worker runs a turn; `reject` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_busy: Option<BusyPolicy>,
    /// A key of the caller's choice: sent again with the same body, the command acts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub idempotency_key: Option<String>,
    /// The caller's remarks, shown on everything that the command causes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl SendInput {
    /// Says something as the user.
    pub fn user(worker: WorkerRef, text: impl Into<Arc<str>>) -> Self {
        Self { worker, input: Input::user(text), if_busy: None, idempotency_key: None, meta: None }
    }
}

/// The input is in the transcript, and the turn that answers it runs.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct InputAccepted {
    /// The turn and the input's place in the transcript.
    pub receipt: InputReceipt,
    /// Right before the first event that the command caused, in the Worker's scope.
    pub cursor: Cursor,
    /// Whether the command had been carried out before, under the same key.
    pub replayed: bool,
}

impl SendInput {
    /// The rule; `turn_id` is the turn that an accepted input begins. Whether there is room for one more
    /// turn is asked afterwards, because threads that ask meet there.
    pub(crate) fn decide(
        &self,
        rules: &Rules<'_>,
        state: &CellState,
        turn_id: impl FnOnce(u64) -> TurnId,
    ) -> Result<Decision<InputAccepted>, RuntimeError> {
        let now_ms = rules.now_ms;
        let digest = self.digest();
        if let Some(replayed) = self.replay(rules, state, digest.as_ref(), now_ms)? {
            return Ok(Decision::Keep(replayed));
        }
        self.validate(rules)?;
        let record = &state.record;
        let profile = rules.profiles.resolve(&record.spec.profile)?;
        rules.takes_work()?;
        accepts_input(record)?;
        rules.has_room_for_two(record.entries)?;
        let turn_id = turn_id(now_ms);
        let tags = Tags::new(self.meta.as_ref(), self.idempotency_key.as_deref());
        let mut draft = Draft::of_turn(record, now_ms, tags);
        let selector = record.spec.profile.clone();
        let entry_sequence =
            draft.begin_turn(turn_id, &self.input, selector, profile.model.clone());
        if let Some(key) = &self.idempotency_key {
            let dropped = state
                .keys
                .as_ref()
                .map(|keys| keys.pushed_out(now_ms, rules.input_keys()))
                .unwrap_or_default();
            let key = InputKey {
                key: key.as_str().into(),
                digest: digest.unwrap_or_default(),
                at_ms: now_ms,
                turn_id,
                entry_sequence,
                cursor_sequence: record.worker_sequence,
            };
            draft.remember(key, dropped);
        }
        let reply = self.reply(rules, turn_id, entry_sequence, record.worker_sequence, false);
        Ok(Decision::Change(draft, reply))
    }

    fn replay(
        &self,
        rules: &Rules<'_>,
        state: &CellState,
        digest: Option<&[u8; 16]>,
        now_ms: u64,
    ) -> Result<Option<InputAccepted>, RuntimeError> {
        let (Some(key), Some(digest), Some(keys)) = (&self.idempotency_key, digest, &state.keys)
        else {
            return Ok(None);
        };
        let found = keys.replay(key, digest, now_ms, rules.input_keys())?;
        Ok(found
            .map(|it| self.reply(rules, it.turn_id, it.entry_sequence, it.cursor_sequence, true)))
    }

    fn validate(&self, rules: &Rules<'_>) -> Result<(), RuntimeError> {
        rules.limits.check_input("input", &self.input)?;
        rules.limits.check_key(self.idempotency_key.as_ref())?;
        rules.limits.check_meta(self.meta.as_ref())
    }

    fn digest(&self) -> Option<[u8; 16]> {
        self.idempotency_key.is_some().then(|| {
            let if_busy = Some(self.if_busy.unwrap_or_default());
            idempotency::digest(&Self {
                if_busy,
                idempotency_key: None,
                meta: None,
                ..self.clone()
            })
        })
    }

    fn reply(
        &self,
        rules: &Rules<'_>,
        turn_id: TurnId,
        entry_sequence: u64,
        cursor_sequence: u64,
        replayed: bool,
    ) -> InputAccepted {
        InputAccepted {
            receipt: InputReceipt { worker: self.worker, turn_id, entry_sequence },
            cursor: rules.worker_cursor(self.worker.worker_id, cursor_sequence),
            replayed,
        }
    }
}

fn accepts_input(record: &WorkerRecord) -> Result<(), RuntimeError> {
    match lifecycle::transition(record.state, LifecycleInput::SendInput) {
        Transition::Becomes { .. } => Ok(()),
        Transition::NoTurn
        | Transition::Already
        | Transition::Removed
        | Transition::Ignored
        | Transition::Refused { .. } => Err(match record.running_turn() {
            Some(turn) if record.state == crate::model::WorkerState::Running => {
                RuntimeError::WorkerBusy {
                    turn_id: turn.turn_id,
                    started_at_ms: turn.started_at_ms,
                }
            }
            Some(_) => RuntimeError::WorkerStopping {},
            None => RuntimeError::WorkerEnded {},
        }),
    }
}

impl Command for SendInput {
    type Reply = InputAccepted;

    async fn execute(self, core: &Arc<Core>) -> Result<InputAccepted, RuntimeError> {
        let cell = core.find(self.worker)?;
        let repeatable = self.idempotency_key.is_some();
        let decide = |rules: &Rules<'_>, state: &CellState| {
            self.decide(rules, state, |now_ms| TurnId::from_uuid(core.ids.next(now_ms)))
        };
        core.change(&cell, repeatable, decide).await
    }
}
