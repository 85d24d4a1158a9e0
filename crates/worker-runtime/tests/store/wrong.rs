//! Stores that each break the contract in one way.

mod commits;
mod connected;
mod feed;
mod owning;
mod reads;
mod settling;
mod texts;

pub(crate) use commits::{
    CutsLongTexts, FailsNext, Forgetful, IgnoresLease, IgnoresVersion, KeepsSpec, Liar, LosesEntry,
    LosesTotals, OneTurn, RefusesAndDoes, Resurrects,
};
pub(crate) use connected::Connected;
pub(crate) use feed::{Fault, Feed};
pub(crate) use owning::{Closed, ForgetsFormat, IgnoresEpoch, LosesLease, OwnedForLife};
pub(crate) use reads::{CapsPages, Hides, OffByOne, Overprunes, Panics, Reorders, Stale, Torn};
pub(crate) use settling::{ForgetsDeletion, LateSuccess, SaysNever};
pub(crate) use texts::{CutsKeys, DropsMark, FoldsTenants, RepeatsTenants};

/// Declares wrong stores that have no state of their own.
macro_rules! plain {
    ($($(#[doc = $doc:literal])+ $name:ident { $($method:item)+ })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Default)]
            pub(crate) struct $name(std::sync::Arc<worker_runtime::store::MemoryStore>);

            impl worker_runtime::store::StoreWrapper for $name {
                fn inner(&self) -> &dyn worker_runtime::store::Store {
                    &*self.0
                }

                $($method)+
            }
        )+
    };
}
pub(crate) use plain;
