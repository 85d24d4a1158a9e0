//! Open unions: variants with a name, and any other variant.

use schema_compat::Direction;
use serde_json::{Value, json};

use super::{check, check_same, lines};

/// A variant as replies have it, which may have more fields.
fn variant(tag: &str, fields: Value) -> Value {
    let mut variant = json!({"title": tag, "type": "object", "properties": fields,
                             "required": ["type"]});
    variant["properties"]["type"] = json!({"type": "string", "const": tag});
    variant
}

/// The variants that have none of these names.
fn others(tags: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": {"type": {"type": "string", "not": {"enum": tags}, "tsType": "`?${string}`"}},
        "required": ["type"],
        "additionalProperties": {},
    })
}

fn open(variants: &[Value]) -> Value {
    let tags: Vec<_> = variants
        .iter()
        .filter_map(|variant| variant["properties"]["type"]["const"].as_str())
        .collect();
    json!({
        "x-yoi-open": true,
        "oneOf": [{"$ref": "#/$defs/KnownOutcome"}, {"$ref": "#/$defs/UnknownOutcome"}],
        "$defs": {
            "KnownOutcome": {"discriminator": {"propertyName": "type"}, "oneOf": variants},
            "UnknownOutcome": others(&tags),
        },
    })
}

fn closed(variants: &[Value]) -> Value {
    json!({"oneOf": variants})
}

fn outcomes() -> [Value; 2] {
    [variant("succeeded", json!({})), variant("failed", json!({"error": {"type": "string"}}))]
}

#[test]
fn an_open_union_may_gain_a_variant() {
    let [one, two] = outcomes();
    let lines = ["+ /failed: variant added"];
    check(&open(std::slice::from_ref(&one)), &open(&[one, two]), &lines, &lines);
}

#[test]
fn an_open_union_may_lose_no_variant() {
    let [one, two] = outcomes();
    let lines = ["! /failed: variant removed"];
    check(&open(&[one.clone(), two]), &open(&[one]), &lines, &lines);
}

#[test]
fn opening_a_union_breaks_replies() {
    check(
        &closed(&outcomes()),
        &open(&outcomes()),
        &["+ : other variants are allowed now"],
        &["! : other variants are allowed now"],
    );
    let [one, two] = outcomes();
    check(
        &closed(std::slice::from_ref(&one)),
        &open(&[one, two]),
        &["+ /failed: variant added", "+ : other variants are allowed now"],
        &["! /failed: variant added", "! : other variants are allowed now"],
    );
}

#[test]
fn closing_a_union_breaks_requests() {
    let gone = [
        "~ /$defs/KnownOutcome: definition removed",
        "~ /$defs/UnknownOutcome: definition removed",
    ];
    check(
        &open(&outcomes()),
        &closed(&outcomes()),
        &["! : other variants are refused now", gone[0], gone[1]],
        &["+ : other variants are refused now", gone[0], gone[1]],
    );
}

#[test]
fn the_variants_of_an_open_union_are_compared() {
    let of = |length: u32| {
        let error = json!({"type": "string", "maxLength": length});
        open(&[variant("failed", json!({"error": error})), variant("succeeded", json!({}))])
    };
    check(
        &of(9),
        &of(5),
        &["! /failed/error: maxLength lowered from 9 to 5"],
        &["+ /failed/error: maxLength lowered from 9 to 5"],
    );
}

#[test]
fn an_open_union_may_be_written_flat() {
    let [one, two] = outcomes();
    check_same(&open(&outcomes()), &json!({"anyOf": [others(&["failed", "succeeded"]), two, one]}));
}

/// A tag that no variant takes, and that the variants without a name do not take either.
#[test]
fn a_union_that_is_out_of_step_is_no_open_union() {
    let [one, two] = outcomes();
    let of = |variants: &[Value], tags: &[&str]| closed(&[variants, &[others(tags)]].concat());
    let whole = of(&[one.clone(), two.clone()], &["succeeded", "failed"]);
    let less = of(std::slice::from_ref(&one), &["succeeded", "failed"]);
    let found = lines(&whole, &less, Direction::Request);
    assert!(found.iter().any(|line| line.starts_with('!')), "{found:?}");
    // `oneOf` refuses `failed`, which two branches accept.
    let found = lines(&whole, &of(&[one, two], &["succeeded"]), Direction::Request);
    assert!(found.iter().any(|line| line.starts_with('!')), "{found:?}");
}

/// Errors and events have fields in common, on which a client relies that does not know the rest.
fn error(code: &str, retry: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {"code": {"const": code}, "retry": retry},
        "required": ["code", "retry"],
    })
}

fn errors(codes: &[(&str, Value)], retry: &Value) -> Value {
    let names: Vec<_> = codes.iter().map(|(code, _)| code).collect();
    let variants: Vec<_> = codes.iter().map(|(code, retry)| error(code, retry)).collect();
    let mut unknown = error("", retry);
    unknown["properties"]["code"] = json!({"type": "string", "not": {"enum": names}});
    unknown["properties"]["worker"] = json!({"type": "string"});
    json!({"oneOf": [{"oneOf": variants}, unknown]})
}

#[test]
fn a_new_variant_must_have_what_the_unknown_ones_have() {
    let retry = open(&[variant("never", json!({}))]);
    let old = errors(&[("worker_busy", retry.clone())], &retry);
    let busy = ("worker_busy", retry.clone());
    let lines = ["+ /worker_ended: variant added"];
    let new = errors(&[busy.clone(), ("worker_ended", retry.clone())], &retry);
    check(&old, &new, &lines, &lines);
    // An error that says its `retry` in another form cannot be read by who does not know its code.
    let new = errors(&[busy.clone(), ("worker_ended", json!({"type": "string"}))], &retry);
    check(&old, &new, &lines, &["! /worker_ended: variant added"]);
    // The same if it does not say it at all.
    let mut new = errors(&[busy, ("worker_ended", retry.clone())], &retry);
    new["oneOf"][0]["oneOf"][1]["required"] = json!(["code"]);
    check(&old, &new, &lines, &["! /worker_ended: variant added"]);
    new["oneOf"][0]["oneOf"][1]["properties"] = json!({"code": {"const": "worker_ended"}});
    check(&old, &new, &lines, &["! /worker_ended: variant added"]);
}

#[test]
fn the_fields_of_the_unknown_variants_are_compared() {
    let retry = json!({"type": "string"});
    let busy = [("worker_busy", retry.clone())];
    check(
        &errors(&busy, &retry),
        &errors(&busy, &json!({"type": ["string", "null"]})),
        &["+ /{other}/retry: type changed from string to string or null"],
        &["! /{other}/retry: type changed from string to string or null"],
    );
}

/// What a client does about an error is in `retry`: who was made for three ways cannot follow a
/// fourth, unless the union is open.
#[test]
fn a_retry_may_come_where_the_union_is_open() {
    let ways = [variant("never", json!({})), variant("same_request", json!({}))];
    let of = |retry: Value| errors(&[("worker_busy", retry.clone())], &retry);
    let lines = [
        "+ /worker_busy/retry/same_request: variant added",
        "+ /{other}/retry/same_request: variant added",
    ];
    check(&of(inline(&ways[..1])), &of(inline(&ways)), &lines, &lines);
    let found = super::lines(&of(closed(&ways[..1])), &of(closed(&ways)), Direction::Reply);
    let breaking = lines.map(|line| line.replacen('+', "!", 1));
    assert_eq!(found, breaking);
}

/// An open union without definitions of its own.
fn inline(variants: &[Value]) -> Value {
    let mut union = open(variants);
    let tags = union["$defs"]["UnknownOutcome"].take();
    union["oneOf"] = json!([{"oneOf": variants}, tags]);
    union.as_object_mut().expect("a schema is an object").shift_remove("$defs");
    union
}

/// The schema of an error may say which `retry` it has.
#[test]
fn an_error_keeps_its_retry() {
    let [never, same] = ["never", "same_request"].map(|tag| variant(tag, json!({})));
    let any = inline(&[never.clone(), same.clone()]);
    let of = |retry: Value| errors(&[("worker_busy", retry)], &any);
    let removed = "! /worker_busy/retry/never: variant removed";
    let named = "~ /worker_busy/retry: title changed from \"never\" to \"same_request\"";
    check(
        &of(never.clone()),
        &of(same),
        &[removed, "+ /worker_busy/retry/same_request: variant added", named],
        &[removed, "! /worker_busy/retry/same_request: variant added", named],
    );
    check_same(&of(never.clone()), &of(never));
}
