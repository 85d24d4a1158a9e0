//! One difference between two documents, as a value and as a line for people.

use std::fmt;

use super::Change;

/// One place where two documents differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// File name of the document, where whole folders were compared.
    pub document: Option<String>,
    /// Where it is, as a JSON pointer through the values rather than through the schema.
    ///
    /// A segment is a field's name, the tag of a union's variant, `*` for any item of a list or any
    /// value of a map, or `{name}` for the keys of a map. The whole document is the empty string.
    pub path: String,
    /// What is different.
    pub change: Change,
    /// Whether those who hold the old document can go on.
    pub impact: Impact,
}

/// Whether those who hold the old document can go on with the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// They can.
    Additive,
    /// Some of them cannot, or nobody can tell.
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
            Self::Breaking => "breaking",
        })
    }
}
