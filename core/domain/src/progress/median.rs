//! The middle of many values.

/// The median: the middle value, or the mean of the middle two. Nothing of nothing.
#[allow(clippy::cast_precision_loss, reason = "pain ratings and lengths of holds are small")]
pub(super) fn median(values: &mut [u64]) -> Option<f64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = *values.get(middle)? as f64;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(values[middle - 1] as f64, upper))
}
