//! Matches the alternatives of two schemas and compares them.

use super::{Comparison, unions::Union};
use crate::{
    Change, Difference, Direction, JsonType, alternative::Alternative, effect::Effect, reader::TAGS,
};

impl<'a> Comparison<'a> {
    /// Compares alternatives of one type. Neither list is empty.
    pub(super) fn alternatives(
        &mut self,
        path: &str,
        old: &[Alternative<'a>],
        new: &[Alternative<'a>],
    ) {
        if self.open_lists(path, old, new) {
            return;
        }
        for tag in TAGS {
            let unions =
                (Union::read(&mut self.old, old, tag), Union::read(&mut self.new, new, tag));
            if let (Some(old), Some(new)) = unions {
                return self.unions(path, &old, &new);
            }
        }
        self.untagged(path, old, new);
    }

    pub(super) fn untagged(
        &mut self,
        path: &str,
        old: &[Alternative<'a>],
        new: &[Alternative<'a>],
    ) {
        if let ([old], [new]) = (old, new) {
            return self.pair(path, old, new);
        }
        let mut pairs = Pairs(Vec::new());
        for old in old {
            let row = new.iter().map(|new| self.trial_of_pair(path, old, new));
            pairs.0.push(row.collect());
        }
        let (lost, added) = (pairs.unequal_old(), pairs.unequal_new());
        let unanswered = match self.direction {
            Direction::Request => lost.iter().filter(|old| !pairs.old_fits(**old)).count(),
            Direction::Reply | Direction::Answer => {
                added.iter().filter(|new| !pairs.new_fits(**new)).count()
            }
        };
        if let ([lost], [added], 1) = (lost.as_slice(), added.as_slice(), unanswered) {
            self.differences.append(&mut pairs.0[*lost][*added].differences);
            return;
        }
        for at in lost {
            let effect = if pairs.old_fits(at) { Effect::Keeps } else { Effect::Breaks };
            self.report(path, Change::AlternativeRemoved(old[at].of), effect);
        }
        for at in added {
            let effect = if pairs.new_fits(at) { Effect::Keeps } else { Effect::Widens };
            self.report(path, Change::AlternativeAdded(new[at].of), effect);
        }
    }

    fn trial_of_pair(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) -> Pair {
        let differences = self.trial(|comparison| comparison.other_pair(path, old, new));
        Pair { fits: self.fits(&differences), differences }
    }

    /// Compares a pair and also its types, which are otherwise only compared for whole unions.
    fn other_pair(&mut self, path: &str, old: &Alternative<'a>, new: &Alternative<'a>) {
        let (before, now) = (old.narrowest_type(), new.narrowest_type());
        if before != now {
            let effect = if now == JsonType::Number { Effect::Widens } else { Effect::Narrows };
            let change = Change::TypesChanged { old: vec![before], new: vec![now] };
            self.report(path, change, effect);
        }
        self.pair(path, old, new);
    }
}

/// The comparison of an old alternative with a new one.
#[derive(Debug)]
struct Pair {
    differences: Vec<Difference>,
    /// Whether the alternative of the reading side accepts every value of the writing side's.
    fits: bool,
}

/// The comparisons of each old alternative (row) with each new one (column).
#[derive(Debug)]
struct Pairs(Vec<Vec<Pair>>);

impl Pairs {
    fn unequal_old(&self) -> Vec<usize> {
        let equal = |row: usize| self.0[row].iter().any(Pair::is_equal);
        (0..self.0.len()).filter(|&row| !equal(row)).collect()
    }

    fn unequal_new(&self) -> Vec<usize> {
        let columns = self.0.first().map_or(0, Vec::len);
        (0..columns).filter(|&at| !self.0.iter().any(|row| row[at].is_equal())).collect()
    }

    fn old_fits(&self, row: usize) -> bool {
        self.0[row].iter().any(|pair| pair.fits)
    }

    fn new_fits(&self, column: usize) -> bool {
        self.0.iter().any(|row| row[column].fits)
    }
}

impl Pair {
    fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }
}
