//! Says why a profile cannot be used, with the flags that would help.

use yoi_profiles::SpecError;

/// Converts an error into a message that names flags beside the keys of a profiles file.
pub(crate) fn explain(error: &SpecError) -> String {
    match error {
        SpecError::KeyMissing(missing) => {
            missing.with_way(&format!("`--key-env {}`", missing.variable()))
        }
        SpecError::NoModels => format!("{error}; say which provider by `--provider KIND`"),
        SpecError::Secret { .. }
        | SpecError::ModelMissing { .. }
        | SpecError::AddressVariable { .. }
        | SpecError::Provider(_)
        | _ => error.to_string(),
    }
}
