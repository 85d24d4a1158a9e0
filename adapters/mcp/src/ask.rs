//! A result that asks for an input, and the input.

use std::collections::BTreeMap;

use llm_engine::{Json, ShortText, ToolEnd};
use rmcp::model::{
    ElicitRequestParams, ElicitResult, ElicitationAction, InputRequest, InputRequiredResult,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::secrets::Secrets;

/// The most bytes of what a server wants to be given back.
const STATE_BYTES: usize = 32 * 1024;

/// The most questions of one call, one after the other.
const QUESTIONS: u32 = 10;

/// What is kept until the question is answered.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Asked {
    /// The server's names of the inputs.
    inputs: Vec<String>,
    /// What the server wants to be given back.
    request_state: Option<String>,
    /// How often the call asked.
    questions: u32,
}

/// What follows from a result that asks.
pub(crate) enum Required {
    /// A question to a person.
    Question(ToolEnd),
    /// The same call again in a while, with this to be given back.
    Patience(String),
    /// What is asked for cannot be had here.
    Refused(ShortText),
}

/// What a call gives the server besides its arguments.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) responses: Option<BTreeMap<String, Value>>,
    pub(crate) request_state: Option<String>,
}

impl Asked {
    /// Reads what was kept.
    pub(crate) fn of(state: Option<&Json>) -> Result<Self, serde_json::Error> {
        state.map_or_else(|| Ok(Self::default()), Json::to)
    }

    /// Returns what a call gives the server: the answers, or that they were declined.
    pub(crate) fn given(&self, answers: Option<&Json>) -> Result<Given, serde_json::Error> {
        let request_state = self.request_state.clone();
        let answers: Option<Value> = answers.map(Json::to).transpose()?;
        let response = |input: &String| {
            let result = match &answers {
                None => ElicitResult::new(ElicitationAction::Decline),
                Some(answers) => {
                    // The schema of one input is the server's own, of several an object of them.
                    let own =
                        if self.inputs.len() == 1 { Some(answers) } else { answers.get(input) };
                    let content = own.cloned().unwrap_or_default();
                    ElicitResult::new(ElicitationAction::Accept).with_content(content)
                }
            };
            Ok((input.clone(), serde_json::to_value(result)?))
        };
        let responses: Result<BTreeMap<_, _>, serde_json::Error> =
            self.inputs.iter().map(response).collect();
        Ok(Given { responses: Some(responses?).filter(|it| !it.is_empty()), request_state })
    }

    /// Returns what follows from a result that asks.
    pub(crate) fn required(
        &self,
        result: InputRequiredResult,
        secrets: &Secrets,
    ) -> Result<Required, serde_json::Error> {
        if result.request_state.as_ref().is_some_and(|state| state.len() > STATE_BYTES) {
            return Ok(Required::Refused("it wants too much to be kept meanwhile".into()));
        }
        let requests = result.input_requests.unwrap_or_default();
        if requests.is_empty() {
            return Ok(match result.request_state {
                Some(state) => Required::Patience(state),
                None => Required::Refused("it does not say what it asks for".into()),
            });
        }
        if self.questions == QUESTIONS {
            return Ok(Required::Refused("it asks too often".into()));
        }
        let mut forms = BTreeMap::new();
        for (input, request) in requests {
            let form = match request {
                InputRequest::Elicitation(request) => match request.params {
                    ElicitRequestParams::FormElicitationParams {
                        message,
                        requested_schema,
                        ..
                    } => Some((secrets.words(&message), serde_json::to_value(requested_schema)?)),
                    _ => None,
                },
                _ => None,
            };
            let Some(form) = form else {
                let reason = "it asks for what is not offered here, such as a sample of the model";
                return Ok(Required::Refused(reason.into()));
            };
            forms.insert(input, form);
        }
        let kept = Self {
            inputs: forms.keys().cloned().collect(),
            request_state: result.request_state,
            questions: self.questions + 1,
        };
        let (message, schema) = question(forms);
        let (schema, state) = (Json::of(&schema)?, Json::of(&kept)?);
        Ok(Required::Question(ToolEnd::Ask { message, schema, state }))
    }
}

/// One question of one form or of several.
fn question(forms: BTreeMap<String, (ShortText, Value)>) -> (String, Value) {
    if forms.len() == 1
        && let Some((message, schema)) = forms.values().next()
    {
        return (message.to_string(), schema.clone());
    }
    let messages: Vec<&str> = forms.values().map(|(message, _)| &**message).collect();
    let message = messages.join("\n");
    let inputs: Vec<&String> = forms.keys().collect();
    let required = json!(inputs);
    let properties: serde_json::Map<String, Value> =
        forms.into_iter().map(|(input, (_, schema))| (input, schema)).collect();
    (message, json!({"type": "object", "properties": properties, "required": required}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(message: &str) -> Value {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        let params = json!({"mode": "form", "message": message, "requestedSchema": schema});
        json!({"method": "elicitation/create", "params": params})
    }

    fn required(asked: &Asked, result: &Value) -> Required {
        let mut result = result.clone();
        result["resultType"] = json!("input_required");
        let result = serde_json::from_value(result).unwrap();
        asked.required(result, &Secrets::default()).unwrap()
    }

    #[track_caller]
    fn asks(result: &Value) -> (String, Value, Json) {
        let required = required(&Asked::default(), result);
        let Required::Question(ToolEnd::Ask { message, schema, state }) = required else {
            panic!("no question")
        };
        (message, schema.to().unwrap(), state)
    }

    #[test]
    fn one_form_is_asked_as_it_is_and_answered() {
        let result =
            json!({"inputRequests": {"a": form("How\u{202e} many?")}, "requestState": "s"});
        let (message, schema, state) = asks(&result);
        assert_eq!(
            (&*message, &schema["properties"]["n"]["type"]),
            ("How many?", &json!("integer"))
        );
        let asked = Asked::of(Some(&state)).unwrap();
        for (answers, response) in [
            (Some(r#"{"n":1}"#), json!({"action": "accept", "content": {"n": 1}})),
            (None, json!({"action": "decline"})),
        ] {
            let answers = answers.map(|it| Json::parse(it).unwrap());
            let given = asked.given(answers.as_ref()).unwrap();
            assert_eq!(given.responses.unwrap()["a"], response);
            assert_eq!(given.request_state.as_deref(), Some("s"));
        }
    }

    #[test]
    fn several_forms_are_one_question() {
        let (message, schema, state) =
            asks(&json!({"inputRequests": {"b": form("B?"), "a": form("A?")}}));
        assert_eq!((&*message, &schema["required"]), ("A?\nB?", &json!(["a", "b"])));
        let answers = Json::parse(r#"{"a":{"n":1},"b":{"n":2}}"#).unwrap();
        let given = Asked::of(Some(&state)).unwrap().given(Some(&answers)).unwrap();
        assert_eq!(given.responses.unwrap()["b"]["content"], json!({"n": 2}));
        let nothing = Asked::of(None).unwrap().given(None).unwrap();
        assert!(nothing.responses.is_none() && nothing.request_state.is_none());
    }

    #[test]
    fn what_cannot_be_had_is_refused() {
        let roots = json!({"method": "roots/list"});
        let often = Asked { questions: QUESTIONS, ..Asked::default() };
        for (asked, result) in [
            (Asked::default(), json!({"inputRequests": {"a": roots}})),
            (Asked::default(), json!({"requestState": "x".repeat(STATE_BYTES + 1)})),
            (often, json!({"inputRequests": {"a": form("A?")}})),
        ] {
            assert!(matches!(required(&asked, &result), Required::Refused(_)));
        }
        let waits = required(&Asked::default(), &json!({"requestState": "s"}));
        assert!(matches!(waits, Required::Patience(state) if state == "s"));
    }
}
