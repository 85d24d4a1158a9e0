//! The calls of a step, from the decision whether they may begin to their ends.

use std::{sync::Arc, time::Duration};

use llm_engine::{CallState, Decision, Json, ToolApproval, ToolContext};
use tokio::time::Instant;

use super::{
    AGES, Phase, WorkerTurn,
    tool_runs::{Happened, ToolRuns},
};
use crate::WorkerEvent;

/// The time that a call may take, for a tool that does not say.
const TOOL_TIME: Duration = Duration::from_mins(1);

impl WorkerTurn<'_> {
    /// Tells of the calls that may not run, and asks about those that need approval.
    pub(super) fn decide_calls(&mut self) {
        let mut runs = ToolRuns::new();
        for index in 0..self.steps.calls().len() {
            let Some((tool, input)) = self.steps.calls()[index].runnable() else {
                self.tell_end(index, None);
                continue;
            };
            if tool.spec().approval() == ToolApproval::Never {
                continue;
            }
            let (spec, arguments) = (Arc::clone(tool.spec()), input.json().clone());
            self.steps.hold(index);
            if let Some(approver) = self.worker.tooling.approver.clone() {
                runs.ask(index, async move { approver.ask(spec, arguments).await });
            } else {
                let note = "it needs approval, and nobody here can give it".to_owned();
                self.decided(index, &Decision::Deny { note });
            }
        }
        self.phase = Phase::Tools(runs);
    }

    pub(super) fn begin(&mut self, index: usize) {
        let Phase::Tools(runs) = &mut self.phase else { return };
        let Some((tool, input)) = self.steps.call_began(index) else { return };
        let spec = Arc::clone(tool.spec());
        let limit = spec.timeout_ms.map_or(TOOL_TIME, |limit| Duration::from_millis(limit.get()));
        let deadline = Instant::now() + limit.min(AGES);
        let deadline = self.ends.map_or(deadline, |ends| ends.min(deadline));
        let key = format!("{:032x}", fastrand::u128(..));
        let mut context =
            ToolContext::new(key).with_deadline(deadline).with_progress(runs.progress_of(index));
        if let Some(host) = &self.worker.tooling.host {
            context = context.with_host(Arc::clone(host));
        }
        // What the tool does before it returns a future belongs to its task as well.
        runs.begin(index, &spec, deadline, async move { tool.call(input, context).await });
        let name = Arc::clone(&self.steps.calls()[index].call().name);
        self.events.push_back(WorkerEvent::ToolStarted { index, name });
    }

    /// Takes what happened to the calls.
    pub(super) fn take(&mut self, happened: Vec<Happened>) {
        for happened in happened {
            match happened {
                Happened::Progress(index, text) => {
                    self.events.push_back(WorkerEvent::ToolProgress { index, text });
                }
                Happened::Decided(index, decision) => self.decided(index, &decision),
                Happened::Ended(index, end, data) => {
                    self.steps.tool_ended(index, end);
                    self.tell_end(index, data);
                }
            }
        }
        self.go_on();
    }

    fn decided(&mut self, index: usize, decision: &Decision) {
        self.steps.decided(index, decision);
        self.tell_end(index, None);
    }

    /// Tells of the end of a call, if it is over.
    fn tell_end(&mut self, index: usize, data: Option<Json>) {
        let call = &self.steps.calls()[index];
        let CallState::Ended(end) = call.state() else { return };
        self.events.push_back(WorkerEvent::ToolFinished {
            index,
            name: Arc::clone(&call.call().name),
            outcome: end.outcome,
            error: end.error,
            result: end.result.clone(),
            data,
        });
    }
}
