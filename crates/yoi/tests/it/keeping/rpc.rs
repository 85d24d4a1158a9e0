//! `yoi rpc --store`.

use serde_json::{Value, json};

use super::{Home, names};
use crate::process::Process;

fn ask(rpc: &mut Process, method: &str, params: Value) -> Value {
    let line = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    rpc.write(format!("{line}\n"));
    rpc.json()["result"].clone()
}

#[test]
fn the_workers_of_a_session_go_on_in_the_next_one() {
    let home = Home::new("rpc");
    let file = home.0.join("workers.sqlite");
    let path = file.to_str().expect("UTF-8");
    let mut first = home.start(&["rpc", "-p", "echo", "--store", path]);
    let created = ask(&mut first, "create_worker", json!({ "display_name": "ann" }));
    let worker = created["detail"]["worker"].clone();
    assert!(worker.is_object(), "{created}");
    let open = home.refused(&["rpc", "--store", path], 75);
    assert!(open.contains("open in another yoi (process "), "{open}");
    assert_eq!(first.end().code, Some(0));

    let mut second = home.start(&["rpc", "-p", "echo", "--store", path]);
    let found = ask(&mut second, "get_worker", json!({ "worker": worker }));
    assert_eq!(found["detail"]["display_name"], "ann");
    let input = json!({ "worker": worker, "input": { "kind": "user", "text": "hello" } });
    assert!(ask(&mut second, "send_input", input).is_object());
    assert_eq!(second.end().code, Some(0));
    assert_eq!(
        home.ok(&["log", "show", "ann", "--store", path]),
        "user: hello\nassistant: echo: hello\n"
    );
    assert_eq!(home.ok(&["run", "--store", path, "--resume", "ann", "more"]), "echo: more\n");
}

#[test]
fn nothing_is_kept_without_being_asked() {
    let home = Home::new("rpc_nothing");
    let mut rpc = home.start(&["rpc", "-p", "echo"]);
    let input = json!({ "initial_input": { "kind": "user", "text": "hello" } });
    assert!(ask(&mut rpc, "create_worker", input).is_object());
    assert_eq!(rpc.end().code, Some(0));
    assert!(names(&home.0).is_empty());
}
