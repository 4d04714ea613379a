//! Making collections: MKCALENDAR (RFC 4791 section 5.3.1) or extended MKCOL (RFC 5689).

use std::collections::HashSet;
use std::time::Duration;

use quick_xml::escape::escape;
use tr::tr;
use url::Url;

use super::address::{key, last_segment, resolve};
use super::backoff::{Backoff, Pace};
use super::http::{Ask, presentable};
use super::look::look_of;
use super::observe::kinds;
use super::refusal::Refusal;
use super::xml::{HEAD, Part, Props, Response};
use super::{Account, Dav, Fault, xml};
use crate::collection::{CollectionError, Color, Feature, Look, Trouble};
use crate::item::Kind;

/// Some servers have a new collection only a while after they said so.
const APPEARS: Pace = Pace { first: Duration::from_millis(250), most: 5 };
/// How many collections are taken note of in an account.
pub(super) const MOST_LISTED: usize = 10_000;
/// The longest path segment that is made of a name, in octets.
const LONGEST: usize = 40;

/// A collection that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    pub kind: Kind,
    pub name: String,
    /// Address books have none.
    pub color: Option<Color>,
}

/// A collection that was made, as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub url: Url,
    pub look: Look,
    pub kinds: Vec<Kind>,
}

/// Makes a collection in the folder `home`, which holds an account's calendars or address books.
///
/// # Errors
/// The folder cannot be used, a collection in it has the name already, or the server refuses.
pub async fn create(account: &Account, home: &str, new: &NewCollection) -> Result<Made, CollectionError> {
    let home = Dav::open(account.clone(), home, new.kind)?;
    let before = home.collections().await?;
    let own = |props: &Props| kinds_of(props).contains(&new.kind);
    if let Some((url, _)) =
        before.iter().find(|(_, props)| own(props) && props.display_name.as_deref() == Some(&new.name))
    {
        let name = format_args!("{:?}", new.name);
        return Err(CollectionError::new(
            Trouble::Forbidden,
            match new.kind {
                Kind::Events => {
                    tr!("there is a calendar called {name} already, {url}: choose another name", name, url)
                }
                Kind::Tasks => {
                    tr!("there is a task list called {name} already, {url}: choose another name", name, url)
                }
                Kind::Contacts => {
                    tr!(
                        "there is an address book called {name} already, {url}: choose another name",
                        name,
                        url
                    )
                }
            },
        ));
    }
    // Some servers do not tell names apart by case.
    let segment_of = |(url, _): &(Url, Props)| Some(last_segment(url)?.to_lowercase());
    let taken: HashSet<String> = before.iter().filter_map(segment_of).collect();
    let url = home.base().url().join(&format!("{}/", segment(new, &taken))).map_err(|error| {
        CollectionError::new(Trouble::NotUnderstood, tr!("the address of the folder is odd ({error})", error))
    })?;
    let made = Dav::open(account.clone(), url.as_str(), new.kind)?;
    made.make(new).await?;
    let made = match made.appeared().await? {
        true => made,
        // Some servers give it an address of their own.
        false => {
            let known: HashSet<&Url> = before.iter().map(|(url, _)| url).collect();
            let after = home.collections().await?;
            let moved = after.iter().find(|(url, props)| {
                !known.contains(url) && own(props) && props.display_name.as_deref() == Some(&new.name)
            });
            let Some((url, _)) = moved else {
                return Err(CollectionError::new(
                    Trouble::NotUnderstood,
                    match new.kind {
                        Kind::Events => tr!(
                            "the server says that it made a calendar, but it is not there: look again later"
                        ),
                        Kind::Tasks => tr!(
                            "the server says that it made a task list, but it is not there: look again later"
                        ),
                        Kind::Contacts => tr!(
                            "the server says that it made an address book, but it is not there: look again later"
                        ),
                    },
                ));
            };
            Dav::open(account.clone(), url.as_str(), new.kind)?
        }
    };
    made.complete(new).await
}

impl Dav {
    /// The collections in this folder, without the folder itself.
    async fn collections(&self) -> Result<Vec<(Url, Props)>, CollectionError> {
        let answer = self.ask_collection("PROPFIND", 1, xml::propfind_details()).await?;
        if !answer.ok() {
            return Err(self.collection_fault(answer).await.into());
        }
        let mut parts = answer.multistatus().await.map_err(CollectionError::from)?;
        let mut found = Vec::new();
        let home = self.base().url().clone();
        while let Some(part) = parts.next().await? {
            let Part::Response(response) = part else { continue };
            let Response { hrefs, props, .. } = *response;
            let url = hrefs.first().and_then(|href| resolve(&home, href)).filter(|url| self.http.trusts(url));
            let Some(url) = url else { continue };
            let is_home = key(&url) == key(&home);
            if is_home && !kinds_of(&props).is_empty() {
                return Err(CollectionError::new(
                    Trouble::NotUnderstood,
                    tr!(
                        "{} is a calendar or an address book itself: give the address of the folder that it is in",
                        presentable(&home)
                    ),
                ));
            }
            if !is_home && props.is("collection") && found.len() < MOST_LISTED {
                found.push((url, props));
            }
        }
        Ok(found)
    }

    /// Asks for it in one way after the other, until it is there.
    async fn make(&self, new: &NewCollection) -> Result<(), CollectionError> {
        let mut last = Refusal::default();
        for (method, body) in requests(new) {
            let answer = match self.http.send(Ask::change(method, self.base().url().clone(), body)).await {
                Ok(answer) => answer,
                // It may be done all the same.
                Err(fault @ (Fault::TimedOut { .. } | Fault::Dropped { .. } | Fault::CutOff)) => {
                    return if self.appeared().await? { Ok(()) } else { Err(fault.into()) };
                }
                Err(fault) => return Err(fault.into()),
            };
            // 207: some of the properties were refused, and nothing was made.
            if answer.ok() && answer.status != 207 {
                answer.drain().await;
                return Ok(());
            }
            last = answer.refusal().await;
            if last.status == 507 {
                return Err(Fault::Full.into());
            }
            if self.is_there().await? {
                return Ok(());
            }
        }
        let (status, said) = (last.status, last.quoted());
        Err(CollectionError::new(
            Trouble::Forbidden,
            match new.kind {
                Kind::Events => tr!(
                    "the server does not make a calendar there (error {status}){said}: check that the address is that \
                     of the folder which holds yours, or make it on the server's own pages",
                    status,
                    said
                ),
                Kind::Tasks => tr!(
                    "the server does not make a task list there (error {status}){said}: check that the address is that \
                     of the folder which holds yours, or make it on the server's own pages",
                    status,
                    said
                ),
                Kind::Contacts => tr!(
                    "the server does not make an address book there (error {status}){said}: check that the address is \
                     that of the folder which holds yours, or make it on the server's own pages",
                    status,
                    said
                ),
            },
        ))
    }

    async fn is_there(&self) -> Result<bool, CollectionError> {
        match self.properties(xml::propfind_details()).await {
            Ok(_) => Ok(true),
            Err(Fault::Gone { .. } | Fault::Forbidden(_) | Fault::NotDav(_)) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    async fn appeared(&self) -> Result<bool, CollectionError> {
        let mut again = Backoff::new(APPEARS);
        while !self.is_there().await? {
            let Some(wait) = again.next() else { return Ok(false) };
            tokio::time::sleep(wait).await;
        }
        Ok(true)
    }

    /// Gives a new collection what the server did not take when it made it.
    async fn complete(&self, new: &NewCollection) -> Result<Made, CollectionError> {
        let look = look_of(&self.properties(xml::propfind_details()).await?);
        let wanted = [Some(Feature::Name(new.name.clone())), new.color.map(Feature::Color)];
        for feature in wanted.into_iter().flatten().filter(|feature| !look.has(feature)) {
            if let Err(error) = self.set_look_it(&feature).await {
                tracing::warn!("{error}");
            }
        }
        let props = self.properties(xml::propfind_details()).await?;
        Ok(Made { url: self.base().url().clone(), look: look_of(&props), kinds: kinds_of(&props) })
    }
}

fn kinds_of(props: &Props) -> Vec<Kind> {
    if props.is("calendar") || props.is("addressbook") { kinds(props) } else { Vec::new() }
}

/// The requests that a server may understand, the best one first.
fn requests(new: &NewCollection) -> Vec<(&'static str, String)> {
    let name = format!("<displayname>{}</displayname>", escape(&new.name));
    let component = match new.kind {
        Kind::Events => "VEVENT",
        Kind::Tasks => "VTODO",
        Kind::Contacts => return vec![("MKCOL", mkcol("<A:addressbook/>", &name))],
    };
    let set = format!(
        r#"<C:supported-calendar-component-set><C:comp name="{component}"/></C:supported-calendar-component-set>"#
    );
    let color = new.color.map(|color| format!("<I:calendar-color>{color}</I:calendar-color>"));
    let all = format!("{name}{set}{}", color.unwrap_or_default());
    vec![
        ("MKCALENDAR", mkcalendar(&all)),
        ("MKCOL", mkcol("<C:calendar/>", &all)),
        ("MKCALENDAR", mkcalendar(&set)),
    ]
}

const SPACES: &str = r#"xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav" xmlns:I="http://apple.com/ns/ical/""#;

fn mkcalendar(props: &str) -> String {
    format!("{HEAD}<C:mkcalendar {SPACES}><set><prop>{props}</prop></set></C:mkcalendar>")
}

fn mkcol(resource_type: &str, props: &str) -> String {
    format!(
        "{HEAD}<mkcol {SPACES}><set><prop><resourcetype><collection/>{resource_type}</resourcetype>{props}</prop></set></mkcol>"
    )
}

/// A path segment like the name that no collection has: letters, digits and `-`.
fn segment(new: &NewCollection, taken: &HashSet<String>) -> String {
    let mut plain = String::new();
    for char in new.name.chars() {
        match char.to_ascii_lowercase() {
            char if char.is_ascii_alphanumeric() => plain.push(char),
            _ if plain.is_empty() || plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
    }
    plain.truncate(LONGEST);
    let plain = match plain.trim_end_matches('-') {
        "" => match new.kind {
            Kind::Events => "calendar",
            Kind::Tasks => "tasks",
            Kind::Contacts => "contacts",
        },
        plain => plain,
    };
    let numbered = (2..).map(|number| format!("{plain}-{number}"));
    let mut names = std::iter::once(plain.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_else(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_of_names() {
        let taken = HashSet::from(["work".to_owned(), "work-2".to_owned()]);
        let of =
            |name: &str, kind| segment(&NewCollection { kind, name: name.to_owned(), color: None }, &taken);
        assert_eq!(of("Jana's calendar/2026 ", Kind::Events), "jana-s-calendar-2026");
        assert_eq!(of("Work", Kind::Events), "work-3");
        assert_eq!(of("日程 🎉", Kind::Tasks), "tasks");
        assert_eq!(of("../..", Kind::Contacts), "contacts");
        assert_eq!(of(&"x".repeat(500), Kind::Events), "x".repeat(LONGEST));
    }

    #[test]
    fn names_are_escaped() {
        let new = NewCollection { kind: Kind::Events, name: "<A & \"B\">".into(), color: Color::read("red") };
        for (_, body) in requests(&new).into_iter().take(2) {
            assert!(body.contains("<displayname>&lt;A &amp; &quot;B&quot;&gt;</displayname>"), "{body}");
            assert!(body.contains(r#"<C:comp name="VEVENT"/>"#) && body.contains("#FF0000<"), "{body}");
        }
    }
}
