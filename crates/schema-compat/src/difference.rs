//! A difference between two documents, and its line in a report.

use std::fmt;

use super::Change;

/// A difference between two documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The file name of the document, if folders were compared.
    pub document: Option<String>,
    /// The place of the difference, as a JSON pointer through the values and not through the
    /// schema.
    ///
    /// A segment is a field's name, the tag of a union's variant, `{other}` for the variants that an
    /// open union does not name, `*` for any item of a list or any value of a map, or `{name}` for
    /// the keys of a map. The whole document is the empty string. The name of a type is looked for
    /// where the type is defined: such a path begins with `/$defs` and the name of the definition.
    pub path: String,
    /// The kind of the difference.
    pub change: Change,
    /// The impact on clients of the old document.
    pub impact: Impact,
}

/// The impact of a difference on clients of the old document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// All clients of the old document work with the new one.
    Additive,
    /// All values stay readable, but a type has another name in the code that is generated from the
    /// new document.
    Source,
    /// Some clients of the old document do not work with the new one, or it is not known whether
    /// they do.
    Breaking,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.impact)?;
        if let Some(document) = &self.document {
            write!(f, "{document}  ")?;
        }
        let path = if self.path.is_empty() { "/" } else { &self.path };
        write!(f, "{path}: {}", self.change)
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Additive => "additive",
            Self::Source => "source",
            Self::Breaking => "breaking",
        })
    }
}
