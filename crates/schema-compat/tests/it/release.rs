//! The contract of today beside that of the last release.

use std::{fs, path::Path};

use schema_compat::{Impact, compare_sets};
use worker_runtime::{Runtime, queries::GetRuntime, schema};

/// The folder `baseline/vN` holds the documents of the last release of the API's major version N.
#[tokio::test]
async fn a_breaking_change_needs_a_new_major_version() {
    let runtime = Runtime::builder().build().await.expect("a Runtime");
    let api = runtime.handle(GetRuntime {}).await.expect("a reply").api;
    let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline");
    let released = baseline.join(format!("v{}", api.major));
    if !released.exists() {
        let before = baseline.join(format!("v{}", api.major - 1));
        assert!(before.exists(), "there is a release before the major version {}", api.major);
        return;
    }
    let old = fs::read_dir(released)
        .expect("the release can be listed")
        .map(|entry| {
            let path = entry.expect("the release can be listed").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            let text = fs::read(&path).expect("a document can be read");
            (name, serde_json::from_slice(&text).expect("a document is JSON"))
        })
        .collect();
    let new = schema::documents()
        .into_iter()
        .map(|(name, document)| (name.to_owned(), document))
        .collect();
    let breaking: Vec<String> = compare_sets(&old, &new)
        .iter()
        .filter(|difference| difference.impact == Impact::Breaking)
        .map(ToString::to_string)
        .collect();
    assert!(
        breaking.is_empty(),
        "clients of the last release would break; \
         see docs/compatibility.md for what may change, and raise the API's major version if it must\n{}",
        breaking.join("\n")
    );
}
