# Lists the recipes.
default:
    @just --list --unsorted

# Everything that a change must pass.
ci:
    .ci/run

# All tests and documentation examples.
test:
    cargo test --workspace --locked

# Formats the code.
fmt:
    cargo fmt --all

# The lints, with warnings as errors.
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The documentation, opened in a browser.
doc:
    cargo doc --workspace --no-deps --locked --open

# Licences, sources and known vulnerabilities of outside code; needs cargo-deny.
deny:
    cargo deny check

# Random commands among hostile engines, stores, wakers and clocks, for ten minutes, with audits.
stress *arguments:
    cargo run --release --manifest-path stress/Cargo.toml -- {{ arguments }}

# Conversations with a real small model, which is installed for it.
real-model:
    scripts/test-real-model

# Writes the documents in schema/ anew.
schema:
    cargo run -p yoi -- schema --write

# Writes the golden files anew: read the difference before you commit it.
golden:
    UPDATE_GOLDEN=1 cargo test -p worker-runtime

# Runs the command line, as in `just yoi chat`.
yoi *arguments:
    cargo run -p yoi -- {{ arguments }}
