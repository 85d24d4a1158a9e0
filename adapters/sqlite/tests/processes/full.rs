//! A process that the system lets write no further, in the middle of whatever transaction, loses
//! nothing that it had acknowledged.

use crate::{
    child::Backend,
    ledger::{Ledger, restored},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_disk_without_room() {
    for blocks in [2000, 2501, 3003] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.sqlite");
        let mut ledger = Ledger::default();
        let backend = Backend::start_with_little_room(&file, 0, blocks);
        let heard = backend.hear_until("talk_ended");
        // Either an input is refused, or all wait for the ends of their turns until the lease, which
        // cannot be renewed, runs out.
        let code = heard.last().unwrap()["code"].as_str().unwrap();
        assert!(["store_failed", "runtime_stopped"].contains(&code), "{code}");
        ledger.note(heard.iter().cloned());
        ledger.note(backend.kill());
        assert!(ledger.len() > 5, "{}", ledger.len());
        let runtime = restored(&file).await;
        ledger.check_recent(&runtime).await;
        ledger.check_all(&runtime).await;
    }
}
