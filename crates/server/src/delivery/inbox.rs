//! The inbox of a development server: what would have been sent, to look at.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use keyward_protocol::engine::message::{Content, EmailPurpose, Message};
use keyward_protocol::wire::Timestamp;
use keyward_protocol::wire::id::{MessageId, OrganizationId};
use serde::Serialize;

use super::template::escape;
use super::{Channel, Delivery, DeliveryError, Renderer, sms_text};
use crate::config::{ConfigError, MailConfig};
use crate::http::json_response;

/// Messages that are kept; the oldest go first.
const CAPACITY: usize = 500;
const DEFAULT_FROM: &str = "keyward@localhost";

const PAGE: &str = include_str!("inbox.html");

/// The last 500 messages, rendered, in memory.
pub struct Inbox {
    renderer: Renderer,
    messages: Mutex<VecDeque<Received>>,
}

/// A message, as `GET /dev/inbox` shows it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    id: MessageId,
    organization_id: OrganizationId,
    #[serde(rename = "receivedAt")]
    at: String,
    expires_at: String,
    channel: &'static str,
    purpose: &'static str,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    magic_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<String>,
}

#[derive(Serialize)]
struct Listing<'a> {
    messages: Vec<&'a Received>,
}

impl Inbox {
    /// An empty inbox that renders by these rules; [`MailConfig::default`] for the built-in ones.
    ///
    /// # Errors
    ///
    /// Those of [`Renderer::new`].
    pub fn new(config: &MailConfig) -> Result<Self, ConfigError> {
        let renderer = if config.from.is_empty() {
            Renderer::new(&MailConfig { from: DEFAULT_FROM.to_owned(), ..config.clone() })?
        } else {
            Renderer::new(config)?
        };
        Ok(Self { renderer, messages: Mutex::default() })
    }

    /// Forgets all messages.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Received>> {
        // No state in between is ever visible.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, message: &Message) -> Result<Received, DeliveryError> {
        let base = |purpose, to: &str| Received {
            id: message.id,
            organization_id: message.organization,
            at: made_at(message.id).to_rfc3339(),
            expires_at: message.expires_at.to_rfc3339(),
            channel: Channel::of(message).name(),
            purpose,
            to: to.to_owned(),
            from: None,
            reply_to: None,
            subject: None,
            text: String::new(),
            html: None,
            code: None,
            bundle: None,
            magic_link: None,
            template_id: None,
        };
        match &message.content {
            Content::Transaction(_) => Err(DeliveryError::NotConfigured(Channel::Chain)),
            Content::Sms(sms) => Ok(Received {
                text: sms_text(sms)?,
                code: Some(sms.code.clone()),
                ..base("otp", &sms.to)
            }),
            Content::Email(email) => {
                let mail = self.renderer.render(email)?;
                let (purpose, code, bundle) = match &email.purpose {
                    EmailPurpose::Otp { code } => ("otp", Some(code.clone()), None),
                    EmailPurpose::Auth { bundle } => ("auth", None, Some(bundle.clone())),
                    EmailPurpose::Recovery { bundle } => ("recovery", None, Some(bundle.clone())),
                    EmailPurpose::Invitation { .. } => ("invitation", None, None),
                };
                Ok(Received {
                    from: Some(mail.from.to_string()),
                    reply_to: mail.reply_to.map(|address| address.to_string()),
                    subject: Some(mail.subject),
                    text: mail.text,
                    html: Some(mail.html),
                    code,
                    bundle,
                    magic_link: mail.magic_link,
                    template_id: email.template_id.clone(),
                    ..base(purpose, &email.to)
                })
            }
        }
    }
}

#[async_trait]
impl Delivery for Inbox {
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError> {
        let received = self.receive(message)?;
        let mut messages = self.lock();
        // The same message twice is one that was tried again.
        messages.retain(|message| message.id != received.id);
        messages.push_front(received);
        messages.truncate(CAPACITY);
        Ok(())
    }

    fn sends(&self, channel: Channel) -> bool {
        channel != Channel::Chain
    }

    fn knows_template(&self, id: &str) -> bool {
        self.renderer.knows_template(id)
    }
}

/// `GET /dev/inbox`, a page or JSON, and `DELETE /dev/inbox`.
pub fn inbox_routes(inbox: Arc<Inbox>) -> Router {
    Router::new().route("/dev/inbox", get(show).delete(clear)).with_state(inbox)
}

async fn clear(State(inbox): State<Arc<Inbox>>) -> Response {
    inbox.clear();
    json_response(StatusCode::OK, "{}")
}

/// Newest first; with `?to=` only those to that address or number.
async fn show(State(inbox): State<Arc<Inbox>>, uri: Uri, headers: HeaderMap) -> Response {
    let to = parameter(&uri, "to").filter(|to| !to.is_empty());
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_json = match parameter(&uri, "format").as_deref() {
        Some("json") => true,
        Some("html") => false,
        _ => accepts.contains("application/json"),
    };
    let messages = inbox.lock();
    let shown: Vec<&Received> = messages
        .iter()
        .filter(|message| to.as_ref().is_none_or(|to| message.to.eq_ignore_ascii_case(to)))
        .collect();
    let mut response = if is_json {
        match serde_json::to_string(&Listing { messages: shown }) {
            Ok(body) => json_response(StatusCode::OK, body),
            Err(_) => json_response(StatusCode::INTERNAL_SERVER_ERROR, "{}"),
        }
    } else {
        page(&shown, to.as_deref())
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// When the message was made, which its id says.
fn made_at(id: MessageId) -> Timestamp {
    let (seconds, nanoseconds) = id.0.get_timestamp().map_or((0, 0), |made| made.to_unix());
    let milliseconds =
        seconds.saturating_mul(1000).saturating_add(u64::from(nanoseconds / 1_000_000));
    Timestamp::from_millis(milliseconds)
}

/// A parameter of the query, decoded. A plus sign stays one: addresses and phone numbers hold no spaces.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query()?;
    let value = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })?;
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [byte, after @ ..] = rest {
        let decoded = if let (b'%', [first, second, ..]) = (byte, after) {
            hex::decode([*first, *second]).ok()
        } else {
            None
        };
        if let Some(decoded) = decoded {
            bytes.extend_from_slice(&decoded);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*byte);
            rest = after;
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn page(messages: &[&Received], to: Option<&str>) -> Response {
    let nonce = nonce();
    let mut list = String::new();
    for message in messages {
        // Writing to a string does not fail.
        let _ = article(&mut list, message);
    }
    if list.is_empty() {
        list.push_str("<p class=\"empty\">No messages yet. They appear here by themselves.</p>");
    }
    // In this order nothing that comes from a message is looked at again.
    let mut html = String::with_capacity(PAGE.len() + list.len());
    let mut rest = PAGE;
    for (mark, value) in [
        ("%to%", escape(to.unwrap_or_default()).as_str()),
        ("%messages%", list.as_str()),
        ("%nonce%", nonce.as_str()),
    ] {
        if let Some((before, after)) = rest.split_once(mark) {
            html.push_str(before);
            html.push_str(value);
            rest = after;
        }
    }
    html.push_str(rest);
    // E-mails have styles of their own, and a frame inherits this policy.
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; \
         img-src https: http: data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = Response::new(html.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn article(page: &mut String, message: &Received) -> std::fmt::Result {
    let id = message.id;
    let title = message.subject.as_deref().unwrap_or("Text message");
    write!(
        page,
        "<article id=\"m{id}\" aria-labelledby=\"t{id}\"><header><h2 id=\"t{id}\">{}</h2>\
         <p><b>{}</b> · {} · <time datetime=\"{at}\">{at}</time></p></header>",
        escape(title),
        escape(&message.to),
        message.channel,
        at = message.at,
    )?;
    if let Some(code) = &message.code {
        let code = escape(code);
        write!(
            page,
            "<p class=\"code\"><output>{code}</output><button type=\"button\" data-copy=\"{code}\" \
             aria-label=\"Copy the code\">Copy</button></p>",
        )?;
    }
    if let Some(bundle) = &message.bundle {
        let bundle = escape(bundle);
        write!(
            page,
            "<p class=\"bundle\"><output>{bundle}</output><button type=\"button\" \
             data-copy=\"{bundle}\" aria-label=\"Copy the bundle\">Copy</button></p>",
        )?;
    }
    if let Some(link) = &message.magic_link {
        write!(
            page,
            "<p><a href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">Open the magic link</a></p>",
            escape(link),
        )?;
    }
    page.push_str("<details><summary>Details</summary><dl>");
    for (name, value) in [
        ("From", message.from.as_deref()),
        ("Reply to", message.reply_to.as_deref()),
        ("Purpose", Some(message.purpose)),
        ("Template", message.template_id.as_deref()),
        ("Expires", Some(message.expires_at.as_str())),
        ("Organization", Some(message.organization_id.to_string().as_str())),
    ] {
        if let Some(value) = value {
            write!(page, "<dt>{name}</dt><dd>{}</dd>", escape(value))?;
        }
    }
    page.push_str("</dl></details>");
    write!(
        page,
        "<details><summary>Text</summary><pre tabindex=\"0\">{}</pre></details>",
        escape(&message.text)
    )?;
    if let Some(html) = &message.html {
        write!(
            page,
            "<details><summary>HTML</summary><iframe sandbox title=\"The e-mail as HTML\" \
             loading=\"lazy\" srcdoc=\"{}\"></iframe></details>",
            escape(html)
        )?;
    }
    page.push_str("</article>");
    Ok(())
}

fn nonce() -> String {
    let mut random = [0; 16];
    let rng: &mut dyn keyward_crypto::CryptoRng = &mut keyward_crypto::os_rng();
    rng.fill_bytes(&mut random);
    hex::encode(random)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::super::tests::{email, message, otp, sms};
    use super::*;

    fn inbox() -> Arc<Inbox> {
        Arc::new(Inbox::new(&MailConfig::default()).unwrap())
    }

    async fn ask(inbox: &Arc<Inbox>, method: &str, uri: &str, accept: &str) -> (HeaderMap, String) {
        let request = Request::builder().method(method).uri(uri).header("Accept", accept);
        let request = request.body(Body::empty()).unwrap();
        let response = inbox_routes(inbox.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn json(inbox: &Arc<Inbox>, uri: &str) -> Vec<Value> {
        let (headers, body) = ask(inbox, "GET", uri, "application/json").await;
        assert_eq!(headers[CONTENT_TYPE], "application/json");
        let body: Value = serde_json::from_str(&body).unwrap();
        body["messages"].as_array().unwrap().clone()
    }

    #[tokio::test]
    async fn shows_messages_as_json_newest_first() {
        let inbox = inbox();
        let mut with_link = otp();
        with_link.magic_link_template = Some("https://acme.example/%s".to_owned());
        inbox.deliver(&message(0, Content::Email(with_link))).await.unwrap();
        inbox.deliver(&message(1000, Content::Sms(sms()))).await.unwrap();
        let messages = json(&inbox, "/dev/inbox").await;
        let [text, mail] = messages.as_slice() else { panic!("{messages:?}") };
        let mut text = text.clone();
        text.as_object_mut().unwrap().remove("id");
        let expected = json!({
            "organizationId": "00000000-0000-0000-0000-000000000007",
            "receivedAt": "2026-01-02T03:04:06Z",
            "expiresAt": "2026-01-02T03:09:05Z",
            "channel": "sms",
            "purpose": "otp",
            "to": "+15550123456",
            "text": "Your Keyward code is A1B2C3",
            "code": "A1B2C3",
        });
        assert_eq!(text, expected);
        assert_eq!(mail["subject"], "Sign in to Acme");
        assert_eq!(mail["from"], "Notifications <keyward@localhost>");
        assert_eq!(mail["code"], "A1B2C3");
        assert_eq!(mail["magicLink"], "https://acme.example/A1B2C3");
        assert!(mail["html"].as_str().unwrap().contains("A1B2C3"));
        let (_, body) = ask(&inbox, "GET", "/dev/inbox?format=json", "*/*").await;
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["messages"], json!(messages));
    }

    #[tokio::test]
    async fn bundles_are_shown_by_themselves() {
        let inbox = inbox();
        let purpose = EmailPurpose::Auth { bundle: "w99a".to_owned() };
        inbox.deliver(&message(0, Content::Email(email(purpose)))).await.unwrap();
        let messages = json(&inbox, "/dev/inbox").await;
        assert_eq!(messages[0]["bundle"], "w99a");
        assert_eq!(messages[0]["purpose"], "auth");
        assert!(messages[0].get("code").is_none());
    }

    #[tokio::test]
    async fn finds_messages_by_recipient() {
        let inbox = inbox();
        let mut tagged = otp();
        tagged.to = "some+tag@example.org".to_owned();
        inbox.deliver(&message(0, Content::Email(tagged))).await.unwrap();
        inbox.deliver(&message(1, Content::Sms(sms()))).await.unwrap();
        for (query, count) in [
            ("to=some+tag@example.org", 1),
            ("to=SOME%2Btag%40example.org", 1),
            ("to=%2B15550123456", 1),
            ("x=1&to=+15550123456", 1),
            ("to=tag@example.org", 0),
            ("to=", 2),
            ("to=%", 0),
            ("to=%zz%ff", 0),
        ] {
            let found = json(&inbox, &format!("/dev/inbox?{query}")).await;
            assert_eq!(found.len(), count, "{query}");
        }
    }

    #[tokio::test]
    async fn the_page_escapes_everything_and_runs_one_script() {
        let inbox = inbox();
        let mut asked = otp();
        asked.app_name = Some("\"><script>alert(1)</script>%nonce%".to_owned());
        asked.purpose = EmailPurpose::Otp { code: "<i>\"&".to_owned() };
        inbox.deliver(&message(0, Content::Email(asked))).await.unwrap();
        let uri = "/dev/inbox?to=SOMEONE@example.org";
        let (headers, page) = ask(&inbox, "GET", uri, "text/html,*/*").await;
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(page.contains("data-copy=\"&lt;i&gt;&quot;&amp;\""), "{page}");
        assert!(page.contains("<iframe sandbox title"), "{page}");
        assert!(page.contains("srcdoc=\"&lt;!doctype html&gt;"), "{page}");
        assert!(page.contains("value=\"SOMEONE@example.org\""), "{page}");
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        let (_, nonce) = page.split_once("<script nonce=\"").unwrap();
        let (nonce, _) = nonce.split_once('"').unwrap();
        assert_eq!(nonce.len(), 32);
        assert!(policy.contains(&format!("script-src 'nonce-{nonce}';")), "{policy}");
        assert_eq!(page.matches(nonce).count(), 1, "the nonce is not in the messages");
        let (_, other) = ask(&inbox, "GET", uri, "text/html").await;
        assert!(!other.contains(nonce));
    }

    #[tokio::test]
    async fn forgets_when_told_and_when_full() {
        let inbox = inbox();
        let first = message(0, Content::Sms(sms()));
        inbox.deliver(&first).await.unwrap();
        inbox.deliver(&first).await.unwrap();
        assert_eq!(json(&inbox, "/dev/inbox").await.len(), 1);
        for number in 1..=500 {
            inbox.deliver(&message(number, Content::Sms(sms()))).await.unwrap();
        }
        let messages = json(&inbox, "/dev/inbox").await;
        assert_eq!(messages.len(), 500);
        assert!(messages.iter().all(|message| message["id"] != first.id.to_string().as_str()));
        ask(&inbox, "DELETE", "/dev/inbox", "*/*").await;
        assert!(json(&inbox, "/dev/inbox").await.is_empty());
        let (_, page) = ask(&inbox, "GET", "/dev/inbox", "text/html").await;
        assert!(page.contains("No messages yet"), "{page}");
    }
}
