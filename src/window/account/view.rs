//! What is on the page, made of what the daemon says, and the other way round.

use pimbridge::daemon::protocol::account::{Account, Add, Chosen, Collection, Discovered, Preset, Sync};
use pimbridge::daemon::protocol::{Reply, Step};
use pimbridge::item::Kind;
use pimbridge::profile::{KINDS, Secret, word_of};
use pimbridge::report::{Operation, Report, RunOutcome, Touched};
use pimbridge::sync::Side;
use pimbridge::sync::policy::Mode;
use slint::{Color, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::ways::sentence;
use crate::{AccountPage, AccountWay, FoundRow, MadeRow, PlanLine, Tone, plan};

/// The ways that are no service: by e-mail address, and by address.
pub const OWN_WAYS: usize = 2;

pub fn ways(presets: &[Preset]) -> Vec<AccountWay> {
    let own =
        |title: String, by_address| AccountWay { title: title.into(), by_address, ..AccountWay::default() };
    let mut ways =
        vec![own(tr!("By my e-mail address"), false), own(tr!("By the address of the server"), true)];
    ways.extend(presets.iter().map(|preset| AccountWay {
        title: preset.title.as_str().into(),
        note: preset.note.as_deref().map(sentence).unwrap_or_default().into(),
        preset: preset.name.as_str().into(),
        by_address: false,
        needs_host: preset.needs_host,
        in_browser: preset.in_browser,
    }));
    ways
}

/// The way that is chosen.
pub fn way(page: &AccountPage<'_>) -> AccountWay {
    let at = usize::try_from(page.get_way()).unwrap_or_default();
    page.get_ways().row_data(at).unwrap_or_default()
}

fn given(text: SharedString) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn password_command(page: &AccountPage<'_>) -> Option<String> {
    given(page.get_password_command()).filter(|_| page.get_more() && !way(page).in_browser)
}

/// The account as it was entered: what is in fields that are shown. The error says what is missing.
pub fn entered(page: &AccountPage<'_>) -> Result<Account, String> {
    let way = way(page);
    let more = page.get_more() && !way.in_browser;
    let typed = if way.by_address { page.get_address() } else { page.get_typed() };
    let typed = given(typed).ok_or_else(|| match way.by_address {
        true => tr!("Enter the address of the server."),
        false => tr!("Enter your e-mail address or user name."),
    })?;
    let host = given(page.get_host()).filter(|_| way.needs_host);
    if way.needs_host && host.is_none() {
        return Err(tr!("{} runs on many servers: enter the host of yours.", way.title));
    }
    let password_command = password_command(page);
    let password = page.get_password();
    let password = Some(password.as_str()).filter(|_| password_command.is_none() && !way.in_browser);
    let client_id = given(page.get_client_id()).filter(|_| way.in_browser);
    if way.in_browser && client_id.is_none() {
        return Err(tr!("Enter the client id with which you sign in."));
    }
    let preset = given(way.preset);
    if preset.is_none() && !way.by_address && !typed.contains('@') {
        return Err(tr!(
            "An e-mail address has an @ in it. If you have the address of a server instead, choose “By the address of the server”."
        ));
    }
    Ok(Account {
        typed,
        preset,
        host,
        user: given(page.get_user()).filter(|_| way.by_address || more),
        password: password.filter(|password| !password.is_empty()).map(Secret::new),
        password_command,
        client_id,
        client_secret_command: given(page.get_client_secret_command()).filter(|_| way.in_browser),
        certificate: None,
        trusted_hosts: Vec::new(),
    })
}

/// Where an account is, and whose it is: what the person agrees to counts for that.
pub fn about(account: &Account) -> String {
    let Account { preset, typed, host, user, .. } = account;
    format!("{:?}", (preset, typed, host, user))
}

/// The account with what the person has agreed to.
pub fn agreed(page: &AccountPage<'_>, account: Account) -> Account {
    let certificate = Some(page.get_accepted_certificate().to_string()).filter(|shown| !shown.is_empty());
    let trusted_hosts = page.get_trusted().iter().map(String::from).collect();
    Account { certificate, trusted_hosts, ..account }
}

pub fn forget_agreed(page: &AccountPage<'_>) {
    page.set_agreed_about("".into());
    page.set_accepted_certificate("".into());
    page.set_trusted(ModelRc::default());
}

/// Nothing that was entered stays.
pub fn forget(page: &AccountPage<'_>) {
    page.set_typed("".into());
    page.set_address("".into());
    page.set_host("".into());
    page.set_user("".into());
    page.set_password("".into());
    page.set_password_command("".into());
    page.set_client_id("".into());
    page.set_client_secret_command("".into());
    page.set_more(false);
    page.set_stranger("".into());
    page.set_certificate("".into());
    forget_agreed(page);
}

/// What was tried, where nothing was found, and what to try.
pub fn nothing(found: &Discovered) -> String {
    if found.is_empty {
        return tr!(
            "Your account is there, but it has no calendar, task list or address book yet. Make one on the server, and look again."
        );
    }
    let way_out = tr!(
        "Nothing was found. Look whether the address is right. If you know the address of a calendar or of the server, choose “By the address of the server”."
    );
    let tried: String = found.tried.iter().map(|tried| format!("\n• {tried}")).collect();
    match tried.is_empty() {
        true => way_out,
        false => format!("{way_out}\n\n{}{tried}", tr!("What was tried:")),
    }
}

pub fn found_row(found: &Collection) -> FoundRow {
    let (synced_by, profile, folder, direction) = match &found.sync {
        Sync::Profile { profile } => (profile.as_str(), "", "", Mode::TwoWay),
        Sync::Proposal { name, folder, direction } => ("", name.as_str(), folder.as_str(), *direction),
    };
    let directions = directions(found.read_only);
    let direction = directions.iter().position(|(mode, _)| *mode == direction).unwrap_or_default();
    let words = directions.into_iter().map(|(_, word)| word.into()).collect::<Vec<SharedString>>();
    let color = found.color.as_deref().and_then(color);
    FoundRow {
        name: found.name.as_str().into(),
        holds: holds(found.kind).into(),
        detail: detail(found).into(),
        has_color: color.is_some(),
        color: color.unwrap_or_default(),
        ticked: synced_by.is_empty(),
        synced_by: synced_by.into(),
        folder: folder.into(),
        directions: ModelRc::new(VecModel::from(words)),
        direction: i32::try_from(direction).unwrap_or_default(),
        url: found.url.as_str().into(),
        kind: word_of(KINDS, found.kind).into(),
        profile: profile.into(),
    }
}

fn holds(kind: Kind) -> String {
    match kind {
        Kind::Events => tr!("calendar"),
        Kind::Tasks => tr!("task list"),
        Kind::Contacts => tr!("address book"),
    }
}

/// Whose it is, and what one may do with it.
fn detail(found: &Collection) -> String {
    let owner = found.owner.as_deref().filter(|_| found.shared);
    match (owner, found.shared, found.read_only) {
        (Some(owner), _, true) => tr!("Of {}; you may only read it.", owner),
        (Some(owner), _, false) => tr!("Of {}.", owner),
        (None, true, true) => tr!("Somebody shares it with you; you may only read it."),
        (None, true, false) => tr!("Somebody shares it with you."),
        (None, false, true) => tr!("You may only read it."),
        (None, false, false) => String::new(),
    }
}

/// `#RRGGBB`.
fn color(text: &str) -> Option<Color> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    Some(Color::from_argb_encoded(0xff00_0000 | u32::from_str_radix(digits, 16).ok()?))
}

/// The directions in which changes can go.
fn directions(read_only: bool) -> Vec<(Mode, String)> {
    let from_server = [
        (Mode::ReplicateFromServer, tr!("from the server only: the folder becomes a copy")),
        (Mode::MergeFromServer, tr!("from the server only: what only the folder has stays")),
    ];
    if read_only {
        return from_server.into();
    }
    let mut all = vec![(Mode::TwoWay, tr!("both ways"))];
    all.extend(from_server);
    all.push((Mode::ReplicateToServer, tr!("to the server only: it becomes a copy of the folder")));
    all.push((Mode::MergeToServer, tr!("to the server only: what only the server has stays")));
    all
}

/// What is ticked of an account. The error says what is missing.
pub fn add(page: &AccountPage<'_>, account: Account) -> Result<Add, String> {
    let found = page.get_found();
    let ticked = found.iter().filter(|row| row.ticked && row.synced_by.is_empty());
    let chosen: Option<Vec<Chosen>> = ticked.map(|row| chosen(&row)).collect();
    let chosen = chosen.unwrap_or_default();
    if chosen.is_empty() {
        return Err(tr!("Nothing is ticked: tick what you want to have on this computer."));
    }
    if let Some(one) = chosen.iter().find(|one| one.folder.trim().is_empty()) {
        return Err(tr!("Enter a folder for {}.", one.name));
    }
    let user = Some(page.get_discovered_user().to_string()).filter(|user| !user.is_empty());
    // It is entered here too, where the password cannot be kept.
    let account = match password_command(page) {
        None => account,
        command => Account { password: None, password_command: command, ..account },
    };
    Ok(Add { account, user, chosen })
}

fn chosen(row: &FoundRow) -> Option<Chosen> {
    let kind = KINDS.iter().find(|known| row.kind == known.word)?.value;
    // A collection that may only be read has two directions.
    let read_only = row.directions.row_count() == directions(true).len();
    let at = usize::try_from(row.direction).ok()?;
    let (direction, _) = directions(read_only).into_iter().nth(at)?;
    Some(Chosen {
        url: row.url.to_string(),
        kind,
        name: row.profile.to_string(),
        folder: row.folder.to_string(),
        direction,
    })
}

/// A profile whose first look has not ended.
pub fn waits(profile: &str) -> MadeRow {
    MadeRow { profile: profile.into(), busy: true, progress: -1.0, ..MadeRow::default() }
}

pub fn starts(profile: &str) -> MadeRow {
    MadeRow { tone: Tone::Busy, word: tr!("Synchronizing …").into(), ..waits(profile) }
}

/// A profile that is not started, because its first look failed.
pub fn not_seen(profile: &str) -> MadeRow {
    MadeRow {
        profile: profile.into(),
        tone: Tone::Attention,
        word: tr!("Waits until you have looked at what it would do").into(),
        detail: tr!("Look at it again on the page “Status”.").into(),
        ..MadeRow::default()
    }
}

/// A profile whose first run may have ended while nobody could tell of it.
pub fn unseen(profile: &str) -> MadeRow {
    MadeRow {
        profile: profile.into(),
        tone: Tone::Waiting,
        word: tr!("It was not seen how this ended").into(),
        detail: tr!("The page “Status” shows how it is now.").into(),
        ..MadeRow::default()
    }
}

/// Why it was not run.
pub fn not_run(reply: Result<Reply, String>) -> Option<String> {
    match reply {
        Ok(Reply::Runs { refused, .. }) => refused.into_iter().next().map(|not| not.why),
        Ok(_) => None,
        Err(why) => Some(why),
    }
}

pub fn trouble(profile: &str, why: &str) -> PlanLine {
    PlanLine { is_profile: true, text: profile.into(), detail: sentence(why).into(), tone: Tone::Trouble }
}

/// What a first run would do: in numbers, then in a list.
pub fn plan(report: &Report, touched: &[Touched]) -> Vec<PlanLine> {
    if let Some(why) = &report.failure {
        return vec![trouble(&report.profile, why)];
    }
    let deletes = report.local.deleted + report.remote.deleted + report.held.local + report.held.remote > 0;
    let tone = if deletes { Tone::Attention } else { Tone::Calm };
    let numbers = numbers(report).join("\n");
    let head =
        PlanLine { is_profile: true, text: report.profile.as_str().into(), detail: numbers.into(), tone };
    let items = touched.iter().map(|item| PlanLine {
        is_profile: false,
        text: item.summary.as_str().into(),
        detail: whither(item).into(),
        tone: Tone::Calm,
    });
    let more = plan::more(report, touched.len());
    let more = more.map(|text| PlanLine { text: text.into(), ..PlanLine::default() });
    std::iter::once(head).chain(items).chain(more).collect()
}

fn numbers(report: &Report) -> Vec<String> {
    let (here, there) = (report.local, report.remote);
    let all = [
        (here.created, tr!("One comes to this computer" | "{n} come to this computer" % here.created)),
        (there.created, tr!("One goes to the server" | "{n} go to the server" % there.created)),
        (
            here.updated,
            tr!("One is changed on this computer" | "{n} are changed on this computer" % here.updated),
        ),
        (
            there.updated,
            tr!("One is changed on the server" | "{n} are changed on the server" % there.updated),
        ),
        (
            here.deleted,
            tr!("One is deleted on this computer" | "{n} are deleted on this computer" % here.deleted),
        ),
        (
            there.deleted,
            tr!("One is deleted on the server" | "{n} are deleted on the server" % there.deleted),
        ),
        (
            report.linked,
            tr!("One is the same on both sides" | "{n} are the same on both sides" % report.linked),
        ),
        (
            report.held.local + report.held.remote,
            tr!("One deletion waits for your yes"
                | "{n} deletions wait for your yes" % report.held.local + report.held.remote),
        ),
    ];
    let told: Vec<String> = all.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    match told.is_empty() {
        true => vec![tr!("There is nothing yet, on either side")],
        false => told,
    }
}

/// What becomes of an item.
fn whither(item: &Touched) -> String {
    match (item.operation, item.side) {
        (Operation::Create, Side::Local) => tr!("comes to this computer"),
        (Operation::Create, Side::Remote) => tr!("goes to the server"),
        (Operation::Update, Side::Local) => tr!("is changed on this computer"),
        (Operation::Update, Side::Remote) => tr!("is changed on the server"),
        (Operation::Delete, Side::Local) => tr!("is deleted on this computer"),
        (Operation::Delete, Side::Remote) => tr!("is deleted on the server"),
    }
}

/// How the first run ended.
pub fn done(report: &Report) -> MadeRow {
    let (tone, word) = match report.outcome {
        RunOutcome::Ok => (Tone::Calm, tr!("In sync")),
        RunOutcome::Partial => (Tone::Attention, tr!("In sync but for some items")),
        RunOutcome::Held => (Tone::Attention, tr!("Waits for your yes")),
        RunOutcome::Failed => (Tone::Trouble, tr!("It could not be synchronized")),
    };
    let detail = match &report.failure {
        Some(why) => sentence(why),
        None => on_both(report),
    };
    MadeRow {
        profile: report.profile.as_str().into(),
        tone,
        word: word.into(),
        detail: detail.into(),
        progress: 1.0,
        ..MadeRow::default()
    }
}

fn on_both(report: &Report) -> String {
    let moved = report.local.total() + report.remote.total() + report.linked;
    if moved == 0 {
        return tr!("There was nothing to do yet.");
    }
    tr!("One item was brought in sync." | "{n} items were brought in sync." % moved)
}

pub fn refused(profile: &str, why: &str) -> MadeRow {
    MadeRow {
        profile: profile.into(),
        tone: Tone::Trouble,
        word: tr!("It could not be synchronized").into(),
        detail: sentence(why).into(),
        ..MadeRow::default()
    }
}

/// How far a step is, from 0 to 1; below 0 where that is not known.
pub fn share(step: &Step) -> f32 {
    match step.total {
        Some(total) if total > 0 => (step.done as f32 / total as f32).min(1.0),
        _ => -1.0,
    }
}
