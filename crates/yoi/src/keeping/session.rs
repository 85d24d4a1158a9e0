//! What a conversation begins with: a Runtime, a Worker, and the place where both are kept.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use worker_runtime::{
    BuildError, Runtime, RuntimeBuilder, WorkerRef,
    commands::{CreateWorker, StopRuntime, UpdateWorker},
    model::{Cursor, ProfileSelector},
    queries::GetWorker,
    store::Store,
};
use yoi_sqlite::SqliteStore;

use super::{
    file, keep_args::KeepArgs, keeper::Keeper, partial::Partials, place, place::Place, talk::Talk,
    talks, title::title,
};
use crate::{
    engine::{EngineArgs, Remembered, Unusable},
    failure::Failure,
};

/// The time that a Runtime has at the end of a conversation, for turns that hang.
const LAST_COMMITS: Duration = Duration::from_secs(3);

/// What is known of a conversation before its Runtime is built.
#[derive(Debug)]
pub(crate) struct Beginning {
    place: Option<Place>,
    is_asked: bool,
    /// The conversation that is continued.
    continued: Option<Talk>,
}

/// A Runtime with the Worker of a conversation.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) runtime: Runtime,
    pub(crate) worker: WorkerRef,
    /// The end of the Worker's log.
    pub(crate) cursor: Cursor,
    /// The command that creates further Workers.
    pub(crate) creation: CreateWorker,
    /// The conversation that is continued.
    pub(crate) continued: Option<Talk>,
    /// The profiles that cannot be used, by name, with the reasons.
    pub(crate) unusable: Unusable,
    /// The choice of the engine.
    pub(crate) engine: EngineArgs,
    /// The place for answers that are coming.
    pub(crate) partials: Partials,
    file: Option<OpenFile>,
}

/// A file that the session has open.
#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    store: Arc<SqliteStore>,
    is_new: bool,
}

impl Beginning {
    /// Finds the place, and the conversation to continue.
    pub(crate) async fn find(flags: &KeepArgs) -> Result<Self, Failure> {
        if let Some(wanted) = flags.wanted() {
            let place = flags.needed()?;
            let continued = Some(talks::wanted(&place, wanted).await?);
            return Ok(Self { place: Some(place), is_asked: true, continued });
        }
        let place = flags.place();
        Ok(Self { place, is_asked: flags.is_asked(), continued: None })
    }

    /// Returns the choice of engine that the continued conversation remembers.
    pub(crate) fn remembered(&self) -> Option<Remembered> {
        let record = &self.continued.as_ref()?.record;
        let choice = Remembered::of(&record.labels);
        Some(match &record.spec.profile {
            ProfileSelector::Named(named) if named.name != choice.profile_name() => {
                Remembered::profile(&named.name)
            }
            _ => choice,
        })
    }

    /// Builds the Runtime, and creates the Worker, or brings the continued one up to date.
    ///
    /// `builder` makes the Runtime's builder, `engine` is the choice of the engine, `prompt` the text that
    /// names a new Worker.
    pub(crate) async fn begin(
        self,
        builder: impl Fn() -> RuntimeBuilder,
        engine: EngineArgs,
        instructions: Option<String>,
        prompt: Option<&str>,
    ) -> Result<Session, Failure> {
        let choice = engine.remembered()?;
        let Self { place, is_asked, continued } = self;
        let is_kept = place.is_some();
        let partials = Partials::default();
        let (runtime, file) = match continued.as_ref().map(|talk| talk.file.clone()) {
            Some(path) => own(&builder, path).await?,
            None => match new(&builder, place.as_ref(), is_asked, &partials).await {
                // Whoever did not ask for it is not held up by it.
                Err(failure) if !is_asked && failure.is_of_store() => {
                    failure.note("this conversation is not kept: ");
                    (builder().build().await?, None)
                }
                begun => begun?,
            },
        };
        if let Some(file) = &file {
            partials.are_in(&file.path);
        }
        let labels = if is_kept { Some(choice.labels()) } else { None };
        let creation = CreateWorker {
            instructions: instructions.clone(),
            labels: labels.filter(|labels| !labels.is_empty()),
            ..CreateWorker::default()
        };
        let (worker, cursor) = match &continued {
            None => {
                let display_name = prompt.filter(|_| is_kept).and_then(title);
                let creation = CreateWorker { display_name, ..creation.clone() };
                let created = runtime.handle(creation).await?;
                (created.detail.worker, created.cursor)
            }
            Some(talk) => {
                let worker = runtime.worker(talk.id());
                if let Some(update) = update(talk, worker, &choice, instructions) {
                    runtime.handle(update).await?;
                }
                (worker, runtime.handle(GetWorker { worker }).await?.cursor)
            }
        };
        let unusable = Unusable::new();
        Ok(Session {
            runtime,
            worker,
            cursor,
            creation,
            continued,
            unusable,
            engine,
            partials,
            file,
        })
    }
}

impl Session {
    /// Ends a conversation: a running turn is cancelled, what had come of its answer is kept, and the
    /// file is put in order. A file in which nothing was said is removed.
    pub(crate) async fn end(runtime: &Runtime, file: Option<SessionFile>) {
        // Errors mean that the Runtime has ended, or that its store hangs: there is nothing to do.
        let stop = StopRuntime::default().deadline(Duration::ZERO);
        let _ = runtime.handle(stop).await;
        let _ = runtime.wait_stopped(LAST_COMMITS).await;
        let Some(SessionFile(OpenFile { path, store, is_new })) = file else { return };
        let is_empty = async || Talk::read(&path, |_| ()).await.is_ok_and(|talks| talks.is_empty());
        if is_new && is_empty().await {
            let _ = file::remove(&path);
        } else {
            file::checkpoint(&store).await;
        }
    }

    /// Takes the file, for [`Session::end`].
    pub(crate) fn take_file(&mut self) -> Option<SessionFile> {
        self.file.take().map(SessionFile)
    }
}

/// The file of a session.
#[derive(Debug)]
pub(crate) struct SessionFile(OpenFile);

/// Returns the change that a continued Worker needs: the engine that is chosen now, and the
/// instructions.
fn update(
    talk: &Talk,
    worker: WorkerRef,
    choice: &Remembered,
    instructions: Option<String>,
) -> Option<UpdateWorker> {
    let record = &talk.record;
    let mut update = UpdateWorker { instructions, ..UpdateWorker::new(worker) };
    // The Runtime's default is the choice.
    if record.spec.profile != ProfileSelector::default() {
        update.profile = Some(ProfileSelector::default());
    }
    if Remembered::of(&record.labels) != *choice {
        choice.keep_in(&record.labels, &mut update);
    }
    (update != UpdateWorker::new(worker)).then_some(update)
}

/// Builds the Runtime of a new conversation.
async fn new(
    builder: &impl Fn() -> RuntimeBuilder,
    place: Option<&Place>,
    is_asked: bool,
    partials: &Partials,
) -> Result<(Runtime, Option<OpenFile>), Failure> {
    match place {
        None => Ok((builder().build().await?, None)),
        Some(Place::File(path)) => own(builder, path.clone()).await,
        Some(Place::Folder(folder)) if is_asked => {
            let made = place::make(folder);
            made.map_err(|error| Failure::storage(format!("{}: {error}", folder.display())))?;
            own(builder, place::new_file(folder)).await
        }
        Some(Place::Folder(folder)) => {
            let keeper = Arc::new(Keeper::new(folder.clone(), partials.clone()));
            Ok((builder().store(keeper).build().await?, None))
        }
    }
}

/// Builds a Runtime that owns a file.
async fn own(
    builder: &impl Fn() -> RuntimeBuilder,
    path: PathBuf,
) -> Result<(Runtime, Option<OpenFile>), Failure> {
    let is_new = !path.exists();
    let store = file::stored(&path).await?;
    let runtime = build_on(builder(), &path, Arc::clone(&store) as _).await?;
    Ok((runtime, Some(OpenFile { path, store, is_new })))
}

/// Builds a Runtime, on a file if there is one. Each commit waits for the disk.
pub(crate) async fn build(
    builder: RuntimeBuilder,
    path: Option<PathBuf>,
) -> Result<Runtime, Failure> {
    match path {
        None => Ok(builder.build().await?),
        Some(path) => {
            let store = file::durable(&path).await?;
            build_on(builder, &path, store).await
        }
    }
}

/// Builds a Runtime on the store in this file.
pub(super) async fn build_on(
    builder: RuntimeBuilder,
    path: &Path,
    store: Arc<dyn Store>,
) -> Result<Runtime, Failure> {
    builder.store(store).build().await.map_err(|error| match error {
        BuildError::StoreOwned { .. } => file::owned(path),
        BuildError::StoreFailed(problem) => {
            Failure::storage(format!("{}: {problem}", path.display()))
        }
        error => error.into(),
    })
}
