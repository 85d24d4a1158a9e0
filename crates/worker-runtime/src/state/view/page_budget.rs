//! The bound of a page in bytes.

use serde::Serialize;

use crate::model::wire::json_bytes;

/// The number of bytes of JSON that the items of a page may take together.
const PAGE_BYTES: usize = 1 << 20;

/// The bytes that the items of a page may still take. A page has at least one item, however large
/// that item is.
#[derive(Debug)]
pub(crate) struct PageBudget {
    left: usize,
    has_item: bool,
}

impl PageBudget {
    /// Creates the budget of a page without items.
    pub(crate) const fn new() -> Self {
        Self { left: PAGE_BYTES, has_item: false }
    }

    /// Takes the bytes of one more item. Returns `false`, and takes nothing, if the page is full.
    pub(crate) fn takes(&mut self, item: &impl Serialize) -> bool {
        let bytes = json_bytes(item);
        let fits = bytes <= self.left || !self.has_item;
        if fits {
            self.left = self.left.saturating_sub(bytes);
            self.has_item = true;
        }
        fits
    }

    /// Takes the bytes of an item that is there in any case. Returns whether there is room for more.
    pub(crate) fn has_room_after(&mut self, item: &impl Serialize) -> bool {
        self.has_item = true;
        self.left = self.left.saturating_sub(json_bytes(item));
        self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_full_before_the_item_that_is_too_much() {
        let mut budget = PageBudget::new();
        let half = "x".repeat(PAGE_BYTES / 2 - 2);
        assert!(budget.takes(&half));
        assert!(!budget.takes(&"x".repeat(PAGE_BYTES)));
        assert!(budget.takes(&half));
        assert!(!budget.takes(&0));
    }

    #[test]
    fn the_first_item_always_fits() {
        let mut budget = PageBudget::new();
        assert!(budget.takes(&"x".repeat(2 * PAGE_BYTES)));
        assert!(!budget.takes(&0));
    }
}
