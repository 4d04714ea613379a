//! Requests and their answers.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;

use super::content::{Broken, Component, Content};
use super::filter::Filter;
use super::props::{self, Resource, View, Wanted};
use super::store::{Collection, Holds, Store};
use super::target::{ADDRESSBOOKS, CALENDARS, PRINCIPALS, Target};
use super::xml::{self, CALDAV, CARDDAV, DAV, Element, Multistatus, push_path, push_text};
use super::{Options, Shared};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;
const ALLOW: &str = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, REPORT, MKCOL, MKCALENDAR";
const CAPABILITIES: &str = "1, 3, calendar-access, addressbook, extended-mkcol";

/// An answer; the body is small but for a multistatus or an item.
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl From<StatusCode> for Answer {
    fn from(status: StatusCode) -> Self {
        Answer { status, headers: Vec::new(), body: Bytes::new() }
    }
}

impl Answer {
    fn xml(status: StatusCode, body: String) -> Self {
        Answer { body: body.into(), ..Answer::from(status) }
            .with(header::CONTENT_TYPE, "application/xml; charset=utf-8")
    }

    /// A failed precondition; `inner` is markup with the prefixes of a multistatus.
    fn error(status: StatusCode, inner: &str) -> Self {
        Self::xml(status, xml::error(inner))
    }

    fn multistatus(multistatus: Multistatus) -> Self {
        Self::xml(StatusCode::MULTI_STATUS, multistatus.finish())
    }

    /// Leaves out a header whose value HTTP cannot carry.
    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl From<Answer> for Response<Full<Bytes>> {
    fn from(answer: Answer) -> Self {
        let mut response = Response::new(Full::new(answer.body));
        *response.status_mut() = answer.status;
        response.headers_mut().extend(answer.headers);
        response
    }
}

/// A request that was read to its end.
struct Asked<'a> {
    user: &'a str,
    headers: &'a HeaderMap,
    body: Bytes,
}

/// Answers one request and counts it.
pub async fn serve(shared: &Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes());
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.options.latency).await;
    }
    let mut label = head.method.as_str().to_owned();
    let bytes_in = body.as_ref().map_or(0, |body| body.len() as u64);
    let answer = match (body, sign_in(&shared.options, &head.headers)) {
        (Err(_), _) => StatusCode::PAYLOAD_TOO_LARGE.into(),
        (_, Err(answer)) => answer,
        (Ok(body), Ok(user)) => {
            let user = user.unwrap_or_else(|| first_owner(&shared.store()));
            let asked = Asked { user: &user, headers: &head.headers, body };
            route(shared, &mut label, head.uri.path(), &asked)
        }
    };
    let mut traffic = shared.traffic();
    *traffic.requests.entry(label).or_default() += 1;
    traffic.bytes_in += bytes_in;
    if head.method != hyper::Method::HEAD {
        traffic.bytes_out += answer.body.len() as u64;
    }
    Ok(answer.into())
}

/// The user that the request names, if any; an answer where the password is not right.
fn sign_in(options: &Options, headers: &HeaderMap) -> Result<Option<String>, Answer> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
        .and_then(|decoded| String::from_utf8(decoded).ok());
    let given = given.as_deref().and_then(|given| given.split_once(':'));
    match (&options.credentials, given) {
        (None, given) => Ok(given.map(|(user, _)| user.to_owned())),
        (Some((user, password)), Some(given)) if given == (user, password) => Ok(Some(user.clone())),
        _ => Err(Answer::from(StatusCode::UNAUTHORIZED)
            .with(header::WWW_AUTHENTICATE, "Basic realm=\"pimbridge\", charset=\"UTF-8\"")),
    }
}

/// Who is meant by a request without a user name: the owner of the first collection.
fn first_owner(store: &Store) -> String {
    store.collections.keys().next().map_or("user", |path| owner(path)).to_owned()
}

/// `jana` of `calendars/jana/work`.
fn owner(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

fn route(shared: &Shared, label: &mut String, path: &str, asked: &Asked) -> Answer {
    let target = Target::of_href(path);
    if target == Some(Target::WellKnown) {
        return Answer::from(StatusCode::MOVED_PERMANENTLY).with(header::LOCATION, "/");
    }
    if label == "OPTIONS" {
        return Answer::from(StatusCode::OK)
            .with(HeaderName::from_static("dav"), CAPABILITIES)
            .with(header::ALLOW, ALLOW);
    }
    let Some(target) = target else { return StatusCode::NOT_FOUND.into() };
    let mut store = shared.store();
    match (label.as_str(), target) {
        ("PROPFIND", target) => propfind(shared, &store, target, asked),
        ("REPORT", target) => match Element::parse(&asked.body) {
            Ok(report) => {
                label.push(' ');
                label.push_str(&report.name.local);
                run_report(shared, &store, target, asked, &report)
            }
            Err(_) => StatusCode::BAD_REQUEST.into(),
        },
        ("MKCOL" | "MKCALENDAR", Target::Collection(path)) => {
            make_collection(&mut store, path, label == "MKCALENDAR", &asked.body)
        }
        ("DELETE", Target::Collection(path)) => match store.collections.remove(&path) {
            Some(_) => StatusCode::NO_CONTENT.into(),
            None => StatusCode::NOT_FOUND.into(),
        },
        (_, Target::Item(path, name)) => match (label.as_str(), store.collections.get_mut(&path)) {
            ("GET" | "HEAD", Some(collection)) => get(collection, &name),
            ("PUT", Some(collection)) => put(&shared.options, collection, &path, &name, asked),
            ("PUT", None) => StatusCode::CONFLICT.into(),
            ("DELETE", Some(collection)) => delete(collection, &name, asked),
            ("GET" | "HEAD" | "DELETE", None) => StatusCode::NOT_FOUND.into(),
            _ => not_allowed(),
        },
        _ => not_allowed(),
    }
}

fn not_allowed() -> Answer {
    Answer::from(StatusCode::METHOD_NOT_ALLOWED).with(header::ALLOW, ALLOW)
}

fn get(collection: &Collection, name: &str) -> Answer {
    let Some(item) = collection.get(name) else { return StatusCode::NOT_FOUND.into() };
    let answer = Answer { body: item.bytes.clone(), ..Answer::from(StatusCode::OK) }
        .with(header::ETAG, &collection.etag(item))
        .with(header::CONTENT_TYPE, &props::content_type(collection, item));
    match props::last_modified(item) {
        Some(modified) => answer.with(header::LAST_MODIFIED, &modified),
        None => answer,
    }
}

fn put(options: &Options, collection: &mut Collection, path: &str, name: &str, asked: &Asked) -> Answer {
    let contacts = collection.holds == Holds::Contacts;
    let prefix = if contacts { "card" } else { "c" };
    let media_type = asked.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if let Some(media_type) = media_type.and_then(|value| value.split(';').next()) {
        let accepted: &[&str] = match contacts {
            true => &["text/vcard", "text/x-vcard", "text/directory"],
            false => &["text/calendar"],
        };
        if !accepted.iter().any(|accepted| accepted.eq_ignore_ascii_case(media_type.trim())) {
            let what = if contacts { "address-data" } else { "calendar-data" };
            return Answer::error(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                &format!("<{prefix}:supported-{what}/>"),
            );
        }
    }
    let refused = match (Content::read(contacts, &asked.body), contacts) {
        (Ok(content), _) if collection.holds.components().contains(&content.component) => Ok(content),
        (Ok(_), _) => Err("c:supported-calendar-component"),
        (Err(_), true) => Err("card:valid-address-data"),
        (Err(Broken::NotValid), false) => Err("c:valid-calendar-data"),
        (Err(Broken::NotOneObject), false) => Err("c:valid-calendar-object-resource"),
    };
    let content = match refused {
        Ok(content) => content,
        Err(condition) => return Answer::error(StatusCode::FORBIDDEN, &format!("<{condition}/>")),
    };
    if !preconditions_hold(collection, name, asked.headers) {
        return StatusCode::PRECONDITION_FAILED.into();
    }
    if let Some(other) = content.uid.and_then(|uid| collection.name_of_uid(&uid))
        && **other != *name
    {
        let mut inner = format!("<{prefix}:no-uid-conflict><d:href>/");
        push_path(&mut inner, path);
        inner.push('/');
        push_path(&mut inner, other);
        inner.push_str(&format!("</d:href></{prefix}:no-uid-conflict>"));
        return Answer::error(StatusCode::CONFLICT, &inner);
    }
    // A copy, because the body may be a part of the connection's larger buffer.
    let created = collection.put(name, Bytes::copy_from_slice(&asked.body), Timestamp::now());
    let answer = Answer::from(if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT });
    match collection.get(name) {
        Some(item) if options.etag_on_put => answer.with(header::ETAG, &collection.etag(item)),
        _ => answer,
    }
}

fn delete(collection: &mut Collection, name: &str, asked: &Asked) -> Answer {
    if collection.get(name).is_none() {
        StatusCode::NOT_FOUND.into()
    } else if !preconditions_hold(collection, name, asked.headers) {
        StatusCode::PRECONDITION_FAILED.into()
    } else {
        collection.delete(name);
        StatusCode::NO_CONTENT.into()
    }
}

/// If-Match and If-None-Match of a request that writes (RFC 9110 section 13.1).
fn preconditions_hold(collection: &Collection, name: &str, headers: &HeaderMap) -> bool {
    let etag = collection.get(name).map(|item| collection.etag(item));
    let names_it = |header: HeaderName| {
        let mut values = headers.get_all(header).iter().peekable();
        values.peek()?;
        Some(etag.as_ref().is_some_and(|etag| {
            values
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|listed| listed.trim() == "*" || listed.trim() == etag)
        }))
    };
    names_it(header::IF_MATCH) != Some(false) && names_it(header::IF_NONE_MATCH) != Some(true)
}

/// MKCALENDAR (RFC 4791 section 5.3.1) and extended MKCOL (RFC 5689).
fn make_collection(store: &mut Store, path: String, mkcalendar: bool, body: &[u8]) -> Answer {
    let root = match Element::parse(body) {
        Ok(root) => root,
        Err(_) if body.is_empty() => Element::default(),
        Err(_) => return StatusCode::BAD_REQUEST.into(),
    };
    let set = |namespace, local| root.descend(DAV, &["set", "prop"])?.child(namespace, local);
    let is_a =
        |namespace, local| set(DAV, "resourcetype").is_some_and(|t| t.child(namespace, local).is_some());
    let holds = if path.starts_with(ADDRESSBOOKS) {
        (!mkcalendar && is_a(CARDDAV, "addressbook")).then_some(Holds::Contacts)
    } else if mkcalendar || is_a(CALDAV, "calendar") {
        let asked = set(CALDAV, "supported-calendar-component-set").map(|set| {
            set.children
                .iter()
                .filter_map(|comp| Component::from_name(comp.attribute("name")?))
                .collect::<Vec<_>>()
        });
        match asked.as_deref() {
            Some([Component::Event]) => Some(Holds::Events),
            Some([Component::Task]) => Some(Holds::Tasks),
            _ => Some(Holds::AnyComponent),
        }
    } else {
        None
    };
    let Some(holds) = holds else {
        return Answer::error(StatusCode::FORBIDDEN, "<d:valid-resourcetype/>");
    };
    let text = |namespace, local| set(namespace, local).map(|element| element.text.clone());
    if !store.create(&path, holds, text(DAV, "displayname")) {
        return Answer::error(StatusCode::METHOD_NOT_ALLOWED, "<d:resource-must-be-null/>");
    }
    if let Some(collection) = store.collections.get_mut(&path) {
        collection.color = text(xml::APPLE, "calendar-color");
    }
    StatusCode::CREATED.into()
}

/// The path of a collection or of an item in it, as a href.
fn href(path: &str, name: Option<&str>) -> String {
    let mut href = String::from("/");
    push_path(&mut href, path);
    href.push('/');
    if let Some(name) = name {
        push_path(&mut href, name);
    }
    href
}

fn propfind(shared: &Shared, store: &Store, target: Target, asked: &Asked) -> Answer {
    let root = match Element::parse(&asked.body) {
        Ok(root) => root,
        Err(_) if asked.body.is_empty() => Element::default(),
        Err(_) => return StatusCode::BAD_REQUEST.into(),
    };
    let deep = match asked.headers.get("depth").map(HeaderValue::as_bytes) {
        Some(b"0") => false,
        Some(b"1") => true,
        _ => return Answer::error(StatusCode::FORBIDDEN, "<d:propfind-finite-depth/>"),
    };
    let wanted = Wanted::read(root.child(DAV, "prop"));
    let view = View { options: &shared.options, user: asked.user };
    let mut answer = Multistatus::new(0);
    match &target {
        Target::Root => {
            view.respond(&mut answer, "/", Resource::Root, &wanted);
            if deep {
                let of = |home: &str| href(&format!("{home}/{}", asked.user), None);
                view.respond(&mut answer, &of(PRINCIPALS), Resource::Principal(asked.user), &wanted);
                view.respond(&mut answer, &of(CALENDARS), Resource::Home, &wanted);
                view.respond(&mut answer, &of(ADDRESSBOOKS), Resource::Home, &wanted);
            }
        }
        Target::WellKnown => {}
        Target::Principal(user) => {
            let href = href(&format!("{PRINCIPALS}/{user}"), None);
            view.respond(&mut answer, &href, Resource::Principal(user), &wanted);
        }
        Target::Home(home) => {
            view.respond(&mut answer, &href(home, None), Resource::Home, &wanted);
            for (path, collection) in store.below(home).filter(|_| deep) {
                let resource = Resource::Collection { owner: owner(path), collection };
                view.respond(&mut answer, &href(path, None), resource, &wanted);
            }
        }
        Target::Collection(path) => {
            let Some(collection) = store.collections.get(path) else {
                return StatusCode::NOT_FOUND.into();
            };
            let resource = Resource::Collection { owner: owner(path), collection };
            let mut href = href(path, None);
            view.respond(&mut answer, &href, resource, &wanted);
            let length = href.len();
            for (name, item) in collection.items().filter(|_| deep) {
                push_path(&mut href, name);
                view.respond(&mut answer, &href, Resource::Item(collection, item), &wanted);
                href.truncate(length);
            }
        }
        Target::Item(path, name) => {
            let found = store.collections.get(path).and_then(|c| Some((c, c.get(name)?)));
            let Some((collection, item)) = found else { return StatusCode::NOT_FOUND.into() };
            view.respond(&mut answer, &href(path, Some(name)), Resource::Item(collection, item), &wanted);
        }
    }
    Answer::multistatus(answer)
}

fn run_report(shared: &Shared, store: &Store, target: Target, asked: &Asked, report: &Element) -> Answer {
    let Target::Collection(path) = target else {
        return Answer::error(StatusCode::FORBIDDEN, "<d:supported-report/>");
    };
    let Some(collection) = store.collections.get(&path) else { return StatusCode::NOT_FOUND.into() };
    let view = View { options: &shared.options, user: asked.user };
    let contacts = collection.holds == Holds::Contacts;
    let run = Report { view, path: &path, collection, wanted: Wanted::read(report.child(DAV, "prop")) };
    match (report.name.namespace.as_str(), report.name.local.as_str()) {
        (DAV, "sync-collection") if shared.options.sync_collection => run.sync_collection(report),
        (CALDAV, "calendar-multiget") if !contacts => run.multiget(report),
        (CARDDAV, "addressbook-multiget") if contacts => run.multiget(report),
        (CALDAV, "calendar-query") if !contacts => run.query(&Filter::of_calendar(report)),
        (CARDDAV, "addressbook-query") if contacts => run.query(&Filter::of_addressbook(report)),
        _ => Answer::error(StatusCode::FORBIDDEN, "<d:supported-report/>"),
    }
}

/// A REPORT on a collection.
struct Report<'a> {
    view: View<'a>,
    path: &'a str,
    collection: &'a Collection,
    wanted: Wanted,
}

impl Report<'_> {
    /// RFC 6578 section 3.2.
    fn sync_collection(&self, report: &Element) -> Answer {
        let token = report.child(DAV, "sync-token").map(|token| token.text.trim()).unwrap_or_default();
        let asked =
            report.descend(DAV, &["limit", "nresults"]).and_then(|limit| limit.text.trim().parse().ok());
        let limit = asked.into_iter().chain(self.view.options.page).min();
        let Ok(changes) = self.collection.changes(Some(token).filter(|token| !token.is_empty()), limit)
        else {
            return Answer::error(StatusCode::FORBIDDEN, "<d:valid-sync-token/>");
        };
        let mut answer = Multistatus::new(changes.names.len() * 320);
        let mut href = href(self.path, None);
        let length = href.len();
        for name in &changes.names {
            push_path(&mut href, name);
            match self.collection.get(name) {
                Some(item) => {
                    self.view.respond(
                        &mut answer,
                        &href,
                        Resource::Item(self.collection, item),
                        &self.wanted,
                    );
                }
                None => answer.status(&href, "404 Not Found", ""),
            }
            href.truncate(length);
        }
        if changes.cut {
            answer.status(
                &href,
                "507 Insufficient Storage",
                "<d:error><d:number-of-matches-within-limits/></d:error>",
            );
        }
        answer.token(&changes.token);
        Answer::multistatus(answer)
    }

    /// RFC 4791 section 7.9, RFC 6352 section 8.7.
    fn multiget(&self, report: &Element) -> Answer {
        let hrefs = report.children.iter().filter(|child| child.name.is(DAV, "href"));
        let mut answer = Multistatus::new(report.children.len() * 2048);
        for element in hrefs {
            let asked = element.text.trim();
            let found = match Target::of_href(asked) {
                Some(Target::Item(path, name)) if path == self.path => {
                    self.collection.get(&name).map(|item| (name, item))
                }
                _ => None,
            };
            match found {
                Some((name, item)) => {
                    let resource = Resource::Item(self.collection, item);
                    self.view.respond(&mut answer, &href(self.path, Some(&name)), resource, &self.wanted);
                }
                None => {
                    let mut escaped = String::new();
                    push_text(&mut escaped, asked);
                    answer.status(&escaped, "404 Not Found", "");
                }
            }
        }
        Answer::multistatus(answer)
    }

    /// RFC 4791 section 7.8, RFC 6352 section 8.6.
    fn query(&self, filter: &Filter<'_>) -> Answer {
        let mut answer = Multistatus::new(0);
        for (name, item) in self.collection.items().filter(|(_, item)| filter.matches(item)) {
            let resource = Resource::Item(self.collection, item);
            self.view.respond(&mut answer, &href(self.path, Some(name)), resource, &self.wanted);
        }
        Answer::multistatus(answer)
    }
}
