//! Tests of the relay when the system gives it no thread, and of its threads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Wake, Waker},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use super::{super::Foreign, KEPT, Relay};

/// Tells which thread wakes it.
struct Telling(mpsc::Sender<ThreadId>);

impl Wake for Telling {
    fn wake(self: Arc<Self>) {
        self.0.send(thread::current().id()).expect("the test listens");
    }
}

/// Blocks until the test ends, and counts how many do.
struct Blocking(Arc<AtomicUsize>, std::sync::Mutex<mpsc::Receiver<()>>);

impl Wake for Blocking {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        let _ = self.1.lock().map(|end| end.recv());
    }
}

fn wake(relay: &Arc<Relay>, waker: impl Wake + Send + Sync + 'static) {
    let waker = Foreign::new(Waker::from(Arc::new(waker)));
    relay.wake([waker].into_iter().collect());
}

#[test]
fn a_system_without_threads_has_tasks_woken_where_it_is_asked_for() {
    let relay = Arc::new(Relay::with(None, 0));
    let (told, is_told) = mpsc::channel();
    wake(&relay, Telling(told));
    assert_eq!(is_told.try_recv(), Ok(thread::current().id()));
}

#[test]
fn tasks_are_woken_on_one_thread_if_none_blocks() {
    let relay = Arc::new(Relay::with(None, 10));
    let (told, is_told) = mpsc::channel();
    let mut threads = Vec::new();
    for _ in 0..100 {
        wake(&relay, Telling(told.clone()));
        threads.push(is_told.recv().expect("it is woken"));
    }
    threads.dedup();
    assert!(!threads.contains(&thread::current().id()));
    assert!(threads.len() <= 2, "{threads:?}");
    relay.end();
    let since = Instant::now();
    while relay.queue.lock().runners() > 0 {
        assert!(since.elapsed() < KEPT / 2, "an idle thread ends with the relay");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn there_are_no_more_threads_than_allowed_and_the_rest_waits() {
    let relay = Arc::new(Relay::with(None, 5));
    let (reached, mut ends) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    for _ in 0..8 {
        let (end, ended) = mpsc::channel();
        wake(&relay, Blocking(Arc::clone(&reached), std::sync::Mutex::new(ended)));
        ends.push(end);
    }
    let (told, is_told) = mpsc::channel();
    wake(&relay, Telling(told));
    while reached.load(Ordering::SeqCst) < 5 {
        thread::yield_now();
    }
    assert!(is_told.recv_timeout(Duration::from_millis(100)).is_err());
    assert_eq!(relay.queue.lock().runners(), 5);
    drop(ends);
    assert!(is_told.recv_timeout(Duration::from_secs(20)).is_ok());
    assert_eq!(reached.load(Ordering::SeqCst), 8);
}
