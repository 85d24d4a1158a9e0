//! What people see: the shapes of requests, replies and events.

mod capability;
mod claim;
mod diagnostic;
mod input;
mod intent;
mod labels;
mod limits;
mod page;
mod profile_selector;
mod runtime_summary;
mod shared;
mod state;
mod store_summary;
mod tags;
mod text;
mod transcript;
mod turn;
mod usage;
mod worker;

pub use capability::CapabilityGrant;
pub use claim::{Access, ScopeClaim};
pub use diagnostic::{Diagnostic, Severity};
pub use input::{ConfigBundle, Input, InputKind, InputReceipt, SeedEntry};
pub use intent::{Intent, IntentAssistant, IntentRole, IntentTask};
pub use labels::{LabelPatch, Labels, Meta};
pub use limits::Limits;
pub use page::PageRequest;
pub use profile_selector::{
    ProfileSelector, ProfileSelectorBuiltin, ProfileSelectorDefault, ProfileSelectorNamed,
};
pub use runtime_summary::{
    ApiVersion, AvailableProfile, BusyPolicy, Capabilities, OutcomeCounts, RuntimeState,
    RuntimeSummary, StateCounts,
};
pub use shared::{Shared, Usual};
pub use state::{TurnOutcome, WorkerState};
pub use store_summary::{AllocationSummary, Holder, StoreSummary};
pub use tags::Tags;
pub use text::Nullable;
pub use transcript::{InProgress, TranscriptEntry};
pub use turn::{TurnDetail, TurnError, TurnErrorKind};
pub use usage::Usage;
pub use worker::{WorkerDetail, WorkerSummary};

pub(crate) use text::{MAX_INTEGER, present_as_some, zero_as_none};
