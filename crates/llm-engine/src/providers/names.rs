//! A choice between named values, for flags and files.

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
            type Err = $crate::providers::ConfigError;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name).ok_or_else(|| {
                    $crate::providers::ConfigError::UnknownName {
                        field: $field,
                        given: $crate::providers::ConfigError::name(name),
                        known: &[$($text),+],
                    }
                })
            }
        }
    };
}

pub(in crate::providers) use names;
