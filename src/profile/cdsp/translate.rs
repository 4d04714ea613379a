//! The elements of a profile become keys: the reading half of the import.

use std::collections::BTreeSet;

use toml::Value;
use tr::tr;
use url::Url;

use super::document::{MAPPING, Options};
use super::fields;
use super::keys::Keys;
use super::words::{self, CONFLICTS, GROUPS, MODES, REMINDERS, Words};
use crate::collection::dav::is_loopback;
use crate::item::Kind;
use crate::profile::connection::proxy_address;
use crate::profile::preset_named;
use crate::report::wording::cut;

/// A range this long is none.
pub const NO_LIMIT: i64 = 36_525;
const MOST_MINUTES: i64 = 43_200;
const MOST_IN_A_CHUNK: i64 = 100_000;

/// The keys that the elements stand for. What the person should know goes to `notes`.
///
/// # Errors
/// The profile cannot be synced, or an element has a value that it cannot have: a sentence.
pub fn keys(options: &Options, kind: Kind, notes: &mut Vec<String>) -> Result<Keys, String> {
    let mut reading = Reading { options: with_mapping(options, kind), kind, keys: Keys::default(), notes };
    reading.keys.set("kind", crate::profile::word_of(crate::profile::KINDS, kind));
    reading.general()?;
    reading.range()?;
    reading.remote()?;
    reading.proxy()?;
    for switch in words::switches(kind) {
        let position = reading.switch(switch.element)?;
        switch.read(position, &mut reading.keys);
    }
    reading.category()?;
    reading.mapping()?;
    if options.text("SynchronizationMode").is_none() {
        reading.keys.set("active", false);
        reading.note(tr!(
            "it does not say which way changes go, which means that the server becomes a copy of the folder: it is not \
             switched on; if that is right, do it with: pimbridge profile set {name} active true"
        ));
    }
    Ok(reading.keys)
}

/// A profile without a mapping has that of a new one of its type.
fn with_mapping(options: &Options, kind: Kind) -> Options {
    let mut options = options.clone();
    let (name, fields) = fields::of_kind(kind);
    if options.0.iter().all(|element| element.name != MAPPING) {
        options.set_mapping_kind(name);
        for field in fields {
            if let Some(new) = field.new {
                options.set(&format!("{MAPPING}/{}", field.name), new);
            }
        }
        let profile_type = options.text("ProfileTypeOrNull").unwrap_or_default().trim().to_owned();
        for (element, value) in fields::of_new(&profile_type) {
            if fields.iter().any(|field| field.name == *element) {
                options.set(&format!("{MAPPING}/{element}"), *value);
            }
        }
    }
    options
}

struct Reading<'a> {
    options: Options,
    kind: Kind,
    keys: Keys,
    notes: &'a mut Vec<String>,
}

impl Reading<'_> {
    fn general(&mut self) -> Result<(), String> {
        let mode = self.word("SynchronizationMode", MODES)?;
        self.keys.set("mode", mode);
        let conflict = self.word("ConflictResolution", CONFLICTS)?;
        self.keys.set("conflict", conflict);
        let minutes = self.number("SynchronizationIntervalInMinutes", 0)?;
        self.keys.set("interval_minutes", minutes.clamp(0, MOST_MINUTES));
        let chunk = self.number("ChunkSize", 100)?.clamp(1, MOST_IN_A_CHUNK);
        match (self.switch("IsChunkedSynchronizationEnabled")?, chunk) {
            (false, _) => self.keys.set("chunk_size", 0),
            (true, 100) => {}
            (true, chunk) => self.keys.set("chunk_size", chunk),
        }
        Ok(())
    }

    /// Only events have a range there, and none where changes are asked for with `sync-collection`.
    fn range(&mut self) -> Result<(), String> {
        let counts = self.kind == Kind::Events
            && !self.switch("IgnoreSynchronizationTimeRange")?
            && !self.switch("UseWebDavCollectionSync")?;
        for (element, key) in
            [("DaysToSynchronizeInThePast", "past_days"), ("DaysToSynchronizeInTheFuture", "future_days")]
        {
            let days = self.number(element, 0)?.max(0);
            if counts && days < NO_LIMIT {
                self.keys.set(key, days);
            }
        }
        Ok(())
    }

    fn remote(&mut self) -> Result<(), String> {
        let user = self.text("UserName").map(|user| user.trim().to_owned());
        if let Some(user) = &user {
            self.keys.set("remote.user", user.as_str());
        }
        let url = self.text("CalenderUrl").map(|url| url.trim().to_owned());
        match self.text("ServerAdapterType").unwrap_or("Default").trim() {
            "Default" => {}
            "GoogleOAuth" => self.google(),
            "GoogleContactApi" => {
                self.google();
                let account = user.as_deref().or(self.text("EmailAddress")).map(str::trim);
                let url = preset_named("google")?.address(Kind::Contacts, None, account).map_err(|_| {
                    tr!("Google has closed the service that it uses, and the address of the new one needs your address at \
                     Google, which is missing; make the profile anew: pimbridge profile add NAME --preset google")
                })?;
                self.keys.set("remote.url", url);
                self.note(tr!("Google has closed the service that it uses; it now uses CardDAV at Google"));
                return Ok(());
            }
            "GoogleTaskApi" => {
                return Err(tr!(
                    "Google's tasks are only to be had through a service of Google's own, which Pimbridge does not \
                     speak; keep them in a task list of another server"
                ));
            }
            other => return Err(unknown("ServerAdapterType", other)),
        }
        let Some(url) = url else {
            return Err(tr!(
                "it has no address on a server yet; make the profile anew: pimbridge profile add --help"
            ));
        };
        self.address(&url);
        match (self.keys.text("remote.url"), user) {
            (Some(url), _) if url.to_ascii_lowercase().starts_with("file:") => Err(tr!(
                "it syncs with a folder (file:///…), not with a server, which Pimbridge does not do; copy the files into a \
                 folder of a profile instead"
            )),
            (_, None) if self.keys.text("remote.sign_in").is_none() => {
                self.note(tr!("it has no user name; if the server wants one: pimbridge profile set {name} remote.user USER"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn google(&mut self) {
        self.keys.set("remote.sign_in", "oauth");
        self.keys.set("oauth.provider", "google");
    }

    /// A password in an address is not taken over: a profile's file holds none.
    fn address(&mut self, text: &str) {
        let mut text = text.to_owned();
        if let Some((clean, user)) = without_sign_in(&text) {
            text = clean;
            self.note(tr!("the address held a user name or a password, which is left out of it"));
            if self.keys.text("remote.user").is_none() && !user.is_empty() {
                self.keys.set("remote.user", user);
            }
        }
        self.keys.set("remote.url", text);
    }

    fn proxy(&mut self) -> Result<(), String> {
        if self.options.find("ProxyOptions").is_none() || self.switch("ProxyOptions/ProxyUseDefault")? {
            return Ok(());
        }
        if !self.switch("ProxyOptions/ProxyUseManual")? {
            self.keys.set("remote.proxy", "none");
            return Ok(());
        }
        let url = self.keys.text("remote.url").and_then(|url| Url::parse(url).ok());
        if url.is_some_and(|url| is_loopback(&url)) {
            self.keys.set("remote.proxy", "none");
            self.note(tr!("its proxy is left out, because the server is on this computer"));
            return Ok(());
        }
        let typed = self.text("ProxyOptions/ProxyUrl").unwrap_or_default().trim();
        let url = if typed.contains("://") { typed.to_owned() } else { format!("http://{typed}") };
        let url = without_sign_in(&url).map_or(url, |(clean, _)| clean);
        if proxy_address(&url).is_err() {
            self.note(
                tr!("the address of its proxy cannot be used, so it uses that of the system; to correct it: pimbridge profile \
                 set {name} remote.proxy http://HOST:PORT")
            );
            return Ok(());
        }
        self.keys.set("remote.proxy", url);
        if let Some(user) = self.text("ProxyOptions/ProxyUserName") {
            let user = user.trim().to_owned();
            self.keys.set("remote.proxy_user", user);
            self.note(tr!("its proxy wants a password: pimbridge profile password {name} --proxy"));
        }
        Ok(())
    }

    fn category(&mut self) -> Result<(), String> {
        let Some([name, empty, invert]) = words::category(self.kind) else { return Ok(()) };
        let (empty, invert) = (self.switch(empty)?, self.switch(invert)?);
        let Some(category) = self.text(name).map(|text| text.trim().to_owned()) else { return Ok(()) };
        self.keys.set("category", category);
        for (on, key) in [(empty, "include_uncategorised"), (invert, "invert")] {
            if on {
                self.keys.set(key, true);
            }
        }
        Ok(())
    }

    fn mapping(&mut self) -> Result<(), String> {
        if self.kind == Kind::Contacts {
            let groups = self.word("MappingConfiguration/DistributionListType", GROUPS)?;
            if self.switch("MappingConfiguration/MapDistributionLists")? {
                self.keys.set("mapping.groups", groups);
            }
            return Ok(());
        }
        let reminders = self.word("MappingConfiguration/MapReminder", REMINDERS)?;
        if reminders != "all" {
            self.keys.set("mapping.reminders", reminders);
        }
        if self.kind == Kind::Events {
            let [out, back, utc, iana, colors] = [
                "MapRtfBodyToXAltDesc",
                "MapXAltDescToRtfBody",
                "CreateEventsInUTC",
                "UseIanaTz",
                "MapEventColorToCategory",
            ]
            .map(|name| self.switch(&format!("{MAPPING}/{name}")));
            if out? | back? {
                self.keys.set("mapping.html_description", "derive");
            }
            match (utc?, iana?) {
                (true, _) => self.keys.set("mapping.time_zones", "utc"),
                (false, true) => self.keys.set("mapping.time_zones", "iana"),
                (false, false) => {}
            }
            if colors? {
                self.colors();
            }
        }
        self.renamed();
        Ok(())
    }

    fn colors(&mut self) {
        let pairs = self.pairs("EventColorToCategoryMappings", "PreferredCategory", "HtmlColor");
        let (known, unknown): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(category, color)| {
            csscolorparser::parse(color).is_ok() && !category.contains(char::is_control)
        });
        for (category, color) in unknown {
            self.note(tr!(
                "the colour {} of the category {} is not known here",
                format_args!("{:?}", cut(&color, 40)),
                format_args!("{:?}", cut(&category, 40))
            ));
        }
        self.put_table("mapping.category_colors", known);
    }

    fn renamed(&mut self) {
        let pairs = self.pairs("UserDefinedCustomPropertyMappings", "OutlookProperty", "DavProperty");
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let (right, wrong): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(_, theirs)| {
            theirs.get(..2).is_some_and(|x| x.eq_ignore_ascii_case("X-")) && is_name(theirs)
        });
        for (ours, theirs) in wrong {
            self.note(tr!(
                "the property {} cannot be called {} on the server: such a name begins with X-",
                format_args!("{:?}", cut(&ours, 40)),
                format_args!("{:?}", cut(&theirs, 40))
            ));
        }
        let mut taken = BTreeSet::new();
        let right =
            right.into_iter().map(|(ours, theirs)| (property_name(&ours), theirs.to_ascii_uppercase()));
        let right = right.filter(|(ours, theirs)| {
            let free = ours != theirs && !taken.contains(ours) && !taken.contains(theirs);
            if free {
                taken.extend([ours.clone(), theirs.clone()]);
            }
            free
        });
        let right = right.collect();
        self.put_table("mapping.rename_properties", right);
    }

    /// The texts of two children of each element of a list; the first of a name counts.
    fn pairs(&self, list: &str, first: &str, second: &str) -> Vec<(String, String)> {
        let list = self.options.find(&format!("{MAPPING}/{list}"));
        let elements = list.map(|list| list.children.as_slice()).unwrap_or_default();
        let texts = elements.iter().map(|element| {
            [first, second].map(|name| element.child(name).unwrap_or_default().trim().to_owned())
        });
        texts.filter(|two| two.iter().all(|text| !text.is_empty())).map(|[one, two]| (one, two)).collect()
    }

    fn put_table(&mut self, key: &str, pairs: Vec<(String, String)>) {
        let mut table = toml::Table::new();
        for (name, value) in pairs {
            table.entry(name).or_insert(Value::from(value));
        }
        if !table.is_empty() {
            self.keys.set(key, table);
        }
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.options.text(path)
    }

    fn switch(&self, path: &str) -> Result<bool, String> {
        match self.text(path).map(str::trim) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(other) => Err(unknown(path, other)),
        }
    }

    fn number(&self, path: &str, missing: i64) -> Result<i64, String> {
        let Some(text) = self.text(path) else { return Ok(missing) };
        text.trim().parse::<i32>().map(i64::from).map_err(|_| unknown(path, text))
    }

    fn word(&self, path: &str, words: Words) -> Result<&'static str, String> {
        let typed = self.text(path).map(str::trim);
        let found = words.iter().find(|(theirs, _)| typed.is_none_or(|typed| typed == *theirs));
        found.map(|(_, ours)| *ours).ok_or_else(|| unknown(path, typed.unwrap_or_default()))
    }
}

fn unknown(path: &str, value: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    tr!(
        "its element {name} has the value {}, which is not known; correct it in the file",
        format_args!("{:?}", cut(value, 40)),
        name
    )
}

/// An address without the sign-in that is in it, and the user's name there.
pub fn without_sign_in(text: &str) -> Option<(String, String)> {
    let mut url = Url::parse(text).ok()?;
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let user = percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy().into_owned();
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some((url.to_string(), user))
}

/// What a property of Outlook's is called in an item here.
fn property_name(outlook: &str) -> String {
    let plain: String = outlook
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '-' })
        .collect();
    if plain.starts_with("X-") { plain } else { format!("X-{plain}") }
}
