//! The names that generated code has: those of definitions, and titles.

use serde_json::{Value, json};

use super::{check, check_same};

/// Checks what is reported in both directions.
#[track_caller]
fn check_both(old: &Value, new: &Value, lines: &[&str]) {
    check(old, new, lines, lines);
}

/// A document of two places that both refer to a definition.
fn ids(name: &str) -> Value {
    let id = json!({"$ref": format!("#/$defs/{name}")});
    json!({"properties": {"id": id, "ids": {"type": "array", "items": id}},
           "$defs": {name: {"type": "string"}}})
}

#[test]
fn a_renamed_definition_is_told_once() {
    check_both(&ids("Id"), &ids("WorkerId"), &["~ /$defs/Id: definition renamed to WorkerId"]);
    check_both(
        &ids("Id"),
        &json!({"properties": {"id": {"$ref": "#/$defs/Id%20of~1it"}},
                "$defs": {"Id of/it": {"type": "string"}}}),
        &["! /ids: field removed", "~ /$defs/Id: definition renamed to Id of/it"],
    );
    check_both(&ids("Id"), &ids("Id"), &[]);
}

#[test]
fn a_definition_may_come_but_not_go_unseen() {
    let mut more = ids("Id");
    more["$defs"]["Other"] = json!({"type": "integer"});
    check_both(&ids("Id"), &more, &[]);
    check_both(&more, &ids("Id"), &["~ /$defs/Other: definition removed"]);
}

#[test]
fn a_definition_that_is_written_out_is_gone() {
    let text = json!({"type": "string"});
    let inlined = json!({"properties": {"id": text, "ids": {"type": "array", "items": text}}});
    check_both(&ids("Id"), &inlined, &["~ /$defs/Id: definition removed"]);
    check_both(
        &inlined,
        &ids("Id"),
        &["~ /id: refers to the definition Id now", "~ /ids/*: refers to the definition Id now"],
    );
    let mut one = ids("Id");
    one["properties"]["id"] = text;
    check_both(&ids("Id"), &one, &["~ /$defs/Id: definition written out at /id"]);
    // The title gives the type the same name.
    one["properties"]["id"] = json!({"title": "Id", "type": "string"});
    check_both(&ids("Id"), &one, &[]);
    check_both(&one, &ids("Id"), &[]);
}

#[test]
fn a_place_may_refer_to_another_definition() {
    let of = |id: &str| {
        json!({"properties": {"id": {"$ref": format!("#/$defs/{id}")}},
               "$defs": {"Id": {"type": "string"}, "TurnId": {"type": "string"}}})
    };
    check_both(&of("Id"), &of("TurnId"), &["~ /$defs/Id: definition replaced by TurnId at /id"]);
}

#[test]
fn a_title_names_a_type() {
    let of = |title: Value| json!({"properties": {"id": {"title": title, "type": "string"}}});
    let untitled = json!({"properties": {"id": {"type": "string"}}});
    check_both(
        &of(json!("Id")),
        &of(json!("Ids")),
        &["~ /id: title changed from \"Id\" to \"Ids\""],
    );
    check_both(&of(json!("Id")), &untitled, &["~ /id: title \"Id\" removed"]);
    check_both(&untitled, &of(json!("Id")), &["~ /id: title \"Id\" added"]);
    check_both(&of(json!("Id")), &of(json!("Id")), &[]);
}

#[test]
fn a_title_in_a_definition_is_told_where_it_is_defined() {
    let of = |title: &str| {
        let id = json!({"$ref": "#/$defs/Id"});
        json!({"title": "Document", "properties": {"one": id, "two": id},
               "$defs": {"Id": {"properties": {"part": {"title": title}}}}})
    };
    check_both(&of("A"), &of("B"), &["~ /$defs/Id/part: title changed from \"A\" to \"B\""]);
}

/// The title of a variant is the name of its type. Where it stands in the list says nothing.
#[test]
fn the_titles_of_variants_are_compared_by_tag() {
    let variant = |tag: &str, title: &str| {
        json!({"title": title, "type": "object", "required": ["type"],
               "properties": {"type": {"const": tag}}})
    };
    let others = |title: &str| {
        json!({"title": title, "type": "object", "required": ["type"], "properties":
               {"type": {"type": "string", "not": {"enum": ["idle", "ended"]}}}})
    };
    check_both(
        &json!({"oneOf": [variant("idle", "Idle"), variant("ended", "Ended"), others("Unknown")]}),
        &json!({"oneOf": [others("Other"), variant("ended", "End"), variant("idle", "Idle")]}),
        &[
            "~ /ended: title changed from \"Ended\" to \"End\"",
            "~ /{other}: title changed from \"Unknown\" to \"Other\"",
        ],
    );
}

#[test]
fn the_titles_of_an_open_list_are_compared() {
    let list = |known: &str, other: &str| {
        json!({"oneOf": [
            {"title": known, "type": "string", "enum": ["a"]},
            {"title": other, "type": "string", "not": {"enum": ["a"]}},
        ]})
    };
    check_both(
        &list("KnownState", "OtherState"),
        &list("KnownState", "AnyState"),
        &["~ : title changed from \"OtherState\" to \"AnyState\""],
    );
}

#[test]
fn null_may_come_and_go_beside_a_name() {
    let of = |id: Value| json!({"properties": {"id": id}, "$defs": {"Id": {"type": "string"}}});
    let (id, none) = (json!({"$ref": "#/$defs/Id"}), json!({"type": "null"}));
    let (plain, nullable) = (of(id.clone()), of(json!({"anyOf": [id, none]})));
    let wider = "/id: type changed from string to string or null";
    check(&plain, &nullable, &[&format!("+ {wider}")], &[&format!("! {wider}")]);
    check_same(&nullable, &nullable);
    let titled = |title: &str| of(json!({"anyOf": [{"title": title, "type": "string"}, none]}));
    check_both(&titled("A"), &titled("B"), &["~ /id: title changed from \"A\" to \"B\""]);
}

#[test]
fn a_recursive_definition_ends() {
    let node = |title: &str| {
        json!({"$ref": "#/$defs/Node", "$defs": {"Node": {
            "title": title,
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
        }}})
    };
    check_both(&node("A"), &node("B"), &["~ /$defs/Node: title changed from \"A\" to \"B\""]);
    let itself = json!({"anyOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"$ref": "#/$defs/A"}}});
    check_both(&itself, &itself, &[]);
}
