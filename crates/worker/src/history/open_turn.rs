//! Chooses of a conversation whose last turn has steps: its input and its last step always.

use llm_engine::{Message, Role};

use super::HistorySelection;

/// Chooses of `conversation`, whose newest messages may be the steps of a turn that goes on.
///
/// Of that turn the input and the last step are always chosen, and of the other steps the newest
/// that fit. Older messages are chosen only if all of it fits, and of a turn with steps all or none:
/// a provider refuses steps without what they answer.
pub(super) fn choose(conversation: &[Message], mut selection: HistorySelection) -> Vec<Message> {
    let input = conversation.iter().rposition(|message| message.step.is_none());
    let (older, open) = conversation.split_at(input.unwrap_or(0));
    let Some((input, steps)) = open.split_first() else { return Vec::new() };
    let mut chosen = Vec::new();
    if let Some((last, earlier)) = steps.split_last() {
        selection.offer(last);
        let input_fits = selection.offer_always(input);
        let fitting = earlier.iter().rev().take_while(|step| input_fits && selection.offer(step));
        let fitting = fitting.count();
        chosen.push(input.clone());
        chosen.extend_from_slice(&steps[earlier.len() - fitting..]);
    } else {
        selection.offer(input);
        chosen.push(input.clone());
    }
    let fitting = older.iter().rev().take_while(|message| selection.offer(message)).count();
    let mut history = whole_turns(&older[older.len() - fitting..]).to_vec();
    history.append(&mut chosen);
    history
}

/// Leaves out the rest of a turn whose input was not chosen, if it has steps.
fn whole_turns(messages: &[Message]) -> &[Message] {
    let is_input = |message: &Message| message.role == Role::User;
    let first = messages.iter().position(is_input).unwrap_or(messages.len());
    let has_steps = messages[..first].iter().any(|message| message.step.is_some());
    if has_steps { &messages[first..] } else { messages }
}
