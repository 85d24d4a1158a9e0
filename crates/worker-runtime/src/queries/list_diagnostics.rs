//! `list_diagnostics`: the newest diagnostics of the Runtime.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::RuntimeError,
    model::{Diagnostic, PageRequest, Severity, setters},
    request::Query,
    state::view::{PageBudget, Reader},
};

/// A query for the diagnostics of the Runtime, newest first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListDiagnostics {
    /// The least severity of the diagnostics to show. If absent, all are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The tenant whose diagnostics to show, of 1 to `label_chars` characters, none of them a control character.
    /// If absent, all that the caller sees are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::model::fragments::optional_tenant")]
    pub tenant: Option<String>,
    /// The part of the list that the page shows. If absent, it is the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageRequest>,
}

impl ListDiagnostics {
    /// Asks for the newest diagnostics.
    #[must_use]
    pub const fn new() -> Self {
        Self { severity: None, tenant: None, page: None }
    }
}

setters!(ListDiagnostics { severity: Severity, tenant: String, page: PageRequest });

/// The reply to `list_diagnostics`: one page of diagnostics.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DiagnosticsReply {
    /// The diagnostics of the page, newest first.
    #[schemars(with = "Vec<Diagnostic>")]
    pub items: Vec<Arc<Diagnostic>>,
    /// The token of the next page, for `page.token` of the same query. If absent, there are no
    /// further pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Query for ListDiagnostics {
    type Reply = DiagnosticsReply;
    const OF_THE_RUNTIME_ITSELF: bool = true;

    async fn answer(self, reader: Reader<'_>) -> Result<DiagnosticsReply, RuntimeError> {
        let page = self.page.unwrap_or_default();
        let limit = reader.limits().page("page.limit", page.limit)?;
        // The numbers of diagnostics begin at 1 at each start, so a token is valid for one epoch.
        let shown = reader.caller.narrowed("tenant", self.tenant.as_deref())?;
        let reader = Reader::of(&shown);
        let list = reader.list_id(&("list_diagnostics", reader.epoch(), self.severity));
        let before = page.token.as_deref().map(|token| list.position(token)).transpose()?;
        let severity = self.severity.unwrap_or(Severity::Info);
        let before = before.map(|(number, _)| number);
        let (mut found, mut more) = reader.diagnostics(before, severity, limit);
        let mut bytes = PageBudget::new();
        if let Some(full) = found.iter().position(|(item, _)| !bytes.takes(item)) {
            found.truncate(full);
            more = true;
        }
        let oldest = found.last().map(|(_, number)| *number);
        let next = oldest.filter(|_| more).map(|number| list.token((number, 0)));
        let items = found.into_iter().map(|(item, _)| item).collect();
        Ok(DiagnosticsReply { items, next })
    }
}
