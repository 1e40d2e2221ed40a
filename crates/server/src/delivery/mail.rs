//! E-mails over SMTP.

use std::time::Duration;

use keyward_protocol::engine::message::Email;
use keyward_protocol::wire::id::MessageId;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{DeliveryError, Obstacle, Rendered, Renderer};
use crate::config::{ConfigError, MailConfig, is_loopback};

/// Sends e-mails through the operator's mail server, one connection each.
pub struct Mail {
    renderer: Renderer,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

impl Mail {
    /// Reads the templates; no connection is made yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Value`] for an `smtp_url` that is not understood, or that would send unencrypted to
    /// another machine; and those of [`Renderer::new`].
    pub fn new(config: &MailConfig) -> Result<Self, ConfigError> {
        let url = config.smtp_url.expose();
        let invalid = || ConfigError::Value("mail.smtp_url");
        let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
        let tls = rest.split_once('?').map(|(_, query)| query);
        match (scheme, tls) {
            ("smtps", None) | ("smtp", Some("tls=required")) => {}
            ("smtp", None) if is_loopback(url) => {}
            _ => return Err(invalid()),
        }
        let timeout = Duration::from_secs(config.timeout_seconds);
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| invalid())?
            .timeout(Some(timeout))
            .build();
        Ok(Self { renderer: Renderer::new(config)?, transport, timeout })
    }

    pub(super) fn renderer(&self) -> &Renderer {
        &self.renderer
    }

    /// Renders and sends.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Permanent`] when it can't be rendered or the mail server refuses for good (5xx),
    /// [`DeliveryError::Temporary`] in all other cases.
    pub async fn send(&self, id: MessageId, email: &Email) -> Result<(), DeliveryError> {
        let message = compose(id, self.renderer.render(email)?)?;
        // The transport's own timeout is one for each step.
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(DeliveryError::Temporary(Obstacle::TooSlow)),
        }
    }
}

/// The message as it travels. The same message has the same id at each try, so that a repetition can be
/// recognized.
fn compose(id: MessageId, mail: Rendered) -> Result<Message, DeliveryError> {
    let message_id = format!("<{id}@{}>", mail.from.email.domain());
    let mut builder = Message::builder()
        .message_id(Some(message_id))
        .from(mail.from)
        .to(Mailbox::new(None, mail.to))
        .subject(mail.subject)
        // RFC 3834 §5: nobody's absence notice should answer.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    if let Some(address) = mail.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
        .map_err(|_| DeliveryError::Permanent(Obstacle::Recipient))
}

/// What an error means. Its text may repeat the recipient's address, so none of it is kept.
fn failure(error: &smtp::Error) -> DeliveryError {
    let code = error.status().map(|code| Obstacle::Answered(code.into()));
    if error.is_permanent() {
        DeliveryError::Permanent(code.unwrap_or(Obstacle::Protocol))
    } else if error.is_client() {
        // Such as an address or a way to log in that the server does not support.
        DeliveryError::Permanent(Obstacle::Protocol)
    } else if error.is_timeout() {
        DeliveryError::Temporary(Obstacle::TooSlow)
    } else if error.is_tls() {
        DeliveryError::Temporary(Obstacle::Tls)
    } else if error.is_response() {
        DeliveryError::Temporary(Obstacle::Protocol)
    } else {
        DeliveryError::Temporary(code.unwrap_or(Obstacle::Unreachable))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use keyward_protocol::engine::message::Sender;
    use keyward_protocol::wire::id::MessageId;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;
    use uuid::Uuid;

    use super::super::tests::otp;
    use super::*;
    use crate::config::Hidden;

    const ID: MessageId = MessageId(Uuid::from_u128(9));

    /// A mail server that answers a recipient with `rcpt`, and hands on what it was told.
    async fn server(rcpt: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, tells) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let told = told.clone();
                tokio::spawn(async move {
                    let _ = converse(BufReader::new(stream), rcpt, &told).await;
                });
            }
        });
        (address, tells)
    }

    async fn converse(
        mut stream: BufReader<tokio::net::TcpStream>,
        rcpt: &str,
        told: &mpsc::UnboundedSender<String>,
    ) -> std::io::Result<()> {
        stream.write_all(b"220 mail.test ESMTP\r\n").await?;
        let mut is_data = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let _ = told.send(line.trim_end().to_owned());
            let answer = match line.get(..4).unwrap_or_default() {
                _ if is_data => {
                    is_data = line != ".\r\n";
                    if is_data {
                        continue;
                    }
                    "250 taken"
                }
                "EHLO" => "250-mail.test\r\n250 8BITMIME",
                "MAIL" => "250 fine",
                "RCPT" => rcpt,
                "DATA" => {
                    is_data = true;
                    "354 go ahead"
                }
                "QUIT" => "221 bye",
                _ => "502 what?",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }

    fn config(smtp_url: &str) -> MailConfig {
        MailConfig {
            smtp_url: Hidden::from(smtp_url),
            from: "Keyward <keyward@operator.example>".to_owned(),
            allowed_sender_domains: vec!["acme.example".to_owned()],
            ..MailConfig::default()
        }
    }

    fn mail(address: SocketAddr) -> Mail {
        Mail::new(&config(&format!("smtp://{address}"))).unwrap()
    }

    #[tokio::test]
    async fn sends_both_parts_over_smtp() {
        let (address, mut tells) = server("250 fine").await;
        let mut asked = otp();
        asked.app_name = Some("Acmé\r\nBcc: all@example.org".to_owned());
        asked.sender = Sender {
            address: Some("hello@acme.example".to_owned()),
            name: Some("Acme".to_owned()),
            reply_to: Some("help@acme.example".to_owned()),
        };
        mail(address).send(ID, &asked).await.unwrap();
        let mut lines = Vec::new();
        while let Ok(line) = tells.try_recv() {
            lines.push(line);
        }
        assert!(lines.iter().any(|line| line.starts_with("MAIL FROM:<hello@acme.example>")));
        let recipients: Vec<_> = lines.iter().filter(|line| line.starts_with("RCPT")).collect();
        assert_eq!(recipients, ["RCPT TO:<someone@example.org>"]);
        for header in [
            "From: Acme <hello@acme.example>",
            "To: someone@example.org",
            "Reply-To: help@acme.example",
            "Auto-Submitted: auto-generated",
            "Message-ID: <00000000-0000-0000-0000-000000000009@acme.example>",
        ] {
            assert!(lines.iter().any(|line| line == header), "{header} in {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.starts_with("Bcc")), "{lines:#?}");
        let whole = lines.join("\n");
        for piece in [
            "Subject: Sign in to ",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Type: text/html; charset=utf-8",
        ] {
            assert!(whole.contains(piece), "{piece} in {whole}");
        }
        assert_eq!(whole.matches("A1B2C3").count(), 2, "{whole}");
    }

    #[tokio::test]
    async fn the_answer_decides_about_another_try() {
        for (rcpt, expected) in [
            ("450 someone@example.org is busy", DeliveryError::Temporary(Obstacle::Answered(450))),
            ("550 no someone@example.org here", DeliveryError::Permanent(Obstacle::Answered(550))),
        ] {
            let (address, _tells) = server(rcpt).await;
            let refused = mail(address).send(ID, &otp()).await.unwrap_err();
            assert_eq!(refused, expected);
            assert!(!refused.to_string().contains("someone"), "{refused}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_temporary() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let refused = mail(address).send(ID, &otp()).await;
        assert_eq!(refused, Err(DeliveryError::Temporary(Obstacle::Unreachable)));
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_temporary() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut mail = mail(listener.local_addr().unwrap());
        mail.timeout = Duration::from_millis(50);
        let refused = mail.send(ID, &otp()).await;
        assert_eq!(refused, Err(DeliveryError::Temporary(Obstacle::TooSlow)));
    }

    #[test]
    fn sends_unencrypted_to_this_machine_only() {
        for (url, is_fine) in [
            ("smtp://127.0.0.1:1025", true),
            ("smtp://[::1]:1025", true),
            ("smtp://localhost:1025", true),
            ("smtps://user:p%40ss@mail.example", true),
            ("smtp://user:p%40ss@mail.example:587?tls=required", true),
            ("smtp://mail.example:25", false),
            ("smtp://localhost@mail.example:25", false),
            ("smtp://mail.example:587?tls=opportunistic", false),
            ("smtp://mail.example:587?x=1&tls=required", false),
            ("http://127.0.0.1", false),
            ("mail.example", false),
        ] {
            assert_eq!(Mail::new(&config(url)).is_ok(), is_fine, "{url}");
        }
        let mut config = config("smtp://127.0.0.1:1025");
        config.from = "nobody".to_owned();
        assert!(matches!(Mail::new(&config), Err(ConfigError::Value("mail.from"))));
    }
}
