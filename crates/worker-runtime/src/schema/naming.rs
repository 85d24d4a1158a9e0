//! The names in schemas, from which generators make the names of types.

/// The definitions that are read or written as a whole. All others are parts of these.
pub(super) const ROOTS: [&str; 13] = [
    "RuntimeCommand",
    "RuntimeQuery",
    "Subscribe",
    "Unsubscribe",
    "CommandReply",
    "QueryReply",
    "RuntimeEvent",
    "StreamItem",
    "RuntimeError",
    "Subscribed",
    "Unsubscribed",
    "EventNotification",
    "ErrorObject",
];

/// The unions that stay closed: replies, whose variants come only together with a request that asks
/// for them, and notices, which are a part of an open union.
pub(super) const CLOSED: [&str; 3] = ["CommandReply", "QueryReply", "Notice"];

/// The fields that tell the variants of a union apart.
pub(super) const TAGS: [&str; 2] = ["type", "code"];

/// Returns the title of a union's variant.
pub(super) fn title(union: &str, tag: &str) -> String {
    let variant = pascal_case(tag);
    match union {
        "RuntimeCommand" | "RuntimeQuery" | "CommandReply" | "Notice" => variant,
        "QueryReply" => variant + "Reply",
        "RuntimeEvent" => variant + "Event",
        "RuntimeError" => variant + "Error",
        _ => union.to_owned() + &variant,
    }
}

fn pascal_case(name: &str) -> String {
    let capitalized = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('_').map(capitalized).collect()
}
