//! The types of whole requests and replies.

use super::Direction;

/// The names of these types, and the direction in which their values travel.
pub(super) const ROOTS: [(&str, Direction); 13] = [
    ("RuntimeCommand", Direction::Request),
    ("RuntimeQuery", Direction::Request),
    ("Subscribe", Direction::Request),
    ("Unsubscribe", Direction::Request),
    ("CommandReply", Direction::Answer),
    ("QueryReply", Direction::Answer),
    ("RuntimeError", Direction::Reply),
    ("RuntimeEvent", Direction::Reply),
    ("StreamItem", Direction::Reply),
    ("Subscribed", Direction::Reply),
    ("Unsubscribed", Direction::Reply),
    ("EventNotification", Direction::Reply),
    ("ErrorObject", Direction::Reply),
];

/// Returns the direction of a type of whole requests or replies.
pub(super) fn direction(name: &str) -> Option<Direction> {
    ROOTS.iter().find(|(root, _)| *root == name).map(|(_, direction)| *direction)
}
