//! From what is clicked and entered on a page to what it does.

use slint::{ComponentHandle, Weak};

use crate::MainWindow;
use crate::link::Link;

/// Makes the callbacks of a page, which do nothing once the window is closed.
pub struct Wires {
    window: Weak<MainWindow>,
    link: Link,
}

impl Wires {
    pub fn new(window: &MainWindow, link: &Link) -> Wires {
        Wires { window: window.as_weak(), link: link.clone() }
    }

    /// For a callback that says nothing.
    pub fn plain(&self, act: impl Fn(&MainWindow, &Link) + 'static) -> impl Fn() + 'static {
        let act = self.one(move |window, link, ()| act(window, link));
        move || act(())
    }

    /// For a callback that says one thing.
    pub fn one<A: 'static>(&self, act: impl Fn(&MainWindow, &Link, A) + 'static) -> impl Fn(A) + 'static {
        let (window, link) = (self.window.clone(), self.link.clone());
        move |said| {
            if let Some(window) = window.upgrade() {
                act(&window, &link, said);
            }
        }
    }

    /// For a callback that says two things.
    pub fn two<A: 'static, B: 'static>(
        &self,
        act: impl Fn(&MainWindow, &Link, A, B) + 'static,
    ) -> impl Fn(A, B) + 'static {
        let act = self.one(move |window, link, (one, other)| act(window, link, one, other));
        move |one, other| act((one, other))
    }
}
