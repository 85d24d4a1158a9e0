//! Prints the public API of a crate from the JSON of rustdoc, one item a line.

#![forbid(unsafe_code)]

use std::{collections::HashSet, env, error::Error};

use public_api::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let json = env::args_os().nth(1).ok_or("usage: list-api RUSTDOC_JSON")?;
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()?;
    let items: Vec<_> = api
        .items()
        .map(|item| (item, item.to_string()))
        // A by-product of `derive(PartialEq)`, which is listed itself.
        .filter(|(_, line)| !line.contains("core::marker::StructuralPartialEq"))
        .collect();
    let trait_impls: HashSet<_> = items
        .iter()
        .filter(|(_, line)| line.starts_with("impl") && line.contains(" for "))
        .map(|(item, _)| item.id())
        .collect();
    let mut printed = HashSet::new();
    for (item, line) in &items {
        let is_of_trait_impl = item.parent_id().is_some_and(|parent| trait_impls.contains(&parent));
        // The trait fixes the signatures of an impl's functions; its types and constants are the impl's own.
        let is_fixed_by_trait = is_of_trait_impl && line.contains("fn ");
        // An impl stands with its trait as well as with its type.
        if !is_fixed_by_trait && printed.insert(line) {
            println!("{line}");
        }
    }
    Ok(())
}
