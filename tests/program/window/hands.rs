//! What a person does at the window, through what a screen reader sees of it.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::session::Session;

/// A thing of the window.
#[derive(Debug)]
pub struct Thing {
    pub role: String,
    pub name: String,
    pub text: String,
    pub actions: Vec<String>,
}

/// Reads the window and moves it.
pub struct Hands {
    program: Child,
    asks: RefCell<ChildStdin>,
    answers: RefCell<Lines<BufReader<ChildStdout>>>,
}

impl Hands {
    pub fn new(session: &Session) -> Hands {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/window/hands.py");
        // Debian's own Python has pyatspi.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script);
        let mut program = session
            .within(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let asks = RefCell::new(program.stdin.take().unwrap());
        let answers = RefCell::new(BufReader::new(program.stdout.take().unwrap()).lines());
        Hands { program, asks, answers }
    }

    #[track_caller]
    fn ask(&self, ask: Value) -> Value {
        writeln!(self.asks.borrow_mut(), "{ask}").unwrap();
        let line = self.answers.borrow_mut().next().expect("an answer").unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        if let Some(error) = answer.get("error") {
            let error = error.to_string();
            panic!("{error}; the window shows:\n{}", self.shows());
        }
        answer["ok"].take()
    }

    /// Waits for a thing of the window. A name that ends with … is only how it begins.
    #[track_caller]
    pub fn see(&self, role: &str, name: &str) {
        self.ask(json!({"do": "find", "role": role, "name": name}));
    }

    /// Does what a click on it does.
    #[track_caller]
    pub fn click(&self, role: &str, name: &str) {
        self.ask(json!({"do": "click", "role": role, "name": name}));
    }

    /// Opens a page by the list at the left.
    #[track_caller]
    pub fn open(&self, page: &str) {
        self.click("page tab", page);
    }

    #[track_caller]
    pub fn press(&self, button: &str) {
        self.click("push button", button);
    }

    /// Writes into a field.
    #[track_caller]
    pub fn write(&self, field: &str, text: &str) {
        self.ask(json!({"do": "write", "role": "entry", "name": field, "text": text}));
    }

    /// Goes on with the Tab key, and tells the role and the name of what has the focus then.
    pub fn go_on(&self) -> (String, String) {
        let answer = self.ask(json!({"do": "go on"}));
        let word = |at: usize| answer[at].as_str().unwrap_or_default().to_owned();
        (word(0), word(1))
    }

    /// Everything that is seen now.
    pub fn things(&self) -> Vec<Thing> {
        writeln!(self.asks.borrow_mut(), "{}", json!({"do": "tree"})).unwrap();
        let line = self.answers.borrow_mut().next().expect("an answer").unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["ok"].is_array(), "{answer}");
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let things = answer["ok"].as_array().cloned().unwrap_or_default();
        let thing = |thing: &Value| Thing {
            role: word(&thing[1]),
            name: word(&thing[2]),
            text: word(&thing[3]),
            actions: thing[4].as_array().into_iter().flatten().map(word).collect(),
        };
        things.iter().map(thing).collect()
    }

    /// The same, to be read.
    pub fn shows(&self) -> String {
        let line =
            |thing: &Thing| format!("{} {:?} {:?} {:?}\n", thing.role, thing.name, thing.text, thing.actions);
        self.things().iter().map(line).collect()
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
