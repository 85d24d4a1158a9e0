//! A choice between named values, for flags and files.

use crate::ShortText;

/// A name that is none of a choice. The message lists the names that there are.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field} {given:?} is unknown; known are {}", known.join(", "))]
#[non_exhaustive]
pub struct UnknownName {
    /// The name of the choice.
    pub field: &'static str,
    /// The name that was given.
    pub given: ShortText,
    /// The names that there are.
    pub known: &'static [&'static str],
}

/// Declares an enum whose variants have names, with `ALL`, `as_str`, `Display` and `FromStr`.
macro_rules! names {
    (
        $(#[$meta:meta])*
        $name:ident($field:literal) {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable name, for flags and files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::providers::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or_else(|| {
                    $crate::providers::UnknownName {
                        field: $field,
                        given: $crate::ShortText::cut(name, 64),
                        known: &[$($text),+],
                    }
                })
            }
        }
    };
}

pub(in crate::providers) use names;
