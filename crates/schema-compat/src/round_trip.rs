//! Finds fields that clients receive and cannot send back.
//!
//! A definition that stands in replies and in requests describes what clients read, keep and send
//! again, such as a configuration. Clients that do not know a new field send it back with the
//! others, and closed requests refuse it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    Change, Difference, Impact, JsonType,
    alternative::{Alternative, Schemas},
    canonical,
    comparison::Union,
    names::of_definition,
    path,
    reader::{Reader, TAGS},
};

/// The number of fields and items that are entered within a definition.
const MOST_STEPS: usize = 16;

/// Lists the fields that a reply document has now in its definitions, and that a request document
/// with definitions of the same names refuses.
pub(super) fn compare(
    (old, new): (&Value, &Value),
    request_document: &str,
    request: &Value,
) -> Vec<Difference> {
    let definitions = [old, new, request].map(definitions);
    let [Some(old_ones), Some(new_ones), Some(request_ones)] = definitions else {
        return Vec::new();
    };
    let is_shared = |name: &&str| new_ones.contains_key(*name) && request_ones.contains_key(*name);
    let mut comparison = Comparison {
        readers: [old, new, request].map(Reader::new),
        request_document,
        shared: old_ones.keys().map(String::as_str).filter(is_shared).collect(),
        differences: Vec::new(),
    };
    for name in comparison.shared.clone() {
        let schemas = [old_ones, new_ones, request_ones].map(|ones| vec![&ones[name]]);
        comparison.schemas(&of_definition(name), schemas, MOST_STEPS);
    }
    comparison.differences
}

/// A part of the old reply, of the new reply, and of the new request.
type Three<T> = [T; 3];

#[derive(Debug)]
struct Comparison<'a> {
    readers: Three<Reader<'a>>,
    request_document: &'a str,
    /// The definitions that the documents have in common.
    shared: BTreeSet<&'a str>,
    differences: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn schemas(&mut self, path: &str, schemas: Three<Schemas<'a>>, steps: usize) {
        let shapes = self.each(schemas, |reader, schemas| reader.all(&schemas).0);
        let of = |of: JsonType| {
            shapes.each_ref().map(|alternatives| {
                alternatives.iter().filter(|it| it.of == of).cloned().collect::<Vec<_>>()
            })
        };
        self.objects(path, of(JsonType::Object), steps);
        let items = of(JsonType::Array).map(|lists| {
            lists.into_iter().find(|list| !list.items.is_empty()).map(|list| list.items)
        });
        if let [Some(old), Some(new), Some(request)] = items {
            self.inside(&path::each(path), [old, new, request], steps);
        }
    }

    fn objects(&mut self, path: &str, objects: Three<Vec<Alternative<'a>>>, steps: usize) {
        for tag in TAGS {
            let unions = self.each(objects.clone(), |reader, objects| {
                Union::read(reader, &objects, tag).map(|union| union.variants)
            });
            if let [Some(old), Some(mut new), Some(mut request)] = unions {
                let mut variants = Vec::new();
                for (tag, old) in old {
                    if let (Some(new), Some(request)) = (new.remove(tag), request.remove(tag)) {
                        variants.push((path::child(path, tag), [old, new, request]));
                    }
                }
                for (path, variants) in variants {
                    self.fields(&path, &variants, steps);
                }
                return;
            }
        }
        self.fields(path, &objects, steps);
    }

    fn fields(&mut self, path: &str, objects: &Three<Vec<Alternative<'a>>>, steps: usize) {
        let [old, new, request] = objects.each_ref().map(|objects| {
            let fields = objects.iter().flat_map(|object| object.fields.clone());
            fields.collect::<BTreeMap<_, _>>()
        });
        let [_, _, requests] = objects;
        let is_open =
            requests.iter().any(|object| !self.readers[2].all(&object.other_fields).is_nothing());
        for (name, now) in new {
            let path = path::child(path, name);
            match (old.get(name), request.get(name)) {
                (None, None) if !is_open && !requests.is_empty() => self.report(path),
                (Some(before), Some(back)) => {
                    self.inside(&path, [before.clone(), now, back.clone()], steps);
                }
                _ => {}
            }
        }
    }

    /// Goes on inside a value, unless its definition is compared by itself.
    fn inside(&mut self, path: &str, schemas: Three<Schemas<'a>>, steps: usize) {
        let is_shared = |schema: &&Value| {
            let reference = schema.as_object().and_then(canonical::bare_reference);
            let name = reference.and_then(|reference| reference.strip_prefix("#/$defs/"));
            name.is_some_and(|name| self.shared.contains(name))
        };
        if steps > 0 && !schemas[1].iter().all(is_shared) {
            self.schemas(path, schemas, steps - 1);
        }
    }

    fn each<T, U>(&mut self, of: Three<T>, f: impl Fn(&mut Reader<'a>, T) -> U) -> Three<U> {
        let mut readers = self.readers.iter_mut();
        of.map(|one| f(readers.next().expect("there are three readers"), one))
    }

    fn report(&mut self, path: String) {
        let change = Change::FieldNotTakenBack { by: self.request_document.to_owned() };
        let impact = Impact::Breaking;
        self.differences.push(Difference { document: None, path, change, impact });
    }
}

fn definitions(document: &Value) -> Option<&Map<String, Value>> {
    document.get("$defs")?.as_object()
}
