//! A line of the table: what was compared, and whether the goal is met.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Ours divided by the other, at most.
    AtMost(f64),
    /// The other divided by ours, at least: how many times as fast.
    TimesAsFast(f64),
    /// None: shown for orientation.
    Reported,
}

/// A line of the table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// What was measured, with its unit.
    pub name: String,
    /// Our figure; absent if it could not be measured.
    pub ours: Option<f64>,
    /// What it is compared with.
    pub against: String,
    /// The figure of that.
    pub other: Option<f64>,
    /// How the two compare, in the goal's sense.
    pub ratio: Option<f64>,
    /// What the ratio should be.
    pub goal: Goal,
    /// Whether it is.
    pub ok: bool,
}

impl Row {
    /// A line with both figures.
    pub fn new(
        name: impl Into<String>,
        ours: f64,
        against: impl Into<String>,
        other: f64,
        goal: Goal,
    ) -> Self {
        let (ratio, ok) = match goal {
            Goal::AtMost(most) => (ours / other, ours / other <= most),
            Goal::TimesAsFast(least) => (other / ours, other / ours >= least),
            Goal::Reported => (ours / other, true),
        };
        Self {
            name: name.into(),
            ours: Some(ours),
            against: against.into(),
            other: Some(other),
            ratio: Some(ratio),
            goal,
            ok,
        }
    }

    /// A line that could not be measured, and why.
    pub fn missing(name: impl Into<String>, why: impl Into<String>, goal: Goal) -> Self {
        Self {
            name: name.into(),
            ours: None,
            against: why.into(),
            other: None,
            ratio: None,
            goal,
            ok: false,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::TimesAsFast(least) => write!(f, "≥ {least} × as fast"),
            Self::Reported => f.write_str("reported"),
        }
    }
}

impl Serialize for Goal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Goal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let figure = |text: &str| text.parse().map_err(de::Error::custom);
        if let Some(most) = text.strip_prefix("≤ ") {
            return figure(most).map(Self::AtMost);
        }
        match text.strip_prefix("≥ ").and_then(|it| it.strip_suffix(" × as fast")) {
            Some(least) => figure(least).map(Self::TimesAsFast),
            None => Ok(Self::Reported),
        }
    }
}
