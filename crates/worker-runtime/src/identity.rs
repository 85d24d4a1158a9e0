//! Ids, the reference that addresses a Worker, and display names.

mod runtime_identity;

use std::{fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(crate) use runtime_identity::RuntimeIdentity;

macro_rules! uuid_newtype {
    ($(#[doc = $doc:literal])+ $name:ident $field:literal) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Uuid);

        impl $name {
            /// The nil UUID, which stands for an id that was not made yet, as in a preview.
            pub const NIL: Self = Self(Uuid::nil());

            /// Makes an id from a UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID of the id.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.as_hyphenated())
            }
        }

        /// Reads the id from its hyphenated form, as from a segment of a path. `?` makes a
        /// [`RuntimeError`](crate::RuntimeError) of the error, which names the id.
        impl std::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hyphenated(text).map(Self).ok_or(ParseIdError($field))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut buffer = Uuid::encode_buffer();
                serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut buffer))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(HyphenatedUuid).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": concat!($($doc),+).trim_ascii_start(),
                    "type": "string",
                    "format": "uuid",
                    "maxLength": 36,
                    "pattern": "^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
                })
            }
        }
    };
}

uuid_newtype! {
    /// The id of a Runtime. The store keeps the id, so that every Runtime that is built on the same
    /// store has the same one. It is a UUID in its hyphenated form.
    RuntimeId "runtime_id"
}

uuid_newtype! {
    /// The id of a Worker. The Runtime makes it and never reuses it. It is a UUID in its hyphenated
    /// form.
    WorkerId "worker_id"
}

uuid_newtype! {
    /// The id of a turn. The Runtime makes it and never reuses it. It is a UUID in its hyphenated
    /// form.
    TurnId "turn_id"
}

uuid_newtype! {
    /// The id of one start of a Runtime. A position in the Runtime's log is valid within one epoch.
    /// It is a UUID in its hyphenated form.
    Epoch "epoch"
}

uuid_newtype! {
    /// The id of a diagnostic. The Runtime makes it and never reuses it. It is a UUID in its
    /// hyphenated form.
    DiagnosticId "diagnostic_id"
}

impl Epoch {
    /// Returns the id of the log that a tenant sees in this epoch. It tells nothing of the tenant, so
    /// that the position of another tenant is like that of another epoch.
    pub(crate) fn of_tenant(self, tenant: &str) -> Self {
        let hash = Sha256::new().chain_update(self.0.as_bytes()).chain_update(tenant).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// The error of parsing an id from a text that is not a UUID in its hyphenated form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}: not a UUID in its hyphenated form")]
pub struct ParseIdError(&'static str);

impl ParseIdError {
    /// The name of the id that was wanted, such as `worker_id`.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.0
    }
}

fn parse_hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

struct HyphenatedUuid;

impl de::Visitor<'_> for HyphenatedUuid {
    type Value = Uuid;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID in its hyphenated form")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
        parse_hyphenated(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// The reference that addresses a Worker, and gives authority over it. Nothing else addresses a
/// Worker.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(deny_unknown_fields)]
pub struct WorkerRef {
    /// The id of the Runtime that holds the Worker.
    pub runtime_id: RuntimeId,
    /// The id of the Worker.
    pub worker_id: WorkerId,
}

/// The display name of a Worker: the given one, or one that is made from the Worker's id when it is
/// shown.
#[derive(Clone, Eq)]
pub struct DisplayName(NameSource);

#[derive(Clone, Eq, PartialEq)]
enum NameSource {
    Given(Arc<str>),
    MadeFrom(WorkerId),
}

impl DisplayName {
    pub(crate) fn of(worker_id: WorkerId, given: Option<&Arc<str>>) -> Self {
        Self(
            given.map_or(NameSource::MadeFrom(worker_id), |name| {
                NameSource::Given(Arc::clone(name))
            }),
        )
    }

    /// Returns whether the name contains `lowercase_part`, ignoring the case of the name.
    pub(crate) fn contains_ignoring_case(&self, lowercase_part: &str) -> bool {
        self.to_string().to_lowercase().contains(lowercase_part)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            NameSource::Given(name) => f.write_str(name),
            // The last eight digits of a UUID of version 7 are random.
            NameSource::MadeFrom(id) => {
                let mut buffer = Uuid::encode_buffer();
                let digits = id.as_uuid().as_hyphenated().encode_lower(&mut buffer);
                f.write_str("worker-")?;
                f.write_str(&digits[28..])
            }
        }
    }
}

impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl PartialEq for DisplayName {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.to_string() == other.to_string()
    }
}

impl PartialEq<str> for DisplayName {
    fn eq(&self, other: &str) -> bool {
        match &self.0 {
            NameSource::Given(name) => &**name == other,
            NameSource::MadeFrom(_) => self.to_string().as_str() == other,
        }
    }
}

impl PartialEq<&str> for DisplayName {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl Serialize for DisplayName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            NameSource::Given(name) => serializer.serialize_str(name),
            NameSource::MadeFrom(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(NameSource::Given(String::deserialize(deserializer)?.into())))
    }
}

impl JsonSchema for DisplayName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DisplayName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// The display name of a Worker with that of its Runtime, as `worker-name@runtime-name`. The text
/// is computed when it is shown, and no request accepts it as an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DisplayRef(RefSource);

#[derive(Clone, Debug, Eq, PartialEq)]
enum RefSource {
    Names { worker: DisplayName, runtime: Arc<str> },
    Read(Arc<str>),
}

impl DisplayRef {
    pub(crate) fn of(worker: DisplayName, runtime: &Arc<str>) -> Self {
        Self(RefSource::Names { worker, runtime: Arc::clone(runtime) })
    }

    pub(crate) fn erased() -> Self {
        Self(RefSource::Read("".into()))
    }
}

impl fmt::Display for DisplayRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            RefSource::Names { worker, runtime } => {
                worker.fmt(f)?;
                f.write_str("@")?;
                f.write_str(runtime)
            }
            RefSource::Read(text) => f.write_str(text),
        }
    }
}

impl Serialize for DisplayRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DisplayRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(RefSource::Read(String::deserialize(deserializer)?.into())))
    }
}

impl JsonSchema for DisplayRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DisplayRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
