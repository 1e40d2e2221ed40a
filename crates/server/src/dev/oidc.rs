//! An `OpenID` Connect issuer that signs in anybody as whoever they say.
//!
//! Source: `OpenID` Connect Core 1.0 §3.1, §3.2; Discovery 1.0 §3; RFC 6749; RFC 7636.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyward_crypto::{CryptoRng, P256PrivateKey, os_rng, sha256};
use keyward_protocol::engine::jwt;
use keyward_protocol::wire::Timestamp;
use lru::LruCache;
use serde_json::{Value, json};

use super::Development;
use crate::delivery::template::escape;
use crate::http::{is_local, json_response};
use crate::identities::jwks;

const PAGE: &str = include_str!("oidc.html");
/// Codes that wait to be exchanged; the oldest go first.
const CODES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
const CODE_SECONDS: u64 = 60;
const TOKEN_SECONDS: u64 = 3_600;
/// Characters of a name to sign in with: as many as an e-mail address has.
const LONGEST_NAME: usize = 254;

/// The issuer.
pub(crate) struct Issuer {
    url: String,
    key: P256PrivateKey,
    codes: Mutex<LruCache<String, Code>>,
}

/// What a code is exchanged for, and by whom.
struct Code {
    redirect_uri: String,
    challenge: String,
    sign_in: SignIn,
    expires_at: Timestamp,
}

/// Who signed in, and where.
struct SignIn {
    client_id: String,
    nonce: Option<String>,
    /// An e-mail address, or any other name.
    name: String,
}

impl Issuer {
    /// The issuer of a server that is reached at `base_url`. Its key is new.
    pub(crate) fn new(base_url: &str) -> Self {
        Self {
            url: format!("{}/dev/oidc", base_url.trim_end_matches('/')),
            key: P256PrivateKey::generate(&mut os_rng()),
            codes: Mutex::new(LruCache::new(CODES)),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether that is the `iss` of its tokens.
    pub(crate) fn is(&self, issuer: &str) -> bool {
        issuer == self.url
    }

    /// What its tokens are checked with.
    pub(crate) fn jwks(&self) -> Value {
        jwks(&self.key.public_key())
    }

    /// Forgets codes that wait to be exchanged.
    pub(crate) fn clear(&self) {
        self.codes().clear();
    }

    fn codes(&self) -> MutexGuard<'_, LruCache<String, Code>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn token(&self, sign_in: &SignIn, now: Timestamp) -> String {
        let name = sign_in.name.to_lowercase();
        let subject = hex::encode(sha256(name.as_bytes()));
        let issued = now.as_seconds();
        let mut claims = json!({
            "iss": self.url,
            "aud": sign_in.client_id,
            "sub": subject.get(..32),
            "iat": issued,
            "auth_time": issued,
            "exp": issued.saturating_add(TOKEN_SECONDS),
        });
        if let Some(claims) = claims.as_object_mut() {
            claims.extend(sign_in.nonce.iter().map(|nonce| ("nonce".to_owned(), json!(nonce))));
            if name.contains('@') {
                claims.insert("email".to_owned(), json!(name));
                claims.insert("email_verified".to_owned(), json!(true));
            }
        }
        let kid = jwt::thumbprint(&self.key.public_key());
        jwt::sign_es256(Some(&kid), &claims.to_string(), &self.key)
    }

    fn code(&self, code: Code) -> String {
        let text = random();
        self.codes().put(text.clone(), code);
        text
    }

    /// Exchanges a code. Whatever comes of it, it was the code's only use.
    fn exchange(&self, request: &Parameters, headers: &HeaderMap, now: Timestamp) -> Exchange {
        const NO_CODE: Exchange =
            Err(("invalid_grant", "the code is unknown, spent, late, or somebody else's"));
        match request.get("grant_type") {
            Some("authorization_code") => {}
            Some(_) => return Err(("unsupported_grant_type", "only authorization_code is taken")),
            None => return Err(("invalid_request", "grant_type is missing")),
        }
        if request.is_repetitive() {
            return Err(("invalid_request", "a parameter is repeated"));
        }
        let Some(code) = request.get("code") else {
            return Err(("invalid_request", "code is missing"));
        };
        let Some(code) = self.codes().pop(code) else { return NO_CODE };
        let basic = basic_client_id(headers);
        let Some(client_id) = request.get("client_id").or(basic.as_deref()) else {
            return Err(("invalid_request", "client_id is missing"));
        };
        let Some(verifier) = request.get("code_verifier") else {
            return Err(("invalid_request", "code_verifier is missing"));
        };
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        if now >= code.expires_at
            || client_id != code.sign_in.client_id
            || request.get("redirect_uri") != Some(&code.redirect_uri)
        {
            return NO_CODE;
        }
        if !is_verifier(verifier) || challenge != code.challenge {
            return Err(("invalid_grant", "code_verifier is not the challenge's"));
        }
        Ok(self.token(&code.sign_in, now))
    }
}

/// An ID token, or an error's code and description.
type Exchange = Result<String, (&'static str, &'static str)>;

/// Its paths.
pub(super) fn routes() -> Router<Arc<Development>> {
    Router::new()
        .route("/dev/oidc/.well-known/openid-configuration", get(configuration))
        .route("/dev/oidc/jwks.json", get(key_set))
        .route("/dev/oidc/authorize", get(authorize))
        .route("/dev/oidc/token", post(token))
}

async fn configuration(State(development): State<Arc<Development>>) -> Response {
    let issuer = development.issuer.url();
    let known = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks.json"),
        "response_types_supported": ["code", "id_token"],
        "response_modes_supported": ["query", "fragment"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid", "email"],
        "claims_supported": ["iss", "aud", "sub", "iat", "auth_time", "exp", "nonce", "email", "email_verified"],
        "token_endpoint_auth_methods_supported":
            ["none", "client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    json_response(StatusCode::OK, known.to_string())
}

async fn key_set(State(development): State<Arc<Development>>) -> Response {
    json_response(StatusCode::OK, development.issuer.jwks().to_string())
}

/// Signs in whoever `login_hint` names where `prompt` is `none`; asks for a name otherwise.
async fn authorize(
    State(development): State<Arc<Development>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let parameters = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let back = match Back::read(&parameters, &headers) {
        Ok(back) => back,
        Err(why) => return refusal_page(why),
    };
    let asked = match Asked::read(&parameters) {
        Ok(asked) => asked,
        Err((error, why)) => return back.refuse(error, why),
    };
    if parameters.get("prompt") != Some("none") {
        return sign_in_page(&parameters, &back);
    }
    let name = parameters.get("login_hint").map(str::trim).filter(|name| is_name(name));
    let Some(name) = name else {
        return back.refuse("login_required", "login_hint does not say who signs in");
    };
    let sign_in = SignIn {
        client_id: back.client_id.to_owned(),
        nonce: parameters.get("nonce").map(str::to_owned),
        name: name.to_owned(),
    };
    let (issuer, now) = (&development.issuer, development.clock.now());
    match asked {
        Asked::IdToken => back.go(&[("id_token", &issuer.token(&sign_in, now))]),
        Asked::Code { challenge } => {
            let code = issuer.code(Code {
                redirect_uri: back.redirect_uri.to_owned(),
                challenge: challenge.to_owned(),
                sign_in,
                expires_at: now.plus_seconds(CODE_SECONDS),
            });
            back.go(&[("code", &code)])
        }
    }
}

async fn token(
    State(development): State<Arc<Development>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.split(';').next().unwrap_or_default().trim();
    let outcome = if is_form.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let now = development.clock.now();
        development.issuer.exchange(&Parameters::parse(&body), &headers, now)
    } else {
        Err(("invalid_request", "the body is not a form"))
    };
    let (status, body) = match outcome {
        Ok(id_token) => {
            let tokens = json!({
                // There is nothing that it opens.
                "access_token": random(),
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "scope": "openid email",
                "id_token": id_token,
            });
            (StatusCode::OK, tokens)
        }
        Err((error, why)) => {
            (StatusCode::BAD_REQUEST, json!({ "error": error, "error_description": why }))
        }
    };
    let mut response = json_response(status, body.to_string());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Where the answer to a request for authorization goes.
struct Back<'a> {
    client_id: &'a str,
    redirect_uri: &'a str,
    state: Option<&'a str>,
    is_fragment: bool,
}

impl<'a> Back<'a> {
    /// `Err`, for a person to read, when there is nowhere to go.
    fn read(parameters: &'a Parameters, headers: &HeaderMap) -> Result<Self, &'static str> {
        let Some(redirect_uri) = parameters.get("redirect_uri") else {
            return Err("The application did not say where to return to: redirect_uri is missing.");
        };
        if !may_return_to(redirect_uri, headers) {
            return Err(
                "The application wants to return to a redirect_uri that is not allowed: only http and \
                 https addresses on this machine (localhost, 127.0.0.1) and of this server are, without \
                 a fragment.",
            );
        }
        let Some(client_id) = parameters.get("client_id") else {
            return Err("The application did not say who it is: client_id is missing.");
        };
        if parameters.count("redirect_uri") > 1 || parameters.count("client_id") > 1 {
            return Err("The application gave its client_id or its redirect_uri twice.");
        }
        // A token is never put where servers see it.
        let is_token = parameters.get("response_type").is_some_and(|kind| kind.contains("token"));
        let is_fragment = is_token || parameters.get("response_mode") == Some("fragment");
        Ok(Self { client_id, redirect_uri, state: parameters.get("state"), is_fragment })
    }

    fn location(&self, answer: &[(&str, &str)]) -> String {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(answer);
        encoded.extend_pairs(self.state.map(|state| ("state", state)));
        let separator = match (self.is_fragment, self.redirect_uri.contains('?')) {
            (true, _) => '#',
            (false, true) => '&',
            (false, false) => '?',
        };
        format!("{}{separator}{}", self.redirect_uri, encoded.finish())
    }

    fn go(&self, answer: &[(&str, &str)]) -> Response {
        let Ok(location) = HeaderValue::try_from(self.location(answer)) else {
            return refusal_page("The application's redirect_uri is not valid.");
        };
        let mut response = Response::default();
        *response.status_mut() = StatusCode::FOUND;
        let headers = response.headers_mut();
        headers.insert(LOCATION, location);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }

    /// Source: RFC 6749 §4.1.2.1, §4.2.2.1.
    fn refuse(&self, error: &str, why: &str) -> Response {
        self.go(&[("error", error), ("error_description", why)])
    }
}

/// What a request for authorization asks for.
enum Asked<'a> {
    IdToken,
    Code { challenge: &'a str },
}

impl<'a> Asked<'a> {
    fn read(parameters: &'a Parameters) -> Result<Self, (&'static str, &'static str)> {
        let invalid = |why| Err(("invalid_request", why));
        if parameters.is_repetitive() {
            return invalid("a parameter is repeated");
        }
        for (name, error) in
            [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")]
        {
            if parameters.get(name).is_some() {
                return Err((error, "parameters are taken from the query alone"));
            }
        }
        let mode = parameters.get("response_mode");
        if !matches!(mode, None | Some("query" | "fragment")) {
            return invalid("response_mode must be query or fragment");
        }
        let scopes = parameters.get("scope");
        if scopes.is_some_and(|scopes| scopes.split(' ').all(|scope| scope != "openid")) {
            return Err(("invalid_scope", "scope must contain openid"));
        }
        match parameters.get("response_type") {
            None => invalid("response_type is missing"),
            Some("id_token") if mode == Some("query") => {
                invalid("an id_token is not returned in a query")
            }
            Some("id_token") if parameters.get("nonce").is_none() => invalid("nonce is missing"),
            Some("id_token") => Ok(Self::IdToken),
            Some("code") => {
                if parameters.get("code_challenge_method") != Some("S256") {
                    return invalid("code_challenge_method must be S256");
                }
                // SHA-256, base64url.
                match parameters.get("code_challenge").filter(|text| text.len() == 43) {
                    Some(challenge) => Ok(Self::Code { challenge }),
                    None => invalid("code_challenge is missing or not valid"),
                }
            }
            Some(_) => Err(("unsupported_response_type", "response_type must be code or id_token")),
        }
    }
}

/// Decoded parameters of a query or a form.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// An empty one counts as absent (RFC 6749 §3.1).
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(known, _)| known == name).count()
    }

    fn is_repetitive(&self) -> bool {
        self.0.iter().any(|(name, _)| self.count(name) > 1)
    }
}

/// Whether tokens may be sent there. Browsers read some addresses otherwise than we do; those are refused.
fn may_return_to(url: &str, headers: &HeaderMap) -> bool {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !br"\#".contains(&byte));
    let authority = url.parse::<Uri>().ok().and_then(|url| url.authority().cloned());
    let is_bare = authority.is_some_and(|authority| !authority.as_str().contains('@'));
    is_web && is_plain && is_bare && is_local(url, headers)
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control)
}

/// Source: RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved)
}

/// Who the client is by its header; that it knows a secret, anybody could say (RFC 6749 §2.3.1).
fn basic_client_id(headers: &HeaderMap) -> Option<String> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = STANDARD.decode(encoded).ok()?;
    let id = pair.split(|byte| *byte == b':').next()?;
    form_urlencoded::parse(id).next().map(|(id, _)| id.into_owned())
}

fn random() -> String {
    let mut bytes = [0; 32];
    let rng: &mut dyn CryptoRng = &mut os_rng();
    rng.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign_in_page(parameters: &Parameters, back: &Back<'_>) -> Response {
    let client = escape(back.client_id);
    let mut main = format!(
        "<p>to <b>{client}</b>, as anybody. This development server asks for no password.</p>\
         <form method=\"get\" action=\"/dev/oidc/authorize\">"
    );
    for (name, value) in &parameters.0 {
        if name != "login_hint" && name != "prompt" {
            // Writing to a string can't fail.
            let _ = write!(
                main,
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            );
        }
    }
    let _ = write!(
        main,
        "<input type=\"hidden\" name=\"prompt\" value=\"none\">\
         <label for=\"name\">E-mail address</label>\
         <input id=\"name\" name=\"login_hint\" value=\"{}\" inputmode=\"email\" autocomplete=\"email\" \
         autocapitalize=\"off\" spellcheck=\"false\" maxlength=\"{LONGEST_NAME}\" required autofocus>\
         <button>Sign in</button></form><a href=\"{}\">Cancel</a>",
        escape(parameters.get("login_hint").unwrap_or_default()),
        escape(&back.location(&[("error", "access_denied")])),
    );
    page(StatusCode::OK, "Sign in", &main)
}

fn refusal_page(why: &str) -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "Can’t sign in",
        &format!("<p role=\"alert\">{}</p>", escape(why)),
    )
}

fn page(status: StatusCode, title: &str, main: &str) -> Response {
    let html = PAGE.replace("%title%", title).replacen("%main%", main, 1);
    let mut response = Response::new(html.into());
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        // Where the form's answer leads counts as its action.
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http: https:; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::header::HOST, host.parse().unwrap())])
    }

    #[test]
    fn returns_to_this_machine_and_to_itself_only() {
        let headers = at("192.168.1.7:7400");
        for good in [
            "http://localhost:3000/callback?x=1",
            "https://localhost",
            "http://127.0.0.1:8080/",
            "http://[::1]:3000/",
            "http://192.168.1.7:7400/",
        ] {
            assert!(may_return_to(good, &headers), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "//localhost/",
            "localhost:3000",
            "javascript://localhost/%0aalert(1)",
            "app://localhost",
            "https://example.com/",
            "https://localhost.example.com/",
            "https://localhost@example.com/",
            "https://example.com@localhost/",
            "https://example.com\\@localhost/",
            "https://localhost\\.example.com/",
            "https://example.com/#@localhost/",
            "http://localhost/#part",
            "http://localhost/\nx",
            "http://192.168.1.7:7401/",
            "http://192.168.1.8:7400/",
            "http:///localhost/",
        ] {
            assert!(!may_return_to(bad, &headers), "{bad}");
        }
    }

    #[test]
    fn a_person_is_the_same_in_any_case() {
        let issuer = Issuer::new("http://127.0.0.1:7400/");
        assert!(issuer.is("http://127.0.0.1:7400/dev/oidc"));
        let claims = |name: &str| -> Value {
            let (client_id, name) = ("app".to_owned(), name.to_owned());
            let sign_in = SignIn { client_id, nonce: None, name };
            let token = issuer.token(&sign_in, Timestamp::from_millis(1_700_000_000_000));
            let claims = token.split('.').nth(1).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
        };
        let alice = claims("Alice@Example.com");
        assert_eq!(alice, claims("alice@example.com"));
        assert_eq!(alice["email"], "alice@example.com");
        assert_ne!(alice["sub"], claims("bob@example.com")["sub"]);
        assert!(claims("alice").get("email").is_none());
    }
}
