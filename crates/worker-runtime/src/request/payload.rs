//! The names of requests on the wire, and the conversions between payloads and their enums.

use crate::model::Subscribe;

/// A request with a name: a payload such as [`CreateWorker`](crate::commands::CreateWorker), or an
/// enum of payloads.
///
/// A payload converts into its enum by [`From`], and back by [`TryFrom`], which gives the enum back
/// if it holds another payload.
pub trait Payload {
    /// The `type` of the request on the wire, such as `create_worker`. For the enums of all
    /// commands and of all queries, which have the types of their payloads on the wire, this is
    /// `runtime_command` and `runtime_query`.
    const TYPE: &'static str;
}

impl Payload for Subscribe {
    const TYPE: &'static str = "subscribe";
}

/// Implements [`Payload`] and the conversions for an enum of requests and for its payloads. Each
/// payload is given with its `type`, with the `type` of its reply, with what it is about
/// ([`Whose`](crate::request::Whose)), and with `boxed` if the enum holds it in a `Box`.
macro_rules! payloads {
    ($requests:ident $name:literal: $($payload:ident $type:literal -> $reply:literal of $whose:ident $($boxed:ident)?),+ $(,)?) => {
        impl $crate::request::Payload for $requests {
            const TYPE: &'static str = $name;
        }

        impl $crate::request::About for $requests {
            fn whose(&self) -> $crate::request::Whose {
                match self {
                    $(Self::$payload(_) => $crate::request::Whose::$whose,)+
                }
            }

            fn wire_type(&self) -> &'static str {
                self.type_name()
            }
        }

        impl $requests {
            /// The `type` of every payload on the wire.
            pub const TYPES: &'static [&'static str] = &[$($type),+];

            /// The `type` of every payload on the wire, with the `type` of the reply to it.
            pub(crate) const REPLIES: &'static [(&'static str, &'static str)] =
                &[$(($type, $reply)),+];

            /// The `type` of every payload on the wire, with what the payload is about.
            pub(crate) const WHOSE: &'static [(&'static str, $crate::request::Whose)] =
                &[$(($type, $crate::request::Whose::$whose)),+];

            /// Returns the `type` of this payload on the wire.
            #[must_use]
            pub const fn type_name(&self) -> &'static str {
                match self {
                    $(Self::$payload(_) => $type,)+
                }
            }

            /// Returns the `type` of the reply to this payload on the wire.
            #[must_use]
            pub const fn reply_type(&self) -> &'static str {
                match self {
                    $(Self::$payload(_) => $reply,)+
                }
            }
        }

        $(
            impl $crate::request::Payload for $payload {
                const TYPE: &'static str = $type;
            }

            impl $crate::request::About for $payload {
                fn whose(&self) -> $crate::request::Whose {
                    $crate::request::Whose::$whose
                }

                fn wire_type(&self) -> &'static str {
                    $type
                }
            }

            impl From<$payload> for $requests {
                fn from(payload: $payload) -> Self {
                    Self::$payload($crate::request::payloads!(@wrap payload $($boxed)?))
                }
            }

            impl TryFrom<$requests> for $payload {
                type Error = $requests;

                fn try_from(request: $requests) -> Result<Self, $requests> {
                    match request {
                        $requests::$payload(payload) => Ok($crate::request::payloads!(@unwrap payload $($boxed)?)),
                        other => Err(other),
                    }
                }
            }
        )+
    };
    (@wrap $payload:ident) => { $payload };
    (@wrap $payload:ident boxed) => { Box::new($payload) };
    (@unwrap $payload:ident) => { $payload };
    (@unwrap $payload:ident boxed) => { *$payload };
}

pub(crate) use payloads;
