//! `preview`: what a command would do now, without doing it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    commands::{
        CancelTurn, CommandReply, CreateWorker, CreationIds, DeleteWorker, RuntimeCommand,
        RuntimeStop, SendInput, StopRuntime, WorkerDeleted, replayed_reply,
    },
    commit::{change::Decision, seal::Seal},
    domain::{
        context::DecisionContext,
        snapshot::{PartialAnswer, Snapshot},
    },
    error::RuntimeError,
    identity::{TurnId, WorkerId, WorkerRef},
    model::{Cursor, EventType, WorkerState},
    request::{Query, allow},
    state::{view::Reader, worker_cell::CellState},
};

/// A query for what a command would do now. The command is checked and decided as if it were sent,
/// and nothing changes.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// The command that is not carried out.
    pub command: Box<RuntimeCommand>,
}

impl Preview {
    /// Asks what a command would do.
    #[must_use]
    pub fn new(command: impl Into<RuntimeCommand>) -> Self {
        Self { command: Box::new(command.into()) }
    }
}

/// The reply to `preview`: what the command would do.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PreviewReply {
    /// The result that the command would have.
    pub result: Previewed,
}

/// The result that a command would have if it were sent now.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Previewed {
    /// The command would be carried out.
    Accepted {
        /// The reply that the command would have. Ids that are not made yet are nil UUIDs, and a
        /// cursor in a Worker that is not there is empty.
        reply: Box<CommandReply>,
        /// The state that the Worker would have after the command. If absent, the command is not
        /// about a Worker, or the Worker would not exist.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<WorkerState>,
        /// The types of the events that the command would commit, in their order.
        events: Vec<EventType>,
        /// Whether the command was carried out before under the same idempotency key.
        replayed: bool,
    },
    /// The command would be refused.
    Refused {
        /// The error that the command would be refused with.
        error: RuntimeError,
    },
    /// A variant that this version of the crate does not know. A Runtime never makes it.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The reply, the state and the events that an accepted command would lead to.
struct Outcome {
    reply: CommandReply,
    state: Option<WorkerState>,
    events: Vec<EventType>,
}

impl Query for Preview {
    type Reply = PreviewReply;

    async fn answer(self, reader: Reader<'_>) -> Result<PreviewReply, RuntimeError> {
        let result = match outcome(reader, *self.command).await {
            Ok(Outcome { reply, state, events }) => Previewed::Accepted {
                replayed: is_replayed(&reply),
                reply: Box::new(reply),
                state,
                events,
            },
            Err(error) => Previewed::Refused { error },
        };
        Ok(PreviewReply { result })
    }
}

async fn outcome(reader: Reader<'_>, command: RuntimeCommand) -> Result<Outcome, RuntimeError> {
    allow(&command, reader.caller)?;
    match command {
        RuntimeCommand::CancelTurn(command) => cancel_turn(reader, command).await,
        RuntimeCommand::CancelWorker(command) => {
            decide(reader, command.worker, Seal::Yes, |context, worker| {
                Ok(with(command.decide(context, worker)?, CommandReply::WorkerCancelled))
            })
        }
        RuntimeCommand::CreateWorker(command) => create(reader, &command),
        RuntimeCommand::DeleteWorker(command) => delete(reader, &command),
        RuntimeCommand::SendInput(command) => send_input(reader, &command),
        RuntimeCommand::StopRuntime(command) => stop_runtime(reader, &command),
        RuntimeCommand::StopWorker(command) => {
            decide(reader, command.worker, command.seal(), |context, worker| {
                Ok(with(command.decide(context, worker)?, CommandReply::WorkerStop))
            })
        }
        RuntimeCommand::UpdateWorker(command) => {
            decide(reader, command.worker, Seal::No, |context, worker| {
                Ok(with(command.decide(context, worker)?, CommandReply::WorkerUpdated))
            })
        }
    }
}

/// Decides a command about a Worker without committing it. A running turn of the Worker goes on.
fn decide(
    reader: Reader<'_>,
    worker: WorkerRef,
    seal: Seal,
    decide: impl FnOnce(
        &DecisionContext<'_>,
        &Snapshot<'_>,
    ) -> Result<Decision<CommandReply>, RuntimeError>,
) -> Result<Outcome, RuntimeError> {
    let context = reader.context();
    reader.look(worker, |state| match decide(&context, &unsealed(state, seal))? {
        Decision::Keep(reply) => {
            Ok(Outcome { reply, state: Some(state.record.state), events: Vec::new() })
        }
        Decision::Change(draft, reply) => {
            draft.check_range()?;
            reader.takes_changes()?;
            if state.unsettled {
                return Err(RuntimeError::store_refused());
            }
            Ok(Outcome {
                reply,
                state: (!draft.is_deletion()).then_some(draft.record().state),
                events: draft.event_types(),
            })
        }
    })?
}

fn with<R>(decision: Decision<R>, wrap: impl FnOnce(R) -> CommandReply) -> Decision<CommandReply> {
    match decision {
        Decision::Keep(reply) => Decision::Keep(wrap(reply)),
        Decision::Change(draft, reply) => Decision::Change(draft, wrap(reply)),
    }
}

/// Takes a snapshot of a Worker for a decision that is not committed. If the decision needs the
/// text of the running turn, the text is copied instead of sealed, so the turn goes on.
fn unsealed(state: &CellState, seal: Seal) -> Snapshot<'_> {
    let live = match seal {
        Seal::Yes => state.live.as_ref(),
        Seal::No => None,
    };
    let answer = live.map(|live| {
        let (text, usage) = live.answer();
        PartialAnswer { text, usage }
    });
    state.snapshot(answer.unwrap_or_default())
}

async fn cancel_turn(reader: Reader<'_>, command: CancelTurn) -> Result<Outcome, RuntimeError> {
    let earlier = reader.earlier_turn(command.worker, command.turn_id).await?;
    decide(reader, command.worker, Seal::Yes, |context, worker| {
        let decision = command.decide(context, worker, earlier.as_deref())?;
        Ok(with(decision, CommandReply::TurnCancellation))
    })
}

fn send_input(reader: Reader<'_>, command: &SendInput) -> Result<Outcome, RuntimeError> {
    let digest = command.digest();
    let tenant = reader.caller.find(command.worker)?.tenant.clone();
    decide(reader, command.worker, Seal::No, |context, worker| {
        let decision = command.decide(context, worker, digest.as_ref(), TurnId::NIL)?;
        if let Decision::Change(..) = decision {
            reader.has_room_for_turn(tenant.as_deref())?;
        }
        Ok(with(decision, CommandReply::InputAccepted))
    })
}

fn create(reader: Reader<'_>, command: &CreateWorker) -> Result<Outcome, RuntimeError> {
    let context = reader.context();
    let caller = reader.caller;
    let tenant = caller.named("tenant", command.tenant.as_deref())?;
    let tenant = tenant.map(|name| caller.core.known_tenant(&name));
    let request = command.prepare(&context, tenant);
    let earlier = reader.with_admission(|admission| admission.preview(&context, &request))?;
    if let Some(earlier) = earlier {
        let worker = reader.identity().worker(earlier.worker_id);
        return reader.look(worker, |state| Outcome {
            reply: CommandReply::WorkerCreated(replayed_reply(&context, state, &earlier)),
            state: Some(state.record.state),
            events: Vec::new(),
        });
    }
    reader.has_room_for_worker(request.tenant.as_deref())?;
    if request.with_turn {
        reader.has_room_for_turn(request.tenant.as_deref())?;
    }
    let ids = CreationIds { worker_id: WorkerId::NIL, turn_id: TurnId::NIL, ordinal: 0 };
    let (draft, mut reply) = command.decide(&context, &request, &ids, Vec::new())?;
    reply.cursor = Cursor::nowhere();
    Ok(Outcome {
        reply: CommandReply::WorkerCreated(reply),
        state: Some(draft.record().state),
        events: draft.event_types(),
    })
}

fn delete(reader: Reader<'_>, command: &DeleteWorker) -> Result<Outcome, RuntimeError> {
    let decided = decide(reader, command.worker, Seal::No, |context, worker| {
        Ok(with(command.decide(context, worker)?, CommandReply::WorkerDeleted))
    });
    match decided {
        Err(RuntimeError::WorkerNotFound {}) => Ok(Outcome {
            reply: CommandReply::WorkerDeleted(WorkerDeleted { already: true }),
            state: None,
            events: Vec::new(),
        }),
        other => other,
    }
}

fn stop_runtime(reader: Reader<'_>, command: &StopRuntime) -> Result<Outcome, RuntimeError> {
    command.validate(reader.limits())?;
    let figures = reader.figures();
    let before = figures.runtime;
    let goes_to = StopRuntime::decide(before);
    let reply = RuntimeStop {
        state: goes_to.unwrap_or(before),
        already: goes_to.is_none(),
        cursor: figures.cursor,
    };
    let events = goes_to.map(|_| EventType::RuntimeStopping).into_iter().collect();
    Ok(Outcome { reply: CommandReply::RuntimeStop(reply), state: None, events })
}

fn is_replayed(reply: &CommandReply) -> bool {
    match reply {
        CommandReply::WorkerCreated(reply) => reply.replayed,
        CommandReply::InputAccepted(reply) => reply.replayed,
        CommandReply::TurnCancellation(_)
        | CommandReply::WorkerCancelled(_)
        | CommandReply::WorkerDeleted(_)
        | CommandReply::RuntimeStop(_)
        | CommandReply::WorkerStop(_)
        | CommandReply::WorkerUpdated(_)
        | CommandReply::Unknown => false,
    }
}
