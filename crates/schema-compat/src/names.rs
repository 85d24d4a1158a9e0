//! Compares the names that generated code has: those of definitions, and titles.
//!
//! Two documents are walked side by side. A name that differs breaks programs that were made from
//! the old document, but not the values.

mod branches;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::{Change, Difference, Impact, canonical, path};

pub(super) fn compare(old: &Value, new: &Value) -> Vec<Difference> {
    let mut names = Names {
        old: Document::new(old),
        new: Document::new(new),
        seen: HashSet::new(),
        replaced: BTreeMap::new(),
        differences: Vec::new(),
    };
    names.schemas("", old, new);
    for name in definitions(old).into_iter().flat_map(Map::keys) {
        if let (Some(before), Some(now)) = (names.old.definition(name), names.new.definition(name))
        {
            names.schemas(&of_definition(name), before, now);
        }
    }
    names.definitions();
    names.differences
}

/// A document with its definitions.
#[derive(Debug, Clone, Copy)]
struct Document<'a> {
    root: &'a Value,
    definitions: Option<&'a Map<String, Value>>,
}

/// A comparison of the names in two documents.
#[derive(Debug)]
struct Names<'a> {
    old: Document<'a>,
    new: Document<'a>,
    /// The pairs of schemas that were compared.
    seen: HashSet<(*const Value, *const Value)>,
    /// For each old definition that another one stands for at some place: that one, and the first
    /// such place.
    replaced: BTreeMap<String, (Option<String>, String)>,
    differences: Vec<Difference>,
}

impl<'a> Document<'a> {
    fn new(root: &'a Value) -> Self {
        Self { root, definitions: definitions(root) }
    }

    fn definition(self, name: &str) -> Option<&'a Value> {
        self.definitions?.get(name)
    }

    /// Returns the name of the definition that a schema refers to.
    fn name(self, schema: &Value) -> Option<String> {
        let reference = schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?;
        let name = canonical::percent_decoded(reference)?.replace("~1", "/").replace("~0", "~");
        self.definition(&name).map(|_| name)
    }
}

impl<'a> Names<'a> {
    fn schemas(&mut self, path: &str, old: &'a Value, new: &'a Value) {
        if !self.seen.insert((std::ptr::from_ref(old), std::ptr::from_ref(new))) {
            return;
        }
        if branches::is_union(old) != branches::is_union(new) {
            // A schema became one of several, or was: `null` came or went.
            self.branches(path, &branches::of(old), &branches::of(new));
            return;
        }
        match (self.old.name(old), self.new.name(new)) {
            (None, None) => self.titles(path, old, new),
            (Some(before), Some(now)) => {
                self.titles(path, old, new);
                if before != now {
                    self.replaced(path, &before, Some(&now));
                    let definitions = (self.old.definition(&before), self.new.definition(&now));
                    if let (Some(old), Some(new)) = definitions {
                        self.schemas(&of_definition(&before), old, new);
                    }
                }
            }
            (Some(before), None) => {
                if title(new) != Some(&before) {
                    self.replaced(path, &before, None);
                }
                if let Some(old) = self.old.definition(&before) {
                    self.parts(path, old, new);
                }
            }
            (None, Some(now)) => {
                if title(old) != Some(&now) {
                    self.report(path, Change::DefinitionUsed { new: now.clone() });
                }
                if let Some(new) = self.new.definition(&now) {
                    self.parts(path, old, new);
                }
            }
        }
        self.parts(path, old, new);
    }

    /// Compares the schemas within two schemas.
    fn parts(&mut self, path: &str, old: &'a Value, new: &'a Value) {
        let fields = |schema: &'a Value| schema.get("properties").and_then(Value::as_object);
        for (name, before) in fields(old).into_iter().flatten() {
            if let Some(now) = fields(new).and_then(|fields| fields.get(name)) {
                self.schemas(&path::child(path, name), before, now);
            }
        }
        for (keyword, path) in [
            ("items", path::each(path)),
            ("additionalProperties", path::each(path)),
            ("propertyNames", path::names(path)),
        ] {
            if let (Some(old), Some(new)) = (old.get(keyword), new.get(keyword)) {
                self.schemas(&path, old, new);
            }
        }
        if branches::is_union(old) && branches::is_union(new) {
            self.branches(path, &branches::of(old), &branches::of(new));
        }
        self.branches(path, &branches::all_of(old), &branches::all_of(new));
    }

    /// Compares the branches of two unions that are about the same.
    fn branches(&mut self, path: &str, old: &[&'a Value], new: &[&'a Value]) {
        for (kind, old, new) in branches::pairs((self.old, old), (self.new, new)) {
            self.schemas(&kind.path(path), old, new);
        }
    }

    fn titles(&mut self, path: &str, old: &Value, new: &Value) {
        let (old, new) = (title(old), title(new));
        if old != new {
            let (old, new) = (old.map(str::to_owned), new.map(str::to_owned));
            self.report(path, Change::TitleChanged { old, new });
        }
    }

    fn replaced(&mut self, path: &str, old: &str, new: Option<&str>) {
        let at = if path.is_empty() { "/" } else { path };
        let by = (new.map(str::to_owned), at.to_owned());
        self.replaced.entry(old.to_owned()).or_insert(by);
    }

    /// Reports what became of the old definitions, each once.
    fn definitions(&mut self) {
        let mut replaced = std::mem::take(&mut self.replaced);
        for name in self.old.definitions.into_iter().flat_map(Map::keys) {
            let is_gone = self.new.definition(name).is_none();
            let change = match (replaced.remove(name), is_gone) {
                (None, false) => continue,
                (Some((Some(new), _)), true) => Change::DefinitionRenamed { new },
                (Some((None, _)) | None, true) => Change::DefinitionRemoved,
                (Some((new, at)), false) => Change::DefinitionReplaced { new, at },
            };
            self.report(&of_definition(name), change);
        }
    }

    fn report(&mut self, path: &str, change: Change) {
        let (path, impact) = (path.to_owned(), Impact::Source);
        self.differences.push(Difference { document: None, path, change, impact });
    }
}

/// Returns the definitions of a document.
pub(super) fn definitions(root: &Value) -> Option<&Map<String, Value>> {
    root.get("$defs")?.as_object()
}

fn title(schema: &Value) -> Option<&str> {
    schema.get("title")?.as_str()
}

/// Returns the path of a definition.
pub(super) fn of_definition(name: &str) -> String {
    path::child("/$defs", name)
}
