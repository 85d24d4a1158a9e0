//! The list of the tools of a server, as it is read.

use std::collections::BTreeMap;

use llm_engine::{ShortText, ToolSpec};
use rmcp::{
    RoleClient,
    model::{PaginatedRequestParams, Tool},
    service::{Peer, ServiceError},
};

use crate::{LeftOut, describe::Describing};

/// The most tools of a server.
const TOOLS: usize = 1024;

/// The most bytes of all descriptions and schemas of a server.
const BYTES: usize = 4 * 1024 * 1024;

/// The most pages of a list. A server may lead in a circle.
const PAGES: usize = 128;

/// The most tools that are told to be left out.
const LEFT_OUT: usize = 64;

/// The list of the tools of a server.
#[derive(Default)]
pub(crate) struct Listing {
    /// The tools by their names with the name of the server.
    pub(crate) tools: BTreeMap<String, Listed>,
    pub(crate) left_out: Vec<LeftOut>,
    bytes: usize,
}

/// A tool of a list.
pub(crate) struct Listed {
    pub(crate) spec: ToolSpec,
    /// The name at the server.
    pub(crate) remote: String,
    pub(crate) digest: String,
}

/// Reads the whole list of a server, within bounds.
pub(crate) async fn read(
    peer: &Peer<RoleClient>,
    describing: &Describing,
) -> Result<Listing, ServiceError> {
    let mut listing = Listing::default();
    let mut cursor = None;
    for _ in 0..PAGES {
        let params = PaginatedRequestParams::default().with_cursor(cursor);
        let page = peer.list_tools(Some(params)).await?;
        if !page.tools.into_iter().all(|tool| listing.add(tool, describing)) {
            return Ok(listing);
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(listing);
        }
    }
    listing.leave_out("…", format!("the list has more than {PAGES} pages").into());
    Ok(listing)
}

impl Listing {
    /// Takes a tool, or tells why not. Returns whether there is room for more.
    fn add(&mut self, tool: Tool, describing: &Describing) -> bool {
        let remote = tool.name.to_string();
        if self.tools.len() == TOOLS {
            self.leave_out("…", format!("the server has more than {TOOLS} tools").into());
            return false;
        }
        let spec = match describing.describe(tool) {
            Ok(spec) => spec,
            Err(reason) => return self.leave_out(&remote, reason),
        };
        if self.tools.contains_key(&spec.name) {
            return self.leave_out(&remote, "the server has two tools of this name".into());
        }
        let output = spec.output_schema.as_ref().map_or(0, |schema| schema.as_str().len());
        self.bytes += spec.description.len() + spec.input_schema.as_str().len() + output;
        if self.bytes > BYTES {
            let reason = format!("the descriptions of all tools have more than {BYTES} bytes");
            self.leave_out("…", reason.into());
            return false;
        }
        self.tools.insert(spec.name.clone(), Listed { digest: spec.digest(), spec, remote });
        true
    }

    /// Tells that a tool is left out. Returns whether there is room for more.
    fn leave_out(&mut self, remote: &str, reason: ShortText) -> bool {
        self.left_out.push(LeftOut { name: ShortText::cut(remote, LeftOut::NAME_CHARS), reason });
        self.left_out.len() < LEFT_OUT
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use serde_json::json;

    use super::*;

    fn listing(tools: impl IntoIterator<Item = (String, usize)>) -> Listing {
        let describing =
            Describing { server: "s".into(), call_ms: NonZeroU64::MIN, each_tool: None };
        let mut listing = Listing::default();
        for (name, bytes) in tools {
            let schema = json!({"type": "object", "title": "x".repeat(bytes)});
            let tool = json!({"name": name, "inputSchema": schema});
            if !listing.add(serde_json::from_value(tool).unwrap(), &describing) {
                break;
            }
        }
        listing
    }

    #[test]
    fn a_list_is_bounded_in_tools_bytes_and_words() {
        for (count, bytes, kept, reason) in [
            (1024, 1, 1024, None),
            (1025, 1, 1024, Some("the server has more than 1024 tools")),
            (100, 60_000, 69, Some("the descriptions of all tools have more than 4194304 bytes")),
        ] {
            let listing = listing((0..count).map(|n| (format!("t{n}"), bytes)));
            assert_eq!(listing.tools.len(), kept, "{count} of {bytes}");
            let told = listing.left_out.last().map(|left_out| &*left_out.reason);
            assert_eq!(told, reason, "{count} of {bytes}");
        }
        let listing = listing((0..1000).map(|n| (format!("no name {n}"), 1)));
        assert_eq!((listing.tools.len(), listing.left_out.len()), (0, LEFT_OUT));
    }

    #[test]
    fn the_second_tool_of_a_name_is_left_out() {
        let listing = listing([("a", 1), ("b", 2), ("a", 3)].map(|(name, n)| (name.to_owned(), n)));
        assert_eq!(listing.tools.keys().collect::<Vec<_>>(), ["s__a", "s__b"]);
        assert!(listing.tools["s__a"].spec.input_schema.as_str().ends_with(r#""x"}"#));
        assert_eq!(listing.left_out[0].name, "a");
    }
}
