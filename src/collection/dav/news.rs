//! Which collections of an account changed: one request for all that lie in one home.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::account::Account;
use super::address::key;
use super::answer::Answer;
use super::error::Fault;
use super::href::{Base, Place};
use super::http::{Ask, Http};
use super::observe::Mark;
use super::resources::MOST_LISTED;
use super::xml::{self, Part};
use crate::collection::{CollectionError, Cursor, Trouble};

/// How large an answer may be, in bytes: it has a few lines for each collection.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// How long a place that does not tell is not asked again: it may have been a passing trouble.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A collection at its address, and how far its history was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSoFar {
    pub url: Url,
    pub cursor: Cursor,
}

/// What there is to be read of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Nothing,
    Something,
    /// The server does not tell.
    Untold,
}

/// Asks for news, and remembers where it is not told.
#[derive(Debug, Default)]
pub struct Newsreader {
    /// The keys of the places that do not tell, and when they were asked.
    silent: Mutex<HashMap<String, Instant>>,
}

/// A collection that is asked about: its number, and where it is.
struct Asked {
    number: usize,
    base: Base,
    mark: Mark,
}

impl Newsreader {
    /// What is new in each of these collections of an account. Nothing is sent where nothing can be told.
    ///
    /// # Errors
    /// The server cannot be asked now, or does not accept the sign-in.
    pub async fn news(
        &self,
        account: &Account,
        collections: &[ReadSoFar],
    ) -> Result<Vec<News>, CollectionError> {
        let mut news = vec![News::Untold; collections.len()];
        for (home, asked) in homes(account, collections) {
            self.ask(account, home, &asked, &mut news).await?;
        }
        Ok(news)
    }

    async fn ask(
        &self,
        account: &Account,
        home: Url,
        asked: &[Asked],
        news: &mut [News],
    ) -> Result<(), CollectionError> {
        // One alone need not be told together with its neighbours.
        let (place, depth) = match asked {
            [one] => (one.base.url().clone(), 0),
            _ => (home, 1),
        };
        let silent = key(&place);
        if self.silent().get(&silent).is_some_and(|asked| rests(*asked, Instant::now())) {
            return Ok(());
        }
        let mut http = Http::new(account.clone(), place.clone());
        http.limits.whole = MOST_BYTES;
        let ask = Ask::probe(place, depth, xml::propfind_tokens());
        let told = async {
            let answer = http.send(ask).await?;
            match answer.ok() {
                true => read(answer, asked, news).await,
                false => Err(Fault::Server(answer.refusal().await)),
            }
        };
        let Err(fault) = told.await else { return Ok(()) };
        let is_refused = account.sign_in().refusal().is_some();
        let stays = match (&fault, fault.trouble()) {
            (_, Trouble::Offline | Trouble::ProxySignIn | Trouble::Busy | Trouble::Untrusted) => {
                return Err(fault.into());
            }
            (_, Trouble::SignIn) if is_refused => return Err(fault.into()),
            (_, Trouble::SignIn) | (Fault::TooLarge(_) | Fault::Stranger { .. }, _) => true,
            (Fault::Server(refusal), _) => refusal.status < 500,
            _ => false,
        };
        if stays {
            self.silent().insert(silent, Instant::now());
        }
        tracing::debug!("it is not told what changed: {fault}");
        Ok(())
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The collections of which something can be told, by what they lie in.
fn homes(account: &Account, collections: &[ReadSoFar]) -> BTreeMap<Url, Vec<Asked>> {
    let mut homes: BTreeMap<Url, Vec<Asked>> = BTreeMap::new();
    for (number, ReadSoFar { url, cursor }) in collections.iter().enumerate() {
        let Some(mark) = Mark::read(cursor).filter(Mark::can_be_compared) else { continue };
        let http = Http::new(account.clone(), url.clone());
        let moved = mark.moved.clone().filter(|moved| http.trusts(moved));
        let mut base = Base::new(moved.unwrap_or_else(|| url.clone()));
        base.set_alias(mark.path.clone());
        // Without one it lies at the root of its server.
        let Some(home) = base.url().join("..").ok().filter(|home| home != base.url()) else { continue };
        homes.entry(home).or_default().push(Asked { number, base, mark });
    }
    homes
}

async fn read(answer: Answer, asked: &[Asked], news: &mut [News]) -> Result<(), Fault> {
    let mut parts = answer.multistatus().await?;
    for _ in 0..MOST_LISTED {
        let Some(part) = parts.next().await? else { return Ok(()) };
        let Part::Response(response) = part else { continue };
        // A property that is not there is told with a 404 of its own: that is not the collection's.
        if response.status.is_some_and(|status| !(200..300).contains(&status)) {
            continue;
        }
        // A relative one is relative to the home.
        let hrefs: Vec<&String> =
            response.hrefs.iter().filter(|href| href.starts_with('/') || href.contains("://")).collect();
        for one in asked {
            if hrefs.iter().any(|href| one.base.place(href) == Place::Collection) {
                news[one.number] = one.mark.news(&response.props);
            }
        }
    }
    Ok(())
}

/// Whether a place that did not tell when it was asked is left alone.
fn rests(asked: Instant, now: Instant) -> bool {
    now.duration_since(asked) < SILENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_does_not_tell_is_asked_again_the_next_day() {
        let (asked, second) = (Instant::now(), Duration::from_secs(1));
        assert!(rests(asked, asked) && rests(asked, asked + SILENCE - second));
        assert!(!rests(asked, asked + SILENCE));
    }
}
