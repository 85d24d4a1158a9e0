//! Exact comparison of JSON numbers.

use std::cmp::Ordering;

use serde_json::Number;

/// Compares numbers by value: `1` and `1.0` are equal, and large integers are not rounded.
pub(super) fn order(left: &Number, right: &Number) -> Ordering {
    match (integral(left), integral(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        // An f64 that has a fraction is far smaller than the integers that an f64 rounds.
        _ => float(left).total_cmp(&float(right)),
    }
}

/// Returns the number as an integer, if it has no fraction and fits.
pub(super) fn integral(number: &Number) -> Option<i128> {
    number.as_i128().or_else(|| {
        let float = float(number);
        // 2^126: every integral f64 below it converts without loss.
        (float.fract() == 0.0 && float.abs() < 8.5e37)
            .then(|| format!("{float:.0}").parse().ok())?
    })
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}
