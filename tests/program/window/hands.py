"""Sees and moves a window as a screen reader does: one JSON request a line, one JSON answer a line."""

import json
import subprocess
import sys
import time

import pyatspi

PATIENCE = 60


def children(node):
    for number in range(node.childCount):
        child = node.getChildAtIndex(number)
        if child is not None:
            yield child


def walk(node, depth=0):
    # What is known of a thing may be of another one, in the place of which it came.
    node.clearCache()
    yield depth, node
    for child in children(node):
        yield from walk(child, depth + 1)


def everything():
    for app in children(pyatspi.Registry.getDesktop(0)):
        yield from walk(app)


def actions(node):
    try:
        action = node.queryAction()
        return [action.getName(number) for number in range(action.nActions)]
    except NotImplementedError:
        return []


def text_of(node):
    try:
        return node.queryText().getText(0, -1)
    except Exception:  # it has none, or it just went
        return ""


def fits(role, node):
    return node.getRoleName() == role or (role == "entry" and node.getRoleName() == "password text")


def find(role, name):
    until = time.monotonic() + PATIENCE
    while True:
        try:
            for _, node in everything():
                if fits(role, node) and (node.name == name or name.endswith("…") and node.name.startswith(name[:-1])):
                    return node
        except Exception:  # the tree changes while it is read
            pass
        if time.monotonic() > until:
            raise LookupError(f"no {role} {name!r}")
        time.sleep(0.1)


def click(role, name):
    until = time.monotonic() + PATIENCE
    while True:
        node = find(role, name)
        try:
            if node.getState().contains(pyatspi.STATE_ENABLED):
                node.queryAction().doAction(0)
                return
            wrong = "cannot be used"
        except NotImplementedError:  # it went while it was looked at
            wrong = "does nothing"
        if time.monotonic() > until:
            raise LookupError(f"{role} {name!r} {wrong}")
        time.sleep(0.1)


def write(role, name, text):
    for pause in (80, 200, 400):
        box = find(role, name).queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
        middle = [str(box.x + box.width // 2), str(box.y + box.height // 2)]
        # No window manager does it.
        keys("search", "--name", "Pimbridge", "windowfocus", "--sync")
        keys("mousemove", *middle, "click", "1")
        time.sleep(0.2)
        keys("key", "ctrl+a")
        # A letter that is on no key needs a moment, which is longer on a machine that does a lot besides.
        keys("type", "--delay", str(pause), text)
        if has_length(role, name, len(text)):
            return
    raise LookupError(f"{name!r} has {text_of(find(role, name))!r}")


def has_length(role, name, length):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        # A password is as many dots.
        if len(text_of(find(role, name))) == length:
            return True
        time.sleep(0.1)
    return False


def keys(*arguments):
    subprocess.run(["xdotool", *arguments], check=True)


def tree():
    until = time.monotonic() + PATIENCE
    while True:
        try:
            found = []
            for depth, node in everything():
                found.append([depth, node.getRoleName(), node.name, text_of(node), actions(node)])
            return found
        except Exception:  # it changes while it is read
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def focused():
    """The role and the name of what has the focus."""
    try:
        for _, node in everything():
            if node.getState().contains(pyatspi.STATE_FOCUSED) and node.getRoleName() != "frame":
                return [node.getRoleName(), node.name]
    except Exception:  # the tree changes while it is read
        pass
    return ["", ""]


def go_on():
    """Goes on to the next thing with the keyboard; its role and name."""
    before = focused()
    keys("search", "--name", "Pimbridge", "windowfocus", "--sync", "key", "Tab")
    until = time.monotonic() + 2
    while True:
        time.sleep(0.05)
        now = focused()
        # The next one may have the same name.
        if now not in (before, ["", ""]) or time.monotonic() > until:
            return now


def answer(ask):
    match ask["do"]:
        case "go on":
            return go_on()
        case "click":
            click(ask["role"], ask["name"])
        case "write":
            write(ask["role"], ask["name"], ask["text"])
        case "find":
            find(ask["role"], ask["name"])
        case "tree":
            return tree()
    return None


for line in sys.stdin:
    try:
        told = {"ok": answer(json.loads(line))}
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told), flush=True)
