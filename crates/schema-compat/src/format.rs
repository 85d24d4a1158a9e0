//! Compares the formats that schemars writes for Rust's numbers by their ranges.

use super::effect::Effect;

/// Returns the effect of replacing one format by another.
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

/// Returns the numbers of bits below and above zero of an integer format.
fn numbers(format: &str) -> Option<(i32, i32)> {
    let (signed, bits) = match format.strip_prefix("uint") {
        Some(bits) => (false, bits),
        None => (true, format.strip_prefix("int")?),
    };
    let bits = match bits {
        // The formats `uint` and `int` are `usize` and `isize`, which are assumed to have 64 bits.
        "" => 64,
        "8" | "16" | "32" | "64" | "128" => bits.parse().ok()?,
        _ => return None,
    };
    Some(if signed { (1 - bits, bits - 1) } else { (0, bits) })
}
