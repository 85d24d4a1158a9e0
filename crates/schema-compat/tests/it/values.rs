//! Listed values, bounds, formats and conditions.

use serde_json::{Value, json};

use super::{check, check_same};

#[test]
fn a_value_may_come_to_a_request_only() {
    check(
        &json!({"enum": ["user"]}),
        &json!({"enum": ["user", "system"]}),
        &["+ : value \"system\" added"],
        &["! : value \"system\" added"],
    );
}

#[test]
fn a_value_may_leave_a_reply_only() {
    check(
        &json!({"oneOf": [{"const": "user"}, {"const": "system"}]}),
        &json!({"type": "string", "const": "user"}),
        &["! : value \"system\" removed"],
        &["+ : value \"system\" removed"],
    );
}

#[test]
fn a_list_of_values_narrows_what_was_free() {
    let (free, listed) = (json!({"type": "string"}), json!({"type": "string", "enum": ["a", "b"]}));
    let lines = |mark: &str, change: &str| format!("{mark} : {change} \"a\", \"b\"");
    check(&free, &listed, &[&lines("!", "limited to")], &[&lines("+", "limited to")]);
    let freed = "no longer limited to";
    check(&listed, &free, &[&lines("+", freed)], &[&lines("!", freed)]);
}

#[test]
fn true_and_false_are_values() {
    check(
        &json!({"type": "boolean"}),
        &json!({"const": true}),
        &["! : value false removed"],
        &["+ : value false removed"],
    );
}

/// One bound: its type, its keyword, and whether raising it narrows.
const BOUNDS: [(&str, &str, bool); 10] = [
    ("integer", "minimum", true),
    ("integer", "exclusiveMinimum", true),
    ("number", "maximum", false),
    ("number", "exclusiveMaximum", false),
    ("string", "minLength", true),
    ("string", "maxLength", false),
    ("array", "minItems", true),
    ("array", "maxItems", false),
    ("object", "minProperties", true),
    ("object", "maxProperties", false),
];

#[test]
fn every_bound_widens_one_way_and_narrows_the_other() {
    for (of, keyword, raising_narrows) in BOUNDS {
        let free = json!({"type": of});
        let bound = |value: u32| json!({"type": of, keyword: value});
        let both = |old: &Value, new: &Value, change: &str, narrows: bool| {
            let (request, reply) = if narrows { ('!', '+') } else { ('+', '!') };
            let line = |mark| format!("{mark} : {keyword} {change}");
            check(old, new, &[&line(request)], &[&line(reply)]);
        };
        both(&bound(3), &bound(5), "raised from 3 to 5", raising_narrows);
        both(&bound(5), &bound(3), "lowered from 5 to 3", !raising_narrows);
        both(&free, &bound(5), "5 added", true);
        both(&bound(5), &free, "5 removed", false);
    }
}

#[test]
fn bounds_are_compared_by_value() {
    check_same(&json!({"maximum": 5}), &json!({"maximum": 5.0}));
    check_same(&json!({"minLength": 0}), &json!({}));
    check_same(&json!({"const": 1}), &json!({"enum": [1.0]}));
    check_same(&json!({"type": "integer", "enum": [1, 2.5]}), &json!({"const": 1}));
    check_same(&json!({"maximum": 5, "exclusiveMaximum": 5}), &json!({"exclusiveMaximum": 5}));
    check_same(&json!({"maximum": 5, "allOf": [{"maximum": 3}]}), &json!({"maximum": 3}));
    check(
        &json!({"type": "integer", "maximum": 9_007_199_254_740_993_u64}),
        &json!({"type": "integer", "maximum": 9_007_199_254_740_992_u64}),
        &["! : maximum lowered from 9007199254740993 to 9007199254740992"],
        &["+ : maximum lowered from 9007199254740993 to 9007199254740992"],
    );
    check(
        &json!({"type": "number", "minimum": 0}),
        &json!({"type": "number", "exclusiveMinimum": 0}),
        &["! : minimum 0 became exclusiveMinimum 0"],
        &["+ : minimum 0 became exclusiveMinimum 0"],
    );
    check(
        &json!({"type": "number", "minimum": 0}),
        &json!({"type": "number", "minimum": 0.5}),
        &["! : minimum raised from 0 to 0.5"],
        &["+ : minimum raised from 0 to 0.5"],
    );
}

#[test]
fn wider_integers_contain_narrower_ones() {
    let integer = |format: &str| json!({"type": "integer", "format": format});
    let wider = |from: &str, to: &str| {
        let line = |mark| format!("{mark} : format changed from {from} to {to}");
        check(&integer(from), &integer(to), &[&line('+')], &[&line('!')]);
        check(
            &integer(to),
            &integer(from),
            &[&format!("! : format changed from {to} to {from}")],
            &[&format!("+ : format changed from {to} to {from}")],
        );
    };
    wider("uint32", "uint64");
    wider("int8", "int16");
    wider("uint32", "int64");
    let other = ["! : format changed from int64 to uint64"];
    check(&integer("int64"), &integer("uint64"), &other, &other);
    let same = ["+ : format changed from uint to uint64"];
    check(&integer("uint"), &integer("uint64"), &same, &same);
}

#[test]
fn the_format_of_an_integer_says_nothing_beyond_its_bounds() {
    let integer = |format: &str, minimum: i64, maximum: i64| json!({"type": "integer", "format": format, "minimum": minimum, "maximum": maximum});
    let safe = (1 << 53) - 1;
    check_same(&integer("uint64", 0, safe), &integer("int64", 0, safe));
    check_same(
        &integer("uint64", 0, safe),
        &json!({"type": "integer", "minimum": 0, "maximum": safe}),
    );
    let below = |format: &str| json!({"type": "integer", "format": format, "exclusiveMinimum": -1, "exclusiveMaximum": 256});
    check_same(&below("uint8"), &below("uint64"));
    check_same(&integer("int8", -128, 127), &integer("int16", -128, 127));

    let line = |mark| format!("{mark} : format changed from uint8 to int8");
    check(&integer("uint8", 0, 255), &integer("int8", 0, 255), &[&line('!')], &[&line('+')]);
    check(
        &integer("uint64", 0, safe),
        &json!({"type": "integer", "format": "int64", "minimum": 0}),
        &[&format!("+ : maximum {safe} removed"), "+ : format changed from uint64 to int64"],
        &[&format!("! : maximum {safe} removed"), "! : format changed from uint64 to int64"],
    );
    let number =
        |format: &str| json!({"type": "number", "format": format, "minimum": 0, "maximum": 1});
    let lines = ["! : format changed from double to int8"];
    check(&number("double"), &number("int8"), &lines, &lines);
}

#[test]
fn another_format_breaks_both() {
    let text = |format: &str| json!({"type": "string", "format": format});
    let lines = ["! : format changed from uuid to date-time"];
    check(&text("uuid"), &text("date-time"), &lines, &lines);
    check(
        &json!({"type": "string"}),
        &text("uuid"),
        &["! : format changed from none to uuid"],
        &["+ : format changed from none to uuid"],
    );
}

#[test]
fn a_condition_narrows_where_it_comes_and_widens_where_it_goes() {
    for (of, keyword, value) in [
        ("string", "pattern", json!("^a")),
        ("number", "multipleOf", json!(2)),
        ("array", "uniqueItems", json!(true)),
    ] {
        let (free, bound) = (json!({"type": of}), json!({"type": of, keyword: value}));
        let line = |mark: char, change: &str| format!("{mark} : {keyword} {value} {change}");
        check(&free, &bound, &[&line('!', "added")], &[&line('+', "added")]);
        check(&bound, &free, &[&line('+', "removed")], &[&line('!', "removed")]);
    }
}
