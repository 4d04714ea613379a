//! A form of options: from what the daemon says to rows, and from what was entered to changes.

use std::rc::Rc;

use pimbridge::daemon::protocol::profiles::Change;
use pimbridge::setup::form::{Field, Form, Group, Shape};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::ways::sentence;
use crate::{Chosen, FieldRow, FieldShape, MainWindow};

/// What the fields need to know of the values of options of which any can be chosen.
pub fn attach(window: &MainWindow) {
    let chosen = window.global::<Chosen>();
    chosen.on_has(|value, word| has(&value, &word));
    chosen.on_with(|words, value, word, on| with(&words, &value, &word, on).into());
}

/// Whether a word is one of those, which have commas between them.
fn has(value: &str, word: &str) -> bool {
    value.split(',').any(|one| one.trim() == word)
}

/// The same words with or without this one, in their own order.
fn with(words: &ModelRc<SharedString>, value: &str, word: &str, on: bool) -> String {
    let kept = words.iter().filter(|known| if known == word { on } else { has(value, known) });
    kept.map(String::from).collect::<Vec<_>>().join(", ")
}

/// The value of a form's option.
pub fn value(form: &Form, key: &str) -> String {
    let mut fields = form.groups.iter().flat_map(|group| &group.fields);
    fields.find(|field| field.key == key).map(|field| field.value.clone()).unwrap_or_default()
}

/// The rows of a form: each group with its heading.
pub fn rows(form: &Form) -> Vec<FieldRow> {
    form.groups
        .iter()
        .flat_map(|group| std::iter::once(heading(group)).chain(group.fields.iter().map(row)))
        .collect()
}

fn heading(group: &Group) -> FieldRow {
    FieldRow {
        title: group.title.as_str().into(),
        shape: FieldShape::Heading,
        advanced: group.fields.iter().all(|field| field.advanced),
        ..FieldRow::default()
    }
}

fn row(field: &Field) -> FieldRow {
    let value = SharedString::from(field.value.as_str());
    let row = FieldRow {
        key: field.key.as_str().into(),
        title: field.title.as_str().into(),
        help: sentence(&field.help).into(),
        was: value.clone(),
        value,
        placeholder: placeholder(field).into(),
        advanced: field.advanced,
        consequential: field.consequential,
        ..FieldRow::default()
    };
    match &field.shape {
        // Without a number nothing is limited, which no number says.
        Shape::Number if field.default.as_ref().is_none_or(|default| !default.is_empty()) => {
            FieldRow { shape: FieldShape::Number, ..row }
        }
        Shape::Switch => FieldRow { shape: FieldShape::Toggle, ..row },
        Shape::Choice { words } => {
            let (mut codes, mut labels) = (Vec::new(), Vec::new());
            if field.default.as_deref() == Some("") {
                codes.push(SharedString::new());
                labels.push(SharedString::from(tr!("None")));
            }
            codes.extend(words.iter().map(|word| SharedString::from(word.word.as_str())));
            labels.extend(words.iter().map(|word| SharedString::from(capital(&word.meaning))));
            let index = codes.iter().position(|word| *word == row.value);
            FieldRow {
                shape: FieldShape::Choice,
                index: index.and_then(|index| i32::try_from(index).ok()).unwrap_or(-1),
                words: model(codes),
                labels: model(labels),
                ..row
            }
        }
        Shape::Choices { words } => FieldRow {
            shape: FieldShape::Choices,
            words: model(words.iter().map(|word| SharedString::from(word.word.as_str())).collect()),
            labels: model(words.iter().map(|word| SharedString::from(capital(&word.meaning))).collect()),
            ..row
        },
        Shape::Folder => FieldRow { shape: FieldShape::Folder, ..row },
        Shape::File => FieldRow { shape: FieldShape::File, ..row },
        Shape::Number | Shape::Text | Shape::List | Shape::Pairs => {
            FieldRow { shape: FieldShape::Text, ..row }
        }
    }
}

fn model<T: Clone + 'static>(items: Vec<T>) -> ModelRc<T> {
    ModelRc::from(Rc::new(VecModel::from(items)))
}

fn placeholder(field: &Field) -> String {
    match (&field.shape, field.default.as_deref()) {
        (_, Some(default)) if !default.is_empty() => default.to_owned(),
        (Shape::Number, _) => tr!("no limit"),
        (Shape::List, _) => tr!("one, two"),
        (Shape::Pairs, _) => tr!("one=two, three=four"),
        _ => String::new(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Takes over what was entered; says whether anything is not saved now.
pub fn enter(rows: &ModelRc<FieldRow>, index: i32, value: &str) -> bool {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    if let Some(mut row) = rows.row_data(index) {
        row.value = value.into();
        if row.shape == FieldShape::Choice {
            let position = row.words.iter().position(|word| word == value);
            row.index = position.and_then(|position| i32::try_from(position).ok()).unwrap_or(-1);
        }
        rows.set_row_data(index, row);
    }
    rows.iter().any(|row| is_changed(&row))
}

fn is_changed(row: &FieldRow) -> bool {
    row.value.trim() != row.was.as_str()
}

/// What is to be changed, and whether its consequences are to be seen before.
pub fn changes(rows: &ModelRc<FieldRow>) -> (Vec<Change>, bool) {
    let changed: Vec<FieldRow> = rows.iter().filter(is_changed).collect();
    let weighty = changed.iter().any(|row| row.consequential);
    let change = |row: FieldRow| {
        let value = Some(row.value.trim()).filter(|value| !value.is_empty() || row.may_be_empty());
        Change { key: row.key.to_string(), value: value.map(str::to_owned) }
    };
    (changed.into_iter().map(change).collect(), weighty)
}

impl FieldRow {
    /// Nothing is a value of its own: no notification, say.
    fn may_be_empty(&self) -> bool {
        self.shape == FieldShape::Choices
    }
}

/// The form as it is saved.
pub fn undone(rows: &ModelRc<FieldRow>) -> ModelRc<FieldRow> {
    let saved = |row: FieldRow| {
        let position = row.words.iter().position(|word| word == row.was);
        let index = position.and_then(|position| i32::try_from(position).ok()).unwrap_or(-1);
        FieldRow { value: row.was.clone(), index, ..row }
    };
    model(rows.iter().map(saved).collect())
}

/// The rows as a model that can be changed.
pub fn shown(form: &Form) -> ModelRc<FieldRow> {
    model(rows(form))
}

#[cfg(test)]
mod tests {
    use pimbridge::setup::form::of_profile;

    use super::*;

    const TEXT: &str = "kind = \"events\"\npast_days = 30\nmode = \"merge-to-server\"\n[local]\ntype = \"vdir\"\n\
                        path = \"~/c\"\n[remote]\ntype = \"dav\"\nurl = \"https://s.example/\"\n";

    fn form() -> ModelRc<FieldRow> {
        shown(&of_profile(Some(pimbridge::item::Kind::Events), TEXT))
    }

    fn at(rows: &ModelRc<FieldRow>, key: &str) -> (i32, FieldRow) {
        let (index, row) = rows.iter().enumerate().find(|(_, row)| row.key == key).unwrap();
        (i32::try_from(index).unwrap(), row)
    }

    #[test]
    fn each_option_as_what_it_is() {
        let rows = form();
        let shape = |key| at(&rows, key).1.shape;
        assert_eq!(shape("active"), FieldShape::Toggle);
        assert_eq!(shape("interval_minutes"), FieldShape::Number);
        assert_eq!(shape("past_days"), FieldShape::Text, "no number says that all count");
        let (_, mode) = at(&rows, "mode");
        assert_eq!((mode.shape, mode.index), (FieldShape::Choice, 2));
        assert_eq!(mode.words.row_data(2).unwrap(), "merge-to-server");
        assert!(mode.labels.row_data(0).unwrap().starts_with("Changes of both sides"));
        assert_eq!(at(&rows, "oauth.provider").1.words.row_data(0).unwrap(), "");
        assert_eq!(rows.row_data(0).unwrap().shape, FieldShape::Heading);
        assert!(!rows.row_data(0).unwrap().advanced && at(&rows, "kind").1.advanced);
    }

    #[test]
    fn any_of_some_words_can_be_chosen_none_too() {
        let rows = shown(&pimbridge::setup::form::of_settings(""));
        let (index, notify) = at(&rows, "notify");
        assert_eq!((notify.shape, notify.value.as_str()), (FieldShape::Choices, "errors, warnings, held"));
        let value = |value: &str, word: &str, on| with(&notify.words, value, word, on);
        assert_eq!(value(&notify.value, "warnings", false), "errors, held");
        assert_eq!(value("errors, held", "warnings", true), notify.value.as_str());
        assert!(has("errors,held", "held") && !has("errors,held", "hel"));
        assert!(enter(&rows, index, &value("held", "held", false)));
        let none = Change { key: "notify".into(), value: Some(String::new()) };
        assert_eq!(changes(&rows).0, [none]);
    }

    #[test]
    fn what_is_entered_becomes_changes() {
        let rows = form();
        let change =
            |key: &str, value: Option<&str>| Change { key: key.into(), value: value.map(str::to_owned) };
        assert!(enter(&rows, at(&rows, "interval_minutes").0, "5"));
        assert_eq!(changes(&rows), (vec![change("interval_minutes", Some("5"))], false));
        assert!(enter(&rows, at(&rows, "past_days").0, " "));
        let both = vec![change("past_days", None), change("interval_minutes", Some("5"))];
        assert_eq!(changes(&rows), (both, true), "its consequences are to be seen");
        enter(&rows, at(&rows, "past_days").0, "30");
        assert!(!enter(&rows, at(&rows, "interval_minutes").0, "30"), "all as it was");
        enter(&rows, at(&rows, "mode").0, "two-way");
        assert_eq!(at(&rows, "mode").1.index, 0);
        let rows = undone(&rows);
        assert_eq!((at(&rows, "mode").1.index, changes(&rows).0.len()), (2, 0));
    }
}
