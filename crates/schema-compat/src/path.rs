//! Paths into a value, written as JSON pointers.

/// Appends a segment to a path, escaped.
pub(super) fn child(path: &str, segment: &str) -> String {
    format!("{path}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// Returns the path of any item of a list, or any value of a map.
pub(super) fn each(path: &str) -> String {
    format!("{path}/*")
}

/// Returns the path of the variants that an open union does not name.
pub(super) fn others(path: &str) -> String {
    format!("{path}/{{other}}")
}

/// Returns the path of the keys of a map.
pub(super) fn names(path: &str) -> String {
    format!("{path}/{{name}}")
}
