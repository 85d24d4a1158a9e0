//! Commands and queries, and how they are refused.

use axum::response::IntoResponse;
use futures_util::stream;
use reqwest::{Body, StatusCode};
use serde_json::{Value, json};
use worker_runtime::{Limits, RuntimeError, TenantQuotas};
use yoi_http::Refusal;

use crate::support::{
    ACME, Answer, Client, OPERATOR, Server, about, and, events_of, named, scope_of, send,
};

const NOBODY: &str = "018bcfe5-6800-7000-8000-0000000000ff";

async fn command(client: &Client, command: Value) -> Answer {
    Answer::of(client.post("/commands").json(&command)).await
}

async fn query(client: &Client, query: Value) -> Answer {
    Answer::of(client.post("/queries").json(&query)).await
}

#[tokio::test]
async fn a_conversation_by_commands_and_queries() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(json!({ "display_name": "Ada" })).await;

    let accepted = command(&client, send(&worker, "hello")).await;
    assert_eq!(accepted.status, StatusCode::OK);
    assert_eq!(accepted.header("content-type"), Some("application/json"));
    assert_eq!(accepted.body["type"], "input_accepted");
    client.ended(&worker).await;

    let transcript = client.query(about("get_transcript", &worker)).await;
    assert_eq!(transcript["type"], "transcript");
    assert_eq!(transcript["entries"][1]["text"], "echo: hello");
}

#[tokio::test]
async fn every_kind_of_refusal_has_its_status_and_says_what_to_do() {
    let server = Server::with(|builder| {
        builder
            .limits(Limits::default().events_per_worker(3).input_bytes(1000))
            .tenant_quotas(TenantQuotas::new().workers(5))
    })
    .await;
    let client = server.client(ACME);
    let claims = json!([{ "resource": "a/b", "access": "exclusive" }]);
    let idle = client.create(json!({ "scope_claims": claims })).await;
    client.command(and(send(&idle, "one"), json!({ "idempotency_key": "k" }))).await;
    client.ended(&idle).await;
    let busy = client.create(named("gated")).await;
    client.command(send(&busy, "1")).await;
    let ended = client.create(json!({})).await;
    client.command(about("stop_worker", &ended)).await;
    let stopping = client.create(named("gated")).await;
    client.command(send(&stopping, "1")).await;
    client.command(about("stop_worker", &stopping)).await;

    let nobody = and(idle.clone(), json!({ "worker_id": NOBODY }));
    let elsewhere = and(idle.clone(), json!({ "runtime_id": NOBODY }));
    let create = json!({ "type": "create_worker" });
    let below = json!([{ "resource": "a/b/c", "access": "shared" }]);
    let keyed = and(send(&idle, "two"), json!({ "idempotency_key": "k" }));
    let commands = [
        (send(&idle, ""), 400, "invalid_request"),
        (json!({ "type": "create_wroker" }), 400, "invalid_request"),
        (json!([]), 400, "invalid_request"),
        (send(&elsewhere, "hi"), 404, "wrong_runtime"),
        (send(&nobody, "hi"), 404, "worker_not_found"),
        (send(&busy, "hi"), 409, "worker_busy"),
        (send(&ended, "hi"), 409, "worker_ended"),
        (send(&stopping, "hi"), 409, "worker_stopping"),
        (about("delete_worker", &busy), 409, "worker_not_terminal"),
        (and(create.clone(), json!({ "scope_claims": below })), 409, "scope_conflict"),
        (keyed, 409, "idempotency_conflict"),
        (send(&idle, &"x".repeat(1001)), 413, "too_large"),
        (and(create.clone(), named("none")), 422, "profile_not_found"),
        (json!({ "type": "stop_runtime" }), 403, "not_allowed"),
    ];
    for (request, status, code) in commands {
        let answer = command(&client, request.clone()).await;
        assert_refused(&answer, status, code, &request);
        assert_eq!(answer.header("retry-after"), None, "{code}");
    }

    let read =
        |from: Value| json!({ "type": "read_events", "scope": scope_of(&idle), "from": from });
    let after = |cursor: &Value| read(json!({ "type": "after", "cursor": cursor }));
    let runtime = client.query(json!({ "type": "get_runtime" })).await;
    let no_turn = json!({ "turn": { "type": "id", "turn_id": NOBODY } });
    let no_page = json!({ "type": "list_workers", "page": { "limit": 1001 } });
    let queries = [
        (json!({ "type": "get_wroker" }), 400, "invalid_request"),
        (create.clone(), 400, "invalid_request"),
        (no_page, 400, "limit_out_of_range"),
        (after(&json!("garbage")), 400, "cursor_malformed"),
        (and(about("get_turn", &idle), no_turn), 404, "turn_not_found"),
        (read(json!({ "type": "after_sequence", "sequence": 1_000_000 })), 409, "cursor_ahead"),
        (after(&runtime["cursor"]), 409, "cursor_foreign"),
        (read(json!({ "type": "after_sequence", "sequence": 0 })), 410, "cursor_expired"),
    ];
    for (request, status, code) in queries {
        let answer = query(&client, request.clone()).await;
        assert_refused(&answer, status, code, &request);
        assert_eq!(answer.header("retry-after"), None, "{code}");
    }

    client.create(json!({})).await;
    let full = command(&client, create).await;
    assert_refused(&full, 429, "capacity_exhausted", &json!("the sixth Worker"));
    assert_eq!(full.body["max"], 5);
    assert_eq!(full.header("retry-after"), None, "a Worker stays until somebody deletes it");
}

fn assert_refused(answer: &Answer, status: u16, code: &str, request: &Value) {
    assert_eq!(answer.error(), (status, code), "{request}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.body["message"].is_string(), "{answer:?}");
    assert!(answer.body["retry"]["type"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn a_runtime_that_stops_refuses_commands_and_answers_queries() {
    let server = Server::new().await;
    let client = server.client(OPERATOR);
    let worker = client.create(named("gated")).await;
    client.command(send(&worker, "1")).await;
    let mut stream = client.events("/events").await;
    stream.up_to("synced").await;
    client.command(json!({ "type": "stop_runtime" })).await;

    let stopping = command(&client, json!({ "type": "create_worker" })).await;
    assert_eq!(stopping.error(), (503, "runtime_stopping"));
    assert_eq!(stopping.header("retry-after"), Some("1"));
    assert_eq!(query(&client, about("get_worker", &worker)).await.status, StatusCode::OK);

    server.allow(1);
    assert_eq!(
        stream.up_to("ended").await.last().expect("ended").data["reason"],
        "runtime_stopped"
    );
    let stopped = command(&client, json!({ "type": "create_worker" })).await;
    assert_eq!(stopped.error(), (503, "runtime_stopped"));
    assert_eq!(stopped.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_pause_is_told_in_whole_seconds_and_never_too_short() {
    let advised = |retry: Value| -> RuntimeError {
        let error = json!({ "code": "of_a_later_version", "message": "m", "retry": retry });
        serde_json::from_value(error).expect("an error")
    };
    for (milliseconds, seconds) in [(0, "0"), (1, "1"), (1000, "1"), (1001, "2"), (90_000, "90")] {
        let error = advised(json!({ "type": "after_ms", "ms": milliseconds }));
        let response = Refusal::Runtime(error).into_response();
        assert_eq!(response.headers()["retry-after"], seconds, "{milliseconds}");
    }
    let response = Refusal::Runtime(advised(json!({ "type": "never" }))).into_response();
    assert_eq!(response.headers().get("retry-after"), None);
}

#[tokio::test]
async fn a_body_may_have_request_bytes_and_not_one_more() {
    let limits = Limits::default().input_bytes(1000).request_bytes(5000);
    let server = Server::with(|builder| builder.limits(limits)).await;
    let client = server.client(ACME);
    let padded =
        |bytes: usize| format!("{:<bytes$}", json!({ "type": "create_worker" }).to_string());
    let post = || client.post("/commands").header("content-type", "application/json");
    let chunked = |text: String| {
        let chunks: Vec<_> =
            text.into_bytes().chunks(700).map(|chunk| Ok::<_, String>(chunk.to_vec())).collect();
        post().body(Body::wrap_stream(stream::iter(chunks)))
    };

    for request in [post().body(padded(5000)), chunked(padded(5000))] {
        assert_eq!(Answer::of(request).await.status, StatusCode::OK);
    }
    for request in [post().body(padded(5001)), chunked(padded(5001)), chunked(padded(50_000))] {
        let answer = Answer::of(request).await;
        assert_eq!(answer.error(), (413, "too_large"), "{answer:?}");
        assert_eq!((&answer.body["field"], &answer.body["max"]), (&json!(""), &json!(5000)));
    }
}

#[tokio::test]
async fn a_body_must_be_said_to_be_json() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let post = |media_type: &str| {
        let request = client.post("/queries").header("content-type", media_type);
        Answer::of(request.body(r#"{"type":"get_runtime"}"#))
    };
    for media_type in
        ["application/json", "application/json; charset=utf-8", "Application/JSON ;a=b"]
    {
        assert_eq!(post(media_type).await.status, StatusCode::OK, "{media_type}");
    }
    // What a form or a script of another site may send without being asked for permission first.
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain; application/json",
        "application/jsonp",
        "",
    ] {
        let answer = post(media_type).await;
        assert_eq!(answer.error(), (415, "unsupported_media_type"), "{media_type}");
    }
    let without = Answer::of(client.post("/commands").body("{}")).await;
    assert_eq!(without.error(), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_told_from_one_that_does_not_fit() {
    let server = Server::new().await;
    let client = server.client(ACME);
    for body in [&b""[..], b"{", b"nul", b"\xff\xfe", b"{\"type\":\"get_runtime\"} {}"] {
        let post = client.post("/queries").header("content-type", "application/json");
        let answer = Answer::of(post.body(body.to_vec())).await;
        assert_eq!(answer.error(), (400, "invalid_request"), "{body:?}");
        assert_eq!(answer.body["field"], "", "{body:?}");
    }
}

#[tokio::test]
async fn another_path_or_method_is_refused_with_what_there_is() {
    let server = Server::new().await;
    let client = server.client(ACME);
    for path in ["", "/command", "/commands/", "/workers", "/workers/x"] {
        let answer = Answer::of(client.get(path)).await;
        assert_eq!(answer.error(), (404, "no_such_path"), "{path}");
        assert_eq!(answer.body["retry"]["type"], "never");
    }
    for (request, allowed) in [
        (client.get("/commands"), "POST"),
        (client.get("/queries"), "POST"),
        (client.post("/events"), "GET,HEAD"),
        (client.post("/workers/x/events"), "GET,HEAD"),
    ] {
        let answer = Answer::of(request).await;
        assert_eq!(answer.error(), (405, "method_not_allowed"), "{allowed}");
        assert_eq!(answer.header("allow"), Some(allowed));
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_the_refusal_is_json() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let worker = client.create(json!({})).await;
    let events = events_of(&worker);
    for (request, status, code) in [
        (client.get("/events?after=a&after=b"), 400, "invalid_request"),
        (client.get("/workers/%ff/events"), 400, "invalid_request"),
        (client.get("/workers/not-an-id/events"), 400, "invalid_request"),
        (client.get(&format!("/workers/{NOBODY}/events")), 404, "worker_not_found"),
        (client.get(&format!("{events}?from=yesterday")), 400, "invalid_request"),
        (client.get(&format!("{events}?filter={{")), 400, "invalid_request"),
        (client.get("/ws"), 426, "upgrade_required"),
        (client.post("/ws").json(&json!({})), 426, "upgrade_required"),
    ] {
        let asked = format!("{request:?}");
        let answer = Answer::of(request).await;
        assert_refused(&answer, status, code, &json!(asked));
    }
    let answer = Answer::of(client.get("/ws")).await;
    assert_eq!(answer.header("upgrade"), Some("websocket"));
}
