//! Other ways to keep a state and ask for it: actors, and a task with channels.

use std::{convert::Infallible, hint::black_box};

use kameo::actor::{ActorRef, Spawn};
use tokio::sync::{mpsc, oneshot};

/// A question that increments a counter and is answered with its value.
pub struct Ask;

/// An actor of kameo.
#[derive(kameo::Actor)]
pub struct Kameo(u64);

impl kameo::message::Message<Ask> for Kameo {
    type Reply = Result<u64, Infallible>;

    async fn handle(
        &mut self,
        _: Ask,
        _: &mut kameo::message::Context<Self, Self::Reply>,
    ) -> Self::Reply {
        self.0 += 1;
        Ok(self.0)
    }
}

impl Kameo {
    /// Starts actors on the current tokio runtime, and waits until they have started.
    pub async fn start(count: usize) -> Vec<ActorRef<Self>> {
        let mut actors = Vec::with_capacity(count);
        for _ in 0..count {
            let actor = Self::spawn(Self(0));
            actor.wait_for_startup().await;
            actors.push(actor);
        }
        actors
    }

    /// Asks an actor.
    pub async fn ask(actor: &ActorRef<Self>) {
        black_box(actor.ask(Ask).await.expect("an answer"));
    }
}

/// An actor of actix.
pub struct Actix(u64);

impl actix::Message for Ask {
    type Result = u64;
}

impl actix::Actor for Actix {
    type Context = actix::Context<Self>;
}

impl actix::Handler<Ask> for Actix {
    type Result = u64;

    fn handle(&mut self, _: Ask, _: &mut actix::Context<Self>) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl Actix {
    /// Starts actors on the current actix system.
    #[must_use]
    pub fn start(count: usize) -> Vec<actix::Addr<Self>> {
        (0..count).map(|_| actix::Actor::start(Self(0))).collect()
    }

    /// Asks an actor.
    pub async fn ask(actor: &actix::Addr<Self>) {
        black_box(actor.send(Ask).await.expect("an answer"));
    }
}

/// A task that is asked through tokio's channels.
pub struct Channel(mpsc::Sender<oneshot::Sender<u64>>);

impl Channel {
    /// Starts tasks on the current tokio runtime.
    #[must_use]
    pub fn start(count: usize) -> Vec<Self> {
        let start = |_| {
            let (sender, mut receiver) = mpsc::channel::<oneshot::Sender<u64>>(64);
            tokio::spawn(async move {
                let mut sum = 0;
                while let Some(answer) = receiver.recv().await {
                    sum += 1;
                    let _ = answer.send(sum);
                }
            });
            Self(sender)
        };
        (0..count).map(start).collect()
    }

    /// Asks the task.
    pub async fn ask(&self) {
        let (sender, receiver) = oneshot::channel();
        self.0.send(sender).await.expect("the task runs");
        black_box(receiver.await.expect("an answer"));
    }
}
