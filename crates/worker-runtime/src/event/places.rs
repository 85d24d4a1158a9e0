//! A set of places in a stretch, as a word of bits.

use std::ops::Range;

use super::stretch::LONGEST;

/// Places in a stretch. Iterating takes the lowest one out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(u64);

impl Places {
    /// All of `range`, which ends within a stretch.
    pub(crate) fn all(range: &Range<usize>) -> Self {
        debug_assert!(range.end <= LONGEST, "a stretch is no longer");
        let below = |end| if end < LONGEST { (1_u64 << end) - 1 } else { u64::MAX };
        Self(below(range.end) & !below(range.start))
    }

    /// Those that are wanted.
    pub(crate) fn only(self, is_wanted: impl Fn(usize) -> bool) -> Self {
        Self(self.filter(|place| is_wanted(*place)).fold(0, |bits, place| bits | 1 << place))
    }

    /// The lowest one.
    pub(crate) fn lowest(&self) -> Option<usize> {
        (self.0 != 0).then(|| self.0.trailing_zeros() as usize)
    }

    /// The highest one.
    pub(crate) fn highest(&self) -> Option<usize> {
        self.0.checked_ilog2().map(|place| place as usize)
    }
}

impl Iterator for Places {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let place = self.lowest()?;
        self.0 &= self.0 - 1;
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.0.count_ones() as usize;
        (count, Some(count))
    }
}

impl ExactSizeIterator for Places {}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn places_come_in_order_up_to_the_last_of_a_word() {
        let mut places = Places::all(&(1..64)).only(|place| place % 31 == 1);
        assert_eq!((places.lowest(), places.highest(), places.len()), (Some(1), Some(63), 3));
        assert_eq!(places.by_ref().collect::<Vec<_>>(), [1, 32, 63]);
        assert_eq!((places.lowest(), places.highest(), places.len()), (None, None, 0));
    }

    #[test]
    fn a_range_has_all_its_places() {
        for range in [0..0, 0..64, 3..3, 3..64, 63..64, 64..64, 5..9] {
            assert!(Places::all(&range).eq(range));
        }
    }
}
