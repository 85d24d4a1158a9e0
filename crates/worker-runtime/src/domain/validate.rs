//! Checks fields against the limits. Each error names the field and what is allowed.

use crate::{
    error::RuntimeError,
    model::{
        ConfigBundle, EventFilter, Input, Intent, Labels, Limits, MAX_INTEGER, Meta,
        ProfileSelector, ScopeClaim, SeedEntry, WorkerSetting, check_resource,
    },
};

/// The maximum number of event types in a filter, far above the number of event types.
const MOST_TYPES: u64 = 64;

/// The maximum number of states, and of outcomes, that a query asks for, far above the number of
/// either.
const MOST_STATES: u64 = 16;

/// The maximum number of settings that one command clears, far above the number of settings.
const MOST_SETTINGS: u64 = 16;

type Checked = Result<(), RuntimeError>;

impl Limits {
    /// Checks a text for people, such as a reason, a purpose or a name.
    pub(crate) fn check_text(&self, field: &str, text: &str) -> Checked {
        not_empty(field, text)?;
        at_most_chars(field, text, self.text_chars)
    }

    /// Checks a text of the Backend's own configuration, such as the name of a profile.
    pub(crate) fn check_setting(&self, field: &str, text: &str) -> Checked {
        self.check_text(field, text)?;
        without_controls(field, text)
    }

    pub(crate) fn check_reason(&self, reason: Option<&String>) -> Checked {
        reason.map_or(Ok(()), |reason| self.check_text("reason", reason))
    }

    pub(crate) fn check_display_name(&self, name: &str) -> Checked {
        const FIELD: &str = "display_name";
        at_most_chars(FIELD, name, self.display_name_chars)?;
        if name.chars().all(char::is_whitespace) {
            return Err(RuntimeError::invalid(FIELD, "must not be blank"));
        }
        if name.contains('@') {
            return Err(RuntimeError::invalid(FIELD, "must not contain `@`"));
        }
        if name.chars().any(|it| it.is_control() || is_bidi_control(it)) {
            let problem = "must not contain control or bidirectional-override characters";
            return Err(RuntimeError::invalid(FIELD, problem));
        }
        Ok(())
    }

    pub(crate) fn check_name_part(&self, part: &str) -> Checked {
        not_empty("name_contains", part)?;
        at_most_chars("name_contains", part, self.display_name_chars)
    }

    pub(crate) fn check_intent(&self, intent: &Intent) -> Checked {
        match intent {
            Intent::Assistant(it) => {
                self.check_optional_text("intent.purpose", it.purpose.as_ref())
            }
            Intent::Task(it) => self.check_text("intent.objective", &it.objective),
            Intent::Role(it) => {
                self.check_text("intent.role", &it.role)?;
                self.check_optional_text("intent.purpose", it.purpose.as_ref())
            }
            Intent::Unknown(_) => Err(RuntimeError::invalid("intent.type", "is not known")),
        }
    }

    pub(crate) fn check_profile(&self, profile: &ProfileSelector) -> Checked {
        match profile {
            ProfileSelector::RuntimeDefault(_) => Ok(()),
            ProfileSelector::Builtin(it) => self.check_text("profile.name", &it.name),
            ProfileSelector::Named(it) => self.check_text("profile.name", &it.name),
            ProfileSelector::Unknown(_) => {
                Err(RuntimeError::invalid("profile.type", "is not known"))
            }
        }
    }

    pub(crate) fn check_instructions(&self, instructions: &str) -> Checked {
        at_most_bytes("instructions", instructions, self.instructions_bytes)
    }

    pub(crate) fn check_config_bundle(&self, bundle: &ConfigBundle) -> Checked {
        self.check_text("config_bundle.id", &bundle.id)?;
        self.check_optional_text("config_bundle.digest", bundle.digest.as_ref())
    }

    pub(crate) fn check_capabilities(&self, names: &[String]) -> Checked {
        const FIELD: &str = "requested_capabilities";
        at_most(FIELD, names.len(), self.requested_capabilities)?;
        names.iter().enumerate().try_for_each(|(place, name)| {
            let field = format!("{FIELD}[{place}]");
            self.check_text(&field, name)?;
            without_controls(&field, name)
        })
    }

    pub(crate) fn check_claims(&self, claims: &[ScopeClaim]) -> Checked {
        at_most("scope_claims", claims.len(), self.scope_claims)?;
        claims.iter().enumerate().try_for_each(|(place, claim)| {
            let field = format!("scope_claims[{place}].resource");
            at_most_chars(&field, &claim.resource, self.text_chars)?;
            check_resource(&claim.resource).map_err(|problem| RuntimeError::invalid(field, problem))
        })
    }

    pub(crate) fn check_labels(&self, labels: &Labels) -> Checked {
        self.check_labels_at("labels", labels)
    }

    fn check_labels_at(&self, field: &str, labels: &Labels) -> Checked {
        at_most(field, labels.len(), self.labels)?;
        labels.iter().try_for_each(|(name, value)| {
            self.check_label_name(field, name)?;
            let field = format!("{field}.{name}");
            at_most_chars(&field, value, self.label_chars)?;
            without_controls(&field, value)
        })
    }

    /// Checks the name of a tenant, which is like a label's value, and not empty.
    pub(crate) fn check_tenant(&self, field: &str, name: &str) -> Checked {
        self.check_label_name(field, name)
    }

    pub(crate) fn check_label_names(&self, field: &str, names: &[String]) -> Checked {
        at_most(field, names.len(), self.labels)?;
        names
            .iter()
            .enumerate()
            .try_for_each(|(place, name)| self.check_label_name(&format!("{field}[{place}]"), name))
    }

    fn check_label_name(&self, field: &str, name: &str) -> Checked {
        not_empty(field, name)?;
        at_most_chars(field, name, self.label_chars)?;
        without_controls(field, name)
    }

    pub(crate) fn check_meta(&self, meta: Option<&Meta>) -> Checked {
        let Some(meta) = meta else { return Ok(()) };
        at_most("meta", meta.len(), self.meta_pairs)?;
        meta.iter().try_for_each(|(name, value)| {
            not_empty("meta", name)?;
            at_most_chars("meta", name, self.meta_chars)?;
            at_most_chars(&format!("meta.{name}"), value, self.meta_chars)
        })
    }

    pub(crate) fn check_key(&self, key: Option<&String>) -> Checked {
        key.map_or(Ok(()), |key| self.check_key_at("idempotency_key", key))
    }

    pub(crate) fn check_key_at(&self, field: &str, key: &str) -> Checked {
        not_empty(field, key)?;
        at_most_chars(field, key, self.key_chars)
    }

    pub(crate) fn check_input(&self, field: &str, input: &Input) -> Checked {
        // Formatting the field's name costs more than the check, so a valid input returns first.
        if (1..=self.input_bytes).contains(&(input.text.len() as u64)) {
            return Ok(());
        }
        let field = format!("{field}.text");
        not_empty(&field, &input.text)?;
        at_most_bytes(&field, &input.text, self.input_bytes)
    }

    pub(crate) fn check_history(&self, history: &[SeedEntry]) -> Checked {
        at_most("history", history.len(), self.history_entries.min(self.transcript_entries))?;
        history.iter().enumerate().try_for_each(|(place, entry)| {
            let field = format!("history[{place}].text");
            not_empty(&field, &entry.text)?;
            at_most_bytes(&field, &entry.text, self.input_bytes)?;
            let field = format!("history[{place}].at_ms");
            in_range(&field, entry.at_ms.unwrap_or(0), 0, MAX_INTEGER)
        })
    }

    pub(crate) fn check_filter(&self, filter: Option<&EventFilter>) -> Checked {
        let Some(filter) = filter else { return Ok(()) };
        at_most("filter.types", filter.types.as_ref().map_or(0, Vec::len), MOST_TYPES)?;
        filter
            .labels
            .as_ref()
            .map_or(Ok(()), |labels| self.check_labels_at("filter.labels", labels))
    }

    /// Returns the number of items on a page: `limit`, or the default if there is none.
    pub(crate) fn page(&self, field: &str, limit: Option<u64>) -> Result<usize, RuntimeError> {
        let limit = limit.unwrap_or(self.default_page());
        in_range(field, limit, 1, self.page_items)?;
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    pub(crate) fn check_wait(&self, wait_ms: Option<u64>) -> Checked {
        in_range("wait_ms", wait_ms.unwrap_or(0), 0, self.wait_ms)
    }

    fn check_optional_text(&self, field: &str, text: Option<&String>) -> Checked {
        text.map_or(Ok(()), |text| self.check_text(field, text))
    }
}

/// Checks a list of states or outcomes to show.
pub(crate) fn check_states<T>(field: &str, states: Option<&Vec<T>>) -> Checked {
    at_most(field, states.map_or(0, Vec::len), MOST_STATES)
}

/// Checks the list of settings to remove.
pub(crate) fn check_clear(settings: &[WorkerSetting]) -> Checked {
    at_most("clear", settings.len(), MOST_SETTINGS)
}

fn not_empty(field: &str, text: &str) -> Checked {
    if text.is_empty() { Err(RuntimeError::invalid(field, "must not be empty")) } else { Ok(()) }
}

fn at_most(field: &str, count: usize, max: u64) -> Checked {
    if count as u64 > max { Err(RuntimeError::too_large(field, max)) } else { Ok(()) }
}

fn at_most_bytes(field: &str, text: &str, max: u64) -> Checked {
    at_most(field, text.len(), max)
}

fn at_most_chars(field: &str, text: &str, max: u64) -> Checked {
    // A text has no more characters than bytes, so only a longer text is counted.
    if text.len() as u64 <= max { Ok(()) } else { at_most(field, text.chars().count(), max) }
}

fn without_controls(field: &str, text: &str) -> Checked {
    if text.chars().any(char::is_control) {
        Err(RuntimeError::invalid(field, "must not contain control characters"))
    } else {
        Ok(())
    }
}

fn in_range(field: &str, value: u64, min: u64, max: u64) -> Checked {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(RuntimeError::LimitOutOfRange { field: field.to_owned(), min, max })
    }
}

/// Returns whether a character changes the direction of the text around it.
fn is_bidi_control(it: char) -> bool {
    matches!(it, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
