//! The keys of OIDC issuers: found, fetched, and kept for a while.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_protocol::wire::Timestamp;
use lru::LruCache;
use serde::Deserialize;
use tokio::sync::watch;

use crate::config::OidcConfig;
use crate::fetch::{FetchError, Fetcher, Url};
use crate::http::chain;

/// Longest issuer.
const ISSUER_LIMIT_BYTES: usize = 255;
/// Issuers whose keys are kept.
const ISSUERS: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// How long keys are used without asking again.
const KEPT_SECONDS: u64 = 60 * 60;
/// How long keys are used while the issuer can't be reached.
const STALE_SECONDS: u64 = 24 * 60 * 60;
/// How long an issuer that failed is not asked again.
const FAILED_SECONDS: u64 = 30;
/// How long an issuer that was asked again for the sake of an unknown key is not asked for another.
const REFRESHED_SECONDS: u64 = 60;

/// An issuer's name, without the slash at its end.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Issuer {
    name: String,
    discovery: Url,
}

impl TryFrom<String> for Issuer {
    type Error = FetchError;

    fn try_from(text: String) -> Result<Self, FetchError> {
        Self::parse(&text)
    }
}

impl Issuer {
    /// Reads the `iss` of a token: a URL of at most 255 characters without user information, query and
    /// fragment. `accounts.google.com`, as Google once called itself, is taken for the URL.
    ///
    /// # Errors
    ///
    /// [`FetchError::InvalidIssuer`].
    ///
    /// Source: OIDC Discovery 1.0 §3, §4.1.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let text = if text == "accounts.google.com" { "https://accounts.google.com" } else { text };
        let name = text.strip_suffix('/').unwrap_or(text);
        let is_url = name.starts_with("https://") || name.starts_with("http://");
        if text.len() > ISSUER_LIMIT_BYTES || !is_url || name.contains(['?', '#']) {
            return Err(FetchError::InvalidIssuer);
        }
        let discovery = Url::parse(&format!("{name}/.well-known/openid-configuration"))
            .map_err(|_| FetchError::InvalidIssuer)?;
        Ok(Self { name: name.to_owned(), discovery })
    }

    /// The URL, without the slash at its end.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// What is read of an issuer's configuration.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

type Parse<K> = dyn Fn(&[u8]) -> Result<K, FetchError> + Send + Sync;
type Outcome<K> = Result<Arc<K>, FetchError>;
/// A fetch under way; everybody who wants the same waits for the same.
type Flight<K> = watch::Receiver<Option<Outcome<K>>>;

/// The key sets of issuers, as the type `K`.
///
/// Keys are used for an hour, and for a day while their issuer can't be reached. One issuer is asked once
/// at a time, however many wait; one that failed is left alone for 30 seconds. The 256 issuers used last
/// are kept.
pub struct IssuerKeys<K>(Arc<Inner<K>>);

struct Inner<K> {
    fetcher: Fetcher,
    allowed: Vec<Issuer>,
    parse: Box<Parse<K>>,
    entries: Mutex<LruCache<String, Arc<Entry<K>>>>,
}

struct Entry<K>(Mutex<State<K>>);

struct State<K> {
    held: Option<Held<K>>,
    failure: Option<(FetchError, Timestamp)>,
    refreshed_at: Option<Timestamp>,
    flight: Option<Flight<K>>,
}

struct Held<K> {
    keys: Arc<K>,
    fetched_at: Timestamp,
}

impl<K: Send + Sync + 'static> IssuerKeys<K> {
    /// An empty cache. `parse` reads an issuer's JWK Set.
    pub fn new<E: std::error::Error + Send + Sync + 'static>(
        fetcher: Fetcher,
        config: &OidcConfig,
        parse: impl Fn(&[u8]) -> Result<K, E> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            fetcher,
            allowed: config.allowed_issuers.clone(),
            parse: Box::new(move |bytes| {
                parse(bytes).map_err(|error| FetchError::KeySet(Arc::new(error)))
            }),
            entries: Mutex::new(LruCache::new(ISSUERS)),
        }))
    }

    /// The keys of an issuer, as a token's `iss` names it.
    ///
    /// # Errors
    ///
    /// [`FetchError`]; [`FetchError::is_outage`] tells a token that is wrong from bad luck.
    pub async fn keys(&self, issuer: &str, now: Timestamp) -> Result<Arc<K>, FetchError> {
        let issuer = self.0.issuer(issuer)?;
        let entry = self.0.entry(&issuer);
        let flight = {
            let mut state = entry.state();
            if let Some(keys) = state.fresh(now) {
                return Ok(keys);
            }
            if let Some(error) = state.recent_failure(now) {
                return state.instead_of(error, now);
            }
            self.fly(&entry, &mut state, issuer, now)
        };
        landed(flight).await.or_else(|error| entry.state().instead_of(error, now))
    }

    /// The keys of an issuer after one was not found among `than`, which [`IssuerKeys::keys`] returned.
    ///
    /// Asks the issuer again, but for this reason only once a minute: unknown key ids cost their inventor
    /// nothing. Returns what is kept (most often `than` itself) when it does not ask, or in vain.
    ///
    /// # Errors
    ///
    /// [`FetchError::InvalidIssuer`], [`FetchError::IssuerNotAllowed`], [`FetchError::Insecure`].
    pub async fn fresh_keys(
        &self,
        issuer: &str,
        now: Timestamp,
        than: &Arc<K>,
    ) -> Result<Arc<K>, FetchError> {
        let issuer = self.0.issuer(issuer)?;
        let entry = self.0.entry(&issuer);
        let flight = {
            let mut state = entry.state();
            if let Some(flight) = state.flight() {
                flight
            } else {
                let kept = state.fresh(now).unwrap_or_else(|| than.clone());
                let is_too_soon = state
                    .refreshed_at
                    .is_some_and(|refreshed_at| now < refreshed_at.plus_seconds(REFRESHED_SECONDS));
                if !Arc::ptr_eq(&kept, than) || is_too_soon || state.recent_failure(now).is_some() {
                    return Ok(kept);
                }
                state.refreshed_at = Some(now);
                self.fly(&entry, &mut state, issuer, now)
            }
        };
        Ok(landed(flight).await.unwrap_or_else(|_| than.clone()))
    }

    /// Joins the fetch that is under way, or begins one.
    ///
    /// It is a task of its own: a client that goes away must not end what others wait for, nor get to
    /// repeat what has not been noted down.
    fn fly(
        &self,
        entry: &Arc<Entry<K>>,
        state: &mut State<K>,
        issuer: Issuer,
        now: Timestamp,
    ) -> Flight<K> {
        if let Some(flight) = state.flight() {
            return flight;
        }
        let (sender, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let inner = self.0.clone();
        let entry = entry.clone();
        tokio::spawn(async move {
            let outcome = inner.fetch(&issuer).await;
            if let Err(error) = &outcome {
                let error = chain(error);
                tracing::warn!(
                    issuer = issuer.as_str(),
                    error,
                    "an issuer's keys were not fetched"
                );
            }
            entry.state().land(&outcome, now);
            // Everybody may have gone.
            let _ = sender.send(Some(outcome));
        });
        flight
    }
}

async fn landed<K>(mut flight: Flight<K>) -> Outcome<K> {
    match flight.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().unwrap_or(Err(FetchError::Interrupted)),
        Err(_) => Err(FetchError::Interrupted),
    }
}

impl<K> Inner<K> {
    fn issuer(&self, text: &str) -> Result<Issuer, FetchError> {
        let issuer = Issuer::parse(text)?;
        if !self.allowed.is_empty() && !self.allowed.contains(&issuer) {
            return Err(FetchError::IssuerNotAllowed);
        }
        self.fetcher.permits(&issuer.discovery)?;
        Ok(issuer)
    }

    fn entry(&self, issuer: &Issuer) -> Arc<Entry<K>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get_or_insert_ref(issuer.as_str(), Arc::default).clone()
    }

    async fn fetch(&self, issuer: &Issuer) -> Outcome<K> {
        let found: Discovery = self.fetcher.get(&issuer.discovery, Vec::new()).await?.json()?;
        // OIDC Discovery 1.0 §4.3; both may end with a slash.
        if found.issuer.strip_suffix('/').unwrap_or(&found.issuer) != issuer.as_str() {
            return Err(FetchError::IssuerMismatch);
        }
        let keys = self.fetcher.get(&Url::parse(&found.jwks_uri)?, Vec::new()).await?.ok()?;
        // Public keys: they may leave the wrapper.
        Ok(Arc::new((self.parse)(keys.expose())?))
    }
}

impl<K> Default for Entry<K> {
    fn default() -> Self {
        Self(Mutex::new(State { held: None, failure: None, refreshed_at: None, flight: None }))
    }
}

impl<K> Entry<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> State<K> {
    fn younger_than(&self, seconds: u64, now: Timestamp) -> Option<Arc<K>> {
        let held = self.held.as_ref()?;
        (now < held.fetched_at.plus_seconds(seconds)).then(|| held.keys.clone())
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<K>> {
        self.younger_than(KEPT_SECONDS, now)
    }

    fn recent_failure(&self, now: Timestamp) -> Option<FetchError> {
        let (error, failed_at) = self.failure.as_ref()?;
        (now < failed_at.plus_seconds(FAILED_SECONDS)).then(|| error.clone())
    }

    /// Old keys, if it is only that the issuer can't be reached.
    fn instead_of(&self, error: FetchError, now: Timestamp) -> Outcome<K> {
        let stale = error.is_outage().then(|| self.younger_than(STALE_SECONDS, now)).flatten();
        stale.ok_or(error)
    }

    /// The fetch under way. One that died is none.
    fn flight(&self) -> Option<Flight<K>> {
        self.flight.as_ref().filter(|flight| flight.has_changed().is_ok()).cloned()
    }

    fn land(&mut self, outcome: &Outcome<K>, now: Timestamp) {
        self.flight = None;
        match outcome {
            Ok(keys) => {
                self.held = Some(Held { keys: keys.clone(), fetched_at: now });
                self.failure = None;
            }
            // Our own shortage, about which the issuer can do nothing.
            Err(FetchError::Busy | FetchError::Interrupted) => {}
            Err(error) => self.failure = Some((error.clone(), now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::fetch::FetchLimits;
    use crate::site::{Reply, Site};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[derive(Debug, thiserror::Error)]
    #[error("not a number")]
    struct NotANumber;

    /// Key sets, for the purpose, are numbers.
    fn number(bytes: &[u8]) -> Result<u64, NotANumber> {
        std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).ok_or(NotANumber)
    }

    /// An issuer that can be changed.
    struct TestIssuer {
        site: Site,
        keys: Arc<IssuerKeys<u64>>,
        reply: Arc<Mutex<Reply>>,
    }

    impl TestIssuer {
        async fn start() -> Self {
            Self::with_limits(FetchLimits::default()).await
        }

        /// A path ending in `jwks` gets the reply, all others the configuration.
        async fn with_limits(limits: FetchLimits) -> Self {
            let reply = Arc::new(Mutex::new(Reply::Body(200, "1".to_owned())));
            let said = reply.clone();
            let site = Site::start(|url| {
                move |path: &str| {
                    if path == "/jwks" {
                        return said.lock().unwrap().clone();
                    }
                    let issuer = format!("{url}{}", path.split("/.well-known").next().unwrap());
                    Reply::json(&json!({ "issuer": issuer, "jwks_uri": format!("{url}/jwks") }))
                }
            })
            .await;
            let keys = over(&site, limits);
            Self { site, keys, reply }
        }

        fn answer(&self, reply: Reply) {
            *self.reply.lock().unwrap() = reply;
        }

        fn rotate(&self, number: u64) {
            self.answer(Reply::Body(200, number.to_string()));
        }

        async fn keys_after(&self, seconds: u64) -> Result<u64, FetchError> {
            let keys = self.keys.keys(&self.site.url, NOW.plus_seconds(seconds)).await;
            keys.map(|keys| *keys)
        }

        async fn fresh_keys_after(&self, seconds: u64, than: &Arc<u64>) -> Arc<u64> {
            let now = NOW.plus_seconds(seconds);
            self.keys.fresh_keys(&self.site.url, now, than).await.unwrap()
        }
    }

    fn over(site: &Site, limits: FetchLimits) -> Arc<IssuerKeys<u64>> {
        let config = site.config();
        Arc::new(IssuerKeys::new(Fetcher::with_limits(&config, limits), &config, number))
    }

    /// What comes of an issuer that answers discovery so.
    async fn discover(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Site, FetchError) {
        let site = Site::start(|url| move |_: &str| reply(&url)).await;
        let error = over(&site, FetchLimits::default()).keys(&site.url, NOW).await.unwrap_err();
        (site, error)
    }

    #[tokio::test]
    async fn keeps_keys_for_an_hour() {
        let issuer = TestIssuer::start().await;
        assert_eq!(issuer.keys_after(0).await.unwrap(), 1);
        assert_eq!(issuer.site.next().unwrap().path, "/.well-known/openid-configuration");
        assert_eq!(issuer.site.next().unwrap().path, "/jwks");
        issuer.rotate(2);
        assert_eq!(issuer.keys_after(3599).await.unwrap(), 1);
        assert_eq!(issuer.site.count(), 2);
        assert_eq!(issuer.keys_after(3600).await.unwrap(), 2);
        assert_eq!(issuer.site.count(), 4);
    }

    #[tokio::test]
    async fn a_slash_at_the_end_makes_no_difference() {
        let issuer = TestIssuer::start().await;
        for path in ["/tenant", "/tenant/"] {
            let name = format!("{}{path}", issuer.site.url);
            assert_eq!(*issuer.keys.keys(&name, NOW).await.unwrap(), 1);
        }
        assert_eq!(issuer.site.count(), 2);
        assert_eq!(issuer.site.next().unwrap().path, "/tenant/.well-known/openid-configuration");
        // As those that end all of theirs with one.
        let site = Site::start(|url| {
            move |path: &str| {
                if path == "/jwks" {
                    return Reply::Body(200, "1".to_owned());
                }
                let (issuer, jwks_uri) = (format!("{url}/"), format!("{url}/jwks"));
                Reply::json(&json!({ "issuer": issuer, "jwks_uri": jwks_uri }))
            }
        })
        .await;
        let keys = over(&site, FetchLimits::default());
        assert_eq!(*keys.keys(&format!("{}/", site.url), NOW).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn fifty_callers_share_one_fetch() {
        let issuer = TestIssuer::start().await;
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let (keys, url) = (issuer.keys.clone(), issuer.site.url.clone());
                tokio::spawn(async move { keys.keys(&url, NOW).await.map(|keys| *keys) })
            })
            .collect();
        for keys in waiting {
            assert_eq!(keys.await.unwrap().unwrap(), 1);
        }
        assert_eq!(issuer.site.count(), 2);
    }

    #[tokio::test]
    async fn a_caller_that_leaves_does_not_end_the_fetch() {
        let issuer = TestIssuer::start().await;
        let (keys, url) = (issuer.keys.clone(), issuer.site.url.clone());
        let first = tokio::spawn(async move { keys.keys(&url, NOW).await.is_ok() });
        issuer.site.count.clone().wait_for(|count| *count == 1).await.unwrap();
        first.abort();
        assert_eq!(issuer.keys_after(0).await.unwrap(), 1);
        assert_eq!(issuer.site.count(), 2);
    }

    #[tokio::test]
    async fn finds_rotated_keys_but_asks_once_a_minute() {
        let issuer = TestIssuer::start().await;
        let first = issuer.keys.keys(&issuer.site.url, NOW).await.unwrap();
        issuer.rotate(2);
        let second = issuer.fresh_keys_after(1, &first).await;
        assert_eq!((*second, issuer.site.count()), (2, 4));
        issuer.rotate(3);
        // Somebody who still has the old ones gets the new ones without a fetch.
        assert!(Arc::ptr_eq(&issuer.fresh_keys_after(2, &first).await, &second));
        assert!(Arc::ptr_eq(&issuer.fresh_keys_after(60, &second).await, &second));
        assert_eq!(issuer.site.count(), 4);
        assert_eq!(*issuer.fresh_keys_after(61, &second).await, 3);
        assert_eq!(issuer.site.count(), 6);
    }

    #[tokio::test]
    async fn fifty_unknown_keys_share_one_fetch() {
        let issuer = TestIssuer::start().await;
        let first = issuer.keys.keys(&issuer.site.url, NOW).await.unwrap();
        issuer.rotate(2);
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let (keys, url) = (issuer.keys.clone(), issuer.site.url.clone());
                let first = first.clone();
                tokio::spawn(async move { keys.fresh_keys(&url, NOW, &first).await.map(|it| *it) })
            })
            .collect();
        for keys in waiting {
            assert_eq!(keys.await.unwrap().unwrap(), 2);
        }
        assert_eq!(issuer.site.count(), 4);
    }

    #[tokio::test]
    async fn an_unknown_key_does_not_hurt_the_known_ones() {
        let issuer = TestIssuer::start().await;
        let first = issuer.keys.keys(&issuer.site.url, NOW).await.unwrap();
        issuer.answer(Reply::Body(503, String::new()));
        assert!(Arc::ptr_eq(&issuer.fresh_keys_after(1, &first).await, &first));
        assert_eq!(issuer.site.count(), 4);
        assert!(Arc::ptr_eq(&issuer.fresh_keys_after(2, &first).await, &first));
        assert_eq!(issuer.keys_after(2).await.unwrap(), 1);
        assert_eq!(issuer.site.count(), 4);
    }

    #[tokio::test]
    async fn leaves_a_failed_issuer_alone_for_a_while() {
        let issuer = TestIssuer::start().await;
        issuer.answer(Reply::Body(404, String::new()));
        assert!(matches!(issuer.keys_after(0).await, Err(FetchError::Status(404))));
        issuer.rotate(1);
        assert!(matches!(issuer.keys_after(29).await, Err(FetchError::Status(404))));
        assert_eq!(issuer.site.count(), 2);
        assert_eq!(issuer.keys_after(30).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn uses_old_keys_for_a_day_while_the_issuer_is_down() {
        let issuer = TestIssuer::start().await;
        assert_eq!(issuer.keys_after(0).await.unwrap(), 1);
        issuer.answer(Reply::Body(503, String::new()));
        assert_eq!(issuer.keys_after(3600).await.unwrap(), 1);
        assert_eq!(issuer.site.count(), 4);
        assert_eq!(issuer.keys_after(3629).await.unwrap(), 1);
        assert_eq!(issuer.site.count(), 4);
        assert_eq!(issuer.keys_after(86_399).await.unwrap(), 1);
        assert!(matches!(issuer.keys_after(86_400).await, Err(FetchError::Status(503))));
        issuer.rotate(2);
        assert_eq!(issuer.keys_after(86_430).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn withdrawn_keys_are_not_used_on() {
        let issuer = TestIssuer::start().await;
        assert_eq!(issuer.keys_after(0).await.unwrap(), 1);
        issuer.answer(Reply::Body(410, String::new()));
        assert!(matches!(issuer.keys_after(3600).await, Err(FetchError::Status(410))));
    }

    #[tokio::test]
    async fn our_own_shortage_is_not_held_against_an_issuer() {
        let limits = FetchLimits {
            concurrent: 1,
            wait: std::time::Duration::from_millis(10),
            ..FetchLimits::default()
        };
        let end = Arc::new(tokio::sync::Notify::new());
        let held = Reply::Held(end.clone());
        let slow = Site::start(|_| move |_: &str| held.clone()).await;
        let issuer = TestIssuer::with_limits(limits).await;
        let mut config = issuer.site.config();
        config.private_issuers.extend(slow.config().private_issuers);
        let keys =
            Arc::new(IssuerKeys::new(Fetcher::with_limits(&config, limits), &config, number));
        let (others, url) = (keys.clone(), slow.url.clone());
        let waiting = tokio::spawn(async move { others.keys(&url, NOW).await.is_ok() });
        slow.count.clone().wait_for(|count| *count == 1).await.unwrap();
        assert!(matches!(keys.keys(&issuer.site.url, NOW).await, Err(FetchError::Busy)));
        // The slow one ends, and its place is free at once.
        end.notify_one();
        assert!(!waiting.await.unwrap());
        assert_eq!(*keys.keys(&issuer.site.url, NOW).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn refuses_broken_issuers() {
        let text = |text: &str| {
            let reply = Reply::Body(200, text.to_owned());
            move |_: &str| reply.clone()
        };
        assert!(matches!(discover(text("<html>")).await.1, FetchError::Malformed));
        assert!(matches!(discover(text("{}")).await.1, FetchError::Malformed));
        let huge = text(&" ".repeat(300 * 1024));
        assert!(matches!(discover(huge).await.1, FetchError::TooLarge));
        let moved = |_: &str| Reply::Redirect("https://169.254.169.254/".to_owned());
        assert!(matches!(discover(moved).await.1, FetchError::Redirected));
        for other in ["https://accounts.google.com", "", "http://127.0.0.1"] {
            let reply = json!({ "issuer": other, "jwks_uri": "https://example.com/" });
            let (site, error) = discover(move |_| Reply::json(&reply)).await;
            assert!(matches!(error, FetchError::IssuerMismatch), "{error:?}");
            assert_eq!(site.count(), 1);
        }
    }

    #[tokio::test]
    async fn refuses_keys_elsewhere_in_our_network() {
        let secret = Site::start(|_| |_: &str| Reply::Body(200, "1".to_owned())).await;
        let https = secret.url.replace("http:", "https:");
        for (uri, is_forbidden) in [
            (https, true),
            ("https://169.254.169.254/latest".to_owned(), true),
            ("https://[::ffff:10.0.0.1]/".to_owned(), true),
            (secret.url.clone(), false),
            ("http://example.com/".to_owned(), false),
        ] {
            let (_, error) =
                discover(move |url| Reply::json(&json!({ "issuer": url, "jwks_uri": uri }))).await;
            match error {
                FetchError::Forbidden => assert!(is_forbidden),
                FetchError::Insecure => assert!(!is_forbidden),
                error => panic!("{error:?}"),
            }
        }
        let (_, error) =
            discover(|url| Reply::json(&json!({ "issuer": url, "jwks_uri": "file:///etc" }))).await;
        assert!(matches!(error, FetchError::InvalidUrl), "{error:?}");
        assert_eq!(secret.count(), 0);
    }

    #[tokio::test]
    async fn refuses_broken_keys() {
        let issuer = TestIssuer::start().await;
        issuer.answer(Reply::Body(200, "x".to_owned()));
        let error = issuer.keys_after(0).await.unwrap_err();
        assert_eq!(chain(&error), "the issuer's keys are malformed: not a number");
        issuer.answer(Reply::Body(200, " ".repeat(300 * 1024)));
        assert!(matches!(issuer.keys_after(30).await, Err(FetchError::TooLarge)));
    }

    #[tokio::test]
    async fn refuses_slow_keys() {
        let timeout = std::time::Duration::from_millis(50);
        let limits = FetchLimits { timeout, ..FetchLimits::default() };
        let issuer = TestIssuer::with_limits(limits).await;
        issuer.answer(Reply::Never);
        assert!(matches!(issuer.keys_after(0).await, Err(FetchError::TimedOut)));
    }

    #[tokio::test]
    async fn asks_allowed_issuers_only() {
        let issuer = TestIssuer::start().await;
        let name = format!("{}/good/", issuer.site.url);
        let config = OidcConfig {
            allowed_issuers: vec![name.clone().try_into().unwrap()],
            ..issuer.site.config()
        };
        let keys = IssuerKeys::new(Fetcher::new(&config), &config, number);
        assert_eq!(*keys.keys(name.trim_end_matches('/'), NOW).await.unwrap(), 1);
        let outcome = keys.keys(&issuer.site.url, NOW).await;
        assert!(matches!(outcome, Err(FetchError::IssuerNotAllowed)));
        let unlisted = keys.keys("https://169.254.169.254", NOW).await;
        assert!(matches!(unlisted, Err(FetchError::IssuerNotAllowed)));
    }

    #[tokio::test]
    async fn refuses_issuers_in_our_network() {
        let asked = Arc::new(AtomicUsize::new(0));
        let config = OidcConfig::default();
        let counter = asked.clone();
        let keys = IssuerKeys::new(Fetcher::new(&config), &config, move |bytes: &[u8]| {
            counter.fetch_add(1, Ordering::Relaxed);
            number(bytes)
        });
        let outcome = keys.keys("https://localhost:1", NOW).await;
        assert!(matches!(outcome, Err(FetchError::Forbidden)));
        let outcome = keys.keys("http://accounts.google.com", NOW).await;
        assert!(matches!(outcome, Err(FetchError::Insecure)));
        let than = Arc::new(1);
        assert!(keys.fresh_keys("http://localhost:1", NOW, &than).await.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn keeps_a_bounded_number_of_issuers() {
        let issuer = TestIssuer::start().await;
        for place in 0..300 {
            let name = format!("{}/{place}", issuer.site.url);
            assert!(issuer.keys.keys(&name, NOW).await.is_ok());
        }
        assert_eq!(issuer.keys.0.entries.lock().unwrap().len(), 256);
    }

    #[test]
    fn reads_issuers() {
        for (text, name) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://a.example"),
            ("https://a.example:8443/b/c/", "https://a.example:8443/b/c"),
            ("accounts.google.com", "https://accounts.google.com"),
        ] {
            assert_eq!(Issuer::parse(text).unwrap().as_str(), name);
        }
        for text in [
            "",
            "a.example",
            "https:",
            "https://",
            "https:///",
            "HTTPS://a.example",
            "ftp://a.example",
            "https://a.example?b",
            "https://a.example/?b",
            "https://a.example/#b",
            "https://b@a.example",
            "https://a.example/\n",
            "https://a.example/ ",
        ] {
            assert!(Issuer::parse(text).is_err(), "{text}");
        }
        assert!(Issuer::parse(&format!("https://a.example/{}", "a".repeat(238))).is_err());
        assert!(Issuer::parse(&format!("https://a.example/{}", "a".repeat(237))).is_ok());
    }
}
