//! A provider without a model, which repeats its input.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use tokio::time::Instant;

use crate::{
    EngineError, ModelRequest, Provider, ProviderEvent, ProviderStream, Role, StopReason,
    TokenUsage,
    timer::{Timer, after},
};

/// The start of every answer.
const START: &str = "echo: ";

/// Answers with `echo: ` and the newest message that is not the assistant's, word by word.
///
/// The answer is deterministic. Each word counts as one token. The tokens of the input,
/// instructions included, are reported before the answer, and those of the output at its end. If
/// there is nothing to repeat, the answer says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoProvider {
    delay: Duration,
}

impl EchoProvider {
    /// Creates an echo that answers at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an echo that waits for `delay` before each word.
    #[must_use]
    pub fn with_delay(delay: Duration) -> Self {
        Self { delay }
    }
}

impl Provider for EchoProvider {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn stream(&self, request: Arc<ModelRequest>) -> ProviderStream {
        Box::pin(Echo {
            request,
            said: None,
            words: 0,
            has_counted: false,
            over: false,
            delay: self.delay,
            due: None,
            timer: Timer::default(),
        })
    }
}

struct Echo {
    request: Arc<ModelRequest>,
    /// The number of input bytes that were repeated. `None` before the answer begins.
    said: Option<usize>,
    /// The number of words that were given out.
    words: u64,
    /// Whether the token counts of the input were reported.
    has_counted: bool,
    over: bool,
    delay: Duration,
    /// The time of the next word, once the wait for it has begun.
    due: Option<Instant>,
    timer: Timer,
}

impl Echo {
    fn poll_delay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.delay.is_zero() {
            return Poll::Ready(());
        }
        let due = *self.due.get_or_insert_with(|| after(Instant::now(), self.delay));
        ready!(self.timer.poll_by(due, cx));
        self.due = None;
        Poll::Ready(())
    }

    fn next_word(&mut self) -> String {
        let heard = heard(&self.request);
        let (word, said) = match self.said {
            None => {
                let space = heard.len() - heard.trim_start().len();
                ([START, &heard[..space]].concat(), space)
            }
            Some(said) => {
                let end = said + first_word_end(&heard[said..]);
                (heard[said..end].to_owned(), end)
            }
        };
        self.said = Some(said);
        self.words += 1;
        word
    }

    fn counted(&self) -> ProviderEvent {
        let request = &self.request;
        let heard = request.messages.iter().map(|message| words(&message.text)).sum::<u64>();
        let instructions = request.instructions.as_deref().map_or(0, words);
        ProviderEvent::Usage(TokenUsage::new().input(heard + instructions).cached_input(0))
    }

    fn finished(&self) -> ProviderEvent {
        ProviderEvent::Finished {
            stop_reason: StopReason::EndTurn,
            usage: TokenUsage::new().output(self.words).reasoning(0),
        }
    }
}

impl Stream for Echo {
    type Item = Result<ProviderEvent, EngineError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let echo = self.get_mut();
        if echo.over {
            return Poll::Ready(None);
        }
        if !mem::replace(&mut echo.has_counted, true) {
            return Poll::Ready(Some(Ok(echo.counted())));
        }
        if echo.said == Some(heard(&echo.request).len()) {
            echo.over = true;
            return Poll::Ready(Some(Ok(echo.finished())));
        }
        ready!(echo.poll_delay(cx));
        Poll::Ready(Some(Ok(ProviderEvent::TextDelta(echo.next_word()))))
    }
}

/// Returns the text that is repeated.
fn heard(request: &ModelRequest) -> &str {
    let newest = request.messages.iter().rev().find(|message| match message.role {
        Role::User | Role::System => true,
        Role::Assistant => false,
    });
    match newest {
        Some(message) if !message.text.is_empty() => &message.text,
        Some(_) | None => "nothing was said",
    }
}

/// Returns the end of the first word of `text`, including the white space around the word.
fn first_word_end(text: &str) -> usize {
    let word = text.find(|c: char| !c.is_whitespace()).unwrap_or(text.len());
    let space = text[word..].find(char::is_whitespace).map_or(text.len(), |at| word + at);
    text[space..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |at| space + at)
}

fn words(text: &str) -> u64 {
    text.split_whitespace().map(|_| 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn words_keep_the_white_space_around_them() {
        for (text, end) in [("a", 1), ("a b", 2), (" a\n\n b", 5), ("  ", 2), ("é\u{3000}x", 5)] {
            assert_eq!(first_word_end(text), end, "{text:?}");
        }
    }

    #[test]
    fn the_newest_message_of_somebody_else_is_repeated() {
        let check = |messages: &[Message], expected: &str| {
            let request = ModelRequest { messages: messages.into(), ..ModelRequest::default() };
            assert_eq!(heard(&request), expected);
        };
        check(&[], "nothing was said");
        check(&[Message::user("")], "nothing was said");
        check(&[Message::assistant("hello")], "nothing was said");
        check(&[Message::user("one"), Message::user("two")], "two");
        check(&[Message::user("one"), Message::system("two")], "two");
        check(&[Message::user("one"), Message::assistant("two")], "one");
    }
}
