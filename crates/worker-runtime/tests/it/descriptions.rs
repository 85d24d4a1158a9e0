//! The descriptions in the schemas, which people read beside a name in another language.

use serde_json::{Map, Value};
use worker_runtime::schema;

/// The documents for generators and for tools. In these a reference stands alone, so a property that is
/// one has no description of its own.
const WITH_BARE_REFERENCES: [&str; 3] = ["yoi.json", "rpc.json", "openrpc.json"];

/// What is wrong with the descriptions of a document, and how many descriptions there are.
struct Review {
    document: &'static str,
    problems: Vec<String>,
    descriptions: usize,
}

impl Review {
    fn of(document: &'static str, schema: &Value) -> Self {
        let mut review = Self { document, problems: Vec::new(), descriptions: 0 };
        let described = if document == "openrpc.json" { &schema["info"] } else { schema };
        review.must_describe("", described);
        review.visit("", schema);
        review
    }

    fn visit(&mut self, path: &str, schema: &Value) {
        match schema {
            Value::Object(object) => self.visit_object(path, object),
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.visit(&format!("{path}/{place}"), item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn visit_object(&mut self, path: &str, object: &Map<String, Value>) {
        for (keyword, value) in object {
            let path = format!("{path}/{keyword}");
            match (keyword.as_str(), value) {
                ("description", Value::String(text)) => self.check(&path, text),
                ("x-enum-descriptions", Value::Array(texts)) => {
                    for text in texts {
                        self.check(&path, text.as_str().unwrap_or_default());
                    }
                }
                // A condition, and not a part of a type.
                ("not" | "propertyNames", _) => continue,
                ("properties", Value::Object(properties)) => {
                    let refers = |schema: &Value| schema.get("$ref").is_some();
                    let may_be_bare = WITH_BARE_REFERENCES.contains(&self.document);
                    for (name, property) in properties {
                        if !(may_be_bare && refers(property)) {
                            self.must_describe(&format!("{path}/{name}"), property);
                        }
                    }
                }
                ("$defs" | "schemas", Value::Object(definitions)) => {
                    for (name, definition) in definitions {
                        self.must_describe(&format!("{path}/{name}"), definition);
                    }
                }
                ("oneOf", Value::Array(branches)) => {
                    for (place, branch) in branches.iter().enumerate() {
                        if branch.get("$ref").is_none() {
                            self.must_describe(&format!("{path}/{place}"), branch);
                        }
                    }
                }
                _ => {}
            }
            self.visit(&path, value);
        }
    }

    fn must_describe(&mut self, path: &str, schema: &Value) {
        if !schema["description"].is_string() {
            self.problems.push(format!("{}#{path}: no description", self.document));
        }
    }

    fn check(&mut self, path: &str, text: &str) {
        self.descriptions += 1;
        let begins = text.starts_with(|first: char| first.is_uppercase() || first == '`');
        let is_sentence = begins && text.ends_with('.') && text.split_whitespace().count() >= 3;
        let is_plain = !["](", "[`", "\n", "  "].iter().any(|markup| text.contains(markup));
        if !(is_sentence && is_plain) {
            self.problems.push(format!("{}#{path}: {text:?}", self.document));
        }
    }
}

#[test]
fn every_type_and_field_is_described_in_whole_sentences() {
    let reviews: Vec<Review> =
        schema::documents().iter().map(|(name, schema)| Review::of(name, schema)).collect();
    let problems: Vec<&String> = reviews.iter().flat_map(|review| &review.problems).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    for review in reviews {
        assert!(review.descriptions > 0, "{}: the test found no description", review.document);
    }
}

#[test]
fn an_event_and_its_type_have_the_same_description() {
    let document = |wanted: &str| {
        let found = schema::documents().into_iter().find(|(name, _)| *name == wanted);
        found.expect("the document exists").1
    };
    let (bundle, events) = (document("yoi.json"), document("runtime_event.json"));
    let events = events["$defs"]["KnownRuntimeEvent"]["oneOf"].as_array().expect("the events");
    let events: Vec<&Value> = events.iter().map(|event| &event["description"]).collect();
    let types = &bundle["$defs"]["EventType"]["x-enum-descriptions"];
    assert_eq!(events, types.as_array().expect("the types").iter().collect::<Vec<_>>());
}
