//! The loop of a conversation: reads a line, carries it out and prints the answer.

use std::{collections::VecDeque, mem, ops::ControlFlow, pin::pin};

use super::{
    command::ChatCommand,
    line::Line,
    lines::Lines,
    model,
    outcome::Outcome,
    perform::{perform, refusal},
    typing::Typing,
    workers::Workers,
};
use crate::{
    answer::{AnswerPrinter, Format, Shows, TurnEnd, TurnStream},
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
    /// The lines of text that were typed while a turn ran. They are sent when the turn is over.
    waiting: VecDeque<String>,
    /// What is printed of each turn.
    shows: Shows,
    /// Whether Ctrl-C came after the last line.
    is_interrupted: bool,
    /// Whether Ctrl-D came during the answer.
    is_ending: bool,
    /// The exit code of the last turn or command that failed.
    failed: Option<Exit>,
}

/// Whether the conversation goes on or ends with an exit code.
type Flow = ControlFlow<Exit>;

impl Conversation {
    pub(super) fn new(workers: Workers, lines: Lines, signals: Signals, shows: Shows) -> Self {
        Self {
            workers,
            lines,
            signals,
            waiting: VecDeque::new(),
            shows,
            is_interrupted: false,
            is_ending: false,
            failed: None,
        }
    }

    /// Runs the conversation until the user leaves.
    pub(super) async fn run(mut self) -> Result<Exit, Failure> {
        if self.lines.is_terminal() {
            let model = model::present(&self.workers).await?;
            report::note(&format!("{model} answers; /help lists the commands, Ctrl-D leaves"));
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

    fn prompt(&self) -> String {
        format!("{}> ", self.workers.current + 1)
    }

    /// Waits for a line and carries it out.
    async fn ask(&mut self) -> Result<Flow, Failure> {
        let prompt = self.prompt();
        let line = if let Some(line) = self.waiting.pop_front() {
            print(&format!("{prompt}{line}\n")).await?;
            Line::Text(line)
        } else {
            // Signals come first, so that the line is shown anew only after the shell has let go.
            tokio::select! {
                biased;
                signal = self.signals.next() => match signal {
                    Signal::Interrupt => Line::Interrupted,
                    Signal::Terminate => return Ok(Flow::Break(signal.exit())),
                },
                line = self.lines.next(&prompt) => line?,
                number = self.workers.background_end() => return Ok(done(number)),
            }
        };
        self.note_typing();
        match line {
            Line::Text(line) => {
                self.is_interrupted = false;
                self.execute(&line).await
            }
            Line::Interrupted => Ok(self.interrupt()),
            Line::End => Ok(self.leave()),
        }
    }

    /// Prints the answer until the turn is over or the user switches to another Worker.
    async fn show(&mut self, turn: TurnStream) -> Result<Flow, Failure> {
        let shown = self.workers.current;
        let prompt = self.prompt();
        let mut answer = pin!(AnswerPrinter::new(Format::Text, self.shows).print(turn));
        loop {
            let line = tokio::select! {
                biased;
                signal = self.signals.next() => match signal {
                    Signal::Interrupt => Line::Interrupted,
                    Signal::Terminate => {
                        let _ = self.workers.cancel().await;
                        return Ok(Flow::Break(signal.exit()));
                    }
                },
                end = &mut answer => return Ok(self.finish(end?)),
                line = self.lines.typed_ahead(&prompt) => line?,
                number = self.workers.background_end() => {
                    let _ = done(number);
                    continue;
                }
            };
            self.note_typing();
            match line {
                Line::Text(line) if is_text(&line) => {
                    self.waiting.push_back(line);
                    report::note(
                        "this is sent when the answer is complete; Ctrl-C cancels the answer and brings it back",
                    );
                }
                Line::Text(line) => {
                    let flow = self.execute(&line).await?;
                    if flow.is_break() || self.workers.current != shown {
                        return Ok(flow);
                    }
                }
                Line::Interrupted => {
                    // An error means that the turn is over, so there is nothing to cancel.
                    let _ = self.workers.cancel().await;
                    if self.is_interrupted {
                        return Ok(Flow::Break(Exit::Interrupted));
                    }
                    self.is_interrupted = true;
                    self.give_back();
                }
                Line::End if self.waiting.is_empty() => {
                    if mem::replace(&mut self.is_ending, true) {
                        return Ok(self.leave());
                    }
                    report::note(
                        "an answer is coming: Ctrl-D again leaves and keeps what has come, Ctrl-C cancels it",
                    );
                }
                Line::End => {
                    self.give_back();
                    report::note(
                        "what was to be sent next is in the line again; Ctrl-D in an empty line leaves",
                    );
                }
            }
        }
    }

    /// Puts the messages that wait for the end of the turn back into the line that is being typed.
    fn give_back(&mut self) {
        let waiting: Vec<String> = self.waiting.drain(..).collect();
        if let Some(typing) = self.lines.typing()
            && !waiting.is_empty()
        {
            typing.give_back(&waiting.join("\n"));
        }
    }

    /// Lets Ctrl-C count anew if anything was typed since.
    fn note_typing(&mut self) {
        if self.lines.typing().is_some_and(Typing::take_touched) {
            (self.is_interrupted, self.is_ending) = (false, false);
        }
    }

    /// Reports the end of the turn.
    fn finish(&mut self, end: TurnEnd) -> Flow {
        self.is_ending = false;
        if self.is_interrupted && !self.lines.is_terminal() {
            return Flow::Break(Exit::Interrupted);
        }
        if let TurnEnd::Cancelled(entry) = end {
            let kept = entry.map_or("", |_| "; what had come stays, marked as interrupted");
            report::note(&format!("the turn was cancelled{kept}"));
            if self.is_interrupted {
                report::more("Ctrl-C again leaves");
            }
        } else if let Err(failure) = end.into_exit() {
            self.failed = Some(failure.report());
            if self.lines.is_terminal() {
                report::more("/retry sends the message again");
            }
        }
        Flow::Continue(())
    }

    /// Handles Ctrl-C while no turn runs.
    fn interrupt(&mut self) -> Flow {
        if self.is_interrupted || !self.lines.is_terminal() {
            return Flow::Break(Exit::Interrupted);
        }
        self.is_interrupted = true;
        report::note("Ctrl-C again leaves, and so does Ctrl-D");
        Flow::Continue(())
    }

    /// Leaves the conversation. A script learns of a failure by the exit code; a user at a terminal
    /// has read the message.
    fn leave(&self) -> Flow {
        let failed = self.failed.filter(|_| !self.lines.is_terminal());
        Flow::Break(failed.unwrap_or(Exit::Completed))
    }

    /// Carries out a line. A refusal is printed, and the conversation goes on.
    async fn execute(&mut self, line: &str) -> Result<Flow, Failure> {
        let outcome = match ChatCommand::parse(line) {
            Ok(command) => perform(&mut self.workers, command).await.map_err(refusal),
            Err(problem) => Err(Failure::new(problem)),
        };
        match outcome {
            Ok(Outcome::Silent) => {}
            Ok(Outcome::Text(text)) => print(&text).await?,
            Ok(Outcome::Note(note)) => report::note(&note),
            Ok(Outcome::Reasoning) => self.toggle_reasoning(),
            Ok(Outcome::Edit) => self.edit(),
            Ok(Outcome::Refused(problem)) => self.failed = Some(Failure::new(problem).report()),
            Ok(Outcome::Leave) => return Ok(self.leave()),
            Err(failure) => self.failed = Some(failure.report()),
        }
        Ok(Flow::Continue(()))
    }
}

impl Conversation {
    /// Shows the model's reasoning from the next answer on, or hides it again.
    fn toggle_reasoning(&mut self) {
        self.shows.reasoning = !self.shows.reasoning;
        let what = if self.shows.reasoning { "shown" } else { "hidden" };
        report::note(&format!("reasoning is {what} from the next answer on"));
    }

    /// Has the next message written in a program of the user's.
    fn edit(&mut self) {
        let edited = match self.lines.typing() {
            Some(typing) => typing.edit_elsewhere(),
            None => Err("/editor needs a terminal".to_owned()),
        };
        if let Err(problem) = edited {
            self.failed = Some(Failure::new(problem).report());
        }
    }
}

/// Tells that the turn of a Worker in the background is over.
fn done(number: usize) -> Flow {
    report::note(&format!(
        "Worker {number} is done: /switch {number} goes there, /transcript shows it"
    ));
    Flow::Continue(())
}

/// Returns whether a line is text for the model. While a turn runs, text waits and commands do not.
fn is_text(line: &str) -> bool {
    matches!(ChatCommand::parse(line), Ok(ChatCommand::Say(_)))
}

async fn print(text: &str) -> Result<(), Failure> {
    let mut output = Output::new();
    output.write(text).await?;
    output.flush().await
}
