//! Patterns, which are compared by the strings that they match.

use serde_json::{Value, json};

use super::{check, check_same};

fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// A real pattern, of visible names.
const NAME: &str = r"^[^@\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*[^\s@\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069][^@\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$";

/// Patterns that match the same strings.
const EQUAL: [(&str, &str); 17] = [
    ("^[0-9]+$", r"^\d+$"),
    ("^[0-9]+$", "^[0-9][0-9]*$"),
    ("^(?:a|b)$", "^[ab]$"),
    ("^(a|b)$", "^a$|^b$"),
    ("^ab?$", "^(ab|a)$"),
    ("^a", "^a.*"),
    ("a", "^.*a|a"),
    (r"^[\u0000-\u001f]$", r"^[\x00-\x1f]$"),
    (r"\u0041", "A"),
    (r"^[^\u0000-\u001f\u007f-\u009f]*$", r"^\P{Cc}*$"),
    (r"^\w$", "^[_a-zA-Z0-9]$"),
    (r"^[\w-]$", "^[-_a-zA-Z0-9]$"),
    ("^[[a]$", r"^(\[|a)$"),
    ("^[a&&b]$", "^[a&b]$"),
    ("^(|a.*)$", "^(a.*)?$"),
    (
        "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
        r"^[\da-fA-F]{8}(-[\da-fA-F]{4}){3}-[\da-fA-F]{12}$",
    ),
    (
        NAME,
        r"^[^@\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*[^\s@\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069][^@\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$",
    ),
];

#[test]
fn a_pattern_may_be_rewritten() {
    for (one, other) in EQUAL {
        check_same(&pattern(one), &pattern(other));
    }
    check_same(&pattern(""), &json!({"type": "string"}));
    check_same(&pattern("^"), &pattern("$"));
    check_same(
        &json!({"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "b$"}]}),
        &pattern("^a.*b$|^a.*[\n\r\u{2028}\u{2029}](.|\\s)*b$"),
    );
}

/// Patterns of which the second matches all that the first does, and more.
const WIDER: [(&str, &str); 9] = [
    ("^[0-9]{1,3}$", "^[0-9]{1,4}$"),
    ("^a$", "a"),
    ("^a$", "^a"),
    ("^a.$", r"^a[^\n]$"),
    (r"^\d$", r"^\p{Nd}$"),
    ("^[0-9a-f]+$", "^[0-9a-fA-F]+$"),
    ("^[^@]*$", "^([^@]|@@)*$"),
    (r"^\S$", r"^[\s\S]$"),
    ("^.$", r"^(\n|.)$"),
];

#[test]
fn a_wider_pattern_may_come_to_a_request_only() {
    for (narrow, wide) in WIDER {
        let line = |mark, old, new| {
            format!("{mark} : pattern changed from {} to {}", json!(old), json!(new))
        };
        let (wider, narrower) = (
            [line('+', narrow, wide), line('!', narrow, wide)],
            [line('!', wide, narrow), line('+', wide, narrow)],
        );
        check(&pattern(narrow), &pattern(wide), &[&wider[0]], &[&wider[1]]);
        check(&pattern(wide), &pattern(narrow), &[&narrower[0]], &[&narrower[1]]);
    }
}

#[test]
fn another_pattern_breaks_both() {
    for (old, new) in [("^a", "^b"), ("^a", "b$"), ("^[ab]$", "^[bc]$")] {
        let line = format!("! : pattern changed from {} to {}", json!(old), json!(new));
        check(&pattern(old), &pattern(new), &[&line], &[&line]);
    }
}

/// Patterns that are not understood, or take too much room.
const AS_TEXT: [(&str, &str); 8] = [
    ("^(?!a)", "^(?!b)"),
    ("^(?=a)", "^a"),
    (r"^(a)\1$", "^aa$"),
    (r"\bA", "^A"),
    (r"^\ud83d\ude00$", "^\u{1f600}$"),
    ("^[a--b]$", "^[a-]$"),
    ("(", "(("),
    ("(a|b).{60}", "[ab].{60}"),
];

#[test]
fn a_pattern_that_is_not_understood_is_compared_as_text() {
    for (old, new) in AS_TEXT {
        let line = format!("! : pattern changed from {} to {}", json!(old), json!(new));
        check(&pattern(old), &pattern(new), &[&line], &[&line]);
        check_same(&pattern(old), &pattern(old));
    }
    check(
        &pattern("^(?!a)"),
        &json!({"type": "string"}),
        &["+ : pattern \"^(?!a)\" removed"],
        &["! : pattern \"^(?!a)\" removed"],
    );
}

#[test]
fn a_pattern_that_another_one_implies_may_come_and_go() {
    let both = json!({"type": "string", "allOf": [{"pattern": "^ab"}, {"pattern": "^a"}]});
    check_same(&both, &pattern("^ab"));
    check(
        &both,
        &pattern("^a"),
        &["+ : pattern \"^ab\" removed"],
        &["! : pattern \"^ab\" removed"],
    );
}
