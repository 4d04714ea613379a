//! Two versions of an item, as the pages show them side by side.

use pimbridge::item::compare::Row;
use slint::{ModelRc, VecModel};
use tr::tr;

use crate::CompareRow;

/// So many things are shown: they are all made at once, and nobody reads more.
const SHOWN: usize = 300;

/// What two versions say; of very many things the first, and how many more there are.
pub fn rows(rows: &[Row]) -> ModelRc<CompareRow> {
    let shown = rows.iter().take(SHOWN).map(row);
    let left = rows.len().saturating_sub(SHOWN);
    let more = (left > 0).then(|| CompareRow {
        what: tr!("One more thing is not shown." | "{n} more things are not shown." % left).into(),
        ..CompareRow::default()
    });
    ModelRc::new(VecModel::from(shown.chain(more).collect::<Vec<_>>()))
}

fn row(row: &Row) -> CompareRow {
    let text = |value: &Option<String>| value.as_deref().unwrap_or_default().into();
    CompareRow {
        what: row.what.as_str().into(),
        one: text(&row.one),
        other: text(&row.other),
        differs: row.differs,
    }
}

#[cfg(test)]
mod tests {
    use slint::Model;

    use super::*;

    #[test]
    fn of_very_many_things_the_first_are_shown() {
        let many = |number| {
            let row = Row { what: "Title".into(), one: Some("a".into()), other: None, differs: true };
            rows(&vec![row; number])
        };
        assert_eq!(many(SHOWN).row_count(), SHOWN);
        let shown = many(SHOWN + 2);
        assert_eq!(shown.row_count(), SHOWN + 1);
        assert_eq!(shown.row_data(SHOWN).unwrap().what, "2 more things are not shown.");
    }
}
