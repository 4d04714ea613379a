//! New rows for a list that is shown.

use std::collections::HashSet;

use slint::{Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::RowItem;

/// The list with new rows in the place of those that are there. A row whose key is still there stays where the person
/// sees it: with the focus it has, and a click that has begun on it.
pub fn replace<T: Clone + PartialEq + 'static>(
    there: ModelRc<T>,
    rows: Vec<T>,
    key: impl Fn(&T) -> SharedString,
) -> ModelRc<T> {
    let Some(model) = there.as_any().downcast_ref::<VecModel<T>>() else {
        return ModelRc::new(VecModel::from(rows));
    };
    let wanted: HashSet<SharedString> = rows.iter().map(&key).collect();
    for at in (0..model.row_count()).rev() {
        if model.row_data(at).is_none_or(|row| !wanted.contains(&key(&row))) {
            model.remove(at);
        }
    }
    for (at, row) in rows.into_iter().enumerate() {
        let key_of = key(&row);
        let old =
            (at..model.row_count()).find(|at| model.row_data(*at).is_some_and(|old| key(&old) == key_of));
        match old {
            Some(same) if same == at => {
                if model.row_data(at).as_ref() != Some(&row) {
                    model.set_row_data(at, row);
                }
            }
            moved => {
                if let Some(from) = moved {
                    model.remove(from);
                }
                model.insert(at, row);
            }
        }
    }
    there
}

/// The last line of a list that has only the first of what there is.
pub fn more(number: u64, detail: String) -> Option<RowItem> {
    let title = tr!("… and one more" | "… and {n} more" % number);
    (number > 0).then(|| RowItem { title: title.into(), detail: detail.into(), ..RowItem::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (SharedString, u32);

    fn model(rows: &[(&str, u32)]) -> Vec<Row> {
        rows.iter().map(|(key, value)| ((*key).into(), *value)).collect()
    }

    fn key(row: &Row) -> SharedString {
        row.0.clone()
    }

    #[test]
    fn a_list_keeps_its_model_and_gets_the_new_rows() {
        let first = replace(ModelRc::default(), model(&[("a", 1), ("b", 2), ("c", 3)]), key);
        for next in [
            model(&[("a", 1), ("b", 5), ("c", 3)]),
            model(&[("new", 0), ("b", 5), ("c", 3), ("last", 9)]),
            model(&[("c", 3), ("b", 6), ("same", 1)]),
            model(&[("same", 1), ("same", 2), ("c", 3)]),
            Vec::new(),
            model(&[("a", 1)]),
        ] {
            let then = replace(first.clone(), next.clone(), key);
            assert!(then == first, "it is another model");
            assert_eq!(then.iter().collect::<Vec<_>>(), next);
        }
    }
}
