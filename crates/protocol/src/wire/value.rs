//! Single values of requests: text on the wire, checked here once.

use std::str::FromStr;

use super::InvalidRequest;
use super::TurnkeyErrorCode;
use super::enums::ApiKeyCurve;

const LONGEST_LABEL: usize = 255;
const LONGEST_EMAIL: usize = 254;
const LONGEST_URL: usize = 2048;
/// The hash in a fingerprint: `sha256:` and 64 hexadecimal digits.
pub fn fingerprint(text: &str) -> Result<[u8; 32], InvalidRequest> {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).map_err(|_| {
        InvalidRequest::new("malformed fingerprint").at("fingerprint", "sha256: and 64 digits")
    })?;
    Ok(digest)
}

/// A hundred years; keeps every end of a lifetime representable.
const LONGEST_LIFETIME_SECONDS: u64 = 100 * 365 * 24 * 3600;

/// A name: 1 to 255 characters beside white space around it, none of them a control character.
pub fn label(field: &str, text: String) -> Result<String, InvalidRequest> {
    let length = text.trim().chars().count();
    if length == 0 || length > LONGEST_LABEL || text.chars().any(char::is_control) {
        let rule = "must be 1 to 255 characters, without control characters";
        return Err(InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule));
    }
    Ok(text)
}

/// A name that may be absent.
pub fn optional_label(field: &str, text: Option<String>) -> Result<Option<String>, InvalidRequest> {
    text.map(|text| label(field, text)).transpose()
}

/// An id of any kind: a UUID.
pub fn id<T: FromStr>(field: &str, text: &str) -> Result<T, InvalidRequest> {
    text.parse().map_err(|_| {
        InvalidRequest::new(format!("invalid {field}: must be a UUID")).at(field, "must be a UUID")
    })
}

/// A URL that can be sent to: absolute, `https` or `http`, at most 2048 printable ASCII characters, without a fragment.
/// Whether it may be sent to is the server's affair.
pub fn url(field: &str, text: String) -> Result<String, InvalidRequest> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let well_formed = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.len() <= LONGEST_URL
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if well_formed {
        Ok(text)
    } else {
        let rule = "must be an https URL of at most 2048 characters, without a fragment";
        Err(InvalidRequest::new(format!("invalid {field}: {rule}")).at(field, rule))
    }
}

/// A list of ids; repetitions count once.
pub fn ids<T: FromStr + PartialEq>(
    field: &str,
    texts: &[String],
) -> Result<Vec<T>, InvalidRequest> {
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let id = id(field, text)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// A list of ids that names something.
pub fn some_ids<T: FromStr + PartialEq>(
    field: &str,
    texts: &[String],
) -> Result<Vec<T>, InvalidRequest> {
    if texts.is_empty() {
        return Err(InvalidRequest::new(format!("invalid {field}: must not be empty")));
    }
    ids(field, texts)
}

/// An e-mail address, by its syntax: a local part, one `@`, a domain with a dot. `None` for the empty
/// string.
pub fn email(text: Option<String>) -> Result<Option<String>, InvalidRequest> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let well_formed = text.len() <= LONGEST_EMAIL
        && text
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !"<>(),;:\\\"[]".contains(c))
        && text.split_once('@').is_some_and(|(local, domain)| {
            let labels: Vec<&str> = domain.split('.').collect();
            !local.is_empty()
                && local.len() <= 64
                && !domain.contains('@')
                && labels.len() >= 2
                && labels.iter().all(|label| {
                    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
                })
        });
    if well_formed {
        Ok(Some(text))
    } else {
        Err(InvalidRequest::named(TurnkeyErrorCode::InvalidEmail, "invalid email address"))
    }
}

/// A phone number in E.164 form. `None` for the empty string.
pub fn phone_number(text: Option<String>) -> Result<Option<String>, InvalidRequest> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let digits = text.strip_prefix('+').unwrap_or_default();
    let well_formed = (7..=15).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0');
    if well_formed {
        Ok(Some(text))
    } else {
        Err(InvalidRequest::new("invalid phone number: must be E.164, such as +15551234567"))
    }
}

/// The lifetime of an API key.
pub fn expiration_seconds(text: Option<String>) -> Result<Option<u64>, InvalidRequest> {
    lifetime("api key expiration", text)
}

/// A lifetime in seconds, decimal, more than zero. `None` for the empty string.
pub fn lifetime(of: &str, text: Option<String>) -> Result<Option<u64>, InvalidRequest> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse()
        .ok()
        .filter(|seconds| (1..=LONGEST_LIFETIME_SECONDS).contains(seconds))
        .map(Some)
        .ok_or_else(|| InvalidRequest::new(format!("invalid {of}")))
}

/// The public key of an API key, as lower-case hex. Its length and prefix are checked, not that it is a
/// point of the curve: a key that isn't can never verify anything.
pub fn api_public_key(curve: ApiKeyCurve, text: &str) -> Result<String, InvalidRequest> {
    let text = text.to_ascii_lowercase();
    let hexadecimal = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let well_formed = match curve {
        ApiKeyCurve::P256 | ApiKeyCurve::Secp256k1 => {
            text.len() == 66 && (text.starts_with("02") || text.starts_with("03"))
        }
        ApiKeyCurve::Ed25519 => text.len() == 64,
    };
    if hexadecimal && well_formed {
        Ok(text)
    } else {
        Err(InvalidRequest::new(format!("invalid public key for {}", curve.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_something_printable() {
        assert!(label("name", "ops".to_owned()).is_ok());
        assert!(label("name", "ü".repeat(255)).is_ok());
        for bad in [String::new(), "  ".to_owned(), "a\nb".to_owned(), "x".repeat(256)] {
            assert!(label("name", bad.clone()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn urls_are_absolute_and_plain() {
        assert!(url("url", "https://a.example/b?c".to_owned()).is_ok());
        let long = format!("https://a.example/{}", "b".repeat(2048));
        for bad in [
            "",
            "a.example",
            "https://",
            "https:///b",
            "ftp://a",
            "https://a/#b",
            "https://a b",
            &long,
        ] {
            assert!(url("url", bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn emails_have_two_sides_and_a_dotted_domain() {
        for good in ["a@b.co", "first.last+tag@sub.example.com", "user@bücher.example"] {
            assert!(email(Some(good.to_owned())).is_ok(), "{good}");
        }
        for bad in ["a", "@b.co", "a@", "a@b", "a@b..co", "a b@c.de", "a@b@c.de", "a@-b.co"] {
            assert!(email(Some(bad.to_owned())).is_err(), "{bad}");
        }
        assert_eq!(email(Some(String::new())), Ok(None));
    }

    #[test]
    fn phone_numbers_are_e164() {
        assert!(phone_number(Some("+15551234567".to_owned())).is_ok());
        for bad in ["15551234567", "+0555123456", "+1555123456789012", "+1 555 1234567", "+12345"] {
            assert!(phone_number(Some(bad.to_owned())).is_err(), "{bad}");
        }
    }

    #[test]
    fn lifetimes_are_whole_seconds_above_zero() {
        assert_eq!(expiration_seconds(None), Ok(None));
        assert_eq!(expiration_seconds(Some("3600".to_owned())), Ok(Some(3600)));
        for bad in ["0", "-1", "1.5", "soon", "99999999999999999999"] {
            let refusal = expiration_seconds(Some(bad.to_owned())).unwrap_err();
            assert_eq!(refusal.to_string(), "invalid api key expiration", "{bad}");
        }
    }
}
