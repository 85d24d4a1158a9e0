//! Removes a conversation.

use std::{sync::Arc, time::Duration};

use worker_runtime::{
    Runtime,
    commands::{CancelWorker, DeleteWorker, StopRuntime},
    store::Store,
};

use super::{file, place::Place, session, talk::Talk};
use crate::failure::Failure;

/// The time that a Runtime has to stop.
const END: Duration = Duration::from_secs(3);

/// Removes a conversation: its file, if there is no other in it, or else what the file has of it. A
/// file that the user has named stays.
pub(crate) async fn delete(place: &Place, talk: &Talk) -> Result<(), Failure> {
    let store = file::existing(&talk.file).await?;
    // Being its owner, nobody else writes to it.
    let builder = Runtime::builder().display_name("yoi");
    let owner = Arc::clone(&store) as Arc<dyn Store>;
    let runtime = session::build_on(builder, &talk.file, owner).await?;
    let worker = runtime.worker(talk.id());
    talk.remove_partials(&store).await?;
    runtime.handle(CancelWorker::new(worker)).await?;
    runtime.handle(DeleteWorker::new(worker)).await?;
    let left = Talk::read_from(&store, &talk.file, |_| ()).await?;
    let is_last = left.is_empty() && matches!(place, Place::Folder(_));
    if is_last {
        let removed = file::remove(&talk.file);
        return removed.map_err(|error| {
            let file = talk.file.display();
            let problem =
                format!("what was said is gone, but {file} could not be removed: {error}");
            Failure::storage(problem)
        });
    }
    // Errors mean that the Runtime has ended, and with it its part.
    let _ = runtime.handle(StopRuntime::default().deadline(Duration::ZERO)).await;
    let _ = runtime.wait_stopped(END).await;
    file::checkpoint(&store).await;
    Ok(())
}
