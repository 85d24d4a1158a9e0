//! Where in a value something is, written as a JSON pointer.

/// `path` with one more segment, escaped.
pub(super) fn child(path: &str, segment: &str) -> String {
    format!("{path}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// Any item of a list, and any value of a map.
pub(super) fn each(path: &str) -> String {
    format!("{path}/*")
}

/// The keys of a map.
pub(super) fn names(path: &str) -> String {
    format!("{path}/{{name}}")
}
