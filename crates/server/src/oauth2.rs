//! Exchanging an authorization code with a plain OAuth 2.0 provider, and asking it who the user is.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_crypto::SecretBytes;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::{HeaderName, HeaderValue, header};

use crate::fetch::{FetchError, Fetcher, Form, Header, Url, form_encode};

/// Longest subject.
const SUBJECT_LIMIT_BYTES: usize = 255;

/// Why a code did not become a subject. Names no secret, and nothing that the provider said.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// No provider of this name is configured.
    #[error("the provider is not known")]
    UnknownProvider,
    /// The provider refused the code: used, expired, or not for this redirect URI or verifier.
    #[error("the provider refused the authorization code")]
    CodeRefused,
    /// The provider does not accept the client id and secret.
    #[error("the provider refused the client")]
    ClientRefused,
    /// The code was good, but not for asking who the user is.
    #[error("the provider does not tell who the user is")]
    SubjectRefused,
    /// The provider answered with something that is neither a yes nor a no.
    #[error("the provider's answer is malformed")]
    Malformed,
    /// The provider gave no answer, or is out of order.
    #[error("the provider can't be reached")]
    Unreachable(#[source] FetchError),
}

/// How a provider recognises a client.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum AuthStyle {
    /// By HTTP Basic authentication.
    Basic,
    /// By `client_id` and `client_secret` in the form.
    Post,
}

/// A provider, as configuration describes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "Described")]
pub struct Provider {
    /// Where codes are exchanged.
    pub token_url: Url,
    /// Where it says who a token's user is.
    pub user_url: Url,
    /// Where in that answer the user's id is, such as `/data/id`.
    ///
    /// Source: RFC 6901.
    pub subject_pointer: String,
    /// How it recognises a client.
    pub auth_style: AuthStyle,
    /// What it wants to be sent besides the token when it is asked for the user.
    pub user_headers: Vec<Header>,
}

/// A provider as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    token_url: Url,
    user_url: Url,
    subject_pointer: String,
    auth_style: AuthStyle,
    #[serde(default)]
    user_headers: BTreeMap<String, String>,
}

/// What is wrong with a provider's description.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// `subject_pointer` is no JSON pointer.
    #[error("subject_pointer must start with a slash")]
    Pointer,
    /// A header can't be sent, or is ours to send.
    #[error("user_headers must be headers other than Authorization")]
    Header,
}

impl TryFrom<Described> for Provider {
    type Error = ProviderError;

    fn try_from(described: Described) -> Result<Self, ProviderError> {
        if !described.subject_pointer.starts_with('/') {
            return Err(ProviderError::Pointer);
        }
        let user_headers = described
            .user_headers
            .into_iter()
            .map(|(name, value)| {
                let name = name.parse().ok().filter(|name| *name != header::AUTHORIZATION)?;
                Some((name, value.parse().ok()?))
            })
            .collect::<Option<_>>()
            .ok_or(ProviderError::Header)?;
        Ok(Self {
            token_url: described.token_url,
            user_url: described.user_url,
            subject_pointer: described.subject_pointer,
            auth_style: described.auth_style,
            user_headers,
        })
    }
}

/// The providers that are there when nobody says otherwise: `x` and `discord`.
pub fn built_in_providers() -> BTreeMap<String, Provider> {
    let provider = |token_url: &str, user_url: &str, pointer: &str, auth_style| {
        Some(Provider {
            token_url: Url::parse(token_url).ok()?,
            user_url: Url::parse(user_url).ok()?,
            subject_pointer: pointer.to_owned(),
            auth_style,
            user_headers: Vec::new(),
        })
    };
    let x = provider(
        "https://api.x.com/2/oauth2/token",
        "https://api.x.com/2/users/me",
        "/data/id",
        AuthStyle::Basic,
    );
    let discord = provider(
        "https://discord.com/api/oauth2/token",
        "https://discord.com/api/users/@me",
        "/id",
        AuthStyle::Post,
    );
    [("x", x), ("discord", discord)]
        .into_iter()
        .filter_map(|(name, provider)| Some((name.to_owned(), provider?)))
        .collect()
}

/// What a client hands in to be exchanged.
#[derive(Clone, Copy)]
pub struct Grant<'a> {
    /// The client's id at the provider.
    pub client_id: &'a str,
    /// The client's secret at the provider.
    pub client_secret: &'a SecretBytes,
    /// The code that the provider sent the user back with.
    pub auth_code: &'a str,
    /// Where it sent the user back to.
    pub redirect_uri: &'a str,
    /// What the challenge was made of (PKCE).
    pub code_verifier: &'a str,
}

/// What became of a code.
pub struct Exchanged {
    /// The user's id at the provider: 1 to 255 printable characters.
    pub subject: String,
    /// The access token.
    pub bearer_token: SecretBytes,
}

/// The providers, and the way to them.
pub struct Oauth2 {
    fetcher: Fetcher,
    providers: BTreeMap<String, Provider>,
}

/// What is read of a token endpoint's answer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenAnswer {
    access_token: Option<String>,
    token_type: Option<String>,
    error: Option<String>,
}

impl Oauth2 {
    /// The built-in providers, and `providers` in addition or instead of those of the same name.
    pub fn new(fetcher: Fetcher, providers: &BTreeMap<String, Provider>) -> Self {
        let mut all = built_in_providers();
        all.extend(providers.clone());
        Self { fetcher, providers: all }
    }

    /// Exchanges a code for a token, and asks whose it is.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`]. A code is good for one try, whatever becomes of it.
    ///
    /// Source: RFC 6749 §4.1.3, RFC 7636 §4.5.
    pub async fn exchange(
        &self,
        provider: &str,
        grant: Grant<'_>,
    ) -> Result<Exchanged, ExchangeError> {
        let provider = self.providers.get(provider).ok_or(ExchangeError::UnknownProvider)?;
        let bearer_token = self.token(provider, grant).await?;
        let subject = self.subject(provider, &bearer_token).await?;
        Ok(Exchanged { subject, bearer_token })
    }

    async fn token(
        &self,
        provider: &Provider,
        grant: Grant<'_>,
    ) -> Result<SecretBytes, ExchangeError> {
        let mut fields = vec![
            ("grant_type", b"authorization_code".as_slice()),
            ("code", grant.auth_code.as_bytes()),
            ("redirect_uri", grant.redirect_uri.as_bytes()),
            ("code_verifier", grant.code_verifier.as_bytes()),
        ];
        let headers = match provider.auth_style {
            AuthStyle::Basic => vec![basic(grant).ok_or(ExchangeError::Malformed)?],
            AuthStyle::Post => {
                fields.push(("client_id", grant.client_id.as_bytes()));
                // The secret leaves for the provider that gave it out.
                fields.push(("client_secret", grant.client_secret.expose()));
                Vec::new()
            }
        };
        let form = Form::new(&fields);
        let answer = self
            .fetcher
            .post(&provider.token_url, headers, form)
            .await
            .map_err(ExchangeError::Unreachable)?;
        let said: Option<TokenAnswer> = serde_json::from_slice(answer.body.expose()).ok();
        let error = said.as_ref().and_then(|said| said.error.as_deref());
        let is_client = matches!(error, Some("invalid_client" | "unauthorized_client"));
        match answer.status {
            401 => return Err(ExchangeError::ClientRefused),
            // Some say no with status 200.
            200 | 400 | 403 if is_client => return Err(ExchangeError::ClientRefused),
            200 if error.is_some() => return Err(ExchangeError::CodeRefused),
            200 => {}
            408 | 429 | 500.. => return Err(out_of_order(answer.status)),
            400..500 => return Err(ExchangeError::CodeRefused),
            _ => return Err(ExchangeError::Malformed),
        }
        let said = said.ok_or(ExchangeError::Malformed)?;
        let is_bearer =
            said.token_type.is_none_or(|token_type| token_type.eq_ignore_ascii_case("bearer"));
        let token = said.access_token.filter(|token| is_bearer && !token.is_empty());
        Ok(SecretBytes::new(token.ok_or(ExchangeError::Malformed)?.into_bytes()))
    }

    async fn subject(
        &self,
        provider: &Provider,
        bearer_token: &SecretBytes,
    ) -> Result<String, ExchangeError> {
        // The token goes back to whom it comes from.
        let authorization =
            authorization(b"Bearer ", bearer_token.expose()).ok_or(ExchangeError::Malformed)?;
        let mut headers = provider.user_headers.clone();
        headers.push(authorization);
        let answer = self
            .fetcher
            .get(&provider.user_url, headers)
            .await
            .map_err(ExchangeError::Unreachable)?;
        let user: Value = match answer.status {
            200 => answer.json().map_err(|_| ExchangeError::Malformed)?,
            408 | 429 | 500.. => return Err(out_of_order(answer.status)),
            400..500 => return Err(ExchangeError::SubjectRefused),
            _ => return Err(ExchangeError::Malformed),
        };
        let subject = match user.pointer(&provider.subject_pointer) {
            Some(Value::String(subject)) => subject.clone(),
            // Only whole numbers: others have more than one spelling.
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            _ => return Err(ExchangeError::Malformed),
        };
        let is_plain = !subject.is_empty()
            && subject.len() <= SUBJECT_LIMIT_BYTES
            && !subject.chars().any(char::is_control);
        if is_plain { Ok(subject) } else { Err(ExchangeError::Malformed) }
    }
}

fn out_of_order(status: u16) -> ExchangeError {
    ExchangeError::Unreachable(FetchError::Status(status))
}

/// HTTP Basic authentication. Id and secret are encoded first, a step that is easily forgotten.
///
/// Source: RFC 6749 §2.3.1.
fn basic(grant: Grant<'_>) -> Option<Header> {
    let secret = grant.client_secret;
    let mut pair = Vec::with_capacity(3 * (grant.client_id.len() + secret.len()) + 1);
    form_encode(grant.client_id.as_bytes(), &mut pair);
    pair.push(b':');
    // The secret leaves for the provider that gave it out.
    form_encode(secret.expose(), &mut pair);
    let pair = SecretBytes::new(pair);
    let encoded = SecretBytes::new(STANDARD.encode(pair.expose()).into_bytes());
    authorization(b"Basic ", encoded.expose())
}

fn authorization(scheme: &[u8], credential: &[u8]) -> Option<Header> {
    let mut text = Vec::with_capacity(scheme.len() + credential.len());
    text.extend(scheme);
    text.extend(credential);
    let text = SecretBytes::new(text);
    let mut value = HeaderValue::from_bytes(text.expose()).ok()?;
    value.set_sensitive(true);
    let name: HeaderName = header::AUTHORIZATION;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fetch::FetchLimits;
    use crate::site::{Reply, Site};

    const SECRET: &[u8] = b"s:e c+r%t";
    const CODE: &str = "the-code";
    const TOKEN: &str = "the-token";

    async fn site(token: Reply, user: Reply) -> Site {
        Site::start(|_| {
            move |path: &str| if path == "/token" { token.clone() } else { user.clone() }
        })
        .await
    }

    fn oauth2(site: &Site, auth_style: &str) -> Oauth2 {
        let url = &site.url;
        let described = format!(
            "token_url = \"{url}/token\"\nuser_url = \"{url}/user\"\nsubject_pointer = \"/data/id\"\n\
             auth_style = \"{auth_style}\"\nuser_headers = {{ X-Version = \"2\" }}"
        );
        let providers = [("x".to_owned(), toml::from_str(&described).unwrap())].into();
        let limits = FetchLimits {
            timeout: std::time::Duration::from_millis(500),
            ..FetchLimits::default()
        };
        Oauth2::new(Fetcher::with_limits(&site.config(), limits), &providers)
    }

    async fn exchange(site: &Site, auth_style: &str) -> Result<Exchanged, ExchangeError> {
        let secret = SecretBytes::new(SECRET.to_vec());
        let grant = Grant {
            client_id: "id:1",
            client_secret: &secret,
            auth_code: CODE,
            redirect_uri: "https://app.example/back?a=b",
            code_verifier: "the-verifier",
        };
        oauth2(site, auth_style).exchange("x", grant).await
    }

    fn token() -> Reply {
        Reply::json(&json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 7200 }))
    }

    fn user() -> Reply {
        Reply::json(&json!({ "data": { "id": "2244994945", "username": "someone" } }))
    }

    async fn refusal(token: Reply, user: Reply) -> ExchangeError {
        let site = site(token, user).await;
        let error = exchange(&site, "post").await.err().unwrap();
        let text = format!("{error} {error:?} {}", crate::http::chain(&error));
        for secret in [std::str::from_utf8(SECRET).unwrap(), CODE, TOKEN, "the-verifier"] {
            assert!(!text.contains(secret), "{text}");
        }
        error
    }

    async fn token_refusal(status: u16, body: &str) -> ExchangeError {
        refusal(Reply::Body(status, body.to_owned()), user()).await
    }

    async fn user_refusal(status: u16, body: &str) -> ExchangeError {
        refusal(token(), Reply::Body(status, body.to_owned())).await
    }

    #[tokio::test]
    async fn exchanges_with_basic_authentication() {
        let site = site(token(), user()).await;
        let exchanged = exchange(&site, "basic").await.ok().unwrap();
        assert_eq!(exchanged.subject, "2244994945");
        assert!(exchanged.bearer_token.matches(TOKEN.as_bytes()));
        let asked = site.next().unwrap();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/token"));
        assert_eq!(
            asked.body,
            "grant_type=authorization_code&code=the-code\
             &redirect_uri=https%3A%2F%2Fapp.example%2Fback%3Fa%3Db&code_verifier=the-verifier"
        );
        let pair = STANDARD.encode("id%3A1:s%3Ae+c%2Br%25t");
        assert_eq!(asked.header("authorization").unwrap(), format!("Basic {pair}"));
        let asked = site.next().unwrap();
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/user"));
        assert_eq!(asked.header("authorization"), Some("Bearer the-token"));
        assert_eq!(asked.header("x-version"), Some("2"));
        assert!(site.next().is_none());
    }

    #[tokio::test]
    async fn exchanges_with_the_secret_in_the_form() {
        let site = site(token(), user()).await;
        let exchanged = exchange(&site, "post").await.ok().unwrap();
        assert_eq!(exchanged.subject, "2244994945");
        let asked = site.next().unwrap();
        assert!(asked.body.contains("&code_verifier=the-verifier"));
        assert!(asked.body.ends_with("&client_id=id%3A1&client_secret=s%3Ae+c%2Br%25t"));
        assert_eq!(asked.header("authorization"), None);
    }

    #[tokio::test]
    async fn takes_whole_numbers_for_subjects() {
        let site = site(token(), Reply::json(&json!({ "data": { "id": 42 } }))).await;
        assert_eq!(exchange(&site, "post").await.ok().unwrap().subject, "42");
    }

    #[tokio::test]
    async fn tells_a_refused_code_from_a_refused_client() {
        for (status, body) in [
            (400, r#"{"error":"invalid_grant"}"#),
            (400, r#"{"error":"invalid_request","error_description":"the-code was invalid"}"#),
            (404, "<html>"),
            (200, r#"{"error":"bad_verification_code"}"#),
        ] {
            let error = token_refusal(status, body).await;
            assert!(matches!(error, ExchangeError::CodeRefused), "{error:?}");
        }
        for (status, body) in [
            (401, ""),
            (401, r#"{"error":"invalid_client"}"#),
            (400, r#"{"error":"unauthorized_client"}"#),
        ] {
            let error = token_refusal(status, body).await;
            assert!(matches!(error, ExchangeError::ClientRefused), "{error:?}");
        }
    }

    #[tokio::test]
    async fn tells_a_refusal_from_an_outage() {
        for status in [429, 500, 503] {
            let error = token_refusal(status, r#"{"error":"invalid_grant"}"#).await;
            assert!(matches!(error, ExchangeError::Unreachable(_)), "{error:?}");
            let error = user_refusal(status, "").await;
            assert!(matches!(error, ExchangeError::Unreachable(_)), "{error:?}");
        }
        for (first, second) in [(Reply::Never, user()), (token(), Reply::Never)] {
            let error = refusal(first, second).await;
            assert!(matches!(error, ExchangeError::Unreachable(FetchError::TimedOut)));
        }
        let error = user_refusal(403, "").await;
        assert!(matches!(error, ExchangeError::SubjectRefused), "{error:?}");
    }

    #[tokio::test]
    async fn refuses_garbage() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"the-token","token_type":"mac"}"#,
        ] {
            let error = token_refusal(200, body).await;
            assert!(matches!(error, ExchangeError::Malformed), "{body}: {error:?}");
        }
        let long = format!(r#"{{"data":{{"id":"{}"}}}}"#, "1".repeat(256));
        for body in [
            "",
            "the-token",
            "{}",
            r#"{"data":{"id":null}}"#,
            r#"{"data":{"id":""}}"#,
            r#"{"data":{"id":1.5}}"#,
            r#"{"data":{"id":-1}}"#,
            r#"{"data":{"id":"a\u0000"}}"#,
            &long,
        ] {
            let error = user_refusal(200, body).await;
            assert!(matches!(error, ExchangeError::Malformed), "{body}: {error:?}");
        }
        let moved = Reply::Redirect("https://169.254.169.254/".to_owned());
        let error = refusal(moved.clone(), user()).await;
        assert!(matches!(error, ExchangeError::Malformed), "{error:?}");
        let error = refusal(token(), moved).await;
        assert!(matches!(error, ExchangeError::Malformed), "{error:?}");
    }

    #[tokio::test]
    async fn knows_x_and_discord() {
        let providers = built_in_providers();
        let names: Vec<&str> = providers.keys().map(String::as_str).collect();
        assert_eq!(names, ["discord", "x"]);
        assert_eq!(providers["x"].auth_style, AuthStyle::Basic);
        assert_eq!(providers["discord"].subject_pointer, "/id");
        let fetcher = Fetcher::new(&crate::config::OidcConfig::default());
        let secret = SecretBytes::new(Vec::new());
        let grant = Grant {
            client_id: "",
            client_secret: &secret,
            auth_code: "",
            redirect_uri: "",
            code_verifier: "",
        };
        let outcome = Oauth2::new(fetcher, &BTreeMap::new()).exchange("y", grant).await;
        assert!(matches!(outcome.err(), Some(ExchangeError::UnknownProvider)));
    }

    #[test]
    fn refuses_providers_that_cannot_work() {
        let read = |pointer: &str, header: &str, more: &str| {
            toml::from_str::<Provider>(&format!(
                "token_url = \"https://a.example/\"\nuser_url = \"https://a.example/\"\n\
                 auth_style = \"basic\"\nsubject_pointer = \"{pointer}\"\n\
                 user_headers = {{ \"{header}\" = \"1\" }}\n{more}"
            ))
        };
        assert!(read("/id", "X-A", "").is_ok());
        assert!(read("id", "X-A", "").is_err());
        assert!(read("/id", "X A", "").is_err());
        assert!(read("/id", "Authorization", "").is_err());
        assert!(read("/id", "X-A", "scope = \"a\"").is_err());
    }
}
