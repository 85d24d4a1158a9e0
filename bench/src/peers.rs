//! Actors that do next to nothing, at their best.

use std::convert::Infallible;

use kameo::actor::{ActorRef, Spawn};

/// Asks for the sum, after adding one.
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
    /// Starts one on the present tokio runtime, and waits until it has.
    pub async fn start() -> ActorRef<Self> {
        let actor = Self::spawn(Self(0));
        actor.wait_for_startup().await;
        actor
    }

    /// Starts this many.
    pub async fn start_all(count: usize) -> Vec<ActorRef<Self>> {
        let mut actors = Vec::new();
        for _ in 0..count {
            actors.push(Self::start().await);
        }
        actors
    }
}

/// Asks an actor of kameo.
pub async fn ask(actor: &ActorRef<Kameo>) {
    std::hint::black_box(actor.ask(Ask).await.expect("an answer"));
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
    /// Starts this many on the present system.
    #[must_use]
    pub fn start_all(count: usize) -> Vec<actix::Addr<Self>> {
        (0..count).map(|_| actix::Actor::start(Self(0))).collect()
    }
}

/// Asks an actor of actix.
pub async fn send(actor: &actix::Addr<Actix>) {
    std::hint::black_box(actor.send(Ask).await.expect("an answer"));
}
