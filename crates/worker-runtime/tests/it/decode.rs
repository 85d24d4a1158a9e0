//! Decoding of requests: every error names the field and repeats no value.

use serde_json::{Value, json};
use worker_runtime::{AnyRequest, Decode, RuntimeCommand, RuntimeError, RuntimeQuery, Subscribe};

const MAX: u64 = 1 << 20;
const CANARY: &str = "canary-7f3a";
const WORKER: &str = r#"{"runtime_id":"018bcfe5-6800-7000-8000-000000000002","worker_id":"018bcfe5-6800-7000-8000-000000000003"}"#;

fn command(text: &str) -> Result<RuntimeCommand, RuntimeError> {
    RuntimeCommand::decode(text.as_bytes(), MAX)
}

fn query(text: &str) -> Result<RuntimeQuery, RuntimeError> {
    RuntimeQuery::decode(text.as_bytes(), MAX)
}

/// The message of an `invalid_request` about `field`.
#[track_caller]
fn problem<T: std::fmt::Debug>(decoded: Result<T, RuntimeError>, field: &str) -> String {
    match decoded.expect_err("it is refused") {
        RuntimeError::InvalidRequest { field: named, problem } => {
            assert_eq!(named, field, "{problem}");
            assert!(!problem.is_empty());
            assert!(!problem.contains(CANARY) && !named.contains(CANARY), "{named}: {problem}");
            problem
        }
        other => panic!("not an invalid request: {other:?}"),
    }
}

/// `{"type":…,"worker":…, rest}`.
fn about(name: &str, rest: &str) -> String {
    format!(r#"{{"type":"{name}","worker":{WORKER},{rest}}}"#)
}

fn send(rest: &str) -> String {
    about("send_input", rest)
}

#[test]
fn what_is_right_is_read() {
    command(&send(r#""input":{"kind":"user","text":"hi"}"#)).expect("a send_input");
    command(r#"{"type":"create_worker"}"#).expect("a create_worker");
    command(" \n{\"type\":\"stop_runtime\"}\t ").expect("white space around it");
    query(r#"{"type":"get_runtime"}"#).expect("a get_runtime");
    Subscribe::decode(br#"{"scope":{"type":"runtime"}}"#, MAX).expect("a subscribe");
}

#[test]
fn the_tag_may_come_last_everywhere() {
    let text = format!(
        r#"{{"input":{{"text":"hi","kind":"user"}},"worker":{WORKER},"type":"send_input"}}"#
    );
    command(&text).expect("the tag comes last");
    let text = r#"{"profile":{"name":"x","type":"named"},"intent":{"objective":"y","type":"task"},"type":"create_worker"}"#;
    command(text).expect("in the parts too");
    let text = format!(
        r#"{{"scope":{{"worker":{WORKER},"type":"worker"}},"from":{{"sequence":3,"type":"after_sequence"}},"type":"read_events"}}"#
    );
    query(&text).expect("in queries too");
}

#[test]
fn the_tag_may_come_from_elsewhere() {
    let fields = format!(r#"{{"worker":{WORKER},"input":{{"kind":"user","text":"hi"}}}}"#);
    let of = |name: &str, fields: &str| RuntimeCommand::decode_fields(name, fields.as_bytes(), MAX);
    let whole = command(&send(r#""input":{"kind":"user","text":"hi"}"#)).expect("a send_input");
    assert_eq!(of("send_input", &fields).expect("the same"), whole);
    of("create_worker", "{}").expect("nothing has to be said");
    RuntimeQuery::decode_fields("get_runtime", b"{}", MAX).expect("of a query too");
    problem(of("send_input", "{}"), "worker");
    problem(of("create_worker", r#"{"x":1}"#), "x");
    problem(of("create_worker", r#"{"type":"create_worker"}"#), "type");
    problem(of("create_worker", r#"{"typ\u0065":"stop_runtime"}"#), "type");
    assert!(problem(of("nope", "{}"), "type").contains("`create_worker`"));
    for no_object in ["[]", "null", "1", "", "{"] {
        problem(of("create_worker", no_object), "");
    }
    let too_large = RuntimeCommand::decode_fields("create_worker", b"{ }", 2);
    let expected = RuntimeError::TooLarge { field: String::new(), max: 2 };
    assert_eq!(too_large.expect_err("three bytes"), expected);
}

#[test]
fn any_request_is_told_by_its_type() {
    let of = |text: &str| AnyRequest::decode(text.as_bytes(), MAX);
    let named = |name: &str, fields: &str| AnyRequest::decode_fields(name, fields.as_bytes(), MAX);
    let text = send(r#""input":{"kind":"user","text":"hi"}"#);
    assert_eq!(of(&text), command(&text).map(AnyRequest::Command));
    assert_eq!(named("create_worker", "{}"), of(r#"{"type":"create_worker"}"#));
    let text = r#"{"type":"get_overview","recent":3}"#;
    assert_eq!(of(text), query(text).map(AnyRequest::Query));
    assert_eq!(named("get_overview", r#"{"recent":3}"#), of(text));
    let fields = r#"{"scope":{"type":"runtime"}}"#;
    let subscribe = Subscribe::decode(fields.as_bytes(), MAX).map(AnyRequest::Subscribe);
    assert_eq!(named("subscribe", fields), subscribe);
    assert_eq!(of(r#"{"scope":{"type":"runtime"},"type":"subscribe"}"#), subscribe);
    for unknown in [r#"{"type":"nope"}"#, r#"{"type":1}"#, r#"{"type":["get_runtime"]}"#] {
        let problem = problem(of(unknown), "type");
        for name in ["`create_worker`", "`preview`", "`subscribe`"] {
            assert!(problem.contains(name), "{problem}");
        }
    }
    assert_eq!(problem(of("{}"), "type"), "is missing");
    assert_eq!(
        problem(of(r#"{"type":"get_runtime","type":"get_usage"}"#), "type"),
        "is given twice"
    );
    problem(named("get_runtime", r#"{"type":"get_runtime"}"#), "type");
    problem(of(r#"{"type":"send_input"}"#), "worker");
    problem(of(r#"{"type":"subscribe","scope":{"type":"runtime","x":1}}"#), "scope.x");
    problem(of("[]"), "");
}

#[test]
fn an_unknown_field_is_named_with_its_path() {
    let cases = [
        (send(r#""input":{"kind":"user","text":"hi"},"colour":1"#), "colour"),
        (send(r#""input":{"kind":"user","text":"hi","colour":1}"#), "input.colour"),
        (r#"{"type":"create_worker","profile":{"type":"runtime_default","x":1}}"#.into(), "profile.x"),
        (r#"{"type":"create_worker","intent":{"type":"task","objective":"a","x":1}}"#.into(), "intent.x"),
        (
            r#"{"type":"create_worker","history":[{"role":"user","text":"a"},{"role":"user","text":"a","x":1}]}"#.into(),
            "history[1].x",
        ),
        (
            r#"{"type":"create_worker","scope_claims":[{"resource":"a","access":"shared","x":1}]}"#.into(),
            "scope_claims[0].x",
        ),
        (r#"{"type":"stop_runtime","worker":{}}"#.into(), "worker"),
    ];
    for (text, field) in cases {
        let problem = problem(command(&text), field);
        assert!(problem.contains("unknown"), "{field}: {problem}");
    }
    problem(query(r#"{"type":"get_runtime","x":1}"#), "x");
    problem(query(r#"{"type":"list_workers","page":{"limit":1,"x":2}}"#), "page.x");
    let preview = format!(
        r#"{{"type":"preview","command":{}}}"#,
        send(r#""input":{"kind":"user","text":"hi","x":1}"#)
    );
    problem(query(&preview), "command.input.x");
    problem(Subscribe::decode(br#"{"scope":{"type":"runtime","x":1}}"#, MAX), "scope.x");
    problem(Subscribe::decode(br#"{"type":"subscribe","scope":{"type":"runtime"}}"#, MAX), "type");
}

#[test]
fn a_missing_field_is_named() {
    let cases = [
        (r#"{"type":"send_input","input":{"kind":"user","text":"hi"}}"#.to_owned(), "worker"),
        (about("send_input", r#""if_busy":"reject""#), "input"),
        (send(r#""input":{"kind":"user"}"#), "input.text"),
        (r#"{"type":"stop_worker","worker":{"runtime_id":"018bcfe5-6800-7000-8000-000000000002"}}"#.into(), "worker.worker_id"),
        (r#"{"type":"create_worker","intent":{"type":"task"}}"#.into(), "intent.objective"),
        (r#"{"type":"create_worker","profile":{"type":"named"}}"#.into(), "profile.name"),
        (r#"{"type":"create_worker","history":[{"role":"user"}]}"#.into(), "history[0].text"),
    ];
    for (text, field) in cases {
        let problem = problem(command(&text), field);
        assert!(problem.contains("missing"), "{field}: {problem}");
    }
}

#[test]
fn a_wrong_type_is_named_with_what_is_wanted() {
    let cases = [
        (send(r#""input":"canary-7f3a""#), "input"),
        (send(r#""input":{"kind":"user","text":77}"#), "input.text"),
        (send(r#""input":{"kind":"canary-7f3a","text":"hi"}"#), "input.kind"),
        (send(r#""input":{"kind":"user","text":"hi"},"if_busy":"canary-7f3a""#), "if_busy"),
        (about("stop_worker", r#""deadline_ms":"canary-7f3a""#), "deadline_ms"),
        (about("stop_worker", r#""deadline_ms":-1"#), "deadline_ms"),
        (about("stop_worker", r#""deadline_ms":1.5"#), "deadline_ms"),
        (about("stop_worker", r#""deadline_ms":9007199254740992"#), "deadline_ms"),
        (about("stop_worker", r#""deadline_ms":1e300"#), "deadline_ms"),
        (about("stop_worker", r#""deadline_ms":123456789012345678901234567890"#), "deadline_ms"),
        (about("stop_worker", r#""meta":["canary-7f3a"]"#), "meta"),
        (about("stop_worker", r#""meta":{"a":1}"#), "meta.a"),
        (about("stop_worker", r#""reason":{"a":"canary-7f3a"}"#), "reason"),
        (about("cancel_turn", r#""turn_id":"canary-7f3a""#), "turn_id"),
        (about("update_worker", r#""labels":{"a":["canary-7f3a"]}"#), "labels.a"),
        (r#"{"type":"stop_worker","worker":"canary-7f3a"}"#.into(), "worker"),
        (
            r#"{"type":"create_worker","requested_capabilities":["a",7]}"#.into(),
            "requested_capabilities[1]",
        ),
        (r#"{"type":"create_worker","history":"canary-7f3a"}"#.into(), "history"),
        (r#"{"type":"stop_runtime","workers":"canary-7f3a"}"#.into(), "workers"),
    ];
    for (text, field) in cases {
        problem(command(&text), field);
    }
    problem(query(r#"{"type":"list_workers","states":["idle","canary-7f3a"]}"#), "states[1]");
    problem(query(r#"{"type":"list_workers","page":{"limit":"canary-7f3a"}}"#), "page.limit");
    problem(query(r#"{"type":"get_overview","recent":true}"#), "recent");
    problem(query(r#"{"type":"list_diagnostics","severity":"canary-7f3a"}"#), "severity");
}

#[test]
fn a_name_is_a_text_and_nothing_else() {
    let cases = [
        (r#"{"type":2}"#.to_owned(), "type"),
        (
            r#"{"type":"create_worker","intent":{"type":1,"objective":"a"}}"#.to_owned(),
            "intent.type",
        ),
        (r#"{"type":"stop_runtime","workers":{"keep":null}}"#.to_owned(), "workers"),
        (r#"{"type":"stop_runtime","workers":{"keep":{}}}"#.to_owned(), "workers"),
        (r#"{"type":"stop_runtime","workers":1}"#.to_owned(), "workers"),
        (send(r#""input":{"kind":{"user":null},"text":"hi"}"#), "input.kind"),
    ];
    for (text, field) in cases {
        problem(command(&text), field);
    }
    problem(query(r#"{"type":"preview","command":{"type":2}}"#), "command.type");
    problem(query(r#"{"type":"list_workers","states":[{"idle":null}]}"#), "states[0]");
    problem(query(r#"["get_runtime"]"#), "");
}

#[test]
fn a_large_request_is_read_in_time() {
    let pairs: Vec<String> = (0..100_000).map(|index| format!(r#""k{index}":"v""#)).collect();
    let text = format!(r#"{{"type":"create_worker","labels":{{{}}}}}"#, pairs.join(","));
    RuntimeCommand::decode(text.as_bytes(), 4 << 20).expect("the limits are not its matter");
}

#[test]
fn an_unknown_type_is_told_with_the_known_ones() {
    let told = problem(command(r#"{"type":"canary-7f3a"}"#), "type");
    assert!(told.contains("send_input") && told.contains("stop_runtime"), "{told}");
    let told = problem(query(r#"{"type":"send_input"}"#), "type");
    assert!(told.contains("get_runtime"), "{told}");
    let told = problem(
        command(r#"{"type":"create_worker","profile":{"type":"canary-7f3a"}}"#),
        "profile.type",
    );
    assert!(told.contains("builtin"), "{told}");
    problem(command(r#"{"type":7}"#), "type");
    problem(command(r#"{"type":null}"#), "type");
    problem(command("{}"), "type");
    problem(command(r#"{"type":"create_worker","intent":{}}"#), "intent.type");
    problem(Subscribe::decode(br#"{"scope":{"type":"canary-7f3a"}}"#, MAX), "scope.type");
}

#[test]
fn null_is_absent_but_not_for_what_must_be_there() {
    let all_null = r#"{"type":"create_worker","display_name":null,"intent":null,"profile":null,
        "instructions":null,"config_bundle":null,"requested_capabilities":null,"scope_claims":null,
        "labels":null,"history":null,"initial_input":null,"idempotency_key":null,"meta":null}"#;
    let bare = command(r#"{"type":"create_worker"}"#).expect("a creation");
    assert_eq!(command(all_null).expect("the same"), bare);
    let text = about("stop_worker", r#""deadline_ms":null,"reason":null,"meta":null"#);
    command(&text).expect("a stop");
    query(r#"{"type":"list_workers","states":null,"labels":null,"name_contains":null,"order":null,"page":null}"#)
        .expect("a list");
    query(r#"{"type":"list_workers","page":{"limit":null,"token":null}}"#).expect("a list");
    problem(command(&send(r#""input":null"#)), "input");
    problem(command(&send(r#""input":{"kind":null,"text":"hi"}"#)), "input.kind");
    problem(command(r#"{"type":"stop_worker","worker":null}"#), "worker");
    let all_null = r#""display_name":null,"labels":null,"remove_labels":null,"profile":null,
        "instructions":null,"clear":null,"meta":null"#;
    let nothing = command(&about("update_worker", all_null)).expect("an update");
    assert_eq!(nothing, command(&about("update_worker", r#""meta":null"#)).expect("an update"));
    problem(query(&about("get_turn", r#""turn":null"#)), "turn");
    // The values of a map are no named fields.
    problem(command(&about("update_worker", r#""labels":{"a":null}"#)), "labels.a");
    problem(command(&about("update_worker", r#""remove_labels":[null]"#)), "remove_labels[0]");
    problem(command(r#"{"type":"create_worker","labels":{"a":null}}"#), "labels.a");
    problem(command(r#"{"type":"create_worker","meta":{"a":null}}"#), "meta.a");
}

#[test]
fn an_update_is_written_as_it_was_read() {
    for field in [
        r#""display_name":"a""#,
        r#""instructions":"be brief""#,
        r#""clear":["instructions"]"#,
        r#""labels":{"a":"1"},"remove_labels":["b"]"#,
    ] {
        let text = about("update_worker", field);
        let Ok(RuntimeCommand::UpdateWorker(update)) = command(&text) else {
            panic!("{text} is not an update");
        };
        let written = serde_json::to_value(RuntimeCommand::UpdateWorker(update)).expect("JSON");
        assert_eq!(written, serde_json::from_str::<Value>(&text).expect("JSON"));
    }
}

#[test]
fn a_repeated_key_is_refused() {
    let cases = [
        (
            send(r#""input":{"kind":"user","text":"hi"},"input":{"kind":"user","text":"hi"}"#),
            "input",
        ),
        (send(r#""input":{"kind":"user","text":"hi","text":"canary-7f3a"}"#), "input.text"),
        (r#"{"type":"create_worker","type":"create_worker"}"#.to_owned(), "type"),
        (
            r#"{"type":"create_worker","profile":{"type":"named","name":"a","name":"b"}}"#
                .to_owned(),
            "profile.name",
        ),
        (r#"{"type":"create_worker","labels":{"a":"1","a":"2"}}"#.to_owned(), "labels.a"),
        (r#"{"type":"create_worker","meta":{"a":"1","a":"2"}}"#.to_owned(), "meta.a"),
        (about("update_worker", r#""labels":{"a":"1","a":"2"}"#), "labels.a"),
    ];
    for (text, field) in cases {
        let told = problem(command(&text), field);
        assert!(told.contains("twice") || told.contains("duplicate"), "{field}: {told}");
    }
}

#[test]
fn whole_numbers_may_be_written_as_floats() {
    for (written, value) in [
        ("5.0", 5),
        ("5e3", 5000),
        ("0", 0),
        ("9007199254740991", 9_007_199_254_740_991_u64),
        ("-0.0", 0),
    ] {
        let text = about("stop_worker", &format!(r#""deadline_ms":{written}"#));
        let RuntimeCommand::StopWorker(stop) = command(&text).expect(written) else {
            panic!("not a stop");
        };
        assert_eq!(stop.deadline_ms, Some(value), "{written}");
        let text = format!(r#"{{"type":"list_workers","page":{{"limit":{written}}}}}"#);
        let RuntimeQuery::ListWorkers(list) = query(&text).expect(written) else {
            panic!("not a list");
        };
        assert_eq!(list.page.and_then(|page| page.limit), Some(value), "{written}");
        let text = format!(
            r#"{{"type":"create_worker","history":[{{"role":"user","text":"a","at_ms":{written}}}]}}"#
        );
        let RuntimeCommand::CreateWorker(create) = command(&text).expect(written) else {
            panic!("not a creation");
        };
        assert_eq!(create.history.expect("a history")[0].at_ms, Some(value), "{written}");
    }
    for limit in ["9007199254740992", "-1", "0.5", "1e400"] {
        let text = format!(r#"{{"type":"list_workers","page":{{"limit":{limit}}}}}"#);
        assert_eq!(query(&text).expect_err(limit).code(), "invalid_request", "{limit}");
    }
}

#[test]
fn what_is_no_json_is_refused_without_a_field() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let cut = send(r#""input":{"kind":"user","text":"canary-7f3a"#);
    let nested = format!(
        r#"{{"type":"create_worker","labels":{}1{}}}"#,
        r#"{"a":"#.repeat(500),
        "}".repeat(500)
    );
    let rubbish =
        ["", " ", "canary-7f3a", "nul", "{", "[]", "null", "\"canary-7f3a\"", "7", &deep, &cut];
    for text in rubbish {
        problem(command(text), "");
    }
    let two = r#"{"type":"create_worker"}{"type":"create_worker"}"#;
    problem(command(two), "");
    assert_eq!(command(&nested).expect_err("refused").code(), "invalid_request");
    for bytes in [&b"\xff\xfe"[..], b"{\"type\":\"create_worker\",\"display_name\":\"\xff\"}"] {
        let error = RuntimeCommand::decode(bytes, MAX).expect_err("refused");
        assert_eq!(error.code(), "invalid_request");
    }
    let lone_surrogate = r#"{"type":"create_worker","display_name":"\ud800"}"#;
    assert_eq!(command(lone_surrogate).expect_err("refused").code(), "invalid_request");
}

#[test]
fn an_id_has_one_form() {
    let bad = [
        "018bcfe568007000800000000000000f",
        "{018bcfe5-6800-7000-8000-000000000003}",
        "urn:uuid:018bcfe5-6800-7000-8000-000000000003",
        " 018bcfe5-6800-7000-8000-00000000000",
        "018bcfe5-6800-7000-8000-00000000000g",
        "",
    ];
    for id in bad {
        let text = about("cancel_turn", &format!(r#""turn_id":"{id}""#));
        problem(command(&text), "turn_id");
    }
    let good = "018BCFE5-6800-7000-8000-00000000000F";
    command(&about("cancel_turn", &format!(r#""turn_id":"{good}""#))).expect("either case");
}

#[test]
fn no_error_repeats_a_value() {
    let whole: Value = json!({
        "type": "create_worker", "display_name": CANARY, "instructions": CANARY,
        "intent": { "type": "task", "objective": CANARY },
        "profile": { "type": "named", "name": CANARY },
        "labels": { "a": CANARY }, "meta": { "a": CANARY }, "idempotency_key": CANARY,
        "history": [{ "role": "user", "text": CANARY }],
        "initial_input": { "kind": "user", "text": CANARY },
        "requested_capabilities": [CANARY],
        "scope_claims": [{ "resource": CANARY, "access": "shared" }],
        "config_bundle": { "id": CANARY },
    });
    command(&whole.to_string()).expect("a creation");
    let bad = [json!(CANARY), json!([CANARY]), json!({ "b": CANARY }), json!(7), json!([[CANARY]])];
    for field in whole.as_object().expect("fields").keys() {
        for value in &bad {
            let mut broken = whole.clone();
            broken[field] = value.clone();
            if let Err(error) = command(&broken.to_string()) {
                let written = serde_json::to_string(&error).expect("JSON");
                assert!(!written.contains(CANARY), "{field} = {value}: {written}");
            }
        }
    }
}

#[test]
fn size_is_checked_before_anything_is_read() {
    let text = "x".repeat(101);
    let error = RuntimeCommand::decode(text.as_bytes(), 100).expect_err("too large");
    assert_eq!(error, RuntimeError::TooLarge { field: String::new(), max: 100 });
    let error = RuntimeCommand::decode(&text.as_bytes()[1..], 100).expect_err("no JSON");
    assert_eq!(error.code(), "invalid_request");
}
