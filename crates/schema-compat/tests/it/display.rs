//! The line that people read.

use std::collections::BTreeMap;

use schema_compat::{Direction, compare, compare_sets};
use serde_json::json;

#[test]
fn a_difference_says_impact_place_and_change() {
    let schema =
        |length: u32| json!({"properties": {"text": {"type": "string", "maxLength": length}}});
    let found = compare(&schema(10), &schema(5), Direction::Request);
    assert_eq!(found[0].to_string(), "breaking  /text: maxLength lowered from 10 to 5");
}

#[test]
fn the_whole_document_is_a_slash() {
    let found =
        compare(&json!({"type": "integer"}), &json!({"type": "number"}), Direction::Request);
    assert_eq!(found[0].to_string(), "additive  /: type changed from integer to number");
}

#[test]
fn a_difference_of_a_set_names_its_document() {
    let set = |length: u32| {
        let schema = json!({"type": "string", "maxLength": length});
        BTreeMap::from([("runtime_command.json".to_owned(), schema)])
    };
    let found = compare_sets(&set(10), &set(5));
    let line = "breaking  runtime_command.json  /: maxLength lowered from 10 to 5";
    assert_eq!(found[0].to_string(), line);
}
