//! How the formats that schemars writes for Rust's numbers contain each other.

use super::effect::Effect;

/// What exchanging one format for another does.
pub(super) fn effect(old: Option<&str>, new: Option<&str>) -> Effect {
    match (old, new) {
        (None, None) => Effect::Keeps,
        (None, Some(_)) => Effect::Narrows,
        (Some(_), None) => Effect::Widens,
        (Some(old), Some(new)) => match (contains(new, old), contains(old, new)) {
            (true, true) => Effect::Keeps,
            (true, false) => Effect::Widens,
            (false, true) => Effect::Narrows,
            (false, false) => Effect::Breaks,
        },
    }
}

fn contains(outer: &str, inner: &str) -> bool {
    match (numbers(outer), numbers(inner)) {
        (Some(outer), Some(inner)) => outer.0 <= inner.0 && inner.1 <= outer.1,
        _ => outer == inner || (outer, inner) == ("double", "float"),
    }
}

/// The bits below and above zero of an integer format.
fn numbers(format: &str) -> Option<(i32, i32)> {
    let (signed, bits) = match format.strip_prefix("uint") {
        Some(bits) => (false, bits),
        None => (true, format.strip_prefix("int")?),
    };
    let bits = match bits {
        // `usize` and `isize`, on the 64-bit machines that the wire is made for.
        "" => 64,
        "8" | "16" | "32" | "64" | "128" => bits.parse().ok()?,
        _ => return None,
    };
    Some(if signed { (1 - bits, bits - 1) } else { (0, bits) })
}
