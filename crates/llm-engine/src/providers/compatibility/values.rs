//! The values of switches that are more than yes or no.

use crate::providers::names::names;

names! {
    /// The field that limits the length of an answer.
    TokenLimit("token_limit") {
        /// `max_tokens`, which most servers know.
        MaxTokens = "max_tokens",
        /// `max_completion_tokens`, which newer models of `OpenAI` want.
        MaxCompletionTokens = "max_completion_tokens",
        /// None. A limit that is set is left out.
        Unsent = "none",
    }
}

names! {
    /// Where the application's messages may stand in a conversation.
    SystemMessages("system") {
        /// Anywhere.
        Anywhere = "anywhere",
        /// Only at the beginning. Later ones become messages of the user, with a mark.
        First = "first",
        /// Nowhere. Those at the beginning become the beginning of the user's first message.
        Merged = "merged",
    }
}

names! {
    /// The role of the application's messages.
    SystemRole("system_role") {
        /// `system`, which most servers know.
        System = "system",
        /// `developer`.
        Developer = "developer",
    }
}

names! {
    /// The field for the seed.
    SeedField("seed") {
        /// `seed`.
        Seed = "seed",
        /// `random_seed`, as Mistral names it.
        RandomSeed = "random_seed",
        /// None. A request that sets a seed is not sent.
        Unsent = "none",
    }
}

names! {
    /// The field that asks for reasoning.
    ReasoningField("reasoning") {
        /// `reasoning_effort`, which has no budget.
        ReasoningEffort = "reasoning_effort",
        /// `reasoning`, an object with an effort or a budget, as `OpenRouter` has it.
        Reasoning = "reasoning",
        /// None. A request that asks for reasoning is not sent.
        Unsent = "none",
    }
}
