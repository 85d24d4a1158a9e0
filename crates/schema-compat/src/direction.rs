//! The direction of a document: who writes its values, and who reads them.

/// The direction in which the values of a document travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Clients write and the Runtime reads: the new schema must accept every value that the old one
    /// accepts.
    Request,
    /// The Runtime writes and clients read: the old schema must accept every value that the new one
    /// accepts.
    Reply,
    /// The Runtime writes in answer to a request, and the client that asked reads. This is a reply
    /// whose outermost union may gain variants, because nobody gets an answer to a request that they
    /// do not know. The definitions `CommandReply` and `QueryReply` are answers wherever they stand.
    Answer,
}
