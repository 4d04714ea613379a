//! Whether an answer is still for what a page shows: the person may have gone on before it came.

use std::cell::Cell;
use std::thread::LocalKey;

use crate::Page;

/// How many pages there are.
const PAGES: usize = Page::About as usize + 1;

thread_local! {
    /// How often each page has begun with something else.
    static BEGUN: [Cell<u64>; PAGES] = const { [const { Cell::new(0) }; PAGES] };
}

/// What a page was doing when something was asked for.
#[derive(Clone, Copy)]
pub struct Turn {
    page: Page,
    number: u64,
}

impl Turn {
    /// The page begins with something else: what it asked for before is not waited for any more.
    pub fn begin(page: Page) -> Turn {
        BEGUN.with(|begun| begun[page as usize].update(|number| number + 1));
        Turn::now(page)
    }

    /// What the page is doing.
    pub fn now(page: Page) -> Turn {
        Turn { page, number: BEGUN.with(|begun| begun[page as usize].get()) }
    }

    /// Whether the page has gone on to something else.
    pub fn is_over(self) -> bool {
        Turn::now(self.page).number != self.number
    }
}

/// A question that may be asked again before its answer comes: only the last answer counts.
#[derive(Clone, Copy)]
pub struct Asked {
    times: &'static LocalKey<Cell<u64>>,
    number: u64,
}

impl Asked {
    /// It is asked now; the counter is that of this question alone.
    pub fn now(times: &'static LocalKey<Cell<u64>>) -> Asked {
        let number = times.get() + 1;
        times.set(number);
        Asked { times, number }
    }

    /// Whether it was asked again.
    pub fn is_over(self) -> bool {
        self.times.get() != self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_goes_on_ends_its_own_turn_only() {
        let (before, other) = (Turn::begin(Page::Status), Turn::begin(Page::Reports));
        assert!(!before.is_over() && !Turn::now(Page::Status).is_over());
        let after = Turn::begin(Page::Status);
        assert!(before.is_over() && !after.is_over() && !other.is_over());
    }

    #[test]
    fn the_last_answer_counts() {
        thread_local!(static TIMES: Cell<u64> = const { Cell::new(0) });
        let (before, after) = (Asked::now(&TIMES), Asked::now(&TIMES));
        assert!(before.is_over() && !after.is_over());
    }
}
