use super::*;
use crate::collection::Etag;
use crate::state::{PairId, Seen};

/// `name uid content`; a content in capitals says enough to be recognised by, one with `!` has guests.
fn item(text: &str) -> Item {
    let mut words = text.split(' ');
    let (name, uid, content) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let (content, guests) = (content.trim_end_matches('!'), content.ends_with('!'));
    let digest = |content: &str| Digest([content.to_ascii_lowercase().as_bytes()[0]; 32]);
    let content = match uid {
        "broken" => Content::Unreadable("the file is empty".into()),
        "failed" => Content::Failed("error 500".into()),
        "several" => Content::Several(
            content.split(',').map(|part| (part[1..].to_owned(), digest(part))).collect::<Vec<_>>(),
        ),
        uid => Content::One {
            uid: (uid != "-").then(|| uid.to_owned()),
            digest: digest(content),
            distinct: content.chars().all(char::is_uppercase),
        },
    };
    let entry = Entry { href: Href::new(name), etag: Etag::new(format!("{name}'s")) };
    Item { entry, summary: name.into(), content, guests }
}

fn side(items: &[&str]) -> Vec<Item> {
    items.iter().map(|text| item(text)).collect()
}

fn pair(id: i64, local: &str, remote: &str) -> Pair {
    let seen =
        |href: &str| Seen { href: Href::new(href), etag: None, uid: Some("own".into()), verbatim: true };
    Pair {
        id: PairId(id),
        digest: Digest([0; 32]),
        sides: Sides { local: seen(local), remote: seen(remote) },
    }
}

fn found_with(
    local: &[&str],
    remote: &[&str],
    pairs: &[(&str, &str)],
    source: Option<Side>,
) -> Vec<(String, Option<Left>)> {
    let items = Sides { local: side(local), remote: side(remote) };
    let pairs: Vec<Pair> =
        pairs.iter().zip(1..).map(|((local, remote), id)| pair(id, local, remote)).collect();
    let shown = |finding: Finding| {
        let what = match finding.what {
            What::Double { of, twin: None } => format!("double of {of}"),
            What::Double { of, twin: Some(twin) } => format!("double of {of}, with {}", twin.href),
            What::SharedUid { with, new } => format!("uid of {with}, not {}", new.len()),
            What::NoUid { new } if new.len() == 32 => "no uid".to_owned(),
            What::NoUid { new } => format!("no uid, but {new}"),
            What::SeveralUids { stays, create } => format!("{stays} stays, not {create:?}"),
            What::Unreadable { reason } => reason,
        };
        let side = if finding.side == Side::Local { "L" } else { "R" };
        (format!("{side} {}: {what}", finding.item.href), finding.left)
    };
    find(&items, &pairs, source).into_iter().map(shown).collect()
}

fn found(local: &[&str], remote: &[&str], pairs: &[(&str, &str)]) -> Vec<String> {
    let found = found_with(local, remote, pairs, None).into_iter();
    found.map(|(text, left)| left.map_or(text.clone(), |left| format!("{text} ({left:?})"))).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_is_right_is_no_finding() {
    assert_eq!(found(&[], &[], &[]), NOTHING);
    assert_eq!(found(&["a 1 A", "b 2 B"], &["x 1 A", "y 2 C"], &[("a", "x")]), NOTHING);
    assert_eq!(found(&["a 1 a", "b 2 a"], &[], &[]), NOTHING, "they say too little to be doubles");
    assert_eq!(found(&["a 1 A", "b 1 A"], &[], &[]), ["L b: double of a"]);
    assert_eq!(found(&["a 1 a", "b 1 a"], &[], &[]), ["L b: double of a"], "the UID says it");
}

#[test]
fn which_double_stays() {
    assert_eq!(found(&["a 1 A", "b 2 A", "c 3 A"], &[], &[]), ["L b: double of a", "L c: double of a"]);
    assert_eq!(found(&["a 1 A", "b 2 A"], &["x 9 A"], &[("b", "x")]), ["L a: double of b"]);
    assert_eq!(found(&["a 1 A", "b 2 A"], &["x 2 C"], &[]), ["L a: double of b"]);
    assert_eq!(
        found(&["a 1 A", "b 2 A", "c 2 A"], &["x 2 A"], &[]),
        ["L a: double of b", "L c: double of b"]
    );
    assert_eq!(found(&["x 2 A"], &["a 1 A", "b 2 A"], &[]), ["R a: double of b"]);
}

#[test]
fn doubles_on_both_sides_go_together() {
    let both = ["a 1 A", "b 2 A"];
    assert_eq!(found(&both, &["x 1 A", "y 2 A"], &[("a", "x"), ("b", "y")]), ["L b: double of a, with y"]);
    assert_eq!(found(&both, &["x 2 A", "y 1 A"], &[]), ["L b: double of a, with x"]);
    assert_eq!(
        found(&both, &["x 2 A", "y 7 A"], &[("b", "y")]),
        ["L a: double of b", "R x: double of y"],
        "the UID of x is that of the item of another pair"
    );
    assert_eq!(
        found(&["a 1 A", "b 2 A", "c 3 A"], &["x 1 A", "y 2 A", "z 4 A"], &[]),
        ["L b: double of a, with y", "L c: double of a", "R z: double of x"]
    );
    assert_eq!(found(&both, &["x 1 A", "y 2 B"], &[("a", "x"), ("b", "y")]), NOTHING, "y was changed");
    assert_eq!(found(&both, &["x 1 A"], &[("a", "x"), ("b", "gone")]), NOTHING, "the next run settles it");
    assert_eq!(found(&both, &["x 1 A"], &[("a", "gone")]), NOTHING, "b may be what is wanted");
}

#[test]
fn different_items_with_one_uid() {
    assert_eq!(found(&["a 1 A", "b 1 B"], &[], &[]), ["L b: uid of a, not 32"]);
    assert_eq!(found(&["a 1 A", "b 1 B"], &["x 1 C"], &[("b", "x")]), ["L a: uid of b, not 32"]);
    assert_eq!(found(&["a 1 A", "b 1 B"], &["x 1 B"], &[]), ["L a: uid of b, not 32"]);
    assert_eq!(
        found(&["a 1 A", "b 1 B", "c 2 B"], &[], &[]),
        ["L c: double of b", "L b: uid of a, not 32"]
            .map(str::to_owned)
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
    assert_eq!(found(&[], &["x 1 A", "y 1 B"], &[]), ["R y: uid of x, not 32"]);
}

#[test]
fn items_without_a_uid() {
    assert_eq!(found(&["a - a", "b - a"], &[], &[]), ["L a: no uid", "L b: no uid"]);
    assert_eq!(found(&["a - A", "b - A"], &[], &[]), ["L a: no uid", "L b: double of a"]);
    assert_eq!(found(&["a - A"], &["x 5 A"], &[("a", "x")]), ["L a: no uid, but 5"]);
    assert_eq!(found(&["a - A", "b 5 B"], &["x 5 A"], &[("a", "x")]), ["L a: no uid"], "5 is taken");
    let items = Sides { local: side(&["a - a", "b - a"]), remote: side(&["x - a"]) };
    let new: Vec<_> = find(&items, &[pair(1, "a", "x")], None)
        .into_iter()
        .map(|finding| match finding.what {
            What::NoUid { new } => new,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_ne!(new[0], new[1]);
    assert_eq!(new[0], new[2], "it is the same item");
}

#[test]
fn several_items_in_one() {
    assert_eq!(found(&["a several A1,B2,C3"], &[], &[]), [r#"L a: 1 stays, not ["2", "3"]"#]);
    assert_eq!(found(&["a several A1,Bown"], &["x own B"], &[("a", "x")]), [r#"L a: own stays, not ["1"]"#]);
    assert_eq!(found(&["a several A1,B2,C3", "b 1 A"], &[], &[]), [r#"L a: 2 stays, not ["3"]"#]);
    assert_eq!(found(&["a several A1,B2", "b 2 C"], &[], &[]), [r#"L a: 1 stays, not [] (Taken)"#]);
}

#[test]
fn what_is_left_to_the_person() {
    assert_eq!(found(&["a broken x"], &[], &[]), ["L a: the file is empty (Unreadable)"]);
    assert_eq!(found(&["a failed x"], &[], &[]), ["L a: error 500 (Failed)"]);
    assert_eq!(found(&["a 1 A!", "b 2 A!"], &[], &[]), ["L b: double of a"], "nobody was invited to it");
    assert_eq!(found(&[], &["a 1 A!", "b 2 A!"], &[]), ["R b: double of a (Guests)"]);
    assert_eq!(
        found(&["a 1 A!", "b 2 A!"], &["x 1 A!", "y 2 A!"], &[]),
        ["L b: double of a, with y (Guests)"]
    );
    assert_eq!(found(&["a - A!"], &[], &[]), ["L a: no uid (Guests)"]);
    let one_way = |source| {
        let found = found_with(&["a 1 A", "b 2 A"], &["v 3 C", "w 4 C"], &[], Some(source));
        found.into_iter().map(|(_, left)| left).collect::<Vec<_>>()
    };
    assert_eq!(one_way(Side::Local), [Some(Left::Source), None]);
    assert_eq!(one_way(Side::Remote), [None, Some(Left::Source)]);
    let both = ["a 1 A", "b 2 A"];
    let found = found_with(&both, &both, &[], Some(Side::Remote));
    assert_eq!(found, [("L b: double of a, with b".to_owned(), Some(Left::Source))]);
}
