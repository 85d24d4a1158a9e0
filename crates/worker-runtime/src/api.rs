//! The version of the API and the digest of its schema documents.

use crate::model::ApiVersion;

/// Goes up when something that worked no longer does.
pub(crate) const MAJOR: u32 = 1;

/// Goes up when something was added.
pub(crate) const MINOR: u32 = 0;

/// The digest of the documents of the wire contract: a constant, because making them all takes longer
/// than everything else that a Runtime does to start. A test refreshes it.
const SCHEMA_DIGEST: &str = include_str!("api/schema_digest.txt").trim_ascii_end();

/// The version that this build speaks.
pub(crate) fn version() -> ApiVersion {
    ApiVersion { major: MAJOR, minor: MINOR, schema_digest: SCHEMA_DIGEST.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use sha2::{Digest, Sha256};

    use super::SCHEMA_DIGEST;
    use crate::schema;

    #[test]
    fn the_digest_is_that_of_the_documents() {
        let mut hash = Sha256::new();
        for (name, document) in schema::documents() {
            hash.update(name);
            hash.update(schema::render(&document));
        }
        let digest = format!("{:x}", hash.finalize());
        if env::var_os("UPDATE_GOLDEN").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/schema_digest.txt");
            fs::write(file, digest + "\n").expect("the digest can be written");
        } else {
            let how = "refresh it: UPDATE_GOLDEN=1 cargo test -p worker-runtime";
            assert_eq!(SCHEMA_DIGEST, digest, "{how}");
        }
    }
}
