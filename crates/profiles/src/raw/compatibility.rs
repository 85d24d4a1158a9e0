//! The keys by which a profile says how its server differs.

use llm_engine::providers::{
    Compatibility, ReasoningField, SeedField, SystemMessages, SystemRole, TokenLimit,
};
use serde::Deserialize;

use super::Named;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCompatibility {
    token_limit: Option<Named<TokenLimit>>,
    system: Option<Named<SystemMessages>>,
    system_role: Option<Named<SystemRole>>,
    alternating: Option<bool>,
    stream_options: Option<bool>,
    temperature: Option<bool>,
    top_p: Option<bool>,
    top_k: Option<bool>,
    seed: Option<Named<SeedField>>,
    reasoning: Option<Named<ReasoningField>>,
    prompt_cache_key: Option<bool>,
    think_tags: Option<bool>,
    reasoning_content: Option<bool>,
    encrypted_reasoning: Option<bool>,
    short_call_ids: Option<bool>,
    schema_choices: Option<bool>,
}

impl From<RawCompatibility> for Compatibility {
    fn from(raw: RawCompatibility) -> Self {
        let mut compatibility = Self::new();
        compatibility.token_limit = raw.token_limit.map(|named| named.0);
        compatibility.system = raw.system.map(|named| named.0);
        compatibility.system_role = raw.system_role.map(|named| named.0);
        compatibility.alternating = raw.alternating;
        compatibility.stream_options = raw.stream_options;
        compatibility.temperature = raw.temperature;
        compatibility.top_p = raw.top_p;
        compatibility.top_k = raw.top_k;
        compatibility.seed = raw.seed.map(|named| named.0);
        compatibility.reasoning = raw.reasoning.map(|named| named.0);
        compatibility.prompt_cache_key = raw.prompt_cache_key;
        compatibility.think_tags = raw.think_tags;
        compatibility.reasoning_content = raw.reasoning_content;
        compatibility.encrypted_reasoning = raw.encrypted_reasoning;
        compatibility.short_call_ids = raw.short_call_ids;
        compatibility.schema_choices = raw.schema_choices;
        compatibility
    }
}
