//! Generates the types with typify, and a function that reads and writes a value of any of them by name.

use std::{collections::BTreeSet, env, fs, path::Path};

const SCHEMA: &str = "../../../schema/yoi.json";

fn main() {
    println!("cargo::rerun-if-changed={SCHEMA}");
    let text = fs::read_to_string(SCHEMA).expect("the bundle");
    let schema: schemars::schema::RootSchema = serde_json::from_str(&text).expect("a schema");
    let names: Vec<String> = schema.definitions.keys().cloned().collect();

    let mut types = typify::TypeSpace::default();
    types.add_root_schema(schema).expect("typify takes the bundle");
    let generated: BTreeSet<String> = types.iter_types().map(|it| it.name()).collect();
    let file: syn::File = syn::parse2(types.to_stream()).expect("typify writes Rust");

    let arms: String = names
        .iter()
        .filter(|name| generated.contains(*name))
        .map(|name| format!("        \"{name}\" => round_trip::<generated::{name}>(value),\n"))
        .collect();
    let by_name = format!(
        "fn by_name(name: &str, value: Value) -> Result<Value, String> {{
    match name {{
{arms}        _ => Err(\"no such type\".to_owned()),
    }}
}}
"
    );
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("generated.rs"), prettyplease::unparse(&file))
        .expect("to write");
    fs::write(Path::new(&out).join("by_name.rs"), by_name).expect("to write");
}
