//! Tests of subscriptions: their items, the order and the end.

use serde_json::{Value, json};

use super::client::{Client, request, said};

fn of_worker(worker: &Value) -> Value {
    json!({ "scope": { "type": "worker", "worker": worker }, "from": { "type": "oldest" } })
}

#[test]
fn the_reply_comes_before_the_first_item() {
    let mut client = Client::start(&[]);
    let worker = client.worker();
    for _ in 0..50 {
        client.send(request("s", "subscribe", &of_worker(&worker)));
        let mut reply = client.message();
        assert_eq!(reply["id"], "s", "{reply}");
        let subscription = reply["result"]["subscription"].take();
        let created = client.event();
        assert_eq!(created["subscription"], subscription);
        assert_eq!(created["item"]["type"], "worker_created");
        assert!(created["item"]["cursor"].is_string());
        let synced = client.event();
        assert_eq!(synced["item"]["type"], "synced");
        client.call("unsubscribe", &json!({ "subscription": subscription }));
    }
}

#[test]
fn in_a_batch_the_items_wait_for_the_answers() {
    let mut client = Client::start(&["--echo-delay-ms", "20"]);
    let worker = client.worker();
    let turn = client.call("send_input", &said(&worker, "one two"));
    let wait = json!({
        "worker": worker, "turn": { "type": "id", "turn_id": turn["receipt"]["turn_id"] }, "wait_ms": 60_000
    });
    let entries = [request("s", "subscribe", &of_worker(&worker)), request("t", "get_turn", &wait)];
    client.send(format!("[{}]", entries.join(",")));
    let answers = client.message();
    assert_eq!(answers[1]["result"]["turn"]["outcome"], "completed", "{answers}");
    assert_eq!(client.event()["subscription"], answers[0]["result"]["subscription"]);
}

#[test]
fn the_text_streams() {
    let mut client = Client::start(&[]);
    let worker = client.worker();
    client.subscribe(&worker);
    client.call("send_input", &said(&worker, "one two three"));
    let mut text = String::new();
    let entry = loop {
        let mut item = client.event()["item"].take();
        match item["type"].as_str() {
            Some("text_delta") => {
                assert_eq!(item["offset"], text.len());
                text += item["text"].as_str().expect("a delta has text");
            }
            Some("turn_completed") => break item["entry"].take(),
            _ => {}
        }
    };
    assert_eq!(text, "echo: one two three");
    assert_eq!(entry["text"], text);
}

#[test]
fn nothing_follows_the_reply_to_unsubscribe() {
    let mut client = Client::start(&["--echo-delay-ms", "1"]);
    let worker = client.worker();
    let words = "word ".repeat(50_000);
    client.call("send_input", &said(&worker, &words));
    for _ in 0..20 {
        let subscription = client.subscribe(&worker);
        client.item("text_delta");
        client.call("unsubscribe", &json!({ "subscription": subscription }));
        while let Some(kept) = client.kept_event() {
            assert_eq!(kept["subscription"], subscription);
        }
        // These requests leave time for more items, but none comes.
        for _ in 0..5 {
            client.call("get_overview", &json!({}));
        }
        assert_eq!(client.kept_event(), None);
        let error = client.refused("unsubscribe", &json!({ "subscription": subscription }));
        assert_eq!(error["data"]["field"], "subscription");
    }
    client.call("cancel_worker", &json!({ "worker": worker }));
}

#[test]
fn a_subscription_that_ends_by_itself_says_so_last() {
    let mut client = Client::start(&[]);
    let worker = client.worker();
    let subscription = client.subscribe(&worker);
    client.call("stop_worker", &json!({ "worker": worker }));
    client.call("delete_worker", &json!({ "worker": worker }));
    assert_eq!(client.item("worker_deleted")["redacted"], true);
    assert_eq!(client.item("ended")["reason"], "worker_deleted");
    let error = client.refused("unsubscribe", &json!({ "subscription": subscription }));
    assert_eq!(error["data"]["code"], "invalid_request");
    assert_eq!(client.end().stdout, "");
}

#[test]
fn subscriptions_do_not_touch_each_other() {
    let mut client = Client::start(&[]);
    let workers = [client.worker(), client.worker()];
    let subscriptions = workers.each_ref().map(|worker| client.subscribe(worker));
    assert_ne!(subscriptions[0], subscriptions[1]);
    let all = json!({ "scope": { "type": "runtime" }, "filter": { "types": ["turn_started"] } });
    let all = client.call("subscribe", &all)["subscription"].take();
    client.call("unsubscribe", &json!({ "subscription": subscriptions[0] }));
    for worker in &workers {
        client.call("send_input", &said(worker, "hello"));
    }
    client.call("stop_runtime", &json!({}));
    let mut started = 0;
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let event = client.event();
        let item = &event["item"];
        if event["subscription"] == all && item["type"] == "turn_started" {
            started += 1;
        }
        if event["subscription"] == subscriptions[0] {
            assert!(item["worker_sequence"].is_null() || item["type"] == "worker_created");
        }
        if item["type"] == "ended" {
            assert_eq!(item["reason"], "runtime_stopped");
            ended.push(event["subscription"].clone());
        }
    }
    assert_eq!(started, 2);
    assert!(ended.contains(&all) && ended.contains(&subscriptions[1]));
}

#[test]
fn a_notification_cannot_subscribe() {
    let mut client = Client::start(&["--limit", "subscriptions=1"]);
    let worker = client.worker();
    let fits = json!({ "jsonrpc": "2.0", "method": "subscribe", "params": of_worker(&worker) });
    let does_not_fit = json!({ "jsonrpc": "2.0", "method": "subscribe", "params": [1] });
    let check = |answer: &Value| {
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32600)));
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(message.contains("`subscribe` needs an `id`"), "{message}");
    };
    for line in [&fits, &does_not_fit] {
        client.send(line.to_string());
        check(&client.message());
    }
    client.send(json!([fits, does_not_fit, fits]).to_string());
    let answers = client.message();
    let answers = answers.as_array().expect("an array");
    assert_eq!(answers.len(), 3);
    answers.iter().for_each(check);
    client.call("send_input", &said(&worker, "hello"));
    client.call("stop_worker", &json!({ "worker": worker }));
    assert_eq!(client.kept_event(), None);
    client.subscribe_to_runtime();
    let error = client.refused("subscribe", &of_worker(&worker));
    assert_eq!(error["data"]["code"], "capacity_exhausted");
}

#[test]
fn a_refused_subscription_is_none() {
    let mut client = Client::start(&[]);
    let worker = client.worker();
    let mut params = of_worker(&worker);
    params["from"] = json!({ "type": "after", "cursor": "nonsense" });
    let error = client.refused("subscribe", &params);
    assert_eq!(error["code"], -32000);
    assert_eq!(error["data"]["code"], "cursor_malformed");
    client.call("send_input", &said(&worker, "hello"));
    assert_eq!(client.end().stdout, "");
}
