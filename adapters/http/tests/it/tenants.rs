//! Two tenants and the Backend on one server.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{
    ACME, Answer, Client, GLOBEX, OPERATOR, Server, about, and, events_of, named, scope_of, send,
};

const NOBODY: &str = "018bcfe5-6800-7000-8000-0000000000ff";

/// Every command about a Worker.
fn commands(worker: &Value) -> Vec<Value> {
    let command = json!({ "command": send(worker, "hi") });
    vec![
        send(worker, "hi"),
        about("cancel_turn", worker),
        about("stop_worker", worker),
        about("cancel_worker", worker),
        about("delete_worker", worker),
        and(about("update_worker", worker), json!({ "display_name": "mine" })),
        and(json!({ "type": "preview" }), command),
    ]
}

/// Every query about a Worker.
fn queries(worker: &Value) -> Vec<Value> {
    let scope = json!({ "scope": scope_of(worker) });
    vec![
        about("get_worker", worker),
        and(about("get_turn", worker), json!({ "turn": { "type": "latest" } })),
        about("list_turns", worker),
        about("get_transcript", worker),
        and(json!({ "type": "read_events" }), scope.clone()),
        and(json!({ "type": "get_usage" }), scope),
    ]
}

/// The request over POST.
fn post(client: &Client, request: &Value) -> RequestBuilder {
    let kind = request["type"].as_str().expect("a type");
    let is_query = ["get_", "list_", "read_", "preview"].iter().any(|it| kind.starts_with(it));
    client.post(if is_query { "/queries" } else { "/commands" }).json(request)
}

fn split(request: &Value) -> (String, Value) {
    let (mut params, kind) = (request.clone(), request["type"].as_str().expect("a type"));
    params.as_object_mut().expect("an object").remove("type");
    (kind.to_owned(), params)
}

#[tokio::test]
async fn a_worker_of_another_tenant_is_like_one_that_never_was() {
    let server = Server::new().await;
    let (acme, globex) = (server.client(ACME), server.client(GLOBEX));
    let others = acme.create(json!({ "display_name": "Ada" })).await;
    acme.turn(&others, "a secret").await;
    let nobody = and(others.clone(), json!({ "worker_id": NOBODY }));
    let before = acme.query(about("get_worker", &others)).await;

    let mut socket = globex.socket().await;
    let (about_others, about_nobody) = (
        [commands(&others), queries(&others)].concat(),
        [commands(&nobody), queries(&nobody)].concat(),
    );
    for (request, never_was) in about_others.iter().zip(&about_nobody) {
        let answer = Answer::of(post(&globex, request)).await;
        let expected = Answer::of(post(&globex, never_was)).await;
        assert_eq!(answer.status, expected.status, "{request}");
        assert_eq!(unnamed(&answer.body, &others), unnamed(&expected.body, &nobody), "{request}");

        let (method, params) = split(request);
        let over_socket = socket.call(&method, params).await;
        let (method, params) = split(never_was);
        let expected = socket.call(&method, params).await;
        for field in ["result", "error"] {
            let (said, expected) = (&over_socket[field], &expected[field]);
            assert_eq!(unnamed(said, &others), unnamed(expected, &nobody), "{request}");
        }
    }
    let answer = Answer::of(globex.get(&events_of(&others))).await;
    assert_eq!(answer.error(), (404, "worker_not_found"));
    let refused = socket.call("subscribe", json!({ "scope": scope_of(&others) })).await;
    assert_eq!(refused["error"]["data"]["code"], "worker_not_found");

    assert_eq!(acme.query(about("get_worker", &others)).await, before);
}

/// An answer without the id of the Worker and the position in the log.
fn unnamed(answer: &Value, worker: &Value) -> String {
    let mut answer = answer.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("cursor");
    }
    answer.to_string().replace(worker["worker_id"].as_str().expect("an id"), "ID")
}

#[tokio::test]
async fn a_stream_of_the_runtime_has_what_is_ones_own() {
    let server = Server::new().await;
    let (acme, globex) = (server.client(ACME), server.client(GLOBEX));
    let mut stream = globex.events("/events").await;
    let mut socket = globex.socket().await;
    let name = socket.subscribe(json!({ "scope": { "type": "runtime" } })).await;
    let mut operator = server.client(OPERATOR).events("/events").await;

    let others = acme.create(json!({})).await;
    acme.turn(&others, "a secret").await;
    let own = globex.create(json!({})).await;
    globex.turn(&own, "hello").await;

    let over_sse = stream.up_to("turn_completed").await;
    let over_socket = socket.up_to(&name, "turn_completed").await;
    for item in over_sse.iter().map(|frame| &frame.data).chain(&over_socket) {
        assert!(item["tenant"].is_null() || item["tenant"] == "globex", "{item}");
        assert!(!item.to_string().contains("secret"), "{item}");
    }
    operator.up_to("turn_completed").await;
    assert_eq!(
        operator.up_to("turn_completed").await.last().expect("the end").data["tenant"],
        "globex"
    );

    for filter in [r#"{"tenant":"acme"}"#, r#"{"tenant":"nobody"}"#] {
        let answer = Answer::of(globex.get(&format!("/events?filter={filter}"))).await;
        assert_eq!(answer.error(), (403, "not_allowed"), "{filter}");
    }
}

#[tokio::test]
async fn a_tenant_cannot_stop_the_runtime_and_the_backend_can() {
    let server = Server::new().await;
    let (acme, operator) = (server.client(ACME), server.client(OPERATOR));
    let stop = json!({ "type": "stop_runtime" });
    let refused = Answer::of(acme.post("/commands").json(&stop)).await;
    assert_eq!(refused.error(), (403, "not_allowed"));
    let mut socket = acme.socket().await;
    let refused = socket.call("stop_runtime", json!({})).await;
    assert_eq!(refused["error"]["data"]["code"], "not_allowed");
    let worker = acme.create(named("gated")).await;
    acme.command(send(&worker, "1")).await;
    let stream = acme.events(&events_of(&worker)).await;

    operator.command(stop).await;
    server.allow(1);
    let frames = stream.rest().await;
    let names: Vec<_> = frames.iter().map(|frame| &*frame.event).collect();
    assert!(names.contains(&"turn_completed"), "{names:?}");
    assert_eq!(frames.last().expect("the end").data["reason"], "runtime_stopped");
}
