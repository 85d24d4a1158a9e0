//! Payloads and their enums: types, and conversions both ways.

use worker_runtime::{
    Request, RuntimeCommand, RuntimeQuery,
    commands::{CreateWorker, StopRuntime},
    queries::{GetOverview, GetRuntime, ListDiagnostics},
};

fn type_of<Kind, R: Request<Kind>>(_: &R) -> &'static str {
    R::TYPE
}

#[test]
fn a_payload_becomes_its_enum_and_comes_back() {
    let create = CreateWorker { display_name: Some("a".into()), ..CreateWorker::default() };
    let command = RuntimeCommand::from(create.clone());
    assert_eq!([type_of(&create), command.type_name()], ["create_worker"; 2]);
    assert_eq!(CreateWorker::try_from(command.clone()), Ok(create));
    assert_eq!(StopRuntime::try_from(command.clone()), Err(command));
    let query = RuntimeQuery::from(GetOverview::default());
    assert_eq!([type_of(&GetOverview::default()), query.type_name()], ["get_overview"; 2]);
    assert_eq!(GetOverview::try_from(query.clone()), Ok(GetOverview::default()));
    assert_eq!(GetRuntime::try_from(query.clone()), Err(query));
}

#[test]
fn types_are_those_on_the_wire() {
    let written = |request: &serde_json::Value| request["type"].as_str().map(str::to_owned);
    let command = RuntimeCommand::from(StopRuntime::default());
    let query = RuntimeQuery::from(ListDiagnostics::default());
    for (json, name) in [
        (serde_json::to_value(&command), command.type_name()),
        (serde_json::to_value(&query), query.type_name()),
    ] {
        assert_eq!(written(&json.expect("JSON")).as_deref(), Some(name));
    }
}
