//! `send_input`: says something to a Worker and has it answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{
        change::{Cause, Decision},
        seal::Seal,
    },
    domain::{context::DecisionContext, draft::Draft, idempotency, snapshot::Snapshot},
    error::RuntimeError,
    identity::{TurnId, WorkerRef},
    lifecycle::{self, LifecycleInput, Transition},
    model::{BusyPolicy, Cursor, Input, InputReceipt, Meta, setters},
    request::Command,
    state::caller::Caller,
    store::{CommandMetadata, InputKey, WorkerRecord},
};

/// A command that says something to a Worker, which answers in a turn.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SendInput {
    /// The Worker that the command is for.
    pub worker: WorkerRef,
    /// The input that is said to the Worker.
    pub input: Input,
    /// The treatment of the input if the Worker runs a turn. If absent, it is `reject`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_busy: Option<BusyPolicy>,
    /// A key that the caller chooses, of 1 to `key_chars` characters. If the command is sent again
    /// with the same key and the same fields (`meta` aside), it does not act again, and the reply
    /// repeats the first receipt and cursor. If absent, the command acts each time that it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub idempotency_key: Option<String>,
    /// Strings that the caller adds for its own use, such as an actor or a trace id. They are shown
    /// on the events, entries and turns that the command causes. There are at most `meta_pairs`
    /// pairs, whose names and values have at most `meta_chars` characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_meta")]
    pub meta: Option<Meta>,
}

impl SendInput {
    /// Makes a command that sends `input` to a Worker. A plain text is an input of the user.
    #[must_use]
    pub fn new(worker: WorkerRef, input: impl Into<Input>) -> Self {
        Self { worker, input: input.into(), if_busy: None, idempotency_key: None, meta: None }
    }
}

setters!(SendInput { if_busy: BusyPolicy, idempotency_key: String, meta: Meta });

/// The reply to `send_input`: the input is in the transcript, and the turn that answers it runs.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InputAccepted {
    /// The receipt of the input, which names its turn and its entry in the transcript.
    pub receipt: InputReceipt,
    /// The position right before the first event that the command caused, in the scope of the
    /// Worker. Subscribing from it shows everything that the command caused. If the command caused
    /// no event, it is the end of the log.
    pub cursor: Cursor,
    /// Whether the command had been carried out before under the same idempotency key, so that the
    /// reply repeats the first receipt and cursor.
    pub replayed: bool,
}

impl SendInput {
    /// Decides the command. `digest` is the result of [`digest`](Self::digest), and `turn_id` the id
    /// of the turn that the input begins.
    ///
    /// The room for one more turn, which all Workers share, is checked afterwards.
    pub(crate) fn decide(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
        digest: Option<&[u8; 16]>,
        turn_id: TurnId,
    ) -> Result<Decision<InputAccepted>, RuntimeError> {
        if let (Some(key), Some(digest), Some(keys)) = (&self.idempotency_key, digest, worker.keys)
            && let Some(key) = keys.replay(key, digest, context.now_ms, context.input_keys())?
        {
            let InputKey { turn_id, entry_sequence, cursor_sequence, .. } = *key;
            let reply = self.reply(context, turn_id, entry_sequence, cursor_sequence, true);
            return Ok(Decision::Keep(reply));
        }
        self.validate(context)?;
        let record = worker.record;
        context.profiles.resolve(&record.spec.profile)?;
        context.takes_work()?;
        accepts_input(record)?;
        context.has_room_for_two(record.entries)?;
        self.begin(context, worker, digest, turn_id)
    }

    /// Returns the change with which the input begins a turn with the id `turn_id`.
    fn begin(
        &self,
        context: &DecisionContext<'_>,
        worker: &Snapshot<'_>,
        digest: Option<&[u8; 16]>,
        turn_id: TurnId,
    ) -> Result<Decision<InputAccepted>, RuntimeError> {
        let (record, now_ms) = (worker.record, context.now_ms);
        let selector = record.spec.profile.clone();
        let model = context.profiles.resolve(&selector)?.model.clone();
        let metadata =
            CommandMetadata::of_command(self.meta.as_ref(), self.idempotency_key.as_deref());
        let mut draft = Draft::of(record, now_ms, metadata);
        let entry_sequence = draft.begin_turn(turn_id, &self.input, selector, model);
        if let (Some(key), Some(digest)) = (&self.idempotency_key, digest) {
            let bounds = context.input_keys();
            let dropped = worker.keys.map(|keys| keys.pushed_out(key, now_ms, bounds));
            let key = InputKey {
                key: key.as_str().into(),
                digest: *digest,
                at_ms: now_ms,
                turn_id,
                entry_sequence,
                cursor_sequence: record.worker_sequence,
            };
            draft.remember(key, dropped.unwrap_or_default());
        }
        let reply = self.reply(context, turn_id, entry_sequence, record.worker_sequence, false);
        Ok(Decision::Change(draft, reply))
    }

    fn validate(&self, context: &DecisionContext<'_>) -> Result<(), RuntimeError> {
        context.limits.check_input("input", &self.input)?;
        context.limits.check_key(self.idempotency_key.as_ref())?;
        context.limits.check_meta(self.meta.as_ref())
    }

    /// Returns the digest of the fields that must be equal when the command is sent again under its
    /// idempotency key, or `None` without a key.
    pub(crate) fn digest(&self) -> Option<[u8; 16]> {
        #[derive(Serialize)]
        struct Body<'a> {
            worker: &'a WorkerRef,
            input: &'a Input,
            if_busy: BusyPolicy,
        }
        let Self { worker, input, if_busy, idempotency_key, meta: _ } = self;
        idempotency_key.as_ref()?;
        Some(idempotency::digest(&Body { worker, input, if_busy: if_busy.unwrap_or_default() }))
    }

    fn reply(
        &self,
        context: &DecisionContext<'_>,
        turn_id: TurnId,
        entry_sequence: u64,
        cursor_sequence: u64,
        replayed: bool,
    ) -> InputAccepted {
        InputAccepted {
            receipt: InputReceipt {
                worker: self.worker,
                turn_id,
                entry_sequence: Some(entry_sequence),
            },
            cursor: context.worker_cursor(self.worker.worker_id, cursor_sequence),
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
                    started_at_ms: turn.began_at_ms(),
                }
            }
            Some(_) => RuntimeError::WorkerStopping {},
            None => RuntimeError::WorkerEnded {},
        }),
    }
}

impl Command for SendInput {
    type Reply = InputAccepted;

    async fn execute(self, caller: &Caller) -> Result<InputAccepted, RuntimeError> {
        let core = &caller.core;
        let cell = caller.find(self.worker)?;
        let cause = Cause::Request { repeatable: self.idempotency_key.is_some() };
        let digest = self.digest();
        let turn_id = TurnId::from_uuid(core.asked_id(core.asked_ms()));
        core.change(&cell, Seal::No, cause, move |context, worker| {
            self.decide(context, worker, digest.as_ref(), turn_id)
        })
        .await
    }
}
