//! What some protocol versions have and others lack entirely.

use bowline_types::revision::Revision;
use std::fmt;

/// Something that not every protocol version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// Several messages in one array.
    Batches,
    /// Questions to the user.
    Elicitation,
    /// Questions to the user by a visit to a URL.
    UrlElicitation,
    /// Forms with a choice of several values.
    MultiSelect,
    /// Questions to a model.
    Sampling,
    /// Questions to a model that may use tools.
    SamplingWithTools,
    /// Questions to a model that contain audio.
    SamplingWithAudio,
    /// The roots of the client.
    Roots,
    /// Results of tools as JSON, and their schemas.
    StructuredContent,
    /// Arguments of a tool that break its schema told to the model rather than to the program.
    ArgumentViolationsAsResults,
}

impl Feature {
    /// Everything there is to ask for.
    pub const ALL: &[Self] = &[
        Self::Batches,
        Self::Elicitation,
        Self::UrlElicitation,
        Self::MultiSelect,
        Self::Sampling,
        Self::SamplingWithTools,
        Self::SamplingWithAudio,
        Self::Roots,
        Self::StructuredContent,
        Self::ArgumentViolationsAsResults,
    ];

    /// The first and the last protocol version that has it.
    const fn range(self) -> (Revision, Revision) {
        match self {
            Self::Batches => (Revision::V2025_03_26, Revision::V2025_03_26),
            Self::Sampling | Self::Roots => (Revision::V2024_11_05, Revision::LATEST),
            Self::SamplingWithAudio => (Revision::V2025_03_26, Revision::LATEST),
            Self::Elicitation | Self::StructuredContent => {
                (Revision::V2025_06_18, Revision::LATEST)
            }
            Self::UrlElicitation
            | Self::MultiSelect
            | Self::SamplingWithTools
            | Self::ArgumentViolationsAsResults => (Revision::V2025_11_25, Revision::LATEST),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Batches => "batches",
            Self::Elicitation => "elicitation",
            Self::UrlElicitation => "elicitation by URL",
            Self::MultiSelect => "a choice of several values",
            Self::Sampling => "sampling",
            Self::SamplingWithTools => "sampling with tools",
            Self::SamplingWithAudio => "sampling with audio",
            Self::Roots => "roots",
            Self::StructuredContent => "structured content",
            Self::ArgumentViolationsAsResults => "argument violations as results",
        })
    }
}

/// Whether a protocol version has something.
#[must_use]
pub fn supports(revision: Revision, feature: Feature) -> bool {
    let (since, until) = feature.range();
    since <= revision && revision <= until
}

/// A protocol version lacks what was to be used. Nothing has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// What was to be used.
    pub feature: Feature,
    /// The protocol version that lacks it.
    pub revision: Revision,
}

impl Unsupported {
    /// Whether the protocol version has what is to be used.
    ///
    /// # Errors
    /// [`Unsupported`] when it has not.
    pub fn check(revision: Revision, feature: Feature) -> Result<(), Self> {
        if supports(revision, feature) { Ok(()) } else { Err(Self { feature, revision }) }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feature, revision } = self;
        write!(
            f,
            "{feature} does not exist in protocol version {revision}, which this client speaks"
        )
    }
}

impl std::error::Error for Unsupported {}
