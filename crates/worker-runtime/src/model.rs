//! The data types of the wire contract: parts of requests, replies and events.

mod capability;
mod claim;
mod cursor;
mod diagnostic;
mod event;
mod event_filter;
mod event_type;
pub(crate) mod fragments;
mod input;
mod intent;
mod labels;
mod limits;
mod page;
mod profile_selector;
mod provider_error;
mod retention;
mod runtime_summary;
mod scope;
mod setters;
mod state;
mod store_summary;
mod stream_item;
mod tenant_quotas;
mod text;
mod transcript;
mod turn;
mod turn_selector;
pub(crate) mod unknown;
mod usage;
mod usage_scope;
pub(crate) mod wire;
mod worker;
mod worker_command;
mod worker_setting;

pub use capability::CapabilityGrant;
pub use claim::{Access, ScopeClaim};
pub use cursor::{Cursor, CursorOrigin};
pub use diagnostic::{Diagnostic, Severity};
pub use event::{EventBody, RuntimeEvent};
pub use event_filter::EventFilter;
pub use event_type::EventType;
pub use input::{ConfigBundle, Input, InputKind, InputReceipt, SeedEntry};
pub use intent::{Intent, IntentAssistant, IntentRole, IntentTask};
pub use labels::{Labels, Meta};
pub use limits::Limits;
pub use page::PageRequest;
pub use profile_selector::{
    ProfileSelector, ProfileSelectorBuiltin, ProfileSelectorDefault, ProfileSelectorNamed,
};
pub use provider_error::ProviderError;
pub use retention::Retention;
pub use runtime_summary::{
    ApiVersion, AvailableProfile, BusyPolicy, Capabilities, OutcomeCounts, RuntimeState,
    RuntimeSummary, StateCounts,
};
pub use scope::{
    EventsFrom, FromAfter, FromAfterSequence, FromNow, FromOldest, Scope, ScopeRuntime,
    ScopeWorker, Subscribe,
};
pub use state::{TurnOutcome, WorkerState};
pub use store_summary::{AllocationSummary, ClaimHolder, OpenSummary, StoreSummary};
pub use stream_item::{EndReason, ResetReason, StreamEvent, StreamItem};
pub use tenant_quotas::TenantQuotas;
pub use transcript::{InProgress, TranscriptEntry};
pub use turn::{TurnDetail, TurnError, TurnErrorKind};
pub use turn_selector::{TurnSelector, TurnSelectorId, TurnSelectorKey, TurnSelectorLatest};
pub use unknown::UnknownVariant;
pub use usage::Usage;
pub use usage_scope::{UsageScope, UsageScopeTenant};
pub use worker::{WorkerDetail, WorkerSummary};
pub use worker_command::WorkerCommand;
pub use worker_setting::WorkerSetting;

pub(crate) use claim::check_resource;
pub(crate) use cursor::{LogId, NotAPosition, Position};
pub(crate) use labels::{no_labels, shared_labels};
pub(crate) use setters::setters;
pub(crate) use text::{MAX_INTEGER, saturating_sum};
