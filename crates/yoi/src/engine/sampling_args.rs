//! The flags that set sampling parameters.

use clap::Args;
use yoi_profiles::ProfileSpec;

use crate::failure::Failure;

/// The flags that set sampling parameters, instead of the profile's.
#[derive(Args, Clone, Debug)]
pub(super) struct SamplingArgs {
    /// The sampling temperature, at least 0; higher is more random.
    #[arg(short, long, value_name = "NUMBER", allow_negative_numbers = true)]
    temperature: Option<f64>,

    /// The largest number of tokens in an answer.
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
}

impl SamplingArgs {
    /// Overrides the sampling parameters of a profile, and checks the result.
    pub(super) fn apply(&self, spec: &mut ProfileSpec) -> Result<(), Failure> {
        let Self { temperature, max_tokens } = self;
        let sampling = &mut spec.sampling;
        sampling.temperature = temperature.or(sampling.temperature);
        sampling.max_output_tokens = max_tokens.or(sampling.max_output_tokens);
        // The limit is named by its flag, because that is the only way to get it wrong here.
        if *max_tokens == Some(0) {
            return Err(Failure::usage("--max-tokens must be at least 1"));
        }
        sampling.check().map_err(|error| Failure::usage(error.to_string()))
    }
}
