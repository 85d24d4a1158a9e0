//! A list becomes the tools that are offered.

use std::sync::{Arc, Weak};

use llm_engine::{CheckedTool, ShortText};
use tokio::sync::watch;

use crate::{LeftOut, McpTools, link::Link, listing::Listing, tool::McpTool};

/// Makes tools of a list, and tells whoever watches if they are others than before.
pub(crate) fn publish(published: &Weak<watch::Sender<McpTools>>, link: &Arc<Link>, list: Listing) {
    // Gone once nobody can see the tools any more.
    let Some(published) = published.upgrade() else { return };
    let before = published.borrow().clone();
    let mut left_out = list.left_out;
    let mut tools = Vec::new();
    for listed in list.tools.into_values() {
        // A tool that is as before keeps its schemas, which were prepared.
        let found = before.binary_search_by(|tool| tool.spec().name.cmp(&listed.spec.name));
        if let Ok(index) = found
            && **before[index].spec() == listed.spec
        {
            tools.push(before[index].clone());
            continue;
        }
        let name = ShortText::cut(&listed.remote, LeftOut::NAME_CHARS);
        match CheckedTool::new(McpTool::new(Arc::clone(link), listed)) {
            Ok(tool) => tools.push(tool),
            Err(error) => left_out.push(LeftOut { name, reason: error.to_string().into() }),
        }
    }
    let is_same = before.len() == tools.len()
        && before.iter().zip(&tools).all(|(one, other)| one.spec() == other.spec())
        && before.left_out() == left_out;
    if !is_same {
        published.send_replace(McpTools::new(tools, left_out));
    }
}
