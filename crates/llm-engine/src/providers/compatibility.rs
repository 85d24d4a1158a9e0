//! The table of switches by which servers of one protocol differ.

mod hosts;
mod values;

pub(super) use hosts::host;
pub use values::{ReasoningField, SeedField, SystemMessages, SystemRole, TokenLimit};

/// Declares all switches, with the value that holds where nothing else is known.
macro_rules! switches {
    ($($(#[$meta:meta])* $name:ident: $type:ty = $default:expr,)+) => {
        /// How a server differs from its protocol as most servers speak it. `None` is what is
        /// known of the server by its kind and its host.
        ///
        /// A server that refuses a request and names the field at fault teaches some of the
        /// switches: the call is made once more, and the provider remembers it for that model.
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct Compatibility {
            $($(#[$meta])* pub $name: Option<$type>,)+
        }

        impl Compatibility {
            /// Says nothing of a server.
            #[must_use]
            pub const fn new() -> Self {
                Self { $($name: None,)+ }
            }

            $(
                #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                #[must_use]
                pub const fn $name(mut self, value: $type) -> Self {
                    self.$name = Some(value);
                    self
                }
            )+

            /// Returns these switches with those of `other` where nothing is said here.
            #[must_use]
            pub fn or(self, other: Self) -> Self {
                Self { $($name: self.$name.or(other.$name),)+ }
            }
        }

        /// All that is known of a server.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) struct Switches {
            $(pub(super) $name: $type,)+
        }

        impl Switches {
            /// Returns these switches with those that `learned` sets.
            pub(super) fn with(self, learned: Compatibility) -> Self {
                Self { $($name: learned.$name.unwrap_or(self.$name),)+ }
            }
        }

        impl From<Compatibility> for Switches {
            fn from(known: Compatibility) -> Self {
                Self { $($name: known.$name.unwrap_or($default),)+ }
            }
        }
    };
}

switches! {
    /// The field that limits the length of an answer of chat completions.
    token_limit: TokenLimit = TokenLimit::MaxTokens,
    /// Where the application's messages may stand.
    system: SystemMessages = SystemMessages::Anywhere,
    /// The role of the application's messages.
    system_role: SystemRole = SystemRole::System,
    /// Whether user and assistant must take turns, the user first and last. Anthropic and Gemini
    /// are always asked so.
    alternating: bool = false,
    /// Whether `stream_options` is sent, which asks for token counts.
    stream_options: bool = true,
    /// Whether a temperature is sent. If not, one that is set is left out.
    temperature: bool = true,
    /// Whether `top_p` is sent. If not, one that is set is left out.
    top_p: bool = true,
    /// Whether chat completions have `top_k`. If not, a request that sets it is not sent.
    top_k: bool = true,
    /// The field for the seed of chat completions.
    seed: SeedField = SeedField::Seed,
    /// The field of chat completions that asks for reasoning.
    reasoning: ReasoningField = ReasoningField::ReasoningEffort,
    /// Whether `prompt_cache_key` is sent if [caching](crate::providers::ProviderConfig::cache) is
    /// wanted.
    prompt_cache_key: bool = false,
    /// Whether text between `<think>` and `</think>` is reasoning.
    think_tags: bool = false,
    /// Whether the reasoning of a turn that calls tools goes back, as `reasoning_content` of chat
    /// completions or as `thinking` of Ollama.
    reasoning_content: bool = false,
    /// Whether a request of the Responses API that offers tools asks for the reasoning in encrypted
    /// form, to give it back.
    encrypted_reasoning: bool = true,
    /// Whether the id of a call must be nine letters and digits.
    short_call_ids: bool = false,
    /// Whether the schema of a tool may be a choice of several at its top: `oneOf`, `anyOf`,
    /// `allOf`, `enum` or `not`. If not, a request with such a tool is not sent. Anthropic is never
    /// sent one.
    schema_choices: bool = true,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_first_counts() {
        let user = Compatibility::new().think_tags(true);
        let host = Compatibility::new().think_tags(false).stream_options(false);
        let switches = Switches::from(user.or(host));
        assert!(switches.think_tags && !switches.stream_options && switches.temperature);
    }
}
