//! The number of items that are asked of the store at once.

/// Learns how large items are, so that a page which is bounded in bytes asks the store for little
/// more than it shows: a transcript may have a thousand entries of some MiB each.
#[derive(Debug)]
pub(crate) struct Stride {
    next: usize,
}

/// The number of items that are asked for before any was seen.
const FIRST: usize = 16;

/// The most items that are asked for at once.
const MOST: usize = 256;

/// The bytes of text that are asked for at once, as far as the items before tell.
const BYTES: usize = 1 << 20;

impl Stride {
    pub(crate) const fn new() -> Self {
        Self { next: FIRST }
    }

    /// Returns the number of items to ask for.
    pub(crate) fn get(&self) -> usize {
        self.next
    }

    /// Takes the sizes in bytes of the texts of the items that came.
    pub(crate) fn learn(&mut self, sizes: impl Iterator<Item = usize>) {
        let (items, bytes) = sizes.fold((0, 0), |(items, bytes), size| (items + 1, bytes + size));
        let average = bytes / usize::max(items, 1);
        // Small items say little of those that follow, so the number grows step by step.
        let most = self.next.saturating_mul(8).min(MOST);
        self.next = (BYTES / average.max(1)).clamp(1, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_items_are_asked_for_one_by_one_and_small_ones_many_at_once() {
        let mut stride = Stride::new();
        stride.learn([100; FIRST].into_iter());
        assert_eq!(stride.get(), 128);
        stride.learn([100; 128].into_iter());
        assert_eq!(stride.get(), MOST);
        stride.learn([BYTES / 2; 3].into_iter());
        assert_eq!(stride.get(), 2);
        stride.learn([4 * BYTES].into_iter());
        assert_eq!(stride.get(), 1);
        stride.learn([0].into_iter());
        assert_eq!(stride.get(), 8);
        stride.learn(std::iter::empty());
        assert_eq!(stride.get(), 64);
    }
}
