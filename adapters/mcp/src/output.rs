//! The result of a call, as the model is given it.

use llm_engine::{Json, ShortText, ToolOutput};
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

/// The most characters of what a server calls a part of a result.
const NAME_CHARS: usize = 200;

/// Returns the text of a result and its structured content. Parts that are no text are named.
pub(crate) fn output(result: CallToolResult) -> ToolOutput {
    let parts: Vec<String> = result.content.into_iter().map(text).collect();
    let mut text = parts.join("\n");
    let data = result.structured_content.and_then(|value| Json::of(&value).ok());
    if text.is_empty() {
        text.push_str(data.as_ref().map_or("[the result is empty]", Json::as_str));
    }
    let mut output = ToolOutput::new(text);
    output.is_error = result.is_error == Some(true);
    output.data = data;
    output
}

fn text(part: ContentBlock) -> String {
    match part {
        ContentBlock::Text(part) => part.text,
        ContentBlock::Image(part) => left_out("an image", &part.data, Some(&part.mime_type)),
        ContentBlock::Audio(part) => left_out("a sound", &part.data, Some(&part.mime_type)),
        ContentBlock::Resource(part) => resource(part.resource),
        ContentBlock::ResourceLink(link) => {
            let (name, uri) = (short(&link.name), short(&link.uri));
            let kind = link.mime_type.as_deref().map(short);
            format!(
                "[a link to `{name}`, {uri}{}]",
                kind.map(|it| format!(", {it}")).unwrap_or_default()
            )
        }
        _ => "[a part of an unknown kind, left out]".to_owned(),
    }
}

fn resource(contents: ResourceContents) -> String {
    match contents {
        ResourceContents::TextResourceContents { uri, text, .. } => {
            format!("[the resource {}]\n{text}", short(&uri))
        }
        ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
            let what = format!("the resource {}", short(&uri));
            left_out(&what, &blob, mime_type.as_deref())
        }
        _ => "[a resource of an unknown kind, left out]".to_owned(),
    }
}

/// Names a part by its size and kind.
fn left_out(what: &str, base64: &str, kind: Option<&str>) -> String {
    let padding = base64.bytes().rev().take(2).filter(|byte| *byte == b'=').count();
    let bytes = grouped((base64.len() / 4 * 3).saturating_sub(padding));
    let kind = kind.map(|kind| format!(", {}", short(kind))).unwrap_or_default();
    format!("[{what} of {bytes} bytes{kind}, left out]")
}

fn short(text: &str) -> ShortText {
    ShortText::cut(text, NAME_CHARS)
}

/// Writes a number with a comma before each three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn given(result: Value) -> ToolOutput {
        output(serde_json::from_value(result).unwrap())
    }

    #[test]
    fn parts_that_are_no_text_are_named() {
        for (part, text) in [
            (json!({"type": "text", "text": "a\nb"}), "a\nb"),
            (
                json!({"type": "image", "data": "AAAA".repeat(4115), "mimeType": "image/png"}),
                "[an image of 12,345 bytes, image/png, left out]",
            ),
            (
                json!({"type": "audio", "data": "AA==", "mimeType": "audio/\u{202e}wav"}),
                "[a sound of 1 bytes, audio/wav, left out]",
            ),
            (
                json!({"type": "resource", "resource": {"uri": "file:///a", "text": "x"}}),
                "[the resource file:///a]\nx",
            ),
            (
                json!({"type": "resource", "resource": {"uri": "file:///a", "blob": "AAA="}}),
                "[the resource file:///a of 2 bytes, left out]",
            ),
            (
                json!({
                    "type": "resource_link", "uri": "file:///a", "name": "a", "mimeType": "b/c",
                }),
                "[a link to `a`, file:///a, b/c]",
            ),
        ] {
            let output = given(json!({"content": [part.clone()]}));
            assert_eq!((&*output.text, output.is_error), (text, false), "{part}");
        }
    }

    #[test]
    fn texts_are_lines_and_structure_is_data() {
        let text = |text: &str| json!({"type": "text", "text": text});
        let data = |output: &ToolOutput| output.data.as_ref().map(|data| data.as_str().to_owned());
        let both = given(json!({"content": [text("a"), text("b")], "structuredContent": {"n": 1}}));
        assert_eq!((&*both.text, data(&both).as_deref()), ("a\nb", Some(r#"{"n":1}"#)));
        let alone = given(json!({"content": [], "structuredContent": {"n": 1}}));
        assert_eq!((&*alone.text, data(&alone).as_deref()), (r#"{"n":1}"#, Some(r#"{"n":1}"#)));
        let nothing = given(json!({"content": []}));
        assert_eq!((&*nothing.text, nothing.data), ("[the result is empty]", None));
        let error = given(json!({"content": [text("no")], "isError": true}));
        assert_eq!(error, ToolOutput::error("no"));
    }
}
