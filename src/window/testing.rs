//! What the tests of the pages have in common.

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use slint::LogicalSize;

use crate::MainWindow;

/// A window of this size that nobody sees.
pub fn window(width: f32, height: f32) -> MainWindow {
    // A thread of the tests may have been another test's before.
    let _ = std::panic::catch_unwind(i_slint_backend_testing::init_no_event_loop);
    let window = MainWindow::new().unwrap();
    slint::ComponentHandle::window(&window).set_size(LogicalSize::new(width, height));
    window
}

/// What a screen reader calls so; what is scrolled away is not found.
pub fn find(window: &MainWindow, role: AccessibleRole, label: &str) -> Option<ElementHandle> {
    let wanted = label.to_owned();
    ElementQuery::from_root(window)
        .match_descendants()
        .match_accessible_role(role)
        .match_predicate(move |element| element.accessible_label().as_deref() == Some(&wanted))
        .find_first()
}

#[track_caller]
pub fn get(window: &MainWindow, role: AccessibleRole, label: &str) -> ElementHandle {
    find(window, role, label).unwrap_or_else(|| panic!("there is no {role:?} {label:?}"))
}
