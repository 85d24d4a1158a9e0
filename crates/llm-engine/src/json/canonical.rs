//! One text for all JSON texts that say the same.

use serde_json::Value;

use super::Json;

impl Json {
    /// Returns the value without spaces and with the keys of each object sorted, so that two texts
    /// that say the same become equal. The text itself if it is nested too deeply to be read.
    ///
    /// It is for comparing and for digests. Numbers past the range of 64 bits lose digits in it.
    pub(crate) fn canonical(&self) -> String {
        self.to::<Value>().map_or_else(
            |_| self.as_str().to_owned(),
            |mut value| {
                value.sort_all_objects();
                value.to_string()
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn texts_that_say_the_same_have_one_form() {
        let canonical = |text: &str| Json::parse(text).unwrap().canonical();
        let form = r#"{"a":[{"c":1,"d":null}],"b":2}"#;
        assert_eq!(canonical(r#"{ "b": 2, "a": [{"d": null, "c": 1}] }"#), form);
        assert_eq!(canonical(form), form);
        assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
    }

    #[test]
    fn a_value_that_is_too_deep_to_be_read_is_its_own_form() {
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(Json::parse(&deep).unwrap().canonical(), deep);
    }
}
