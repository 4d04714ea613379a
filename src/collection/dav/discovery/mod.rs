//! Finds a person's calendars and address books: from an e-mail address, a host or a URL to the principal
//! (RFC 6764, RFC 5397), from there to its homes (RFC 4791 section 6.2.1, RFC 6352 section 7.1.1), and to what
//! is in them with one request a home.

use std::collections::{HashMap, HashSet};

use tr::tr;
use url::{Origin, Url};

use super::account::Account;
use super::address::{key, resolve};
use super::answer::Answer;
use super::error::Fault;
use super::http::{self, Ask, Http};
use super::resources::MOST_LISTED;
use super::tls::Fingerprint;
use super::xml::{self, CurrentUser, Part, Props};
use crate::collection::{CollectionError, Trouble};
use crate::item::Kind;

mod dns;
mod found;
mod start;
mod trust;

use dns::Dns;
pub use dns::NAMESERVER;
pub use found::Found;
use start::Place;
pub use start::Start;
use trust::{Distrust, Trust};

/// How often a server may send on to another one.
const MOST_HOPS: usize = 5;
/// How many principals and homes are looked at.
const MOST_PLACES: usize = 64;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Calendars,
    Contacts,
}

impl Service {
    pub const BOTH: &[Service] = &[Service::Calendars, Service::Contacts];

    /// The service that has collections of a kind.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Events | Kind::Tasks => Service::Calendars,
            Kind::Contacts => Service::Contacts,
        }
    }

    /// The name of the service (RFC 6764 section 3).
    fn name(self) -> &'static str {
        match self {
            Service::Calendars => "caldav",
            Service::Contacts => "carddav",
        }
    }
}

/// A place where nothing was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Where, and why: a sentence.
    pub why: String,
    /// Its server shows this certificate, for which nobody vouches.
    pub certificate: Option<Fingerprint>,
}

/// What came of a search.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The person's own first.
    pub collections: Vec<Found>,
    /// Where the person's own calendars and address books are, and new ones can be made.
    pub calendar_homes: Vec<Url>,
    pub addressbook_homes: Vec<Url>,
    /// Where nothing was found.
    pub tried: Vec<Tried>,
    /// Hosts that the server or the name service speaks of and that got neither a question nor the password,
    /// because they belong to another domain than the one that was typed.
    pub foreign: Vec<String>,
    /// The address that was typed is that of a collection itself.
    pub is_collection: bool,
}

impl Discovered {
    /// The password may not go there.
    fn foreign(&mut self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        if !self.foreign.iter().any(|known| known == host) && self.foreign.len() < MOST_PLACES {
            self.foreign.push(host.to_owned());
        }
    }

    fn tried(&mut self, why: String) {
        self.tried_with(why, None);
    }

    fn tried_with(&mut self, why: String, certificate: Option<Fingerprint>) {
        let tried = Tried { why, certificate };
        if !self.tried.contains(&tried) {
            self.tried.push(tried);
        }
    }

    /// The homes were found, and nothing is in them.
    pub fn is_empty_account(&self) -> bool {
        let homes = !self.calendar_homes.is_empty() || !self.addressbook_homes.is_empty();
        homes && self.collections.is_empty() && self.foreign.is_empty()
    }
}

/// Looks for collections. Where only one service is asked for, the address of such a collection itself is enough.
/// `trusted` are hosts that may get the password besides those of the typed domain.
///
/// # Errors
/// The sign-in is refused. That nothing is found is no error.
pub async fn discover(
    start: &Start,
    services: &[Service],
    account: &Account,
    trusted: &[String],
) -> Result<Discovered, CollectionError> {
    Ok(Search::new(start, account, trusted).run(services).await?)
}

/// What a server says of a place: a page of it, and where it came from.
#[derive(Clone)]
struct Page {
    url: Url,
    props: Props,
}

struct Home {
    url: Url,
    /// Of another person.
    proxied: bool,
}

struct Search<'a> {
    start: &'a Start,
    account: &'a Account,
    trust: Trust<'a>,
    ways: HashMap<Origin, Http>,
    /// The servers that cannot be reached.
    dead: HashSet<Origin>,
    /// What was asked already, by the key of its address.
    pages: HashMap<String, Option<Page>>,
    /// The keys of the person's own principals.
    principals: HashSet<String>,
    homes: Vec<Home>,
    found: Vec<Found>,
    /// That a place did not let the person in, although another one did.
    refused: Option<Fault>,
    out: Discovered,
}

impl<'a> Search<'a> {
    fn new(start: &'a Start, account: &'a Account, trusted: &'a [String]) -> Self {
        Self {
            start,
            account,
            trust: Trust { start, hosts: trusted },
            ways: HashMap::new(),
            dead: HashSet::new(),
            pages: HashMap::new(),
            principals: HashSet::new(),
            homes: Vec::new(),
            found: Vec::new(),
            refused: None,
            out: Discovered::default(),
        }
    }

    async fn run(mut self, services: &[Service]) -> Result<Discovered, Fault> {
        if let [service] = services
            && self.is_typed(*service).await?
        {
            self.out.collections = self.found;
            return Ok(self.out);
        }
        for &service in services {
            self.find_homes(service).await?;
        }
        self.look_where_it_was_said(services).await?;
        for at in 0..self.homes.len() {
            let Some(Home { url, proxied }) = self.homes.get(at) else { break };
            let (url, proxied) = (url.clone(), *proxied);
            self.list(url, proxied).await?;
        }
        if let (true, Some(refused)) = (self.found.is_empty(), self.refused) {
            return Err(refused);
        }
        let mut seen = HashSet::new();
        self.found.retain(|found| seen.insert(key(&found.url)));
        for found in &mut self.found {
            found.shared |= found
                .owner_key
                .as_ref()
                .is_some_and(|owner| !self.principals.is_empty() && !self.principals.contains(owner));
        }
        self.found.retain(|found| found.kinds.iter().any(|kind| services.contains(&Service::of(*kind))));
        self.found.sort_by_key(Found::rank);
        self.out.collections = self.found;
        Ok(self.out)
    }

    /// Whether the typed address is that of a collection of a service.
    async fn is_typed(&mut self, service: Service) -> Result<bool, Fault> {
        let Place::Url(url) = &self.start.place else { return Ok(false) };
        let Some(page) = self.page(url).await? else { return Ok(false) };
        let found = Found::read(page.url.clone(), &page.props, false);
        let found = found.filter(|found| found.kinds.iter().any(|kind| Service::of(*kind) == service));
        self.out.is_collection = found.is_some();
        self.found.extend(found);
        Ok(self.out.is_collection)
    }

    /// Goes through the places where the principal may be told until its homes are known.
    async fn find_homes(&mut self, service: Service) -> Result<(), Fault> {
        let known = match service {
            Service::Calendars => &self.out.calendar_homes,
            Service::Contacts => &self.out.addressbook_homes,
        };
        if !known.is_empty() {
            return Ok(());
        }
        let places = match &self.start.place {
            Place::Url(url) => start::around(url, service),
            Place::Domain(domain) => match self.named_by(domain, service).await {
                Some(places) => places,
                None => return Ok(()),
            },
        };
        for place in places {
            let Some(page) = self.page(&place).await? else { continue };
            if self.learn(page, service).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The places that a domain names, or the usual ones; `None` where it says that it has none.
    async fn named_by(&mut self, domain: &str, service: Service) -> Option<Vec<Url>> {
        let root = Url::parse(&format!("https://{domain}/")).ok();
        let at_domain = root.map(|root| start::at_root(&root, service)).unwrap_or_default();
        let answer = match Dns::open() {
            Ok(dns) => dns.servers(domain, service).await,
            Err(why) => Err(why),
        };
        match answer {
            Ok(dns::Answer::Targets(targets)) => {
                let named = targets.iter().flat_map(|target| start::at_target(target, service));
                return Some(named.chain(at_domain).collect());
            }
            Ok(dns::Answer::NotOffered) => {
                self.out.tried(match service {
                    Service::Calendars => tr!("{domain} says that it has no calendars", domain),
                    Service::Contacts => tr!("{domain} says that it has no address books", domain),
                });
                return None;
            }
            Ok(dns::Answer::Nothing) => self.out.tried(match service {
                Service::Calendars => tr!(
                    "{domain} does not name a server for its calendars (no SRV record for _caldavs._tcp)",
                    domain
                ),
                Service::Contacts => tr!(
                    "{domain} does not name a server for its address books (no SRV record for _carddavs._tcp)",
                    domain
                ),
            }),
            Err(why) => self.out.tried(match service {
                Service::Calendars => tr!("server for the calendars of {domain}: {why}", domain, why),
                Service::Contacts => tr!("server for the address books of {domain}: {why}", domain, why),
            }),
        }
        Some(at_domain)
    }

    /// Takes the homes from a page, or from the principal that it names; says whether there is one for this
    /// service.
    async fn learn(&mut self, page: Page, service: Service) -> Result<bool, Fault> {
        let host = http::host(&page.url);
        let principal = match (&page.props.current_user, &page.props.principal_url) {
            (Some(CurrentUser::Unauthenticated), _) => {
                if self.account.is_anonymous() {
                    return Err(Fault::NoCredentials { host });
                }
                let fault = match self.account.sign_in().is_protected(&page.url) {
                    true => Fault::SignIn { host },
                    false => Fault::Unprotected { host },
                };
                self.kept_out(&page.url, fault);
                return Ok(false);
            }
            (Some(CurrentUser::Principal(href)), _) | (None, Some(href)) => resolve(&page.url, href),
            (None, None) => None,
        };
        let mut homes = self.take_homes(&page, service);
        if let Some(principal) = principal {
            self.principals.insert(key(&principal));
            if let Some(page) = self.page(&principal).await? {
                homes |= self.take_homes(&page, service);
                self.follow_proxies(&page).await?;
            }
        }
        Ok(homes)
    }

    fn take_homes(&mut self, page: &Page, service: Service) -> bool {
        let resolved = |hrefs: &[String]| -> Vec<Url> {
            hrefs.iter().filter_map(|href| resolve(&page.url, href)).collect()
        };
        let calendars = resolved(&page.props.calendar_homes);
        let contacts = resolved(&page.props.addressbook_homes);
        for url in calendars.iter().chain(&contacts) {
            self.add_home(Home { url: url.clone(), proxied: false });
        }
        let there = match service {
            Service::Calendars => !calendars.is_empty(),
            Service::Contacts => !contacts.is_empty(),
        };
        // What is asked of a home tells of those that may not have the password.
        let trusted =
            |homes: Vec<Url>| homes.into_iter().filter(|url| self.trust.check(url).is_ok()).collect();
        let (calendars, contacts) = (trusted(calendars), trusted(contacts));
        take_new(&mut self.out.calendar_homes, calendars);
        take_new(&mut self.out.addressbook_homes, contacts);
        there
    }

    fn add_home(&mut self, home: Home) {
        let known = self.homes.iter().any(|known| key(&known.url) == key(&home.url));
        if known {
            return;
        }
        match self.homes.len() < MOST_PLACES {
            true => self.homes.push(home),
            false => self.too_many(),
        }
    }

    async fn follow_proxies(&mut self, page: &Page) -> Result<(), Fault> {
        for href in &page.props.proxy_for {
            let Some(principal) = resolve(&page.url, href) else { continue };
            let Some(other) = self.page(&principal).await? else { continue };
            for url in other.props.calendar_homes.iter().filter_map(|href| resolve(&other.url, href)) {
                self.add_home(Home { url, proxied: true });
            }
        }
        Ok(())
    }

    /// The typed address counts also where no principal leads to it: as a collection, or as the home of
    /// another person.
    async fn look_where_it_was_said(&mut self, services: &[Service]) -> Result<(), Fault> {
        let Place::Url(url) = &self.start.place else { return Ok(()) };
        let Some(page) = self.page(url).await? else { return Ok(()) };
        if let Some(found) = Found::read(page.url.clone(), &page.props, false) {
            self.out.is_collection = found.kinds.iter().any(|kind| services.contains(&Service::of(*kind)));
            self.found.push(found);
            return Ok(());
        }
        let here = key(&page.url);
        let leads_on = self.homes.iter().any(|home| key(&home.url).starts_with(&here));
        let is_principal = page.props.is("principal") || self.principals.contains(&here);
        if page.props.is("collection") && !leads_on && !is_principal {
            self.add_home(Home { url: page.url, proxied: false });
        }
        Ok(())
    }

    /// The collections in a home.
    async fn list(&mut self, home: Url, proxied: bool) -> Result<(), Fault> {
        let Some(answer) = self.ask(&home, 1, xml::propfind_details()).await? else { return Ok(()) };
        let url = answer.url.clone();
        let read = async {
            let mut parts = answer.multistatus().await?;
            while let Some(part) = parts.next().await? {
                let Part::Response(response) = part else { continue };
                let there = (200..300).contains(&response.overall());
                let place = response.hrefs.first().and_then(|href| resolve(&url, href)).filter(|_| there);
                if response.status == Some(507) {
                    self.out.tried(tr!("{}: the server does not list everything", http::presentable(&url)));
                }
                let Some(place) = place else { continue };
                if self.trust.check(&place).is_err() {
                    self.out.foreign(&place);
                    continue;
                }
                if let Some(found) = Found::read(place, &response.props, proxied)
                    && self.found.len() < MOST_LISTED
                {
                    self.found.push(found);
                }
            }
            Ok(())
        };
        if let Err(fault) = read.await {
            self.failed(&url, &fault);
        }
        Ok(())
    }

    /// What there is at an address; asked once.
    async fn page(&mut self, url: &Url) -> Result<Option<Page>, Fault> {
        let asked = key(url);
        if let Some(page) = self.pages.get(&asked) {
            return Ok(page.clone());
        }
        if self.pages.len() >= 2 * MOST_PLACES {
            self.too_many();
            return Ok(None);
        }
        let page = match self.ask(url, 0, xml::propfind_place()).await? {
            Some(answer) => {
                let url = answer.url.clone();
                match first(answer).await {
                    Ok(props) => Some(Page { url, props }),
                    Err(fault) => {
                        self.failed(&url, &fault);
                        None
                    }
                }
            }
            None => None,
        };
        if let Some(page) = &page {
            self.pages.insert(key(&page.url), Some(page.clone()));
        }
        self.pages.insert(asked, page.clone());
        Ok(page)
    }

    /// Sends a PROPFIND to wherever it is sent on, if the password may go there. Only a sign-in that is refused
    /// everywhere is an error.
    async fn ask(&mut self, url: &Url, depth: u8, body: String) -> Result<Option<Answer>, Fault> {
        let mut url = url.clone();
        for _ in 0..MOST_HOPS {
            match self.trust.check(&url) {
                Ok(()) => {}
                Err(Distrust::Plain) => {
                    let url = http::presentable(&url);
                    self.out.tried(tr!("{url}: it has no TLS, so it was not asked; give this address itself if that is right", url));
                    return Ok(None);
                }
                Err(Distrust::Foreign) => {
                    self.out.foreign(&url);
                    return Ok(None);
                }
            }
            if self.dead.contains(&url.origin()) {
                return Ok(None);
            }
            let way =
                self.ways.entry(url.origin()).or_insert_with(|| Http::new(self.account.clone(), url.clone()));
            match way.send(Ask::probe(url.clone(), depth, body.clone())).await {
                Ok(answer) if answer.ok() => return Ok(Some(answer)),
                Ok(answer) => {
                    let status = answer.status;
                    answer.drain().await;
                    self.out.tried(format!("{}: {}", http::presentable(&url), no(status)));
                    return Ok(None);
                }
                Err(Fault::Stranger { to, .. } | Fault::Downgrade { to }) => match resolve(&url, &to) {
                    Some(to) if to != url => url = to,
                    _ => break,
                },
                Err(fault) if fault.trouble() == Trouble::SignIn => {
                    if self.account.is_anonymous() || self.account.sign_in().refusal().is_some() {
                        return Err(fault);
                    }
                    self.kept_out(&url, fault);
                    return Ok(None);
                }
                Err(fault) => {
                    if matches!(fault.trouble(), Trouble::Offline | Trouble::ProxySignIn | Trouble::Untrusted)
                    {
                        self.dead.insert(url.origin());
                    }
                    self.failed(&url, &fault);
                    return Ok(None);
                }
            }
        }
        self.out.tried(tr!("{}: it sends Pimbridge round in circles", http::presentable(&url)));
        Ok(None)
    }

    fn too_many(&mut self) {
        let told = tr!(
            "no more than {MOST_PLACES} places are looked at: give the address of what is missing",
            MOST_PLACES
        );
        if self.out.tried.iter().all(|tried| tried.why != told) {
            tracing::warn!("{told}");
            self.out.tried(told);
        }
    }

    /// A place refuses a sign-in that another one accepts.
    fn kept_out(&mut self, url: &Url, fault: Fault) {
        self.failed(url, &fault);
        self.refused.get_or_insert(fault);
    }

    fn failed(&mut self, url: &Url, fault: &Fault) {
        let whole = fault.to_string();
        let mut certificate = None;
        let why = match fault {
            Fault::Untrusted { why, shown: Some(shown), .. } => {
                certificate = Some(*shown);
                why.clone()
            }
            Fault::Untrusted { .. } | Fault::NotPinned { .. } => whole,
            // What to do about it is for a profile.
            _ => whole.split_once(": ").map_or(whole.clone(), |(what, _)| what.to_owned()),
        };
        self.out.tried_with(format!("{}: {why}", http::presentable(url)), certificate);
    }
}

fn take_new(known: &mut Vec<Url>, more: Vec<Url>) {
    for url in more {
        if !known.iter().any(|known| key(known) == key(&url)) {
            known.push(url);
        }
    }
}

/// The properties of the first resource of an answer, which with Depth 0 is the only one.
async fn first(answer: Answer) -> Result<Props, Fault> {
    let mut parts = answer.multistatus().await?;
    let mut first = None;
    while let Some(part) = parts.next().await? {
        if let Part::Response(response) = part {
            first.get_or_insert(response);
        }
    }
    match first {
        Some(response) if response.status.is_none_or(|status| (200..300).contains(&status)) => {
            Ok(response.props)
        }
        Some(response) => Err(Fault::Malformed(no(response.overall()))),
        None => Err(Fault::Malformed(tr!("it says nothing"))),
    }
}

fn no(status: u16) -> String {
    match status {
        404 | 410 => tr!("there is nothing"),
        403 => tr!("it may not be read"),
        405 | 501 => tr!("it is no place for calendars or address books"),
        status => tr!("the server answers with error {status}", status),
    }
}
