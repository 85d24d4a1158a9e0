//! Tests of requests, notifications and batches against the JSON-RPC specification.

use serde_json::{Value, json};

use super::client::{Client, NOTE, request, said};

const PARSE_ERROR: &str =
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#;
const INVALID_REQUEST: &str =
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}"#;
const OVERVIEW: &str = r#"{"jsonrpc":"2.0","id":1,"method":"get_overview"}"#;

/// Sends lines, and checks that each gets exactly its response and that nothing else follows.
#[track_caller]
fn check<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>, response: impl Fn(&str) -> String) {
    check_by(lines, |line, found| assert_eq!(found, response(line), "to {line:.200}"));
}

/// Like [`check`], but compares only the start of each response.
#[track_caller]
fn check_start<L>(lines: impl IntoIterator<Item = L>, start: impl Fn(&str) -> String)
where
    L: AsRef<[u8]>,
{
    check_by(lines, |line, found| {
        assert!(found.starts_with(&start(line)), "{found:.200} to {line:.200}");
    });
}

#[track_caller]
fn check_by<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>, check: impl Fn(&str, &str)) {
    let mut client = Client::start(&[]);
    for line in lines {
        client.send(line.as_ref());
        let found = client.line().expect("there is a response");
        check(&String::from_utf8_lossy(line.as_ref()), &found);
    }
    let ended = client.end();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", NOTE));
}

#[test]
fn what_is_not_json_is_a_parse_error() {
    let too_deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let too_deep_params =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"get_overview","params":{too_deep}}}"#);
    let lines = [
        "{",
        "nonsense",
        r#"{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]"#,
        r#"[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},{"jsonrpc":"2.0","method"]"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"get_overview"} {}"#,
        r#"{"jsonrpc":"2.0","id":1e999,"method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":"\ud800","method":"get_overview"}"#,
        &too_deep,
        &too_deep_params,
    ];
    check(lines, |_| PARSE_ERROR.to_owned());
    check([b"\"\xff\""], |_| PARSE_ERROR.to_owned());
}

#[test]
fn what_is_no_request_is_an_invalid_request() {
    let lines = [
        "1",
        "null",
        "\"get_overview\"",
        "{}",
        "[]",
        r#"{"foo":"boo"}"#,
        r#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":[1],"method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":true,"method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"get_overview","method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"get_overview","params":{},"params":{}}"#,
    ];
    check(lines, |_| INVALID_REQUEST.to_owned());
    check(["[1,[]]"], |_| format!("[{INVALID_REQUEST},{INVALID_REQUEST}]"));
    let with_id = INVALID_REQUEST.replace("null", "7");
    let lines = [
        r#"{"id":7,"method":"get_overview"}"#,
        r#"{"jsonrpc":"1.0","id":7,"method":"get_overview"}"#,
        r#"{"jsonrpc":2.0,"id":7,"method":"get_overview"}"#,
        r#"{"jsonrpc":"2.0","id":7}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":null}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"get_overview","params":1}"#,
        r#"{"id":7,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":1,"result":{}}"#,
    ];
    check(lines, |_| with_id.clone());
}

#[test]
fn a_response_is_not_answered() {
    let responses = [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}"#,
        r#"{"jsonrpc":"2.0","id":"a","result":1,"error":null}"#,
    ];
    let all = responses.join(",");
    let mut client = Client::start(&[]);
    for response in responses {
        client.send(response);
    }
    client.send(format!("[{all}]"));
    client.send(format!("[{all},{OVERVIEW},{all}]"));
    let answers = client.message();
    assert_eq!(answers.as_array().expect("an array").len(), 1, "{answers}");
    assert_eq!(answers[0]["result"]["type"], "overview");
    let ended = client.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

#[test]
fn an_unknown_method_is_not_found() {
    let names = ["nope", "", "event", "worker_created", "rpc.discover"];
    let lines = names.map(|name| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": name, "params": [1] }).to_string()
    });
    check_by(lines, |line, found| {
        let [line, found] = [line, found]
            .map(|text| -> Value { serde_json::from_str(text).expect("the line is JSON") });
        assert_eq!((&found["id"], &found["error"]["code"]), (&json!(1), &json!(-32601)));
        let message = found["error"]["message"].as_str().expect("a message");
        let name = line["method"].as_str().expect("a name");
        assert!(message.starts_with(&format!("no method `{name}`; there are `cancel_turn`, ")));
        for method in ["`get_runtime`", "`send_input`", "`subscribe`", "`unsubscribe`"] {
            assert!(message.contains(method), "{message}");
        }
    });
}

#[test]
fn a_mistyped_method_is_told_the_right_one() {
    let mut client = Client::start(&[]);
    for (mistyped, meant) in [
        ("get_overveiw", "get_overview"),
        ("Get_overview", "get_overview"),
        ("get_workers", "get_worker"),
        ("list_worker", "list_workers"),
        ("unsubscibe", "unsubscribe"),
    ] {
        let error = client.refused(mistyped, &json!({}));
        let message = error["message"].as_str().expect("a message");
        let start = format!("no method `{mistyped}`; did you mean `{meant}`? there are ");
        assert!(message.starts_with(&start), "{message}");
    }
}

#[test]
fn the_name_of_an_unknown_method_is_shortened() {
    let mut client = Client::start(&[]);
    let long = "x\u{1b}\n".repeat(100_000);
    let error = client.refused(&long, &json!({}));
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.starts_with(&format!("no method `{}`; there are ", "x".repeat(64))),
        "{message}"
    );
    assert!(message.len() < 1000, "{message}");
}

#[test]
fn an_id_comes_back_as_it_was() {
    for id in [
        "1",
        "0",
        "-1",
        "1.50",
        "1e2",
        "123456789012345678901234567890",
        "\"\"",
        r#""caf\u00e9 \"1\"""#,
        "\"é\"",
        "null",
    ] {
        let good = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"get_overview"}}"#);
        let bad = format!(r#"{{"method":"nope","id" : {id} ,"jsonrpc":"2.0"}}"#);
        check_start([&good, &bad], |line| {
            let outcome = if line == good { "result" } else { "error" };
            format!(r#"{{"jsonrpc":"2.0","id":{id},"{outcome}":{{"#)
        });
    }
}

#[test]
fn an_id_has_a_largest_length() {
    let mut client = Client::start(&[]);
    let with_id = |length: usize| {
        // Two bytes are the quotes.
        let id = "x".repeat(length - 2);
        (json!(id), request(&id, "create_worker", &json!({})))
    };
    let (id, longest) = with_id(1024);
    client.send(longest);
    assert_eq!(client.message()["id"], id);
    for length in [1025, 1_000_000] {
        let (_, line) = with_id(length);
        client.send(&line);
        let response = client.message();
        assert!(response["id"].is_null(), "{response}");
        assert_eq!(response["error"]["code"], -32000);
        assert_eq!(response["error"]["message"], "id is larger than 1024");
        assert_eq!(response["error"]["data"]["code"], "too_large");
        client.send(format!("[{line},{OVERVIEW}]"));
        let responses = client.message();
        assert_eq!(responses[0], response);
        assert_eq!(responses[1]["result"]["type"], "overview");
    }
    let workers = client.call("list_workers", &json!({}));
    assert_eq!(workers["items"].as_array().expect("a list").len(), 1);
}

#[test]
fn params_may_be_left_out_where_no_field_is_needed() {
    let with = |more: &str| OVERVIEW.replace('}', &format!("{more}}}"));
    let lines = [
        "",
        r#","params":{}"#,
        r#","params": { } "#,
        r#","params":null"#,
        r#","params":{"recent":1}"#,
        // Members of the envelope that the specification does not know are ignored.
        r#","traceparent":"00-1-2-00""#,
    ]
    .map(with);
    check_start(lines, |_| r#"{"jsonrpc":"2.0","id":1,"result":{"type":"overview""#.to_owned());
}

#[test]
fn params_that_do_not_fit_are_named() {
    let mut client = Client::start(&[]);
    let worker = client.worker();
    for (method, params, field) in [
        ("get_overview", json!([]), "params"),
        ("subscribe", json!([1]), "params"),
        ("get_overview", json!({ "type": "get_overview" }), "type"),
        ("get_overview", json!({ "type": null }), "type"),
        ("create_worker", json!({ "type": "create_worker", "labels": {} }), "type"),
        ("subscribe", json!({ "type": "subscribe", "scope": { "type": "runtime" } }), "type"),
        ("get_overview", json!({ "resent": 1 }), "resent"),
        ("send_input", json!({ "worker": worker }), "input"),
        ("subscribe", json!({}), "scope"),
        ("unsubscribe", json!({}), "subscription"),
        ("unsubscribe", json!({ "subscription": "x", "force": true }), "force"),
        ("unsubscribe", json!({ "type": "unsubscribe", "subscription": "x" }), "type"),
        ("unsubscribe", json!({ "subscription": "x" }), "subscription"),
    ] {
        let error = client.refused(method, &params);
        assert_eq!(error["code"], -32602, "{method} {params}");
        assert_eq!(error["message"], error["data"]["message"]);
        assert_eq!(error["data"]["code"], "invalid_request");
        assert_eq!(error["data"]["field"], field, "{method} {params}");
    }
}

#[test]
fn a_field_given_twice_is_refused() {
    let mut client = Client::start(&[]);
    for params in [
        r#"{"recent":1,"recent":1}"#,
        r#"{"recent":1,"rec\u0065nt":2}"#,
        r#"{"type":"get_overview","type":"get_overview"}"#,
        r#"{"t\u0079pe":"get_overview"}"#,
    ] {
        client.send(OVERVIEW.replace('}', &format!(r#","params":{params}}}"#)));
        let response = client.message();
        assert_eq!(response["error"]["code"], -32602, "{params}");
        assert_eq!(response["error"]["data"]["code"], "invalid_request", "{params}");
    }
}

#[test]
fn params_of_unsubscribe_are_checked_like_those_of_the_runtime() {
    let mut client = Client::start(&[]);
    let long = "x\u{7f}".repeat(1000);
    let long = format!(r#"{{"{long}":1}}"#);
    for (params, message) in [
        ("{}", "subscription: is missing"),
        (r#"{"subscription":null}"#, "subscription: must be a text"),
        (r#"{"subscription":["x"]}"#, "subscription: must be a text"),
        (r#"{"subscription":{"id":"x"}}"#, "subscription: must be a text"),
        (r#"{"subscription":"x","subscription":"x"}"#, "subscription: is given twice"),
        (r#"{"subscription":"x","subscr\u0069ption":1}"#, "subscription: is given twice"),
        (r#"{"force":1,"subscription":1}"#, "force: unknown field; allowed are `subscription`"),
        (&long, &format!("{}: unknown field; allowed are `subscription`", "x".repeat(64))),
    ] {
        let line = r#"{"jsonrpc":"2.0","id":1,"method":"unsubscribe","params":PARAMS}"#;
        client.send(line.replace("PARAMS", params));
        let error = client.message()["error"].take();
        assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!(message)));
        assert_eq!(error["data"]["code"], "invalid_request");
    }
}

#[test]
fn refusals_of_the_runtime_are_the_errors_data() {
    let mut client = Client::start(&["--echo-delay-ms", "60000"]);
    let worker = client.worker();
    let turn_id = client.call("send_input", &said(&worker, "hello"))["receipt"]["turn_id"].take();
    let error = client.refused("send_input", &said(&worker, "again"));
    assert_eq!(error["code"], -32000);
    assert_eq!(error["message"], error["data"]["message"]);
    assert_eq!(error["data"]["code"], "worker_busy");
    assert_eq!(error["data"]["turn_id"], turn_id);
    assert_eq!(error["data"]["retry"], json!({ "type": "after_change" }));
    client.call("cancel_turn", &json!({ "worker": worker }));
}

#[test]
fn a_notification_is_carried_out_and_not_answered() {
    let mut client = Client::start(&[]);
    for line in [
        r#"{"jsonrpc":"2.0","method":"create_worker","params":{"display_name":"ann"}}"#,
        r#"{"jsonrpc":"2.0","method":"create_worker","params":{"display_name":""}}"#,
        r#"{"jsonrpc":"2.0","method":"get_overview","params":[]}"#,
        r#"{"jsonrpc":"2.0","method":"nope"}"#,
    ] {
        client.send(line);
    }
    let workers = client.call("list_workers", &json!({}));
    assert_eq!(workers["items"].as_array().expect("a list").len(), 1);
    assert_eq!(workers["items"][0]["display_name"], "ann");
}

#[test]
fn the_answers_to_a_batch_are_one_array() {
    let mut client = Client::start(&[]);
    let notification = r#"{"jsonrpc":"2.0","method":"create_worker"}"#;
    let entries = [
        &request("a", "get_overview", &json!({})),
        notification,
        "1",
        &request("b", "nope", &json!({})),
        &request("c", "list_workers", &json!({})),
    ];
    client.send(format!("[{}]", entries.join(" , ")));
    let answers = client.message();
    let ids: Vec<&Value> =
        answers.as_array().expect("an array").iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!("a"), &Value::Null, &json!("b"), &json!("c")]);
    assert_eq!(answers[1]["error"]["code"], -32600);
    assert_eq!(answers[2]["error"]["code"], -32601);
    let items = answers[3]["result"]["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "what comes before in a batch is begun before");

    client.send(format!("[{notification},{notification}]"));
    assert_eq!(client.end().stdout, "", "notifications alone are not answered");
}

#[test]
fn a_batch_has_a_largest_size() {
    let batch = |size| format!("[{}]", vec![OVERVIEW; size].join(","));
    let mut client = Client::start(&[]);
    client.send(batch(1024));
    assert_eq!(client.message().as_array().expect("an array").len(), 1024);
    client.send(batch(1025));
    assert_eq!(client.line().as_deref(), Some(INVALID_REQUEST));
}
