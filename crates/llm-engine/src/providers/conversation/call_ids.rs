//! The ids of calls in one request.

use std::collections::HashSet;

/// The ids that a server takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::providers) enum IdForm {
    /// Up to 40 signs, as `OpenAI` has it.
    Short,
    /// Nine letters and digits, as Mistral has it.
    Nine,
    /// Up to 64 letters, digits, `_` and `-`, as Anthropic has it.
    Word,
    /// Up to 64 signs.
    Any,
}

impl IdForm {
    fn takes(self, id: &str) -> bool {
        let (longest, is_sign): (usize, fn(&u8) -> bool) = match self {
            Self::Short => (40, u8::is_ascii_graphic),
            Self::Nine => (9, u8::is_ascii_alphanumeric),
            Self::Word => (64, |sign| sign.is_ascii_alphanumeric() || b"_-".contains(sign)),
            Self::Any => (64, u8::is_ascii_graphic),
        };
        let shortest = if self == Self::Nine { 9 } else { 1 };
        (shortest..=longest).contains(&id.len()) && id.as_bytes().iter().all(is_sign)
    }

    fn made(self, number: usize) -> String {
        match self {
            Self::Nine => format!("call{number:05}"),
            Self::Short | Self::Word | Self::Any => format!("call_{number}"),
        }
    }
}

/// Gives each call of a request an id of its own. A call keeps the id of the provider that made it
/// if the server takes it and no earlier call has it. So the ids of a conversation stay the same
/// while it grows.
pub(super) struct CallIds {
    form: IdForm,
    used: HashSet<String>,
    made: usize,
}

impl CallIds {
    pub(super) fn new(form: IdForm) -> Self {
        Self { form, used: HashSet::new(), made: 0 }
    }

    /// Returns the id of the next call, which its provider named `own`.
    pub(super) fn next(&mut self, own: Option<&str>) -> String {
        if let Some(own) = own.filter(|own| self.form.takes(own))
            && self.used.insert(own.to_owned())
        {
            return own.to_owned();
        }
        loop {
            self.made += 1;
            let id = self.form.made(self.made);
            if self.used.insert(id.clone()) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_an_id_of_its_own_that_the_server_takes() {
        let long = "x".repeat(41);
        let longest = "y".repeat(65);
        let own = ["call_2", "call_2", "", "a b", "f.g:0", "abc123XYZ", &long, &longest];
        for (form, ids) in [
            (
                IdForm::Short,
                ["call_2", "call_1", "call_3", "call_4", "f.g:0", "abc123XYZ", "call_5", "call_6"],
            ),
            (
                IdForm::Nine,
                [
                    "call00001",
                    "call00002",
                    "call00003",
                    "call00004",
                    "call00005",
                    "abc123XYZ",
                    "call00006",
                    "call00007",
                ],
            ),
            (
                IdForm::Word,
                ["call_2", "call_1", "call_3", "call_4", "call_5", "abc123XYZ", &long, "call_6"],
            ),
            (
                IdForm::Any,
                ["call_2", "call_1", "call_3", "call_4", "f.g:0", "abc123XYZ", &long, "call_5"],
            ),
        ] {
            let mut given = CallIds::new(form);
            let given = own.map(|own| given.next(Some(own)));
            assert_eq!(given, ids, "{form:?}");
        }
        assert_eq!(CallIds::new(IdForm::Any).next(None), "call_1");
    }
}
