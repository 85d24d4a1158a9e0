//! A validator as the judge of the classifier, on random schemas, changes and values.

mod judge;
mod mutations;
mod random;
mod respellings;
mod schemas;
mod values;

use std::collections::BTreeSet;

use judge::Judge;
use random::Random;
use schema_compat::{Change, Difference, Direction, Impact};
use serde_json::Value;

const VALUES: usize = 12;

/// Enough to meet every rule; `COMPAT_ROUNDS` asks for more, after a change to the classifier.
fn rounds() -> std::ops::Range<u64> {
    let asked = std::env::var("COMPAT_ROUNDS").ok();
    0..asked.map_or(1_500, |rounds| rounds.parse().expect("COMPAT_ROUNDS is a number"))
}

/// An old schema, and a new one that mostly is the old one with a few changes.
fn versions(random: &mut Random) -> (Value, Value) {
    let old = schemas::document(random);
    let new = if random.one_in(20) {
        schemas::document(random)
    } else {
        let mut new = old.clone();
        for _ in 0..=random.below(3) {
            new = mutations::mutated(random, new);
        }
        new
    };
    (old, new)
}

/// Values that come near to fitting either schema, and often do.
fn candidates(random: &mut Random, schemas: [&Value; 2]) -> Vec<Value> {
    (0..VALUES).flat_map(|_| schemas).map(|schema| values::near(random, schema)).collect()
}

/// Returns the differences of the values. A validator knows no names.
fn compare(old: &Value, new: &Value, direction: Direction) -> Vec<Difference> {
    let mut differences = schema_compat::compare(old, new, direction);
    differences.retain(|difference| difference.impact != Impact::Source);
    differences
}

fn is_breaking(differences: &[Difference]) -> bool {
    differences.iter().any(|difference| difference.impact == Impact::Breaking)
}

fn described(seed: u64, old: &Value, new: &Value, differences: &[Difference]) -> String {
    let lines: Vec<_> = differences.iter().map(ToString::to_string).collect();
    format!("seed {seed}\nold {old}\nnew {new}\n{}", lines.join("\n"))
}

#[test]
fn what_old_requests_say_is_accepted_unless_breaking() {
    let mut checked = 0;
    for seed in rounds() {
        let mut random = Random::new(seed);
        let (old, new) = versions(&mut random);
        let differences = compare(&old, &new, Direction::Request);
        if differences.is_empty() || is_breaking(&differences) {
            continue;
        }
        let announced = added_variants(&differences);
        let (writer, reader) = (Judge::new(&old), Judge::new(&new));
        for value in candidates(&mut random, [&old, &new]) {
            if writer.accepts(&value) && !values::has_tag(&value, &announced) {
                checked += 1;
                let told = described(seed, &old, &new, &differences);
                assert!(reader.accepts(&value), "{value} is refused now\n{told}");
            }
        }
    }
    assert!(checked > rounds().end / 4, "only {checked} values were worth a check");
}

#[test]
fn what_new_replies_say_is_understood_unless_breaking() {
    let mut checked = 0;
    for seed in rounds() {
        let mut random = Random::new(seed);
        let (old, new) = versions(&mut random);
        let differences = compare(&old, &new, Direction::Reply);
        if differences.is_empty() || is_breaking(&differences) {
            continue;
        }
        let announced = added_variants(&differences);
        let (writer, reader) = (Judge::new(&new), Judge::new(&old));
        for value in candidates(&mut random, [&old, &new]) {
            if writer.accepts(&value) && !values::has_tag(&value, &announced) {
                checked += 1;
                let told = described(seed, &old, &new, &differences);
                assert!(reader.accepts(&value), "{value} was not known\n{told}");
            }
        }
    }
    assert!(checked > rounds().end / 4, "only {checked} values were worth a check");
}

/// Variants that both sides must expect, because the union was open.
fn added_variants(differences: &[Difference]) -> BTreeSet<&str> {
    let added = differences.iter().filter(|it| it.change == Change::VariantAdded { to_open: true });
    added.filter_map(|it| it.path.rsplit('/').next()).collect()
}

#[test]
fn schemas_without_a_difference_accept_the_same() {
    let mut checked = 0;
    for seed in rounds() {
        let mut random = Random::new(seed);
        let (old, new) = versions(&mut random);
        if old == new || !compare(&old, &new, Direction::Request).is_empty() {
            continue;
        }
        let (before, now) = (Judge::new(&old), Judge::new(&new));
        for value in candidates(&mut random, [&old, &new]) {
            checked += 1;
            let told = described(seed, &old, &new, &[]);
            assert_eq!(before.accepts(&value), now.accepts(&value), "{value}\n{told}");
        }
    }
    assert!(checked > rounds().end / 4, "only {checked} values were worth a check");
}

#[test]
fn whether_there_is_a_difference_depends_on_no_direction_or_order() {
    for seed in rounds() {
        let (old, new) = versions(&mut Random::new(seed));
        let differ = [(&old, &new), (&new, &old)].map(|(old, new)| {
            [Direction::Request, Direction::Reply]
                .map(|direction| !compare(old, new, direction).is_empty())
        });
        let told = described(seed, &old, &new, &compare(&old, &new, Direction::Request));
        assert!(differ == [[true; 2]; 2] || differ == [[false; 2]; 2], "{differ:?}\n{told}");
    }
}

#[test]
fn a_schema_does_not_differ_from_itself_respelled() {
    for seed in rounds() {
        let mut random = Random::new(seed);
        let schema = schemas::document(&mut random);
        let respelled = respellings::respelled(&mut random, &schema);
        let differences = compare(&schema, &respelled, Direction::Request);
        let told = described(seed, &schema, &respelled, &differences);
        assert!(differences.is_empty(), "{told}");
        assert!(compare(&schema, &schema, Direction::Reply).is_empty(), "{told}");
    }
}
