//! Page tokens: opaque, protected by a checksum, and valid only for the list that they came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{domain::idempotency::digest, error::RuntimeError};

/// The list that a token belongs to: a digest of the query, its filters and the Runtime.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ListId([u8; 8]);

const LENGTH: usize = 8 + 16 + 4;

impl ListId {
    pub(crate) fn of(list: &impl Serialize) -> Self {
        let mut id = [0; 8];
        id.copy_from_slice(&digest(list)[..8]);
        Self(id)
    }

    /// Returns the token that continues the list at a position.
    pub(crate) fn token(self, position: (u64, u64)) -> String {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&self.0);
        bytes[8..16].copy_from_slice(&position.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&position.1.to_be_bytes());
        let check = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&check.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the position in a token, or an error if the token is damaged or belongs to another
    /// list.
    pub(crate) fn position(self, token: &str) -> Result<(u64, u64), RuntimeError> {
        let malformed = || {
            let problem = "not a token of this list; use the `next` of the page before";
            RuntimeError::invalid("page.token", problem)
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| malformed())?;
        let number = |from: usize| {
            let bytes = bytes.get(from..from + 8)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        let intact = bytes.len() == LENGTH
            && crc32fast::hash(&bytes[..24]).to_be_bytes() == bytes[24..]
            && bytes[..8] == self.0;
        match (intact, number(8), number(16)) {
            (true, Some(first), Some(second)) => Ok((first, second)),
            _ => Err(malformed()),
        }
    }
}
