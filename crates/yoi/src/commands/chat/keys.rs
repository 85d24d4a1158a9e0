//! Reads the keys that are typed at a terminal, in a thread of its own.

use std::{collections::VecDeque, io, sync::Arc, thread, time::Duration};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The time for which the thread waits for a key before it looks whether it is to pause.
const PERIOD: Duration = Duration::from_millis(50);

/// The time within which what follows Enter or Tab was not typed but pasted, by a terminal that does not mark
/// what is pasted. Nobody types the next key so soon.
const PASTED_WITHIN: Duration = Duration::from_millis(30);

/// Something that was typed.
#[derive(Debug)]
pub(super) enum Key {
    Pressed(KeyEvent),
    /// A text, which may have newlines.
    Pasted(String),
    /// The terminal has another size.
    Resized,
    /// Keys can not be read any more.
    Gone(io::Error),
}

/// The keys in the order in which they are typed.
#[derive(Debug)]
pub(super) struct Keys {
    keys: UnboundedReceiver<Key>,
    /// Held while a key is read.
    gate: Arc<Mutex<()>>,
}

impl Keys {
    pub(super) fn open() -> Self {
        let (sender, keys) = unbounded_channel();
        let gate = Arc::new(Mutex::new(()));
        let held = Arc::clone(&gate);
        thread::spawn(move || {
            let mut events = VecDeque::new();
            loop {
                let gate = held.lock();
                let key = read(&mut events);
                // Whoever wants to pause comes next.
                MutexGuard::unlock_fair(gate);
                let is_gone = matches!(key, Some(Key::Gone(_)));
                if key.is_some_and(|key| sender.send(key).is_err()) || is_gone {
                    return;
                }
            }
        });
        Self { keys, gate }
    }

    /// Waits for the next key.
    pub(super) async fn next(&mut self) -> Key {
        let gone = || Key::Gone(io::ErrorKind::UnexpectedEof.into());
        self.keys.recv().await.unwrap_or_else(gone)
    }

    /// Returns the next key if it was typed already.
    pub(super) fn ready(&mut self) -> Option<Key> {
        self.keys.try_recv().ok()
    }

    /// Leaves the terminal to another program as long as the guard is held.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }
}

/// Reads what is typed, if anything is within a period. `held` has events that were read already.
fn read(held: &mut VecDeque<Event>) -> Option<Key> {
    let mut read = || {
        let event = match held.pop_front() {
            Some(event) => event,
            None if event::poll(PERIOD)? => event::read()?,
            None => return Ok(None),
        };
        Ok(match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => None,
            Event::Key(key) if is_enter(&key) && is_followed(held)? => {
                Some(Key::Pasted("\n".to_owned()))
            }
            Event::Key(key) if key.code == KeyCode::Tab && is_followed(held)? => {
                Some(Key::Pasted("\t".to_owned()))
            }
            Event::Key(key) => Some(Key::Pressed(key)),
            Event::Paste(text) => Some(Key::Pasted(text.replace("\r\n", "\n").replace('\r', "\n"))),
            Event::Resize(..) => Some(Key::Resized),
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
        })
    };
    read().unwrap_or_else(|error: io::Error| Some(Key::Gone(error)))
}

/// Whether something was typed right after a key, so that both were pasted.
fn is_followed(held: &mut VecDeque<Event>) -> io::Result<bool> {
    let is_typed = |event: &Event| matches!(event, Event::Key(_) | Event::Paste(_));
    while !held.iter().any(is_typed) {
        if !event::poll(PASTED_WITHIN)? {
            return Ok(false);
        }
        held.push_back(event::read()?);
    }
    Ok(true)
}

fn is_enter(key: &KeyEvent) -> bool {
    key.code == KeyCode::Enter && key.modifiers == KeyModifiers::NONE
}
