//! The lifecycle of a Worker as one table: the effect of each command in each state.

use std::{fmt, sync::LazyLock};

use serde::Serialize;

pub use crate::model::WorkerCommand;
use crate::model::{EventType, TurnOutcome, WorkerState};

/// Something that happens to a Worker: a column of the table.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LifecycleInput {
    /// `send_input`.
    SendInput,
    /// `cancel_turn` without a `turn_id`.
    CancelTurn,
    /// `stop_worker`. Once its deadline has passed, or if that is 0, the running turn is
    /// `cancelled` and the Worker `stopped` in the same commit.
    StopWorker,
    /// `cancel_worker`.
    CancelWorker,
    /// `delete_worker`.
    DeleteWorker,
    /// The running turn ends.
    TurnEnds,
}

impl LifecycleInput {
    /// Every column, in the table's order.
    pub const ALL: [Self; 6] = [
        Self::SendInput,
        Self::CancelTurn,
        Self::StopWorker,
        Self::CancelWorker,
        Self::DeleteWorker,
        Self::TurnEnds,
    ];

    fn command(self) -> Option<WorkerCommand> {
        match self {
            Self::SendInput => Some(WorkerCommand::SendInput),
            Self::CancelTurn => Some(WorkerCommand::CancelTurn),
            Self::StopWorker => Some(WorkerCommand::StopWorker),
            Self::CancelWorker => Some(WorkerCommand::CancelWorker),
            Self::DeleteWorker => Some(WorkerCommand::DeleteWorker),
            Self::TurnEnds => None,
        }
    }
}

/// The effect of an input on a Worker in one state: a cell of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Transition {
    /// The Worker changes to a state.
    Becomes {
        /// The new state.
        state: WorkerState,
        /// The outcome of the running turn, if the transition ends it.
        #[serde(skip_serializing_if = "Option::is_none")]
        turn: Option<TurnOutcome>,
    },
    /// Nothing changes: no turn runs.
    NoTurn,
    /// Nothing changes: the Worker is in that state already.
    Already,
    /// The Worker is gone.
    Removed,
    /// Nothing changes: the end of a turn that no longer runs has no effect.
    Ignored,
    /// The command is refused with this error.
    Refused {
        /// The error's code.
        code: &'static str,
    },
}

const fn becomes(state: WorkerState) -> Transition {
    Transition::Becomes { state, turn: None }
}

const fn ends_turn(state: WorkerState) -> Transition {
    Transition::Becomes { state, turn: Some(TurnOutcome::Cancelled) }
}

const fn refused(code: &'static str) -> Transition {
    Transition::Refused { code }
}

/// The table: a row for each state, a column for each input, both in their own order.
pub const TABLE: [(WorkerState, [Transition; 6]); 5] = {
    use Transition::{Already, Ignored, NoTurn, Removed};
    use WorkerState::{Cancelled, Idle, Running, Stopped, Stopping};
    let alive = refused("worker_not_terminal");
    let ended = [refused("worker_ended"), NoTurn, Already, Already, Removed, Ignored];
    [
        (Idle, [becomes(Running), NoTurn, becomes(Stopped), becomes(Cancelled), alive, Ignored]),
        (
            Running,
            [
                refused("worker_busy"),
                ends_turn(Idle),
                becomes(Stopping),
                ends_turn(Cancelled),
                alive,
                becomes(Idle),
            ],
        ),
        (
            Stopping,
            [
                refused("worker_stopping"),
                ends_turn(Stopped),
                Already,
                ends_turn(Cancelled),
                alive,
                becomes(Stopped),
            ],
        ),
        (Stopped, ended),
        (Cancelled, ended),
    ]
};

/// The transition from `state` on `input`.
#[must_use]
pub const fn transition(state: WorkerState, input: LifecycleInput) -> Transition {
    TABLE[state as usize].1[input as usize]
}

/// Returns whether a Worker can go from one state to the other in one step.
pub(crate) fn leads(from: WorkerState, to: WorkerState) -> bool {
    let goes = |from, to| {
        let leads_to = |it| matches!(it, Transition::Becomes { state, .. } if state == to);
        LifecycleInput::ALL.into_iter().any(|input| leads_to(transition(from, input)))
    };
    // A stop whose deadline is 0 ends the turn in the same commit.
    let at_once = (from, to) == (WorkerState::Running, WorkerState::Stopped);
    goes(from, to) || at_once
}

/// The commands that change something in `state`, in table order, then `update_worker`.
#[must_use]
pub fn allowed_commands(state: WorkerState) -> &'static [WorkerCommand] {
    static ALLOWED: LazyLock<[Vec<WorkerCommand>; 5]> =
        LazyLock::new(|| WorkerState::ALL.map(commands_that_change));
    &ALLOWED[state as usize]
}

fn commands_that_change(state: WorkerState) -> Vec<WorkerCommand> {
    let changes = |input: &LifecycleInput| {
        matches!(transition(state, *input), Transition::Becomes { .. } | Transition::Removed)
    };
    let commands = LifecycleInput::ALL
        .iter()
        .filter(|input| changes(input))
        .filter_map(|input| input.command());
    commands.chain([WorkerCommand::UpdateWorker]).collect()
}

/// The order in which the events of one commit come.
pub const EVENT_ORDER: [EventType; 11] = [
    EventType::WorkerCreated,
    EventType::WorkerUpdated,
    EventType::InputAccepted,
    EventType::TurnStarted,
    EventType::TurnRetrying,
    EventType::TurnCompleted,
    EventType::TurnFailed,
    EventType::TurnCancelled,
    EventType::TurnLost,
    EventType::WorkerStateChanged,
    EventType::WorkerDeleted,
];

impl fmt::Display for LifecycleInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SendInput => "send_input",
            Self::CancelTurn => "cancel_turn",
            Self::StopWorker => "stop_worker",
            Self::CancelWorker => "cancel_worker",
            Self::DeleteWorker => "delete_worker",
            Self::TurnEnds => "turn_ends",
        })
    }
}
