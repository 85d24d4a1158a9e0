//! Random schemas of few names, small numbers and short strings, so that they often meet.

use serde_json::{Map, Value, json};

use super::random::Random;

pub(super) const NAMES: [&str; 4] = ["a", "b", "c", "type"];
pub(super) const TAGS: [&str; 3] = ["x", "y", "z"];
pub(super) const STRINGS: [&str; 7] = ["", "a", "b", "ab", "aab", "x", "y"];
pub(super) const DEFINITIONS: [&str; 2] = ["One", "Two"];
const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
/// Some match the same strings, some more than others, and one is not understood.
pub(super) const PATTERNS: [&str; 10] =
    ["^a", "^[a].*", "^(a|b)", "^[ab]", "b$", "a|b", "[ab]", "^.?$", "^(?:.|)$", "^(?!x)"];
pub(super) const BOUNDS: [&str; 10] = [
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// What a schema may hold at a place.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) depth: usize,
    /// A reference here could lead to itself without a step into the value.
    pub(super) no_reference: bool,
}

impl Place {
    const DEFINITION: Self = Self { depth: 2, no_reference: true };

    /// A part of the same value.
    fn beside(self) -> Self {
        Self { depth: self.depth.saturating_sub(1), ..self }
    }

    /// A value inside this one.
    fn inside(self) -> Self {
        Self { depth: self.depth.saturating_sub(1), no_reference: false }
    }
}

/// A schema with its definitions.
pub(super) fn document(random: &mut Random) -> Value {
    let mut document = loop {
        // Small schemas meet in the details, large ones in how the parts fit together.
        let place = Place { depth: random.below(4), no_reference: false };
        if let Value::Object(document) = schema(random, place) {
            break document;
        }
    };
    let definitions: Map<_, _> = DEFINITIONS
        .iter()
        .map(|name| ((*name).to_owned(), schema(random, Place::DEFINITION)))
        .collect();
    document.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(document)
}

pub(super) fn schema(random: &mut Random, place: Place) -> Value {
    if place.depth == 0 {
        return scalar(random);
    }
    match random.below(20) {
        0 => json!(random.one_in(2)),
        1..=3 => scalar(random),
        4..=7 => object(random, place),
        8 => map(random, place),
        9 => json!({"type": "array", "items": schema(random, place.inside())}),
        10..=12 => union(random, place),
        13 => json!({"anyOf": [schema(random, place.beside()), {"type": "null"}]}),
        14 => json!({"anyOf": [schema(random, place.beside()), schema(random, place.beside())]}),
        15 => json!({"oneOf": [schema(random, place.beside()), schema(random, place.beside())]}),
        16 => json!({"allOf": [schema(random, place.beside()), schema(random, place.beside())]}),
        17 => not_understood(random, place),
        _ if place.no_reference => scalar(random),
        18 => reference(random),
        _ => {
            let mut siblings = object(random, place);
            siblings["$ref"] = reference(random)["$ref"].clone();
            siblings
        }
    }
}

pub(super) fn reference(random: &mut Random) -> Value {
    json!({"$ref": format!("#/$defs/{}", random.pick(&DEFINITIONS))})
}

fn scalar(random: &mut Random) -> Value {
    match random.below(10) {
        0 => json!({"type": random.pick(&TYPES)}),
        1 => json!({"type": ["null", random.pick(&TYPES[1..])]}),
        2 => json!({"type": "string", "enum": listed(random)}),
        3 => {
            json!({"oneOf": listed(random).iter().map(|it| json!({"const": it})).collect::<Vec<_>>()})
        }
        4 => json!({"const": constant(random)}),
        5 => json!({"enum": [constant(random), constant(random)]}),
        6 => json!({"type": "integer", "format": random.pick(&["uint8", "uint32", "int32"])}),
        7 => {
            let named = listed(random);
            open_list(random, &named)
        }
        8 => json!({"type": "string", "pattern": random.pick(&PATTERNS)}),
        _ => {
            let mut bounded = json!({"type": random.pick(&TYPES)});
            if random.one_in(3) {
                bounded = json!({});
            }
            for _ in 0..=random.below(4) {
                let (keyword, value) = bound(random);
                bounded[keyword] = value;
            }
            bounded
        }
    }
}

/// A list of values and any other, which now and then is bounded.
pub(super) fn open_list(random: &mut Random, named: &[&str]) -> Value {
    let mut other = json!({"type": "string", "not": {"enum": named}});
    if random.one_in(4) {
        other["maxLength"] = json!(random.below(3));
    }
    json!({"oneOf": [{"type": "string", "enum": named}, other]})
}

pub(super) fn bound(random: &mut Random) -> (&'static str, Value) {
    let keyword = *random.pick(&BOUNDS);
    let of_number = keyword.ends_with("imum");
    let value = if of_number && random.one_in(4) { json!(1.5) } else { json!(random.below(4)) };
    (keyword, value)
}

/// At least one string.
pub(super) fn listed(random: &mut Random) -> Vec<&'static str> {
    let mut strings = random.some(&STRINGS);
    strings.truncate(3);
    if strings.is_empty() { vec![*random.pick(&STRINGS)] } else { strings }
}

pub(super) fn constant(random: &mut Random) -> Value {
    let constants = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(1.0),
        json!(2.5),
        json!([]),
        json!({}),
    ];
    if random.one_in(2) { json!(random.pick(&STRINGS)) } else { random.pick(&constants).clone() }
}

pub(super) fn object(random: &mut Random, place: Place) -> Value {
    let names = random.some(&NAMES[..3]);
    let fields: Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), schema(random, place.inside()))).collect();
    let mut object =
        json!({"type": "object", "properties": fields, "required": random.some(&names)});
    match random.below(5) {
        0 | 1 => object["additionalProperties"] = json!(false),
        2 => object["additionalProperties"] = schema(random, place.inside()),
        _ => {}
    }
    object
}

fn map(random: &mut Random, place: Place) -> Value {
    let mut map = json!({"type": "object", "additionalProperties": schema(random, place.inside())});
    match random.below(4) {
        0 => map["propertyNames"] = json!({"maxLength": random.below(3)}),
        1 => map["propertyNames"] = json!({"enum": listed(random)}),
        2 => map["maxProperties"] = json!(random.below(3)),
        _ => {}
    }
    map
}

/// A tagged union, now and then with an envelope around it.
fn union(random: &mut Random, place: Place) -> Value {
    let tag = if random.one_in(4) { "code" } else { "type" };
    let mut tags = random.some(&TAGS);
    if tags.is_empty() {
        tags.push(TAGS[0]);
    }
    if random.one_in(6) {
        tags.push(tags[0]);
    }
    let variants: Vec<_> = tags.iter().map(|name| variant(random, place, tag, name)).collect();
    let keyword = if random.one_in(3) { "anyOf" } else { "oneOf" };
    let mut union = if random.one_in(4) { object(random, place) } else { json!({}) };
    union[keyword] = Value::Array(variants);
    if random.one_in(3) {
        opened(random, &mut union[keyword], tag, &tags);
    }
    union
}

/// Adds the variants that have any tag but these.
pub(super) fn opened(random: &mut Random, variants: &mut Value, tag: &str, tags: &[&str]) {
    let mut others = json!({
        "type": "object",
        "properties": {tag: {"type": "string", "not": {"enum": tags}}},
        "required": [tag],
        "additionalProperties": {},
    });
    if random.one_in(3) {
        others["properties"]["a"] = scalar(random);
    }
    if let Some(variants) = variants.as_array_mut() {
        variants.push(others);
    }
}

pub(super) fn variant(random: &mut Random, place: Place, tag: &str, name: &str) -> Value {
    let mut variant = object(random, place);
    variant["properties"][tag] = json!({"type": "string", "const": name});
    if let Some(required) = variant["required"].as_array_mut() {
        required.push(json!(tag));
    }
    variant
}

fn not_understood(random: &mut Random, place: Place) -> Value {
    let mut schema = match random.below(3) {
        0 => object(random, place),
        1 => json!({"type": "array"}),
        _ => json!({}),
    };
    let (keyword, value) = match random.below(7) {
        0 => ("not", self::schema(random, place.beside())),
        1 => ("patternProperties", json!({"^a": self::schema(random, place.inside())})),
        2 => ("prefixItems", json!([self::schema(random, place.inside())])),
        3 => ("multipleOf", json!(random.below(2) + 1)),
        4 => ("uniqueItems", json!(random.one_in(2))),
        5 => ("dependentRequired", json!({"a": random.some(&["b", "c"])})),
        _ => ("unevaluatedProperties", json!(false)),
    };
    schema[keyword] = value;
    schema
}
