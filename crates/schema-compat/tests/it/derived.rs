//! Schemas as schemars derives them from types, before and after a change to the types.

use schema_compat::Direction;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::{check, lines};

fn request<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().into()
}

fn reply<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>().into()
}

#[expect(dead_code, reason = "only their schemas are used")]
mod old {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Command {
        SendInput(SendInput),
        StopWorker(StopWorker),
        GetRuntime(GetRuntime),
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct SendInput {
        worker: WorkerRef,
        text: String,
        intent: Option<Intent>,
        labels: Option<BTreeMap<String, Option<String>>>,
        #[serde(default)]
        if_busy: Policy,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct StopWorker {
        worker: WorkerRef,
        deadline_ms: Option<u32>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct GetRuntime {}

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct WorkerRef {
        worker_id: String,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Intent {
        Task(Task),
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Task {
        #[schemars(length(max = 100))]
        objective: String,
    }

    #[derive(Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Policy {
        #[default]
        Reject,
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct Event {
        at_ms: u64,
        turn_id: Option<String>,
        #[serde(flatten)]
        kind: Kind,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Kind {
        TurnStarted(TurnStarted),
        TurnEnded(TurnEnded),
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct TurnStarted {}

    #[derive(JsonSchema, Serialize)]
    pub(super) struct TurnEnded {
        outcome: Outcome,
        usage: Vec<Usage>,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Outcome {
        Completed,
        /// It went wrong.
        Failed,
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct Usage {
        tokens: u32,
    }
}

#[expect(dead_code, reason = "only their schemas are used")]
mod new {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    /// Documented now, and in another order.
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Command {
        GetRuntime(GetRuntime),
        CancelWorker(CancelWorker),
        SendInput(SendInput),
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct SendInput {
        /// The Worker.
        worker: Reference,
        text: Option<String>,
        intent: Option<Intent>,
        labels: Option<BTreeMap<String, String>>,
        #[serde(default)]
        if_busy: Policy,
        reason: Option<String>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct CancelWorker {
        worker: Reference,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct GetRuntime {}

    /// A renamed type.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Reference {
        worker_id: String,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Intent {
        Task(Task),
        Assistant(Assistant),
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Task {
        #[schemars(length(max = 50))]
        objective: String,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Assistant {}

    #[derive(Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Policy {
        #[default]
        Reject,
        /// Wait for the turn to end.
        Queue,
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct Event {
        at_ms: u64,
        turn_id: String,
        #[serde(flatten)]
        kind: Kind,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Kind {
        TurnStarted(TurnStarted),
        Diagnostic(TurnStarted),
        TurnEnded(TurnEnded),
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct TurnStarted {
        model: String,
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct TurnEnded {
        outcome: Outcome,
        usage: Vec<Usage>,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Outcome {
        Completed,
        Failed,
        Lost,
    }

    #[derive(JsonSchema, Serialize)]
    pub(super) struct Usage {
        tokens: u64,
    }
}

#[test]
fn commands() {
    let (old, new) = (request::<old::Command>(), request::<new::Command>());
    let expected = [
        "+ /send_input/if_busy: value \"queue\" added",
        "! /send_input/intent/task/objective: maxLength lowered from 100 to 50",
        "+ /send_input/intent/assistant: variant added",
        "! /send_input/labels/*: type changed from string or null to string",
        "+ /send_input/reason: optional field added",
        "+ /send_input/text: type changed from string to string or null",
        "+ /send_input/text: required field became optional",
        "! /stop_worker: variant removed",
        "+ /cancel_worker: variant added",
        "~ /$defs/WorkerRef: definition renamed to Reference",
    ];
    assert_eq!(lines(&old, &new, Direction::Request), expected);
}

#[test]
fn events() {
    let (old, new) = (reply::<old::Event>(), reply::<new::Event>());
    let found = lines(&old, &new, Direction::Reply);
    let expected = [
        "! /turn_ended/outcome: value \"lost\" added",
        "+ /turn_ended/turn_id: type changed from string or null to string",
        "! /turn_ended/usage/*/tokens: format changed from uint32 to uint64",
        "+ /turn_started/model: required field added",
        "+ /turn_started/turn_id: type changed from string or null to string",
        "! /diagnostic: variant added",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_same_types_do_not_differ() {
    check(&request::<new::Command>(), &request::<new::Command>(), &[], &[]);
    check(&reply::<old::Event>(), &reply::<old::Event>(), &[], &[]);
}
