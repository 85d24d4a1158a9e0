//! The page about a Worker's life is what the table says.

use std::{env, fs, path::Path};

use worker_runtime::lifecycle;

#[test]
fn the_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lifecycle.md");
    let page = lifecycle::page();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(found, page, "refresh it: UPDATE_GOLDEN=1 cargo test -p worker-runtime");
}
