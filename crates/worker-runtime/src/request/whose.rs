//! What a request is about, which decides what comes of it for whoever acts for a tenant.

/// What a request is about.
///
/// Every command and every query says this where it is registered, so that none can be added without
/// a decision.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// One Worker. A Worker that does not belong to the tenant is not found.
    OneWorker,
    /// What the caller sees of the Runtime. A tenant sees its own part.
    CallersPart,
    /// The Runtime as a whole. A tenant is refused.
    WholeRuntime,
}

/// A request that says what it is about.
pub trait About {
    /// Returns what the request is about.
    #[doc(hidden)]
    fn whose(&self) -> Whose;

    /// Returns the `type` of the request on the wire.
    #[doc(hidden)]
    fn wire_type(&self) -> &'static str;
}
