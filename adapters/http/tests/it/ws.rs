//! Subscriptions and requests over one WebSocket.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};
use worker_runtime::{Limits, TenantQuotas};

use crate::support::{
    ACME, OPERATOR, Server, Socket, about, and, named, scope_of, send, sequences, text_of, until,
    words,
};

fn fields_of(mut request: Value) -> Value {
    request.as_object_mut().expect("an object").remove("type");
    request
}

async fn create(socket: &mut Socket, fields: Value) -> Value {
    socket.result("create_worker", fields).await["detail"]["worker"].clone()
}

async fn say(socket: &mut Socket, worker: &Value, text: &str) {
    socket.result("send_input", fields_of(send(worker, text))).await;
}

fn following(worker: &Value) -> Value {
    json!({ "scope": scope_of(worker) })
}

#[tokio::test]
async fn several_workers_over_one_socket() {
    let server = Server::new().await;
    let mut socket = server.client(ACME).socket().await;
    let first = create(&mut socket, named("gated")).await;
    let second = create(&mut socket, named("echo")).await;
    let of_first = socket.subscribe(following(&first)).await;
    let of_second = socket.subscribe(following(&second)).await;
    assert_ne!(of_first, of_second);

    say(&mut socket, &first, "4").await;
    say(&mut socket, &second, "hello").await;
    let items = socket.up_to(&of_second, "turn_completed").await;
    assert_eq!(text_of(&items), "echo: hello");
    server.allow(4);
    let items = socket.up_to(&of_first, "turn_completed").await;
    assert_eq!(items.last().expect("the end")["entry"]["text"], words(4));

    let shown = socket.result("get_runtime", json!({})).await;
    assert_eq!(shown["open"]["subscriptions"], 2);
}

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing() {
    let server = Server::new().await;
    let mut socket = server.client(ACME).socket().await;
    let worker = create(&mut socket, named("gated")).await;
    let name = socket.subscribe(following(&worker)).await;
    say(&mut socket, &worker, "2").await;
    server.allow(1);
    let before = socket.up_to(&name, "text_delta").await;
    drop(socket);
    server.allow(1);

    let mut socket = server.client(ACME).socket().await;
    let cursor = before.iter().rev().find_map(|item| item.get("cursor")).expect("a cursor");
    let from = json!({ "from": { "type": "after", "cursor": cursor } });
    let name = socket.subscribe(and(following(&worker), from)).await;
    let after = socket.up_to(&name, "turn_completed").await;
    assert_eq!(after.last().expect("the end")["entry"]["text"], words(2));
    let seen = sequences(before.iter().chain(&after));
    assert!(seen.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seen:?}");
}

#[tokio::test]
async fn no_item_comes_after_the_end_of_a_subscription() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let mut socket = client.socket().await;
    let worker = create(&mut socket, json!({})).await;
    let ended = socket.subscribe(following(&worker)).await;
    let lasting = socket.subscribe(following(&worker)).await;
    socket.up_to(&lasting, "synced").await;
    // The events of these turns are under way while the subscription ends.
    for _ in 0..20 {
        client.turn(&worker, "hello").await;
    }
    let id = socket.ask("unsubscribe", json!({ "subscription": ended })).await;
    while socket.next().await["id"] != id {}
    client.turn(&worker, "the last").await;
    loop {
        let (name, item) = socket.item().await;
        assert_eq!(name, lasting, "{item}");
        if item["type"] == "turn_completed" && item["entry"]["text"] == "echo: the last" {
            break;
        }
    }
    assert_eq!(client.subscriptions().await, 1);
    let again = socket.call("unsubscribe", json!({ "subscription": ended })).await;
    assert_eq!(again["error"]["code"], -32602);
    assert_eq!(again["error"]["data"]["field"], "subscription");
}

#[tokio::test]
async fn a_request_that_fails_says_why() {
    let server = Server::new().await;
    let mut socket = server.client(ACME).socket().await;
    let many = json!({ "page": { "limit": 1001 } });
    for (method, params, code, data) in [
        ("get_wroker", json!({}), -32601, Value::Null),
        ("", json!({}), -32601, Value::Null),
        ("get_worker", json!({}), -32602, json!("invalid_request")),
        ("get_runtime", json!({ "colour": 1 }), -32602, json!("invalid_request")),
        ("get_runtime", json!({ "type": "get_runtime" }), -32602, json!("invalid_request")),
        ("get_runtime", json!([]), -32602, json!("invalid_request")),
        ("subscribe", json!({}), -32602, json!("invalid_request")),
        ("unsubscribe", json!({}), -32602, json!("invalid_request")),
        ("unsubscribe", json!({ "subscription": "1" }), -32602, json!("invalid_request")),
        ("list_workers", many, -32000, json!("limit_out_of_range")),
        ("stop_runtime", json!({}), -32000, json!("not_allowed")),
    ] {
        let error = &socket.call(method, params.clone()).await["error"];
        assert_eq!(
            (&error["code"], &error["data"]["code"]),
            (&json!(code), &data),
            "{method} {params}"
        );
    }
    let unknown = socket.call(&"x".repeat(1000), json!({})).await;
    let message = unknown["error"]["message"].as_str().expect("a message");
    assert!(message.contains("`unsubscribe`") && message.len() < 600, "{message}");
}

#[tokio::test]
async fn a_message_that_is_no_request_is_answered_and_the_socket_goes_on() {
    let server = Server::new().await;
    let mut socket = server.client(ACME).socket().await;
    let subscribe = json!({
        "jsonrpc": "2.0", "method": "subscribe", "params": { "scope": { "type": "runtime" } },
    });
    for (text, code) in [
        ("", -32700),
        ("{", -32700),
        ("hello", -32700),
        (&"[".repeat(10_000), -32600),
        ("{}", -32600),
        ("[]", -32600),
        ("null", -32600),
        (r#"["2.0",1,"get_runtime",null]"#, -32600),
        (r#"{"id":1,"method":"get_runtime"}"#, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"get_runtime"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (&subscribe.to_string(), -32600),
    ] {
        socket.send_text(text).await;
        let answer = socket.next().await;
        assert_eq!(answer["error"]["code"], code, "{text:.80}: {answer}");
        assert!(answer.as_object().expect("an object").contains_key("id"), "{answer}");
        assert_eq!(answer["id"], Value::Null, "{text:.80}");
    }
    socket.send(Message::binary(&b"{}"[..])).await;
    assert_eq!(socket.next().await["error"]["code"], -32600);
    socket.result("get_runtime", json!({})).await;
}

#[tokio::test]
async fn an_id_comes_back_as_it_was_and_a_notification_has_no_response() {
    let server = Server::new().await;
    let client = server.client(ACME);
    let mut socket = client.socket().await;
    // None of these is answered: notifications, good and bad ones, and responses.
    for text in [
        r#"{"jsonrpc":"2.0","method":"create_worker"}"#,
        r#"{"jsonrpc":"2.0","method":"get_wroker"}"#,
        r#"{"jsonrpc":"2.0","method":"create_worker","params":{"colour":1}}"#,
        r#"{"jsonrpc":"2.0","method":"unsubscribe","params":{"subscription":"1"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
    ] {
        socket.send_text(text).await;
    }
    for id in [json!("a"), json!(0), json!(u64::MAX), json!(-1), Value::Null] {
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "get_runtime", "trace": "t" });
        socket.send_text(call.to_string()).await;
        let answer = socket.next().await;
        assert_eq!((&answer["id"], &answer["result"]["type"]), (&id, &json!("runtime")));
    }
    let workers = async || client.query(json!({ "type": "list_workers" })).await["items"].clone();
    until("the Worker of the notification", async || workers().await != json!([])).await;
    assert_eq!(workers().await.as_array().expect("items").len(), 1);
}

#[tokio::test]
async fn more_requests_than_may_be_in_flight_are_all_answered() {
    const MANY: usize = 700;
    let server = Server::new().await;
    let client = server.client(ACME);
    let mut socket = client.socket().await;
    let worker = create(&mut socket, named("gated")).await;
    let subscription = socket.subscribe(following(&worker)).await;
    say(&mut socket, &worker, "1").await;
    let wait = json!({ "worker": worker, "turn": { "type": "latest" }, "wait_ms": 60_000 });
    let mut asked = BTreeSet::new();
    for _ in 0..MANY {
        asked.insert(socket.ask("get_turn", wait.clone()).await);
    }
    // Events and other clients are not held up by the requests that wait.
    client.command(and(about("update_worker", &worker), json!({ "display_name": "Ada" }))).await;
    socket.up_to(&subscription, "worker_updated").await;
    server.allow(1);
    while !asked.is_empty() {
        let message = socket.next().await;
        if let Some(id) = message["id"].as_u64() {
            assert!(asked.remove(&id), "answered once: {message}");
            assert_eq!(message["result"]["turn"]["outcome"], "completed", "{message}");
        }
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let limits = Limits::default().input_bytes(1000).request_bytes(5000);
    let server = Server::with(|builder| builder.limits(limits)).await;
    let client = server.client(ACME);
    let mut socket = client.socket().await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "get_runtime" }).to_string();
    let padded = |bytes: usize| format!("{call:<bytes$}");
    socket.send_text(padded(5000)).await;
    assert_eq!(socket.next().await["result"]["type"], "runtime");
    socket.send_text(padded(5001)).await;
    let error = socket.next().await["error"]["data"].clone();
    assert_eq!((&error["code"], &error["max"]), (&json!("too_large"), &json!(5000)));
    socket.result("get_runtime", json!({})).await;

    // The server reads no more of this one than it must, so that a close frame may be lost.
    socket.send_text(padded(10_001)).await;
    match socket.frame().await {
        Some(Message::Close(Some(frame))) => assert_eq!(frame.code, CloseCode::Policy),
        other => assert_eq!(other, None),
    }
    client.query(json!({ "type": "get_runtime" })).await;
}

#[tokio::test]
async fn the_socket_closes_after_the_runtime_has_stopped() {
    let server = Server::new().await;
    let mut socket = server.client(OPERATOR).socket().await;
    let worker = create(&mut socket, named("gated")).await;
    let of_worker = socket.subscribe(following(&worker)).await;
    let of_runtime = socket.subscribe(json!({ "scope": { "type": "runtime" } })).await;
    say(&mut socket, &worker, "2").await;
    socket.result("stop_runtime", json!({})).await;
    server.allow(2);

    let mut ended = BTreeSet::new();
    let mut text = Value::Null;
    while ended.len() < 2 {
        let (name, item) = socket.item().await;
        assert!(!ended.contains(&name), "nothing comes after `ended`: {item}");
        if item["type"] == "turn_completed" {
            text = item["entry"]["text"].clone();
        } else if item["type"] == "ended" {
            assert_eq!(item["reason"], "runtime_stopped");
            ended.insert(name);
        }
    }
    assert_eq!(ended, BTreeSet::from([of_worker, of_runtime]));
    assert_eq!(text, words(2));
    let Some(Message::Close(Some(frame))) = socket.frame().await else { panic!("a close frame") };
    assert_eq!(frame.code, CloseCode::Away);
    assert_eq!(&*frame.reason, "the Runtime has stopped");
    assert_eq!(socket.frame().await, None);
}

#[tokio::test]
async fn a_deleted_worker_ends_its_subscription_and_not_the_socket() {
    let server = Server::new().await;
    let mut socket = server.client(ACME).socket().await;
    let worker = create(&mut socket, json!({})).await;
    let name = socket.subscribe(following(&worker)).await;
    socket.result("stop_worker", json!({ "worker": worker })).await;
    socket.result("delete_worker", json!({ "worker": worker })).await;
    let items = socket.up_to(&name, "ended").await;
    assert_eq!(items.last().expect("the end")["reason"], "worker_deleted");
    let shown = socket.result("get_runtime", json!({})).await;
    assert_eq!(shown["open"]["subscriptions"], 0);
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_places() {
    let quotas = TenantQuotas::new().subscriptions(2);
    let server = Server::with(|builder| builder.tenant_quotas(quotas)).await;
    let client = server.client(ACME);
    for _ in 0..3 {
        let mut socket = client.socket().await;
        let scope = json!({ "scope": { "type": "runtime" } });
        socket.subscribe(scope.clone()).await;
        socket.subscribe(scope.clone()).await;
        let refused = socket.call("subscribe", scope).await;
        assert_eq!(refused["error"]["data"]["code"], "capacity_exhausted");
        drop(socket);
        until("no subscription", async || client.subscriptions().await == 0).await;
    }
}

/// The clock goes on by itself while everybody waits, in small steps, so that minutes take no time.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_heard_stays_and_one_that_is_not_is_disconnected() {
    tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let server = Server::new().await;
    let client = server.client(ACME);
    let scope = json!({ "scope": { "type": "runtime" } });
    // This one keeps its connection, and does nothing: not even a ping is answered.
    let mut silent = client.socket().await;
    silent.subscribe(scope.clone()).await;
    let mut alive = client.socket().await;
    let name = alive.subscribe(scope).await;
    alive.up_to(&name, "synced").await;
    for _ in 0..10 {
        let frame = alive.frame().await;
        assert!(matches!(frame, Some(Message::Ping(_))), "{frame:?}");
    }
    let shown = alive.result("get_runtime", json!({})).await;
    assert_eq!(shown["open"]["subscriptions"], 1);
    while silent.frame().await.is_some() {}
}

/// The answers are more than the buffers of a connection hold, and the log keeps few of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_holds_up_nobody() {
    const TURNS: u64 = 100;
    let limits = Limits::default().events_per_worker(64);
    let server = Server::with(|builder| builder.limits(limits)).await;
    let client = server.client(OPERATOR);
    let worker = client.create(json!({})).await;
    let (mut slow, mut fast) = (client.socket().await, client.socket().await);
    slow.subscribe(following(&worker)).await;
    let name = fast.subscribe(following(&worker)).await;
    let text = "x".repeat(150_000);
    for _ in 0..TURNS {
        client.command(send(&worker, &text)).await;
        fast.up_to(&name, "turn_completed").await;
        client.ended(&worker).await;
    }
    // It has been disconnected if all this has taken half a minute, and goes on after a gap if not.
    let mut missed = 0;
    while missed == 0 {
        match slow.frame().await {
            Some(Message::Text(text)) => {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                missed = message["params"]["item"]["missed"].as_u64().unwrap_or_default();
            }
            Some(_) => {}
            None => return,
        }
    }
    assert!(missed > TURNS, "{missed} events were missed: nothing was queued");
}
