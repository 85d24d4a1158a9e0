//! Events in order of their sequences, kept by the commit.

use std::{collections::VecDeque, mem, ops::Range};

use smallvec::SmallVec;

/// What a commit leaves in a log: one or more events in a row.
pub(crate) trait Spans {
    /// How many events there are.
    fn len(&self) -> usize;
}

/// Commits in order. Full segments stay as they are, so that a log that grows moves nothing, and an
/// event's commit is found by its segment. They go as a whole, too: to let go of one commit at a time
/// would be to wait for one that no cache holds at each commit.
///
/// The first so many commits of a segment need no room elsewhere until there are more.
#[derive(Debug)]
pub(crate) struct Runs<T, const SEGMENT: usize, const FIRST: usize = 0> {
    full: VecDeque<Segment<T, FIRST>>,
    /// The one that grows. Most logs are short and have no other.
    last: Segment<T, FIRST>,
    /// The sequence of the oldest event, maybe in the midst of its commit.
    oldest: u64,
    /// The sequence of the next event.
    next: u64,
}

/// Some commits in a row.
#[derive(Debug)]
struct Segment<T, const FIRST: usize> {
    /// The sequence of its first event.
    first: u64,
    runs: SmallVec<[T; FIRST]>,
}

/// The commits of segments that are no longer kept.
pub(crate) type Gone<T, const FIRST: usize = 0> = Vec<SmallVec<[T; FIRST]>>;

/// Events of some commits, in order. Mostly there are few, which need no room elsewhere.
pub(crate) type Parts<T> = SmallVec<[Part<T>; 2]>;

/// Events of one commit.
#[derive(Debug)]
pub(crate) struct Part<T> {
    pub(crate) commit: T,
    pub(crate) places: Range<usize>,
}

impl<T: Spans, const SEGMENT: usize, const FIRST: usize> Runs<T, SEGMENT, FIRST> {
    /// No events yet; the next one will have this sequence.
    pub(crate) fn starting_at(next: u64) -> Self {
        Self { full: VecDeque::new(), last: Segment::starting_at(next), oldest: next, next }
    }

    /// Appends a commit's events.
    pub(crate) fn push(&mut self, run: T) {
        if self.last.runs.len() == SEGMENT {
            let full = mem::replace(&mut self.last, Segment::starting_at(self.next));
            self.full.push_back(full);
        }
        self.next += run.len() as u64;
        let runs = &mut self.last.runs;
        if runs.len() == runs.capacity() {
            // Many logs are short: room for twice as many would be mostly for nothing.
            let there = self.full.len() * SEGMENT + runs.len();
            runs.reserve_exact((there / 2).max(2).min(SEGMENT - runs.len()));
        }
        runs.push(run);
    }

    /// The sequence of the oldest event; that of the next one if there is none.
    pub(crate) fn oldest(&self) -> u64 {
        self.oldest
    }

    /// The sequence that the next event will have.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Keeps the newest events, so many. Gives back the segments that have only older ones.
    pub(crate) fn keep_newest(&mut self, count: u64) -> Gone<T, FIRST> {
        self.oldest = self.oldest.max(self.next.saturating_sub(count));
        let mut gone = Gone::new();
        while !self.full.is_empty() && self.full.get(1).unwrap_or(&self.last).first <= self.oldest {
            gone.extend(self.full.pop_front().map(|it| it.runs));
        }
        gone
    }

    /// The commit with this event and all later ones, each with the sequence of its first event.
    pub(crate) fn from(&self, sequence: u64) -> impl Iterator<Item = (u64, &T)> {
        let segment = self.segment_of(sequence);
        let is_last = segment == self.full.len();
        let end = if is_last { self.next } else { self.segment(segment + 1).first };
        let Segment { first, runs } = self.segment(segment);
        // From its end on, because most readers want what is new.
        let (mut place, mut begins) = (runs.len(), end);
        while begins > sequence.max(*first) {
            place -= 1;
            begins -= runs[place].len() as u64;
        }
        Commits { of: self, segment, place, begins }
    }

    /// Every commit that is still there, also if it is older than what is kept.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.full.iter_mut().chain([&mut self.last]).flat_map(|it| &mut it.runs)
    }

    /// The commit with this event, also if it is older than what is kept and still there.
    pub(crate) fn get_mut(&mut self, sequence: u64) -> Option<&mut T> {
        let segment = self.segment_of(sequence);
        let Segment { first, runs } = self.full.get_mut(segment).unwrap_or(&mut self.last);
        let mut behind = *first;
        if sequence < behind {
            return None;
        }
        runs.iter_mut().find(|run| {
            behind += run.len() as u64;
            sequence < behind
        })
    }

    fn segment(&self, place: usize) -> &Segment<T, FIRST> {
        self.full.get(place).unwrap_or(&self.last)
    }

    /// The place of the segment that would have this event; behind the full ones is the last.
    fn segment_of(&self, sequence: u64) -> usize {
        if sequence >= self.last.first {
            return self.full.len();
        }
        self.full.partition_point(|it| it.first <= sequence).saturating_sub(1)
    }
}

impl<T: Spans + Clone, const SEGMENT: usize, const FIRST: usize> Runs<T, SEGMENT, FIRST> {
    /// Copies so many of the events after `sequence`, or fewer if there are.
    pub(crate) fn copy_after(&self, sequence: u64, count: usize) -> Parts<T> {
        let first = sequence + 1;
        let mut missing = count;
        // Most commits have two events or more.
        let mut parts = Parts::with_capacity(count / 2);
        for (begins, commit) in self.from(first) {
            if missing == 0 {
                break;
            }
            let place = usize::try_from(first.saturating_sub(begins)).unwrap_or(usize::MAX);
            let places = place..commit.len().min(place.saturating_add(missing));
            missing -= places.len();
            parts.push(Part { commit: commit.clone(), places });
        }
        parts
    }
}

impl<T> Part<T> {
    /// The events of some parts, in order: each by its commit and its place there.
    pub(crate) fn events(parts: &[Self]) -> impl Iterator<Item = (&T, usize)> {
        parts.iter().flat_map(|it| it.places.clone().map(|place| (&it.commit, place)))
    }
}

impl<T: Spans, const FIRST: usize> Segment<T, FIRST> {
    fn starting_at(first: u64) -> Self {
        Self { first, runs: SmallVec::new() }
    }
}

/// The commits from one on, each with the sequence of its first event.
struct Commits<'a, T, const SEGMENT: usize, const FIRST: usize> {
    of: &'a Runs<T, SEGMENT, FIRST>,
    segment: usize,
    /// The place of the next one in its segment.
    place: usize,
    begins: u64,
}

impl<'a, T: Spans, const SEGMENT: usize, const FIRST: usize> Iterator
    for Commits<'a, T, SEGMENT, FIRST>
{
    type Item = (u64, &'a T);

    fn next(&mut self) -> Option<(u64, &'a T)> {
        if self.place == SEGMENT && self.segment < self.of.full.len() {
            self.segment += 1;
            self.place = 0;
        }
        let run = self.of.segment(self.segment).runs.get(self.place)?;
        let begins = self.begins;
        self.place += 1;
        self.begins += run.len() as u64;
        Some((begins, run))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SEGMENT: usize = 64;

    /// A commit with so many events.
    #[derive(Debug, PartialEq)]
    struct Some(usize);

    impl Spans for Some {
        fn len(&self) -> usize {
            self.0
        }
    }

    /// A log of commits with one, two and three events in turn.
    fn log(commits: usize) -> Runs<Some, SEGMENT> {
        let mut runs = Runs::starting_at(1);
        (0..commits).for_each(|at| runs.push(Some(at % 3 + 1)));
        runs
    }

    /// A commit that knows how often its length was asked for.
    struct Counted<'a>(&'a Cell<usize>);

    impl Spans for Counted<'_> {
        fn len(&self) -> usize {
            self.0.set(self.0.get() + 1);
            1
        }
    }

    #[test]
    fn in_a_long_log_an_event_is_found_by_its_segment() {
        let looks = Cell::new(0);
        let mut runs = Runs::<_, SEGMENT, 3>::starting_at(1);
        (0..100_000).for_each(|_| runs.push(Counted(&looks)));
        for sequence in [1, 50_000, 99_000, 100_000] {
            looks.set(0);
            assert!(runs.from(sequence).next().is_some());
            assert!(runs.get_mut(sequence).is_some());
            assert!(looks.get() <= 2 * SEGMENT + 1, "{sequence}: {}", looks.get());
        }
    }

    #[test]
    fn every_event_is_found_by_its_sequence() {
        let mut runs = log(300);
        let numbered: Vec<u64> = runs.from(1).map(|(first, _)| first).collect();
        assert_eq!((numbered.len(), runs.next()), (300, 601));
        for sequence in 1..601 {
            let found = runs.from(sequence).next().map(|(first, run)| first..first + run.0 as u64);
            assert!(found.unwrap().contains(&sequence), "{sequence}");
            assert!(runs.get_mut(sequence).is_some(), "{sequence}");
        }
        assert!(runs.from(601).next().is_none());
        assert!(runs.get_mut(601).is_none());
    }

    #[test]
    fn a_segment_goes_when_all_its_events_are_gone() {
        let mut runs = log(300);
        let mut gone = 0;
        for count in (0..=600).rev() {
            gone += runs.keep_newest(count).iter().flatten().map(|run| run.0 as u64).sum::<u64>();
            let oldest = 601 - count;
            assert_eq!(runs.oldest(), oldest);
            // Two events for each commit of a segment, and the last segment stays.
            let behind = oldest - 1 - gone;
            assert!(gone < oldest && (behind < 2 * SEGMENT as u64 + 3 || gone == 511), "{behind}");
            assert!(runs.get_mut(gone).is_none(), "{gone}");
            assert!(runs.get_mut(gone + 1).is_some(), "{gone}");
        }
        assert_eq!((runs.oldest(), runs.next()), (601, 601));
        runs.push(Some(2));
        assert_eq!(runs.from(602).next(), Option::Some((601, &Some(2))));
        runs.keep_newest(9);
        assert_eq!(runs.oldest(), 601);
    }
}
