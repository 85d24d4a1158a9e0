//! Some places in a stretch.

use std::ops::Range;

/// How many places can be chosen from at once: a bit of a word stands for each.
pub(crate) const CHOICE: usize = u64::BITS as usize;

/// Places in a stretch, in order. Iterating takes the lowest one out.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    Row(Range<usize>),
    Chosen {
        /// The place that the lowest bit stands for.
        from: usize,
        bits: u64,
    },
}

impl Places {
    /// Those that are wanted, of at most [`CHOICE`] in a row.
    pub(crate) fn chosen(from: usize, wanted: impl Iterator<Item = bool>) -> Self {
        let bits = wanted.zip(0..CHOICE).fold(0, |bits, (it, place)| bits | u64::from(it) << place);
        Self::Chosen { from, bits }
    }

    /// The lowest one.
    pub(crate) fn lowest(&self) -> Option<usize> {
        match self {
            Self::Row(row) => (!row.is_empty()).then_some(row.start),
            Self::Chosen { from, bits } => {
                (*bits != 0).then(|| from + bits.trailing_zeros() as usize)
            }
        }
    }

    /// The highest one.
    pub(crate) fn highest(&self) -> Option<usize> {
        match self {
            Self::Row(row) => row.clone().last(),
            Self::Chosen { from, bits } => bits.checked_ilog2().map(|bit| from + bit as usize),
        }
    }
}

impl Iterator for Places {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let place = self.lowest()?;
        match self {
            Self::Row(row) => row.start += 1,
            Self::Chosen { bits, .. } => *bits &= *bits - 1,
        }
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = match self {
            Self::Row(row) => row.len(),
            Self::Chosen { bits, .. } => bits.count_ones() as usize,
        };
        (count, Some(count))
    }

    // To ask for each place which of the two it is would cost more than the rest.
    fn fold<B, F: FnMut(B, usize) -> B>(self, init: B, mut fold: F) -> B {
        if let Self::Row(row) = self {
            return row.fold(init, fold);
        }
        let mut folded = init;
        for place in self {
            folded = fold(folded, place);
        }
        folded
    }
}

impl ExactSizeIterator for Places {}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn places_come_in_order_up_to_the_last_of_a_word() {
        let mut places = Places::chosen(100, (100..164).map(|place| place % 31 == 8));
        assert_eq!((places.lowest(), places.highest(), places.len()), (Some(101), Some(163), 3));
        assert_eq!(places.by_ref().collect::<Vec<_>>(), [101, 132, 163]);
        assert_eq!((places.lowest(), places.highest(), places.len()), (None, None, 0));
    }

    #[test]
    fn a_row_has_all_its_places() {
        for row in [0..0, 0..64, 3..3, 3..64, 63..64, 64..64, 5..9] {
            let all =
                [Places::Row(row.clone()), Places::chosen(row.start, row.clone().map(|_| true))];
            for places in all {
                assert_eq!(
                    (places.lowest(), places.highest()),
                    (row.clone().next(), row.clone().last())
                );
                assert_eq!(places.len(), row.len());
                assert!(places.eq(row.clone()));
            }
        }
    }
}
