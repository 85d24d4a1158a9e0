//! Page tokens: opaque, protected by a checksum, and valid only for the list that they came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use uuid::Uuid;

use crate::{domain::idempotency::digest, error::RuntimeError};

/// The list that a token belongs to: a digest of the query, its filters and the Runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListId {
    digest: [u8; 8],
    /// The secret under which the positions are hidden from whoever has the tokens.
    secret: Option<Uuid>,
}

const LENGTH: usize = 8 + 16 + 4;

impl ListId {
    pub(crate) fn of(list: &impl Serialize) -> Self {
        let mut id = [0; 8];
        id.copy_from_slice(&digest(list)[..8]);
        Self { digest: id, secret: None }
    }

    /// Does what [`of`](Self::of) does, for tokens that tell nothing about their positions. They are
    /// valid as long as the secret is.
    pub(crate) fn sealed(list: &impl Serialize, secret: Uuid) -> Self {
        Self { secret: Some(secret), ..Self::of(list) }
    }

    /// Returns the checksum of a token whose positions are not hidden. With a secret, only who has the
    /// secret can try out which positions have the checksum.
    fn checksum(self, bytes: &[u8; LENGTH]) -> [u8; 4] {
        let Some(secret) = self.secret else { return crc32fast::hash(&bytes[..24]).to_be_bytes() };
        let hash = digest(&(secret, &bytes[..24]));
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// Hides the positions of a token with this checksum, or brings them to light again. No two tokens
    /// are hidden in the same way.
    fn turn(self, bytes: &mut [u8; LENGTH], checksum: [u8; 4]) {
        let Some(secret) = self.secret else { return };
        let mask = digest(&(secret, self.digest, checksum));
        bytes[8..24].iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }

    /// Returns the token that continues the list at a position.
    pub(crate) fn token(self, position: (u64, u64)) -> String {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&self.digest);
        bytes[8..16].copy_from_slice(&position.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&position.1.to_be_bytes());
        let checksum = self.checksum(&bytes);
        bytes[24..].copy_from_slice(&checksum);
        self.turn(&mut bytes, checksum);
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
        let mut bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| malformed())?;
        let checksum = [bytes[24], bytes[25], bytes[26], bytes[27]];
        self.turn(&mut bytes, checksum);
        if self.checksum(&bytes) != checksum || bytes[..8] != self.digest {
            return Err(malformed());
        }
        let number = |from: usize| {
            bytes[from..from + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        Ok((number(8), number(16)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_token_is_read_under_its_secret_alone() {
        let secret = Uuid::from_u128(7);
        let list = ListId::sealed(&"list", secret);
        let token = list.token((5, 1 << 60));
        assert_eq!(list.position(&token).ok(), Some((5, 1 << 60)));
        assert_ne!(list.token((6, 1 << 60))[11..32], token[11..32]);
        let others = [
            ListId::of(&"list"),
            ListId::sealed(&"list", Uuid::from_u128(8)),
            ListId::sealed(&"other", secret),
        ];
        for other in others {
            assert!(other.position(&token).is_err());
            assert!(list.position(&other.token((5, 1 << 60))).is_err());
        }
    }
}
