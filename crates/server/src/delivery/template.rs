//! What messages say: the built-in e-mails and text, and the operator's own templates.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use keyward_protocol::engine::message::{Email, EmailPurpose, Sender, Sms};
use lettre::Address;
use lettre::message::Mailbox;

use super::{DeliveryError, Obstacle};
use crate::config::{ConfigError, MailConfig};

const DEFAULT_APP_NAME: &str = "Keyward";
const DEFAULT_SENDER_NAME: &str = "Notifications";
/// Longest name that goes into a header, in characters; the protocol allows no longer ones.
const LONGEST_NAME: usize = 255;

const PAGE: &str = include_str!("mail.html");

/// Why a template is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The file can't be read.
    #[error("the file can't be read")]
    File(#[source] std::io::Error),
    /// A placeholder is begun and not ended.
    #[error("a placeholder in line {0} is not closed with }}}}")]
    Unclosed(usize),
    /// A placeholder is none of those there are.
    #[error("unknown placeholder {{{{ {placeholder} }}}} in line {line}")]
    Unknown {
        /// What stands between the braces.
        placeholder: String,
        /// Line of the file, from 1.
        line: usize,
    },
}

/// An e-mail, ready to be composed.
#[derive(Clone, PartialEq)]
pub struct Rendered {
    /// Address of the person.
    pub to: Address,
    /// Who it comes from: address and name.
    pub from: Mailbox,
    /// Where answers go, when not to the sender.
    pub reply_to: Option<Address>,
    /// The subject: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The magic link, with the code or the bundle in it.
    pub magic_link: Option<String>,
}

/// Renders e-mails by the operator's rules and templates.
pub struct Renderer {
    from: Mailbox,
    allowed_sender_domains: Vec<String>,
    templates: BTreeMap<String, Template>,
}

impl Renderer {
    /// Reads the templates.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Value`] when the sender is no address, [`ConfigError::Template`] when a template
    /// can't be read or has a placeholder that does not exist.
    pub fn new(config: &MailConfig) -> Result<Self, ConfigError> {
        let from = config.from.parse().map_err(|_| ConfigError::Value("mail.from"))?;
        let templates = config.templates.iter().map(|(id, path)| {
            let template = Template::load(path).map_err(|source| ConfigError::Template {
                path: path.clone(),
                source: Box::new(source),
            })?;
            Ok((id.clone(), template))
        });
        Ok(Self {
            from,
            allowed_sender_domains: config.allowed_sender_domains.clone(),
            templates: templates.collect::<Result<_, ConfigError>>()?,
        })
    }

    /// Whether there is a template of this id.
    pub fn knows_template(&self, id: &str) -> bool {
        self.templates.contains_key(id)
    }

    /// Renders an e-mail.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Permanent`] when the recipient's address, the magic link's template or the id of
    /// the template is not valid.
    pub fn render(&self, email: &Email) -> Result<Rendered, DeliveryError> {
        let values = Values::of(email)?;
        let words = Words::of(&email.purpose, &values);
        let html = match &email.template_id {
            None => page(&words, &values),
            Some(id) => {
                let template = self.templates.get(id);
                let template =
                    template.ok_or(DeliveryError::Permanent(Obstacle::UnknownTemplate))?;
                template.render(&values)
            }
        };
        let (from, reply_to) = self.sender(&email.sender);
        Ok(Rendered {
            to: address(&email.to).ok_or(DeliveryError::Permanent(Obstacle::Recipient))?,
            from,
            reply_to,
            text: text(&words, &values),
            html,
            subject: words.title,
            magic_link: values.magic_link,
        })
    }

    /// Who it comes from and where answers go. The application's wishes count on allowed domains; a sender
    /// on another domain voids them all, and a name belongs to the sender that it was given with.
    fn sender(&self, asked: &Sender) -> (Mailbox, Option<Address>) {
        let operator = || {
            let name = self.from.name.as_deref().map(one_line).filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| DEFAULT_SENDER_NAME.to_owned());
            Mailbox::new(Some(name), self.from.email.clone())
        };
        let from = match asked.address.as_deref().filter(|text| !text.is_empty()) {
            None => operator(),
            Some(text) => match self.allowed(text) {
                None => return (operator(), None),
                Some(address) => {
                    let name = asked.name.as_deref().map(one_line).filter(|name| !name.is_empty());
                    let name = name.unwrap_or_else(|| DEFAULT_SENDER_NAME.to_owned());
                    Mailbox::new(Some(name), address)
                }
            },
        };
        (from, asked.reply_to.as_deref().and_then(|text| self.allowed(text)))
    }

    /// An address, if its domain is one of the allowed ones.
    fn allowed(&self, text: &str) -> Option<Address> {
        let address = address(text)?;
        let domain = address.domain();
        self.allowed_sender_domains
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(domain))
            .then_some(address)
    }
}

/// The text of a text message: the application's with the code in it, or the built-in one.
///
/// # Errors
///
/// [`DeliveryError::Permanent`] when the application's has no `{{.OtpCode}}`.
pub fn sms_text(sms: &Sms) -> Result<String, DeliveryError> {
    let Some(template) = &sms.template else {
        return Ok(format!("Your {} code is {}", app_name(sms.app_name.as_deref()), sms.code));
    };
    // Other braces are the application's text: nobody reads these templates before they are used.
    let mut text = String::new();
    let mut rest = template.as_str();
    let mut holds_code = false;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        match after.split_once("}}") {
            Some((inside, after)) if inside.trim() == ".OtpCode" => {
                text.push_str(&sms.code);
                holds_code = true;
                rest = after;
            }
            _ => {
                text.push_str("{{");
                rest = after;
            }
        }
    }
    text.push_str(rest);
    if holds_code { Ok(text) } else { Err(DeliveryError::Permanent(Obstacle::SmsTemplate)) }
}

/// Text where HTML has a text or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether the text is an address of the web, which no script can hide in.
fn is_web_address(text: &str) -> bool {
    ["https://", "http://"].into_iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    })
}

/// What placeholders stand for.
struct Values<'a> {
    app_name: String,
    otp_code: &'a str,
    bundle: &'a str,
    logo_url: Option<&'a str>,
    magic_link: Option<String>,
    variables: &'a BTreeMap<String, String>,
}

impl<'a> Values<'a> {
    fn of(email: &'a Email) -> Result<Self, DeliveryError> {
        let (otp_code, bundle) = match &email.purpose {
            EmailPurpose::Otp { code } => (code.as_str(), ""),
            EmailPurpose::Auth { bundle } | EmailPurpose::Recovery { bundle } => {
                ("", bundle.as_str())
            }
            EmailPurpose::Invitation { .. } => ("", ""),
        };
        let secret = if bundle.is_empty() { otp_code } else { bundle };
        let magic_link = match email.magic_link_template.as_deref().filter(|text| !text.is_empty())
        {
            None => None,
            Some(template) => {
                let link = magic_link(template, secret);
                Some(link.ok_or(DeliveryError::Permanent(Obstacle::MagicLink))?)
            }
        };
        Ok(Self {
            app_name: app_name(email.app_name.as_deref()),
            otp_code,
            bundle,
            logo_url: email.logo_url.as_deref().filter(|url| is_web_address(url)),
            magic_link,
            variables: &email.template_variables,
        })
    }
}

/// A placeholder.
#[derive(Clone, Debug, PartialEq)]
enum Placeholder {
    AppName,
    Bundle,
    LogoUrl,
    MagicLink,
    OtpCode,
    Variable(String),
}

impl Placeholder {
    fn parse(text: &str) -> Option<Self> {
        match text {
            ".AppName" => Some(Self::AppName),
            ".Bundle" => Some(Self::Bundle),
            ".LogoUrl" => Some(Self::LogoUrl),
            ".MagicLink" => Some(Self::MagicLink),
            ".OtpCode" => Some(Self::OtpCode),
            _ => {
                let mut words = text.splitn(3, char::is_whitespace);
                if words.next() != Some("index") || words.next() != Some(".TemplateVariables") {
                    return None;
                }
                let name = words.next()?.trim().strip_prefix('"')?.strip_suffix('"')?;
                (!name.contains(['"', '\\'])).then(|| Self::Variable(name.to_owned()))
            }
        }
    }

    /// What it stands for; nothing when the message has no such thing.
    fn value<'a>(&self, values: &'a Values<'_>) -> &'a str {
        match self {
            Self::AppName => &values.app_name,
            Self::Bundle => values.bundle,
            Self::LogoUrl => values.logo_url.unwrap_or_default(),
            Self::MagicLink => values.magic_link.as_deref().unwrap_or_default(),
            Self::OtpCode => values.otp_code,
            Self::Variable(name) => values.variables.get(name).map_or("", String::as_str),
        }
    }
}

/// An operator's HTML: what stands there, and after each piece a placeholder; the rest at the end.
struct Template {
    pieces: Vec<(String, Placeholder)>,
    rest: String,
}

impl Template {
    fn load(path: &Path) -> Result<Self, TemplateError> {
        Self::parse(&std::fs::read_to_string(path).map_err(TemplateError::File)?)
    }

    fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut line = 1;
        while let Some((before, after)) = rest.split_once("{{") {
            line += before.matches('\n').count();
            let (inside, after) = after.split_once("}}").ok_or(TemplateError::Unclosed(line))?;
            let placeholder = Placeholder::parse(inside.trim()).ok_or_else(|| {
                TemplateError::Unknown { placeholder: inside.trim().to_owned(), line }
            })?;
            line += inside.matches('\n').count();
            pieces.push((before.to_owned(), placeholder));
            rest = after;
        }
        Ok(Self { pieces, rest: rest.to_owned() })
    }

    fn render(&self, values: &Values<'_>) -> String {
        let mut html = String::new();
        for (before, placeholder) in &self.pieces {
            html.push_str(before);
            html.push_str(&escape(placeholder.value(values)));
        }
        html.push_str(&self.rest);
        html
    }
}

/// What a built-in e-mail says.
struct Words {
    /// The subject and the heading.
    title: String,
    /// Before the code or the bundle.
    lead: String,
    /// On the button of the magic link.
    button: &'static str,
    /// At the end.
    note: &'static str,
}

impl Words {
    fn of(purpose: &EmailPurpose, values: &Values<'_>) -> Self {
        let app_name = &values.app_name;
        match purpose {
            EmailPurpose::Otp { .. } => Self {
                title: format!("Sign in to {app_name}"),
                lead: format!("Enter this code in {app_name} to go on:"),
                button: "Sign in",
                note: "The code works once and only for a short time. If you did not ask for it, you \
                       can ignore this e-mail. Never give the code to anybody who asks for it.",
            },
            EmailPurpose::Auth { .. } => Self {
                title: format!("Sign in to {app_name}"),
                lead: format!("Copy this code and paste it in {app_name} to sign in:"),
                button: "Sign in",
                note: "The code works only for a short time and only where you asked for it. If you \
                       did not ask for it, you can ignore this e-mail.",
            },
            EmailPurpose::Invitation { sender } => Self {
                title: format!("You are invited to {app_name}"),
                lead: format!(
                    "{} invites you to join {app_name}. They will tell you how to register your \
                     passkey or key.",
                    one_line(sender),
                ),
                button: "Join",
                note: "If you do not know who this is, you can ignore this e-mail. Never give \
                       anybody a code or a recovery phrase because of it.",
            },
            EmailPurpose::Recovery { .. } => Self {
                title: format!("Recover your {app_name} account"),
                lead: format!("Copy this code and paste it in {app_name} to add a new passkey:"),
                button: "Recover the account",
                note: "The code works only for a short time and only where you asked for it. If you \
                       did not ask for it, you can ignore this e-mail: your account stays as it is.",
            },
        }
    }
}

/// The plain text of every e-mail.
fn text(words: &Words, values: &Values<'_>) -> String {
    let secret = if values.bundle.is_empty() { values.otp_code } else { values.bundle };
    let mut text = format!("{}\n\n", words.lead);
    if !secret.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(text, "{secret}\n\n");
    }
    if let Some(link) = &values.magic_link {
        let _ = write!(text, "Or open this link:\n\n{link}\n\n");
    }
    text.push_str(words.note);
    text.push('\n');
    text
}

/// The built-in HTML.
fn page(words: &Words, values: &Values<'_>) -> String {
    let logo = values.logo_url.map_or_else(String::new, |url| {
        format!(
            "<p style=\"margin:0 0 24px;max-width:340px\"><img src=\"{}\" alt=\"{}\" style=\"display:block;border:0;\
             width:auto;height:auto;max-width:100%;max-height:124px\"></p>",
            escape(url),
            escape(&values.app_name),
        )
    });
    let secret = if values.bundle.is_empty() && values.otp_code.is_empty() {
        String::new()
    } else if values.bundle.is_empty() {
        format!(
            "<p class=\"code\" style=\"margin:0 0 24px;padding:16px;border-radius:8px;\
             background:#f0f1f4;color:#16181d;text-align:center;font:700 28px/1.2 ui-monospace,\
             Menlo,Consolas,monospace;letter-spacing:4px\">{}</p>",
            escape(values.otp_code),
        )
    } else {
        format!(
            "<p class=\"code\" style=\"margin:0 0 24px;padding:16px;border-radius:8px;\
             background:#f0f1f4;color:#16181d;font:400 14px/1.5 ui-monospace,Menlo,Consolas,\
             monospace;word-break:break-all;overflow-wrap:anywhere\">{}</p>",
            escape(values.bundle),
        )
    };
    let link = values.magic_link.as_deref().map_or_else(String::new, |link| {
        format!(
            "<p style=\"margin:0 0 12px\">Or use this button:</p><p style=\"margin:0 0 24px\"><a class=\"button\" \
             href=\"{}\" style=\"display:inline-block;padding:12px 24px;border-radius:8px;\
             background:#16181d;color:#ffffff;font-weight:600;text-decoration:none\">{}</a></p>",
            escape(link),
            words.button,
        )
    });
    // In this order nothing that comes from a message is looked at again.
    let mut page = String::with_capacity(PAGE.len() + 1024);
    let mut rest = PAGE;
    for (mark, value) in [
        ("%title%", escape(&words.title)),
        ("%logo%", logo),
        ("%title%", escape(&words.title)),
        ("%lead%", escape(&words.lead)),
        ("%secret%", secret),
        ("%link%", link),
        ("%note%", escape(words.note)),
    ] {
        if let Some((before, after)) = rest.split_once(mark) {
            page.push_str(before);
            page.push_str(&value);
            rest = after;
        }
    }
    page.push_str(rest);
    page
}

fn app_name(name: Option<&str>) -> String {
    let name = name.map(one_line).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| DEFAULT_APP_NAME.to_owned())
}

/// Text for a header: no line ends or other control characters, and not too long.
fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    line.trim().chars().take(LONGEST_NAME).collect()
}

fn address(text: &str) -> Option<Address> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    text.parse().ok()
}

/// The link, with the secret where `%s` is; `None` when the template is not a web address with one `%s`.
fn magic_link(template: &str, secret: &str) -> Option<String> {
    let (before, after) = template.split_once("%s")?;
    let is_template = is_web_address(template)
        && !after.contains("%s")
        && !template.chars().any(|c| c.is_control() || c.is_whitespace());
    if !is_template {
        return None;
    }
    let mut link = before.to_owned();
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            let _ = write!(link, "%{byte:02X}");
        }
    }
    link.push_str(after);
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{email, otp, sms};
    use super::*;

    fn renderer() -> Renderer {
        Renderer::new(&MailConfig {
            from: "keyward@operator.example".to_owned(),
            allowed_sender_domains: vec!["acme.example".to_owned()],
            ..MailConfig::default()
        })
        .unwrap()
    }

    fn with_template(html: &str) -> Result<Renderer, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail.html");
        std::fs::write(&path, html).unwrap();
        Renderer::new(&MailConfig {
            from: "keyward@operator.example".to_owned(),
            templates: [("mine".to_owned(), path)].into(),
            ..MailConfig::default()
        })
    }

    #[test]
    fn an_otp_mail_says_the_code_in_text_and_html() {
        let mail = renderer().render(&otp()).unwrap();
        assert_eq!(mail.subject, "Sign in to Acme");
        assert!(mail.text.contains("\n\nA1B2C3\n\n"), "{}", mail.text);
        assert!(mail.html.contains(">A1B2C3</p>"), "{}", mail.html);
        assert!(!mail.html.contains("<img") && !mail.html.contains("<a "));
        for mark in ["%title%", "%logo%", "%lead%", "%secret%", "%link%", "%note%"] {
            assert!(!mail.html.contains(mark), "{mark}");
        }
    }

    #[test]
    fn bundles_travel_as_text_and_in_the_link() {
        let bundle = "w99a5xV6A+/=".to_owned();
        for (purpose, subject) in [
            (EmailPurpose::Auth { bundle: bundle.clone() }, "Sign in to Acme"),
            (EmailPurpose::Recovery { bundle: bundle.clone() }, "Recover your Acme account"),
        ] {
            let mut asked = email(purpose);
            asked.magic_link_template = Some("https://acme.example/?a=1&b=%s".to_owned());
            let mail = renderer().render(&asked).unwrap();
            assert_eq!(mail.subject, subject);
            assert!(mail.text.contains(&bundle) && mail.html.contains(&bundle));
            assert!(mail.text.contains("https://acme.example/?a=1&b=w99a5xV6A%2B%2F%3D\n"));
            let href = "href=\"https://acme.example/?a=1&amp;b=w99a5xV6A%2B%2F%3D\"";
            assert!(mail.html.contains(href), "{}", mail.html);
        }
    }

    #[test]
    fn refuses_magic_links_that_are_none() {
        for template in [
            "https://acme.example/",
            "https://acme.example/%s/%s",
            "javascript:alert('%s')",
            "https://acme.example/\r\n%s",
        ] {
            let mut asked = otp();
            asked.magic_link_template = Some(template.to_owned());
            let refused = renderer().render(&asked).err();
            assert_eq!(refused, Some(DeliveryError::Permanent(Obstacle::MagicLink)), "{template}");
        }
    }

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let mut asked = otp();
        asked.app_name = Some("<b onclick='x'>\"&%note%".to_owned());
        asked.logo_url = Some("https://acme.example/\"><script>".to_owned());
        let mail = renderer().render(&asked).unwrap();
        assert!(!mail.html.contains("<b ") && !mail.html.contains("<script"));
        assert!(mail.html.contains("&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;%note%"));
        assert!(mail.html.contains("src=\"https://acme.example/&quot;&gt;&lt;script&gt;\""));
        assert_eq!(mail.subject, "Sign in to <b onclick='x'>\"&%note%");
    }

    #[test]
    fn leaves_out_logos_that_are_not_on_the_web() {
        for url in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "é"] {
            let mut asked = otp();
            asked.logo_url = Some(url.to_owned());
            assert!(!renderer().render(&asked).unwrap().html.contains("<img"), "{url}");
        }
    }

    #[test]
    fn names_cannot_add_headers() {
        let mut asked = otp();
        asked.app_name = Some("Acme\r\nBcc: all@example.org\u{2028}".to_owned());
        asked.sender = Sender {
            address: Some("hello@acme.example".to_owned()),
            name: Some("Acme\r\nBcc: all@example.org".to_owned()),
            reply_to: Some("a@acme.example\r\nBcc: all@example.org".to_owned()),
        };
        let mail = renderer().render(&asked).unwrap();
        assert_eq!(mail.subject, "Sign in to Acme  Bcc: all@example.org");
        assert_eq!(mail.from.name.as_deref(), Some("Acme  Bcc: all@example.org"));
        assert_eq!(mail.reply_to, None);
        asked.to = "a@example.org\r\nBcc: all@example.org".to_owned();
        let refused = renderer().render(&asked).err();
        assert_eq!(refused, Some(DeliveryError::Permanent(Obstacle::Recipient)));
    }

    #[test]
    fn senders_count_on_allowed_domains_only() {
        let operator = "keyward@operator.example";
        for (address, name, reply_to, expected) in [
            (None, None, None, (operator, "Notifications", None)),
            (None, Some("Acme"), None, (operator, "Notifications", None)),
            (
                None,
                None,
                Some("help@acme.example"),
                (operator, "Notifications", Some("help@acme.example")),
            ),
            (Some("hi@ACME.example"), None, None, ("hi@ACME.example", "Notifications", None)),
            (
                Some("hi@acme.example"),
                Some("Acme"),
                Some("help@acme.example"),
                ("hi@acme.example", "Acme", Some("help@acme.example")),
            ),
            (
                Some("hi@acme.example"),
                Some("Acme"),
                Some("help@evil.example"),
                ("hi@acme.example", "Acme", None),
            ),
            (
                Some("hi@evil.example"),
                Some("Acme"),
                Some("help@acme.example"),
                (operator, "Notifications", None),
            ),
            (Some("hi@sub.acme.example"), Some("Acme"), None, (operator, "Notifications", None)),
            (Some("hi@notacme.example"), Some("Acme"), None, (operator, "Notifications", None)),
        ] {
            let sender = Sender {
                address: address.map(str::to_owned),
                name: name.map(str::to_owned),
                reply_to: reply_to.map(str::to_owned),
            };
            let (from, reply_to) = renderer().sender(&sender);
            let found = (
                from.email.to_string(),
                from.name.unwrap_or_default(),
                reply_to.map(|address| address.to_string()),
            );
            let (address, name, reply_to) = expected;
            let expected = (address.to_owned(), name.to_owned(), reply_to.map(str::to_owned));
            assert_eq!(found, expected, "{sender:?}");
        }
    }

    #[test]
    fn the_application_is_keyward_when_it_has_no_name() {
        let mut asked = otp();
        asked.app_name = Some(" \n".to_owned());
        assert_eq!(renderer().render(&asked).unwrap().subject, "Sign in to Keyward");
    }

    #[test]
    fn an_operators_template_is_filled_in_and_escaped() {
        let renderer = with_template(
            "<p>{{.OtpCode}}|{{ .AppName }}|{{ .MagicLink }}|{{ .LogoUrl }}|{{ .Bundle }}|\
             {{ index .TemplateVariables \"user name\" }}|{{index .TemplateVariables \"none\"}}</p>",
        )
        .unwrap();
        let mut asked = otp();
        asked.template_id = Some("mine".to_owned());
        asked.magic_link_template = Some("https://acme.example/%s".to_owned());
        asked.template_variables =
            [("user name".to_owned(), "<i>{{ .OtpCode }}".to_owned())].into();
        let mail = renderer.render(&asked).unwrap();
        assert_eq!(
            mail.html,
            "<p>A1B2C3|Acme|https://acme.example/A1B2C3|||&lt;i&gt;{{ .OtpCode }}|</p>"
        );
        assert!(mail.text.contains("A1B2C3"));
    }

    #[test]
    fn refuses_templates_with_other_placeholders() {
        for (html, line) in [
            ("<p>\n{{ .Otp }}", 2),
            ("{{ range .Items }}", 1),
            ("{{- .OtpCode }}", 1),
            ("{{}}", 1),
            ("{{ index .TemplateVariables name }}", 1),
            ("{{ index .TemplateVariables \"a\" \"b\" }}", 1),
            ("\n\n{{ .OtpCode", 3),
        ] {
            let error = with_template(html).err().unwrap();
            let ConfigError::Template { source, .. } = error else { panic!("{error}") };
            assert!(source.to_string().contains(&format!("in line {line}")), "{source}");
        }
    }

    #[test]
    fn an_unknown_template_is_an_error() {
        let renderer = with_template("{{ .OtpCode }}").unwrap();
        assert!(renderer.knows_template("mine") && !renderer.knows_template("yours"));
        let mut asked = otp();
        asked.template_id = Some("yours".to_owned());
        let refused = renderer.render(&asked).err().unwrap();
        assert_eq!(refused.to_string(), "failed to get email template contents");
    }

    #[test]
    fn text_messages_hold_the_code() {
        let mut asked = sms();
        assert_eq!(sms_text(&asked).unwrap(), "Your Keyward code is A1B2C3");
        asked.app_name = Some("Acme".to_owned());
        assert_eq!(sms_text(&asked).unwrap(), "Your Acme code is A1B2C3");
        for (template, expected) in [
            ("{{.OtpCode}} is it", Some("A1B2C3 is it")),
            ("It is {{  .OtpCode }}, {{ .Other }} {{", Some("It is A1B2C3, {{ .Other }} {{")),
            ("{{ {{.OtpCode}} }}", Some("{{ A1B2C3 }}")),
            ("Your code", None),
            ("{{ .OtpCode", None),
        ] {
            asked.template = Some(template.to_owned());
            assert_eq!(sms_text(&asked).ok().as_deref(), expected, "{template}");
        }
    }
}
