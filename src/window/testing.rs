//! What the tests of the pages have in common.

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use slint::platform::{Key, WindowEvent};
use slint::{LogicalPosition, LogicalSize};

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

/// Whether what is called so moves up when the keyboard alone is used: something that scrolls it can have the focus.
pub fn moves_by_keys(window: &MainWindow, role: AccessibleRole, label: &str) -> bool {
    let top = || find(window, role, label).map(|element| element.absolute_position().y);
    let before = top();
    assert!(before.is_some(), "there is no {role:?} {label:?}");
    (0..40).any(|_| {
        press(window, Key::Tab);
        press(window, Key::DownArrow);
        top().is_none_or(|now| Some(now) < before)
    })
}

/// Turns the wheel over this place as far as it goes.
pub fn scroll_to_end(window: &MainWindow, x: f32, y: f32) {
    let (window, position) = (slint::ComponentHandle::window(window), LogicalPosition::new(x, y));
    window.dispatch_event(WindowEvent::PointerMoved { position });
    window.dispatch_event(WindowEvent::PointerScrolled { position, delta_x: 0.0, delta_y: -100_000.0 });
}

fn press(window: &MainWindow, key: Key) {
    let window = slint::ComponentHandle::window(window);
    let text: slint::SharedString = key.into();
    window.dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
    window.dispatch_event(WindowEvent::KeyReleased { text });
}
