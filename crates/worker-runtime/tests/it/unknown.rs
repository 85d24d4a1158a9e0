//! A client of today reads what a Runtime of tomorrow writes.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use worker_runtime::{
    Decode, Limits, Retry, Runtime, RuntimeCommand, RuntimeError, RuntimeEvent, StreamItem,
    commands::{CommandReply, CreateWorker, TurnCancellation},
    event::{EventBody, EventType},
    model::{Intent, ProfileSelector},
    queries::QueryReply,
};

/// Reads `written`, and sees that it is written again as it was.
#[track_caller]
fn survives<T: DeserializeOwned + Serialize>(written: &Value) -> T {
    let read: T = serde_json::from_value(written.clone()).expect("a known form");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), *written);
    read
}

#[track_caller]
fn is_refused<T: DeserializeOwned>(written: &Value) {
    assert!(serde_json::from_value::<T>(written.clone()).is_err(), "{written}");
}

const ID: &str = "00000000-0000-7000-8000-000000000001";

fn event(body: &Value) -> Value {
    let mut event = json!({
        "runtime_id": ID, "epoch": ID, "worker": { "runtime_id": ID, "worker_id": ID },
        "worker_sequence": 7, "at_ms": 9,
    });
    let fields = body.as_object().expect("an object").clone();
    event.as_object_mut().expect("an object").extend(fields);
    event
}

#[test]
fn an_event_of_an_unknown_type_keeps_its_envelope_and_its_fields() {
    let written = event(&json!({ "type": "tool_pending", "item": { "call_id": "c1" } }));
    let read: RuntimeEvent = survives(&written);
    assert_eq!((read.worker_sequence, read.event_type()), (Some(7), EventType::Unknown));
    let EventBody::Unknown(unknown) = read.body else { panic!("{:?}", read.body) };
    assert_eq!(unknown.r#type, "tool_pending");
    assert_eq!(Value::Object(unknown.fields), json!({ "item": { "call_id": "c1" } }));
}

#[test]
fn a_stream_goes_on_over_unknown_items() {
    let mut with_cursor = event(&json!({ "type": "queue_held" }));
    with_cursor["cursor"] = json!("somewhere");
    let StreamItem::Event(read) = survives(&with_cursor) else { panic!("an event") };
    assert_eq!(
        (read.event_type(), read.cursor.to_string()),
        (EventType::Unknown, "somewhere".into())
    );
    let delta = json!({ "type": "tool_output_delta", "call_id": "c1", "offset": 0, "text": "…" });
    let StreamItem::Unknown(read) = survives(&delta) else { panic!("an unknown notice") };
    assert_eq!((&*read.r#type, &read.fields["call_id"]), ("tool_output_delta", &json!("c1")));
}

#[test]
fn an_error_of_an_unknown_code_is_treated_by_its_retry() {
    let written = json!({
        "code": "budget_exhausted", "message": "over the budget",
        "retry": { "type": "after_change" }, "used": 7,
    });
    let read: RuntimeError = survives(&written);
    assert_eq!((read.code(), read.retry()), ("budget_exhausted", Retry::AfterChange {}));
    assert_eq!(read.to_string(), "over the budget");
    let retry = json!({
        "code": "not_now", "message": "not now", "retry": { "type": "after_moonrise" },
    });
    let read: RuntimeError = serde_json::from_value(retry).expect("a known form");
    assert_eq!(read.retry(), Retry::Unknown);
}

#[test]
fn unknown_results_and_replies_are_read() {
    let withdrawn = json!({ "result": { "type": "withdrawn", "turn_id": ID }, "cursor": "" });
    serde_json::from_value::<TurnCancellation>(withdrawn).expect("a known form");
    let reply = json!({ "type": "tool_call_decided", "replayed": false });
    assert_eq!(serde_json::from_value::<CommandReply>(reply).unwrap(), CommandReply::Unknown);
    let reply = json!({ "type": "pending", "items": [] });
    assert_eq!(serde_json::from_value::<QueryReply>(reply).unwrap(), QueryReply::Unknown);
}

#[test]
fn unknown_intents_and_selectors_are_read_and_refused_in_a_command() {
    let intent: Intent = survives(&json!({ "type": "watch", "of": "the sea" }));
    let selector: ProfileSelector = survives(&json!({ "type": "cheapest", "at_most": 3 }));
    is_refused::<Intent>(&json!({ "type": "task", "objective": 7 }));
    is_refused::<ProfileSelector>(&json!({ "type": "named" }));

    let limits = Limits::default();
    let refused = |command: CreateWorker| {
        let written = serde_json::to_vec(&RuntimeCommand::from(command)).expect("JSON");
        RuntimeCommand::decode(&written, limits.request_bytes).expect_err("it is refused")
    };
    for (command, field) in [
        (CreateWorker::new().intent(intent), "intent.type"),
        (CreateWorker::new().profile(selector), "profile.type"),
    ] {
        let error = refused(command.clone());
        assert!(
            matches!(&error, RuntimeError::InvalidRequest { field: named, .. } if named == field),
            "{error:?}"
        );
        let sent = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = sent.block_on(async {
            let runtime = Runtime::builder().build().await.expect("a Runtime");
            runtime.handle(command).await.expect_err("it is refused")
        });
        assert!(
            matches!(&error, RuntimeError::InvalidRequest { field: named, .. } if named == field),
            "{error:?}"
        );
    }
}

#[test]
fn what_is_known_and_does_not_fit_is_an_error() {
    is_refused::<RuntimeEvent>(&event(&json!({ "type": "input_accepted", "entry": 7 })));
    is_refused::<StreamItem>(&json!({ "type": "text_delta", "offset": 0 }));
    is_refused::<StreamItem>(&json!({ "offset": 0 }));
    let retry = json!({ "type": "never" });
    is_refused::<RuntimeError>(&json!({ "code": "too_large", "message": "", "retry": retry }));
    is_refused::<RuntimeError>(&json!({ "message": "", "retry": retry }));
}
