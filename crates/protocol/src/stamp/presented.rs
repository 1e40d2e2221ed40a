//! What the headers of a request show, before anything is verified.

use std::fmt;

use super::{ApiKeyStamp, AttestedStamp, WebAuthnRefusal, WebAuthnStamp};
use crate::wire::TurnkeyErrorCode;

/// The values of the headers that authenticate a request, as they came; `None` when absent.
///
/// A header that came more than once is the caller's to refuse.
#[derive(Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `X-Stamp`.
    pub stamp: Option<&'a [u8]>,
    /// `X-Stamp-Webauthn`.
    pub webauthn: Option<&'a [u8]>,
    /// `X-Stamp-Attested`.
    pub attested: Option<&'a [u8]>,
    /// `X-Session`.
    pub session: Option<&'a [u8]>,
}

/// What a request shows of who sends it. Nothing is verified yet.
#[derive(Clone)]
pub enum Presented {
    /// `X-Stamp`.
    ApiKey(ApiKeyStamp),
    /// `X-Stamp-Webauthn`.
    WebAuthn(WebAuthnStamp),
    /// `X-Stamp-Attested`.
    Attested(AttestedStamp),
    /// `X-Session`: the token of a read-only session, as it came.
    Session(String),
    /// No such header, or only empty ones.
    Nothing,
}

impl Presented {
    /// Reads the headers. A header that is empty or blank counts as absent, and a session is not
    /// looked at when there is a stamp.
    ///
    /// # Errors
    ///
    /// [`StampError::Ambiguous`] when there is more than one stamp; the `…Unreadable` ones when the
    /// stamp has not the shape its header asks for.
    pub fn parse(headers: &Headers<'_>) -> Result<Self, StampError> {
        let present = [headers.stamp, headers.webauthn, headers.attested, headers.session]
            .map(|value| value.map(<[u8]>::trim_ascii).filter(|value| !value.is_empty()));
        match present {
            [Some(value), None, None, _] => ApiKeyStamp::parse(value).map(Self::ApiKey),
            [None, Some(value), None, _] => WebAuthnStamp::parse(value).map(Self::WebAuthn),
            [None, None, Some(value), _] => AttestedStamp::parse(value).map(Self::Attested),
            // Bytes that are no text make a token that nobody was given.
            [None, None, None, Some(token)] => {
                Ok(Self::Session(String::from_utf8_lossy(token).into_owned()))
            }
            [None, None, None, None] => Ok(Self::Nothing),
            _ => Err(StampError::Ambiguous),
        }
    }
}

impl fmt::Debug for Presented {
    /// The kind and no more: stamps and tokens stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiKey(_) => "ApiKey(..)",
            Self::WebAuthn(_) => "WebAuthn(..)",
            Self::Attested(_) => "Attested(..)",
            Self::Session(_) => "Session(..)",
            Self::Nothing => "Nothing",
        })
    }
}

/// Why a stamp does not authenticate its request. All travel as HTTP 401, gRPC code 16.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StampError {
    /// More than one of the three stamp headers.
    #[error(
        "ambiguous stamps: only one of X-Stamp, X-Stamp-Webauthn and X-Stamp-Attested may be sent"
    )]
    Ambiguous,
    /// `X-Stamp` is not base64url of the JSON object it should be, or names an unknown scheme.
    #[error("could not extract api key stamp")]
    ApiKeyStampUnreadable,
    /// `X-Stamp-Webauthn` is not the JSON object it should be.
    #[error("could not extract webauthn stamp")]
    WebAuthnStampUnreadable,
    /// `X-Stamp-Attested` is not the JSON object it should be, or names an unknown scheme.
    #[error("malformed activity stamp")]
    AttestedStampUnreadable,
    /// The scheme is not one for the curve the key is registered with.
    #[error("could not verify api key signature")]
    SchemeMismatch,
    /// The signature is not the key's over this body.
    #[error("could not verify api key signature")]
    SignatureMismatch,
    /// One of the checks of a WebAuthn assertion failed.
    #[error("could not verify WebAuthN signature")]
    WebAuthnRefused(#[source] WebAuthnRefusal),
}

impl StampError {
    /// The finer name it travels under.
    pub const fn name(&self) -> TurnkeyErrorCode {
        TurnkeyErrorCode::SignatureInvalid
    }
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{P256PrivateKey, SeededRng};
    use proptest::prelude::*;

    use super::*;
    use crate::stamp::{AttestedScheme, SoftwareAuthenticator, make};

    fn stamps() -> [String; 3] {
        let mut rng = SeededRng::from_seed([5; 32]);
        let key = P256PrivateKey::generate(&mut rng);
        let passkey =
            SoftwareAuthenticator::generate(&mut rng, "example.com", "https://example.com");
        [
            make::p256(&key, b"{}"),
            passkey.stamp(b"{}"),
            make::attested(&key, AttestedScheme::Oidc, "a.b.c", b"{}"),
        ]
    }

    #[test]
    fn more_than_one_stamp_is_ambiguous() {
        let [api_key, webauthn, attested] = &stamps();
        let [api_key, webauthn, attested] =
            [api_key, webauthn, attested].map(|value| Some(value.as_bytes()));
        for headers in [
            Headers { stamp: api_key, webauthn, ..Headers::default() },
            Headers { stamp: api_key, attested, ..Headers::default() },
            Headers { webauthn, attested, ..Headers::default() },
            Headers { stamp: api_key, webauthn, attested, session: Some(b"token") },
            Headers { stamp: Some(b"nonsense"), webauthn, ..Headers::default() },
        ] {
            assert_eq!(Presented::parse(&headers).err(), Some(StampError::Ambiguous));
        }
    }

    #[test]
    fn a_stamp_counts_and_the_session_beside_it_does_not() {
        let [api_key, ..] = &stamps();
        let headers = Headers {
            stamp: Some(api_key.as_bytes()),
            session: Some(b"token"),
            ..Headers::default()
        };
        assert!(matches!(Presented::parse(&headers), Ok(Presented::ApiKey(_))));
        let headers = Headers { session: Some(b"token"), ..Headers::default() };
        assert!(
            matches!(Presented::parse(&headers), Ok(Presented::Session(token)) if token == "token")
        );
    }

    #[test]
    fn a_bad_stamp_is_not_covered_by_a_session() {
        let headers =
            Headers { stamp: Some(b"nonsense"), session: Some(b"token"), ..Headers::default() };
        assert_eq!(Presented::parse(&headers).err(), Some(StampError::ApiKeyStampUnreadable));
    }

    #[test]
    fn empty_and_blank_headers_are_absent() {
        let headers = Headers {
            stamp: Some(b""),
            webauthn: Some(b"  "),
            attested: Some(b"\t"),
            session: Some(b""),
        };
        assert!(matches!(Presented::parse(&headers), Ok(Presented::Nothing)));
        assert!(matches!(Presented::parse(&Headers::default()), Ok(Presented::Nothing)));
    }

    #[test]
    fn logs_show_no_stamp_and_no_token() {
        let [api_key, webauthn, attested] = &stamps();
        let session = Headers { session: Some(b"token"), ..Headers::default() };
        assert_eq!(format!("{:?}", Presented::parse(&session).unwrap()), "Session(..)");
        let api_key = ApiKeyStamp::parse(api_key.as_bytes()).unwrap();
        let webauthn = WebAuthnStamp::parse(webauthn.as_bytes()).unwrap();
        let attested = AttestedStamp::parse(attested.as_bytes()).unwrap();
        assert!(!format!("{api_key:?}").contains(&api_key.signature_hex));
        assert!(!format!("{webauthn:?}").contains("signature"));
        let attested_text = format!("{attested:?}");
        assert!(!attested_text.contains(&attested.token), "{attested_text}");
        assert!(!attested_text.contains(&attested.signature_hex), "{attested_text}");
    }

    #[test]
    fn error_texts_are_the_documented_ones() {
        let texts = [
            StampError::Ambiguous,
            StampError::ApiKeyStampUnreadable,
            StampError::WebAuthnStampUnreadable,
            StampError::AttestedStampUnreadable,
            StampError::SchemeMismatch,
            StampError::SignatureMismatch,
            StampError::WebAuthnRefused(WebAuthnRefusal::WrongChallenge),
        ]
        .map(|error| format!("{:?} {error}", error.name()))
        .join("\n");
        insta::assert_snapshot!(texts, @r"
        SignatureInvalid ambiguous stamps: only one of X-Stamp, X-Stamp-Webauthn and X-Stamp-Attested may be sent
        SignatureInvalid could not extract api key stamp
        SignatureInvalid could not extract webauthn stamp
        SignatureInvalid malformed activity stamp
        SignatureInvalid could not verify api key signature
        SignatureInvalid could not verify api key signature
        SignatureInvalid could not verify WebAuthN signature
        ");
    }

    proptest! {
        #[test]
        fn parse_never_panics(
            stamp in proptest::option::of(any::<Vec<u8>>()),
            webauthn in proptest::option::of(any::<Vec<u8>>()),
            attested in proptest::option::of(any::<Vec<u8>>()),
            session in proptest::option::of(any::<Vec<u8>>()),
        ) {
            let _ = Presented::parse(&Headers {
                stamp: stamp.as_deref(),
                webauthn: webauthn.as_deref(),
                attested: attested.as_deref(),
                session: session.as_deref(),
            });
        }

        /// Arbitrary bytes seldom come past the base64; a damaged stamp does.
        #[test]
        fn neither_parse_nor_verify_panics_on_a_damaged_stamp(
            at in any::<prop::sample::Index>(),
            with in any::<Vec<u8>>(),
        ) {
            let passkey = SoftwareAuthenticator::generate(
                &mut SeededRng::from_seed([6; 32]),
                "example.com",
                "https://example.com",
            );
            let key = passkey.key();
            for stamp in stamps() {
                let mut value = stamp.into_bytes();
                let start = at.index(value.len());
                let end = value.len().min(start + with.len());
                value.splice(start..end, with.iter().copied());
                for headers in [
                    Headers { stamp: Some(&value), ..Headers::default() },
                    Headers { webauthn: Some(&value), ..Headers::default() },
                    Headers { attested: Some(&value), ..Headers::default() },
                ] {
                    match Presented::parse(&headers) {
                        Ok(Presented::ApiKey(stamp)) => drop(stamp.verify(b"{}")),
                        Ok(Presented::WebAuthn(stamp)) => drop(stamp.verify(b"{}", &key, None)),
                        Ok(Presented::Attested(stamp)) => drop(stamp.verify(b"{}")),
                        _ => {}
                    }
                }
            }
        }
    }
}
