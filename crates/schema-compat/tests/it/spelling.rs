//! What is written differently and means the same, and what is not understood.

use serde_json::{Value, json};

use super::{check, check_same};

#[test]
fn documentation_and_defaults_do_not_count() {
    check_same(
        &json!({"title": "A", "description": "B", "type": "string", "default": "x"}),
        &json!({"type": "string", "examples": ["y"], "deprecated": true, "$comment": "z"}),
    );
}

/// Annotations that only tools and people read, each as old and new value.
#[test]
fn annotations_may_come_go_and_change() {
    for (keyword, old, new) in [
        ("x-limits", json!({"a": 1}), json!({"a": 2})),
        ("x-enum-descriptions", json!(["First."]), json!(["First of all."])),
        ("x-yoi-open", json!(true), json!(false)),
        ("tsType", json!("string & {}"), json!("string")),
        ("discriminator", json!({"propertyName": "type"}), json!({"propertyName": "code"})),
        ("readOnly", json!(true), json!(false)),
        ("writeOnly", json!(true), json!(false)),
        ("deprecated", json!(true), json!(false)),
        ("default", json!(1), json!({"a": 2})),
        ("examples", json!([1]), json!([2])),
        ("$comment", json!("a"), json!("b")),
    ] {
        let with = |value: Value| json!({"properties": {"id": {"type": "string", keyword: value}}});
        let without = json!({"properties": {"id": {"type": "string"}}});
        check_same(&with(old.clone()), &with(new));
        check_same(&with(old), &without);
    }
    check_same(
        &json!({"not": {"type": "string", "x-a": 1}}),
        &json!({"not": {"type": "string", "x-a": 2}}),
    );
}

#[test]
fn a_field_called_like_a_keyword_does_count() {
    let old = json!({"properties": {"description": {"type": "string"}, "default": {}}});
    let gone = ["! /default: field removed", "! /description: field removed"];
    check(&old, &json!({"properties": {}}), &gone, &gone);
    let old = json!({"properties": {"x-id": {"type": "string"}, "tsType": {"type": "string"}}});
    let gone = ["! /tsType: field removed", "! /x-id: field removed"];
    check(&old, &json!({"properties": {}}), &gone, &gone);
}

#[test]
fn the_name_of_a_definition_does_not_count() {
    let named = |name: &str| {
        json!({"properties": {"id": {"$ref": format!("#/$defs/{name}")}},
               "$defs": {name: {"type": "string"}}})
    };
    check_same(&named("Id"), &named("WorkerId"));
    check_same(&named("Id"), &json!({"properties": {"id": {"type": "string"}}}));
    let escaped = json!({"properties": {"id": {"$ref": "#/$defs/Id%20of~1it"}},
                         "$defs": {"Id of/it": {"type": "string"}}});
    check_same(&named("Id"), &escaped);
}

#[test]
fn a_definition_that_changed_behind_the_same_name_does_count() {
    let id = |of: &str| json!({"$ref": "#/$defs/Id", "$defs": {"Id": {"type": of}}});
    let lines = ["! : type changed from string to integer"];
    check(&id("string"), &id("integer"), &lines, &lines);
}

#[test]
fn there_are_many_ways_to_say_optional() {
    let text = json!({"type": "string"});
    check_same(&json!({"anyOf": [text, {"type": "null"}]}), &json!({"type": ["string", "null"]}));
    check_same(&json!({"oneOf": [{"type": "null"}, text]}), &json!({"type": ["null", "string"]}));
    check_same(
        &json!({"anyOf": [{"$ref": "#/$defs/State"}, {"type": "null"}],
                "$defs": {"State": {"oneOf": [{"const": "idle"}, {"const": "running"}]}}}),
        &json!({"enum": ["running", "idle", null]}),
    );
}

#[test]
fn conditions_may_be_spread_over_a_conjunction() {
    check_same(
        &json!({"type": "string", "maxLength": 5, "minLength": 1}),
        &json!({"allOf": [{"type": "string", "maxLength": 5}, {"maxLength": 7, "minLength": 1}]}),
    );
    check_same(
        &json!({"allOf": [{"properties": {"a": {"type": "string"}}, "additionalProperties": false},
                          {"properties": {"b": {"type": "string"}}}]}),
        &json!({"properties": {"a": {"type": "string"}, "b": false}, "additionalProperties": false}),
    );
    check_same(&json!({"allOf": [{"type": "string"}, {"type": "integer"}]}), &json!(false));
}

/// Schemas that say something beyond the vocabulary, each differing in that only.
fn not_understood() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("not", json!({"not": {"type": "string"}}), json!({"not": {"type": "null"}})),
        ("not", json!({}), json!({"not": {"type": "null"}})),
        (
            "patternProperties",
            json!({"patternProperties": {"^a": {"type": "string"}}}),
            json!({"patternProperties": {"^a": {"type": "integer"}}}),
        ),
        (
            "prefixItems",
            json!({"prefixItems": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "string"}}}),
            json!({"prefixItems": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "null"}}}),
        ),
        ("contains", json!({"contains": {"minimum": 1}}), json!({"contains": {"minimum": 2}})),
        (
            "if, then",
            json!({"if": {"minimum": 1}, "then": true}),
            json!({"if": {"minimum": 1}, "then": false}),
        ),
        (
            "oneOf with branches that overlap",
            json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"oneOf": [{"required": ["a"]}, {"required": ["c"]}]}),
        ),
        (
            "a $ref that leads nowhere or to itself",
            json!({"$ref": "https://example.com/a"}),
            json!({"$ref": "https://example.com/b"}),
        ),
        (
            "a schema of no known form",
            json!({"items": {"allOf": [1]}}),
            json!({"items": {"allOf": [2]}}),
        ),
        ("minimum", json!({"minimum": "1"}), json!({"minimum": "2"})),
        ("the list of arrays", json!({"const": [1]}), json!({"const": [2]})),
        ("$schema", json!({"$schema": "https://a"}), json!({"$schema": "https://b"})),
    ]
}

#[test]
fn what_is_not_understood_breaks_where_it_differs() {
    for (what, old, new) in not_understood() {
        let line = format!("{what} differs, which this check does not understand");
        for direction in [schema_compat::Direction::Request, schema_compat::Direction::Reply] {
            let found = super::lines(&old, &new, direction);
            assert!(!found.is_empty(), "{what}: {old} against {new}");
            for found in found {
                assert!(found.starts_with('!') && found.ends_with(&line), "{found}");
            }
        }
    }
}

#[test]
fn what_is_not_understood_may_stay() {
    for (_, old, new) in not_understood() {
        check_same(&old, &old);
        check_same(&new, &new);
    }
}

#[test]
fn what_is_not_understood_may_be_documented_and_renamed() {
    check_same(
        &json!({"not": {"$ref": "#/$defs/A"}, "$defs": {"A": {"type": "string", "title": "A"}}}),
        &json!({"not": {"$ref": "#/$defs/B"}, "$defs": {"B": {"title": "B", "type": "string"}}}),
    );
}

#[test]
fn what_is_understood_beside_it_is_still_compared() {
    check(
        &json!({"type": "string", "not": {"const": "a"}, "maxLength": 5}),
        &json!({"type": "string", "not": {"const": "a"}, "maxLength": 9}),
        &["+ : maxLength raised from 5 to 9"],
        &["! : maxLength raised from 5 to 9"],
    );
}

/// Before, `ab` was accepted whatever it was: what seems to be a new field is not.
#[test]
fn what_is_not_understood_may_change_the_meaning_of_what_is() {
    let object = |fields: Value| {
        json!({"type": "object", "properties": fields, "patternProperties": {"^a": true},
               "additionalProperties": false})
    };
    let what = "! : patternProperties differs, which this check does not understand";
    check(
        &object(json!({})),
        &object(json!({"ab": {"type": "string"}})),
        &[what, "+ /ab: optional field added"],
        &[what, "! /ab: optional field added"],
    );
}

#[test]
fn a_reference_to_itself_ends() {
    let around = json!({"$ref": "#/$defs/A", "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}}});
    check_same(&around, &around);
}
