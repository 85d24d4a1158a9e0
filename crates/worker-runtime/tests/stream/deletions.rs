//! A deletion erases texts wherever they are, and disturbs no reader of another Worker.

use std::{
    sync::{
        Arc, Weak,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use futures_util::FutureExt;
use llm_engine::EchoProvider;
use worker_runtime::{
    EventsFrom, Profile, Runtime, Scope, Station, StreamItem, Subscribe, WorkerRef,
    commands::{CreateWorker, DeleteWorker, StopWorker, UpdateWorker},
    event::EventBody,
    model::Input,
    queries::{GetWorker, ReadEvents},
};

use crate::hesitant::HesitantStore;

async fn stopped(runtime: &Runtime, create: CreateWorker) -> WorkerRef {
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    worker
}

#[tokio::test(start_paused = true)]
async fn a_reader_goes_on_however_many_other_workers_are_deleted() {
    let store = Arc::new(HesitantStore::default());
    let runtime = Runtime::builder().store(Arc::clone(&store) as _).build().await.unwrap();
    let worker = stopped(&runtime, CreateWorker::new()).await;
    let mut others = Vec::new();
    for _ in 0..40 {
        others.push(stopped(&runtime, CreateWorker::new()).await);
    }
    for scope in [Scope::worker(worker), Scope::runtime()] {
        let subscribe = Subscribe::new(scope).starting_at(EventsFrom::oldest());
        let mut stream = runtime.subscribe(subscribe).await.unwrap();
        let reads = store.event_reads();
        let mut items = 0;
        while items < 3 {
            if stream.next().now_or_never().is_some() {
                items += 1;
            }
            let other = others.pop().expect("the reader gets its items between the deletions");
            runtime.handle(DeleteWorker::new(other)).await.unwrap();
        }
        assert!(store.event_reads() - reads <= 1, "a page that was read is not read again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn texts_are_erased_before_their_memory_is_given_back() {
    let (tell, arrived): (Sender<()>, Receiver<()>) = channel();
    let (go_on, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let armed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let armed_there = Arc::clone(&armed);
    let runtime = Runtime::builder()
        .stations(move |station, _| {
            if station == Station::Released
                && armed_there.swap(false, std::sync::atomic::Ordering::SeqCst)
            {
                tell.send(()).unwrap();
                let _ = wait.lock().unwrap().recv_timeout(Duration::from_secs(20));
            }
        })
        .build()
        .await
        .unwrap();
    let worker = stopped(&runtime, CreateWorker::new().display_name("secret")).await;
    // This reader has read all events, and is given the first ones only.
    let oldest = || Subscribe::new(Scope::runtime()).starting_at(EventsFrom::oldest());
    let mut halfway = runtime.subscribe(oldest()).await.unwrap();
    let _ = halfway.next().await;
    // These events were shown before, so that what was shown is there.
    let page = || {
        runtime.handle(ReadEvents {
            from: Some(EventsFrom::oldest()),
            ..ReadEvents::new(Scope::runtime())
        })
    };
    assert!(format!("{:?}", page().await.unwrap()).contains("secret"));

    armed.store(true, std::sync::atomic::Ordering::SeqCst);
    let there = runtime.clone();
    let delete = tokio::spawn(async move { there.handle(DeleteWorker::new(worker)).await });
    let arrived = move || arrived.recv_timeout(Duration::from_secs(20));
    tokio::task::spawn_blocking(arrived).await.unwrap().expect("the Worker is deleted");
    let shown = format!("{:?}", page().await.unwrap());
    let mut read = Vec::new();
    while let Some(Some(item)) = halfway.next().now_or_never() {
        read.push(item);
    }
    drop(go_on);
    assert!(!shown.contains("secret"), "{shown}");
    let read = format!("{read:?}");
    assert!(read.contains("WorkerDeleted") && !read.contains("secret"), "{read}");
    delete.await.unwrap().unwrap();
    assert!(!format!("{:?}", page().await.unwrap()).contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_the_texts_is_given_back() {
    let echo = Profile::new("echo", Arc::new(EchoProvider::new()));
    let runtime = Runtime::builder().profile(echo).build().await.unwrap();
    let meta = worker_runtime::model::Meta::from([("actor".to_owned(), "ann".to_owned())]);
    let create = CreateWorker::new().initial_input(Input::user("hello")).meta(meta);
    let worker = runtime.handle(create).await.unwrap().detail.worker;
    runtime.wait_idle(worker, Duration::from_mins(1)).await.unwrap();
    // The commit with the text is further back than a deletion looks at once.
    for round in 0..200 {
        let update = UpdateWorker::new(worker).display_name(format!("name {round}"));
        runtime.handle(update).await.unwrap();
    }
    runtime.handle(StopWorker::new(worker)).await.unwrap();
    // A reader that is never polled keeps the Worker's own log.
    let oldest = || Subscribe::new(Scope::worker(worker)).starting_at(EventsFrom::oldest());
    let _unread = runtime.subscribe(oldest()).await.unwrap();
    let mut texts: Vec<Weak<str>> = Vec::new();
    let all = ReadEvents { from: Some(EventsFrom::oldest()), ..ReadEvents::new(Scope::runtime()) };
    for event in runtime.handle(all).await.unwrap().items {
        if let EventBody::InputAccepted { entry } = &event.body {
            texts.push(Arc::downgrade(&entry.text));
        }
    }
    assert!(texts.iter().any(|text| text.strong_count() > 0));
    let detail = runtime.handle(GetWorker { worker }).await.unwrap().detail;
    let turn = detail.last_turn.as_ref().expect("a turn");
    let turn = Arc::downgrade(turn.meta.as_ref().expect("the metadata of its command"));
    drop(detail);
    assert!(turn.strong_count() > 0);
    runtime.handle(DeleteWorker::new(worker)).await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(turn.strong_count(), 0, "nothing of the record is kept");
    assert!(!texts.is_empty() && texts.iter().all(|text| text.strong_count() == 0));
    let mut types = Vec::new();
    let mut stream = runtime
        .subscribe(Subscribe::new(Scope::runtime()).starting_at(EventsFrom::oldest()))
        .await
        .unwrap();
    while let Some(Some(item)) = stream.next().now_or_never() {
        if let StreamItem::Event(item) = item {
            assert!(item.event.worker.is_none() || item.event.redacted);
            types.push(item.event.event_type());
        }
    }
    assert!(types.len() > 200);
}
