//! Text messages over a provider's webhook.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_protocol::engine::message::Sms;
use keyward_protocol::wire::id::{MessageId, OrganizationId};
use serde_json::json;
use ureq::Agent;

use super::{DeliveryError, Obstacle, sms_text};
use crate::config::{ConfigError, Hidden, SmsConfig, SmsKind, is_loopback};
use crate::tls;

/// Posts text messages to the operator's provider.
pub struct SmsWebhook {
    agent: Agent,
    url: String,
    from: String,
    authorization: Option<Hidden>,
    kind: SmsKind,
}

impl SmsWebhook {
    /// Prepares the connection; none is made yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Value`] for a member that is missing or not valid, or a `url` that would send
    /// unencrypted to another machine; [`ConfigError::Certificates`] when the system has no certificates.
    pub fn new(config: &SmsConfig) -> Result<Self, ConfigError> {
        let is_tls = config.url.starts_with("https://");
        let is_here = config.url.starts_with("http://") && is_loopback(&config.url);
        if !(is_tls || is_here) {
            return Err(ConfigError::Value("sms.url"));
        }
        let token = config.token.expose();
        let authorization = match config.kind {
            SmsKind::Twilio => {
                for (name, value) in [
                    ("sms.from", config.from.as_str()),
                    ("sms.username", config.username.as_str()),
                    ("sms.token", token),
                ] {
                    if value.is_empty() {
                        return Err(ConfigError::Value(name));
                    }
                }
                let pair = STANDARD.encode(format!("{}:{token}", config.username));
                Some(Hidden::from(format!("Basic {pair}").as_str()))
            }
            SmsKind::Generic if token.is_empty() => None,
            SmsKind::Generic => Some(Hidden::from(format!("Bearer {token}").as_str())),
        };
        let timeout = Duration::from_secs(config.timeout_seconds);
        Ok(Self {
            agent: agent(is_tls, timeout)?,
            url: config.url.clone(),
            from: config.from.clone(),
            authorization,
            kind: config.kind,
        })
    }

    /// Renders and posts.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Permanent`] when it can't be rendered or the provider answers 4xx other than 429,
    /// [`DeliveryError::Temporary`] in all other cases.
    pub async fn send(
        &self,
        id: MessageId,
        organization: OrganizationId,
        sms: &Sms,
    ) -> Result<(), DeliveryError> {
        let text = sms_text(sms)?;
        let mut request = self.agent.post(&self.url);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.expose());
        }
        let to = sms.to.clone();
        let from = self.from.clone();
        let kind = self.kind;
        let posted = tokio::task::spawn_blocking(move || match kind {
            SmsKind::Twilio => request.send_form([("To", to), ("From", from), ("Body", text)]),
            SmsKind::Generic => {
                let body = json!({
                    "to": to,
                    "text": text,
                    "messageId": id.to_string(),
                    "organizationId": organization.to_string(),
                });
                request.header("Content-Type", "application/json").send(body.to_string())
            }
        })
        .await
        .map_err(|_| DeliveryError::Temporary(Obstacle::Crashed))?;
        match posted {
            Ok(answer) => verdict(answer.status().as_u16()),
            Err(error) => Err(DeliveryError::Temporary(obstacle(&error))),
        }
    }
}

fn verdict(status: u16) -> Result<(), DeliveryError> {
    match status {
        200..=299 => Ok(()),
        400..=428 | 430..=499 => Err(DeliveryError::Permanent(Obstacle::Answered(status))),
        _ => Err(DeliveryError::Temporary(Obstacle::Answered(status))),
    }
}

fn obstacle(error: &ureq::Error) -> Obstacle {
    match error {
        ureq::Error::Timeout(_) => Obstacle::TooSlow,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Obstacle::Tls,
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => Obstacle::Protocol,
        _ => Obstacle::Unreachable,
    }
}

/// A client that follows no redirects: a code is meant for one provider.
fn agent(is_tls: bool, timeout: Duration) -> Result<Agent, ConfigError> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(timeout))
        .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")));
    let config = if is_tls {
        config.tls_config(tls::client().map_err(ConfigError::Certificates)?)
    } else {
        config.proxy(None)
    };
    Ok(Agent::new_with_config(config.build()))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use uuid::Uuid;

    use super::super::tests::sms;
    use super::*;

    const ID: MessageId = MessageId(Uuid::from_u128(9));
    const ORGANIZATION: OrganizationId = OrganizationId(Uuid::from_u128(7));

    /// A provider that answers one request with `answer`, and returns the request.
    async fn provider(
        answer: &'static str,
    ) -> (SocketAddr, tokio::task::JoinHandle<(String, String)>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let request = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = String::new();
            loop {
                let mut bytes = [0; 4096];
                let length = stream.read(&mut bytes).await.unwrap();
                read.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
                let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
                let expected = head
                    .to_ascii_lowercase()
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                if expected.is_some_and(|expected| body.len() >= expected) {
                    let text = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(text.as_bytes()).await.unwrap();
                    return (head.to_owned(), body.to_owned());
                }
            }
        });
        (address, request)
    }

    fn config(kind: SmsKind, url: String) -> SmsConfig {
        SmsConfig {
            kind,
            url,
            from: "+15550000000".to_owned(),
            username: "AC1".to_owned(),
            token: Hidden::from("s3cret"),
            timeout_seconds: 10,
        }
    }

    fn webhook(kind: SmsKind, address: SocketAddr) -> SmsWebhook {
        SmsWebhook::new(&config(kind, format!("http://{address}/send"))).unwrap()
    }

    #[tokio::test]
    async fn posts_a_form_as_twilio_wants_it() {
        let (address, request) = provider("201 Created").await;
        webhook(SmsKind::Twilio, address).send(ID, ORGANIZATION, &sms()).await.unwrap();
        let (head, body) = request.await.unwrap();
        assert!(head.starts_with("POST /send HTTP/1.1\r\n"), "{head}");
        let head = head.to_ascii_lowercase();
        assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
        let pair = STANDARD.encode("AC1:s3cret").to_ascii_lowercase();
        assert!(head.contains(&format!("authorization: basic {pair}")), "{head}");
        let expected = "To=%2B15550123456&From=%2B15550000000&Body=Your+Keyward+code+is+A1B2C3";
        assert_eq!(body.replace("%20", "+"), expected);
    }

    #[tokio::test]
    async fn posts_json_to_anybody_else() {
        let (address, request) = provider("204 No Content").await;
        webhook(SmsKind::Generic, address).send(ID, ORGANIZATION, &sms()).await.unwrap();
        let (head, body) = request.await.unwrap();
        let head = head.to_ascii_lowercase();
        assert!(head.contains("content-type: application/json"), "{head}");
        assert!(head.contains("authorization: bearer s3cret"), "{head}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let expected = json!({
            "to": "+15550123456",
            "text": "Your Keyward code is A1B2C3",
            "messageId": "00000000-0000-0000-0000-000000000009",
            "organizationId": "00000000-0000-0000-0000-000000000007",
        });
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn the_status_decides_about_another_try() {
        for (answer, expected) in [
            ("500 Oh", DeliveryError::Temporary(Obstacle::Answered(500))),
            ("429 Slow down", DeliveryError::Temporary(Obstacle::Answered(429))),
            ("400 No", DeliveryError::Permanent(Obstacle::Answered(400))),
            ("302 Found\r\nLocation: /x", DeliveryError::Temporary(Obstacle::Answered(302))),
        ] {
            let (address, _request) = provider(answer).await;
            let sent = webhook(SmsKind::Generic, address).send(ID, ORGANIZATION, &sms()).await;
            assert_eq!(sent, Err(expected), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_provider_that_says_nothing_is_temporary() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut webhook = webhook(SmsKind::Generic, listener.local_addr().unwrap());
        webhook.agent = agent(false, Duration::from_millis(50)).unwrap();
        let sent = webhook.send(ID, ORGANIZATION, &sms()).await;
        assert_eq!(sent, Err(DeliveryError::Temporary(Obstacle::TooSlow)));
        drop(listener);
        let sent = webhook.send(ID, ORGANIZATION, &sms()).await;
        assert_eq!(sent, Err(DeliveryError::Temporary(Obstacle::Unreachable)));
    }

    #[test]
    fn refuses_what_cannot_work() {
        let refused = |config: &SmsConfig| match SmsWebhook::new(config).err() {
            Some(ConfigError::Value(name)) => Some(name),
            Some(error) => panic!("{error}"),
            None => None,
        };
        for (url, expected) in [
            ("http://127.0.0.1:80/", None),
            ("http://sms.example/", Some("sms.url")),
            ("http://127.0.0.1@sms.example/", Some("sms.url")),
            ("sms.example", Some("sms.url")),
            ("", Some("sms.url")),
        ] {
            assert_eq!(refused(&config(SmsKind::Generic, url.to_owned())), expected, "{url}");
        }
        let fine = config(SmsKind::Twilio, "http://127.0.0.1/".to_owned());
        assert_eq!(refused(&fine), None);
        let without = SmsConfig { token: Hidden::default(), ..fine.clone() };
        assert_eq!(refused(&without), Some("sms.token"));
        let without = SmsConfig { username: String::new(), ..fine };
        assert_eq!(refused(&without), Some("sms.username"));
    }
}
