//! Compares the formats that schemars writes for Rust's numbers by their ranges.

use super::{JsonType, alternative::Alternative, effect::Effect};

/// Returns the effect of replacing the format of `old` by that of `new`, or `None` if the formats
/// are equal or nothing depends on them: the bounds of integers may say all that a format does.
pub(super) fn effect(
    (old, old_format): (&Alternative, Option<&str>),
    (new, new_format): (&Alternative, Option<&str>),
) -> Option<Effect> {
    if old_format == new_format {
        return None;
    }
    let by_name = |outer: Option<&str>, inner: Option<&str>| match (outer, inner) {
        (Some(outer), Some(inner)) => contains(outer, inner),
        (outer, _) => outer.is_none(),
    };
    let by_bounds = |outer: Option<&str>, inner: &Alternative| {
        outer.is_none_or(|outer| bounds_fit(outer, inner))
    };
    let keeps_old = by_bounds(new_format, old);
    let knew_new = by_bounds(old_format, new);
    if keeps_old && knew_new {
        return None;
    }
    let keeps_old = keeps_old || by_name(new_format, old_format);
    let knew_new = knew_new || by_name(old_format, new_format);
    Some(match (keeps_old, knew_new) {
        (true, true) => Effect::Keeps,
        (true, false) => Effect::Widens,
        (false, true) => Effect::Narrows,
        (false, false) => Effect::Breaks,
    })
}

/// Returns whether the bounds of an alternative of integers lie within the range of a format.
fn bounds_fit(format: &str, alternative: &Alternative) -> bool {
    let (lower, upper) = alternative.range.integers();
    let (Some((below, above)), Some(lower), Some(upper)) = (numbers(format), lower, upper) else {
        return false;
    };
    // An integer of more bits than an i128 has cannot be a bound.
    let least = if below == 0 { 0 } else { -1_i128 << -below };
    let most = if above >= 127 { i128::MAX } else { (1_i128 << above) - 1 };
    alternative.of == JsonType::Integer && least <= lower && upper <= most
}

fn contains(outer: &str, inner: &str) -> bool {
    match (numbers(outer), numbers(inner)) {
        (Some(outer), Some(inner)) => outer.0 <= inner.0 && inner.1 <= outer.1,
        _ => outer == inner || (outer, inner) == ("double", "float"),
    }
}

/// Returns the numbers of bits below and above zero of an integer format. That below zero is
/// negative.
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
