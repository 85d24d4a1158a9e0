//! Tests with a real model, at the command line and with a Runtime in this process.
//!
//! `scripts/test-real-model` starts a server with a small model, sets the variables and runs them.

#![expect(clippy::print_stdout, reason = "what a real model does is shown to people")]

mod command_line;
mod in_process;
mod server;

use self::{in_process::Backend, server::Server};

#[ignore = "needs a real model: run scripts/test-real-model"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_model_is_talked_to() {
    let server = Server::of_environment();
    println!("== yoi run, by flags, by a profile and by usual variables");
    command_line::runs(&server);
    println!("== yoi chat, piped");
    command_line::chats(&server);
    println!("== a Runtime");
    let mut backend = Backend::start(&server).await;
    backend.converses().await;
    println!("== cancelled in the middle of an answer");
    command_line::is_interrupted(&server);
    backend.cancels(&server).await;
    println!("== killed in the middle of an answer");
    let chat = command_line::begin_story(&server);
    let turn = backend.begin_story().await;
    server.kill();
    command_line::is_left_with_a_part(chat);
    backend.is_left_with_a_part(turn).await;
    println!("== all as it should be");
}
