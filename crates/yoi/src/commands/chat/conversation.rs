//! The course of a conversation: a line, its answer, and what happens in between.

use std::{collections::VecDeque, ops::ControlFlow, pin::pin};

use super::{
    command::ChatCommand,
    line::Line,
    lines::Lines,
    perform::{Done, perform, refusal},
    workers::Workers,
};
use crate::{
    answer::{AnswerPrinter, Format, TurnEnd, TurnStream},
    exit::Exit,
    failure::Failure,
    output::Output,
    report,
    signals::{Signal, Signals},
};

/// A conversation, with one Worker at a time.
#[derive(Debug)]
pub(super) struct Conversation {
    workers: Workers,
    lines: Lines,
    signals: Signals,
    /// What was typed while a turn ran, and is to be said when it is over.
    waiting: VecDeque<String>,
    /// Whether Ctrl-C came after the last line.
    is_interrupted: bool,
    /// How the last turn that failed would have ended a process.
    failed: Option<Exit>,
}

/// What goes on, until there is an exit.
type Flow = ControlFlow<Exit>;

impl Conversation {
    pub(super) fn new(workers: Workers, lines: Lines, signals: Signals) -> Self {
        Self {
            workers,
            lines,
            signals,
            waiting: VecDeque::new(),
            is_interrupted: false,
            failed: None,
        }
    }

    /// Asks and answers until somebody leaves.
    pub(super) async fn go_on(mut self) -> Result<Exit, Failure> {
        if self.lines.is_terminal() {
            report::note("/help lists the commands, Ctrl-D leaves");
        }
        loop {
            let flow = match self.workers.take_turn() {
                Some(turn) => self.show(turn).await?,
                None => self.ask().await?,
            };
            if let ControlFlow::Break(exit) = flow {
                return Ok(exit);
            }
        }
    }

    async fn ask(&mut self) -> Result<Flow, Failure> {
        let prompt = format!("{}> ", self.workers.current + 1);
        let line = if let Some(line) = self.waiting.pop_front() {
            print(&format!("{prompt}{line}\n")).await?;
            Line::Text(line)
        } else {
            tokio::select! {
                line = self.lines.next(&prompt) => line?,
                signal = self.signals.next() => match signal {
                    Signal::Interrupt => Line::Interrupted,
                    Signal::Terminate => return Ok(Flow::Break(signal.exit())),
                }
            }
        };
        match line {
            Line::Text(line) => {
                self.is_interrupted = false;
                self.obey(&line).await
            }
            Line::Interrupted => Ok(self.interrupt()),
            Line::End => Ok(self.leave()),
        }
    }

    /// Shows what the Worker says until its turn is over, or somebody goes elsewhere.
    async fn show(&mut self, turn: TurnStream) -> Result<Flow, Failure> {
        let shown = self.workers.current;
        let mut answer = pin!(AnswerPrinter::new(Format::Text).print(turn));
        loop {
            tokio::select! {
                end = &mut answer => return Ok(self.finish(end?)),
                signal = self.signals.next() => {
                    // It may be over by now, which is as good.
                    let _ = self.workers.cancel().await;
                    match signal {
                        Signal::Interrupt if !self.is_interrupted => {
                            self.is_interrupted = true;
                            self.waiting.clear();
                        }
                        Signal::Interrupt | Signal::Terminate => {
                            return Ok(Flow::Break(signal.exit()));
                        }
                    }
                }
                line = self.lines.typed_meanwhile() => match line {
                    Line::Text(line) if is_said(&line) => self.waiting.push_back(line),
                    Line::Text(line) => {
                        let flow = self.obey(&line).await?;
                        if flow.is_break() || self.workers.current != shown {
                            return Ok(flow);
                        }
                    }
                    Line::Interrupted | Line::End => return Ok(self.leave()),
                }
            }
        }
    }

    /// What to do when the turn is over.
    fn finish(&mut self, end: TurnEnd) -> Flow {
        if self.is_interrupted && !self.lines.is_terminal() {
            return Flow::Break(Exit::Interrupted);
        }
        if let TurnEnd::Cancelled(entry) = end {
            let kept = entry.map_or("", |_| "; what had come stays, marked as truncated");
            report::note(&format!("the turn was cancelled{kept}"));
        } else if let Err(failure) = end.verdict() {
            self.failed = Some(failure.report());
        }
        Flow::Continue(())
    }

    /// What to do at Ctrl-C where no turn runs.
    fn interrupt(&mut self) -> Flow {
        if self.is_interrupted || !self.lines.is_terminal() {
            return Flow::Break(Exit::Interrupted);
        }
        self.is_interrupted = true;
        report::note("Ctrl-C again leaves, and so does Ctrl-D");
        Flow::Continue(())
    }

    /// Whoever looks at a terminal has seen what failed; a script has not.
    fn leave(&self) -> Flow {
        let failed = self.failed.filter(|_| !self.lines.is_terminal());
        Flow::Break(failed.unwrap_or(Exit::Completed))
    }

    /// Does what a line asks for. What is refused is said, and the conversation goes on.
    async fn obey(&mut self, line: &str) -> Result<Flow, Failure> {
        let done = match ChatCommand::parse(line) {
            Ok(command) => perform(&mut self.workers, command).await.map_err(refusal),
            Err(problem) => Err(Failure::new(problem)),
        };
        match done {
            Ok(Done::Quietly) => {}
            Ok(Done::Shows(text)) => print(&text).await?,
            Ok(Done::Notes(note)) => report::note(note),
            Ok(Done::Leaves) => return Ok(self.leave()),
            Err(failure) => self.failed = Some(failure.report()),
        }
        Ok(Flow::Continue(()))
    }
}

/// Commands are obeyed while a turn runs, but one thing is said at a time.
fn is_said(line: &str) -> bool {
    matches!(ChatCommand::parse(line), Ok(ChatCommand::Say(_)))
}

async fn print(text: &str) -> Result<(), Failure> {
    let mut output = Output::new();
    output.write(text).await?;
    output.flush().await
}
