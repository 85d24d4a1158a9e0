//! Two readers in Rust, tried with the corpora: types that typify made, and the crate `jsonschema`.
//!
//! `generated-client types` reads lines `{"type": …, "value": …}` and writes `{"value": …}` or
//! `{"refused": …}`;
//! `generated-client source` prints the source of the types;
//! `generated-client validate FOLDER` reads lines `{"document": …, "type": …, "value": …}` and writes `true`
//! or `false`.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{self, BufRead, Write},
};

use jsonschema::{Draft, Validator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[allow(clippy::all, clippy::pedantic, dead_code, reason = "it is as typify writes it")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/generated.rs"));
}

include!(concat!(env!("OUT_DIR"), "/by_name.rs"));

const SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/generated.rs"));

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["types"] => each_line(|mut line| {
            let name = line["type"].as_str().unwrap_or_default().to_owned();
            Ok(match by_name(&name, line["value"].take()) {
                Ok(value) => json!({ "value": value }),
                Err(why) => json!({ "refused": why }),
            })
        }),
        ["source"] => Ok(io::stdout().write_all(SOURCE.as_bytes())?),
        ["validate", folder] => {
            let mut validators = BTreeMap::new();
            each_line(|line| validate(folder, &mut validators, &line))
        }
        _ => Err("types, source or validate FOLDER".into()),
    }
}

fn each_line(
    mut answer: impl FnMut(Value) -> Result<Value, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(output, "{}", answer(serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn round_trip<T: DeserializeOwned + Serialize>(value: Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(value).map_err(|error| error.to_string())?;
    serde_json::to_value(&read).map_err(|error| error.to_string())
}

fn validate(
    folder: &str,
    validators: &mut BTreeMap<String, Validator>,
    line: &Value,
) -> Result<Value, Box<dyn Error>> {
    let (document, name) = (line["document"].as_str(), line["type"].as_str());
    let (document, name) = (document.unwrap_or_default(), name.unwrap_or_default());
    let key = format!("{document} {name}");
    if !validators.contains_key(&key) {
        let text = fs::read_to_string(format!("{folder}/{document}.json"))?;
        let mut schema: Value = serde_json::from_str(&text)?;
        jsonschema::meta::validate(&schema).map_err(|error| format!("{document}: {error}"))?;
        if document == "yoi" {
            schema["$ref"] = format!("#/$defs/{name}").into();
        }
        let options =
            jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        validators.insert(key.clone(), options.build(&schema).map_err(|error| error.to_string())?);
    }
    Ok(validators[&key].is_valid(&line["value"]).into())
}
