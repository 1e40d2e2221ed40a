//! Identity providers' tokens: what they say, and whether to believe it.
//!
//! Fetching a provider's keys is the shell's; here is only what can be judged with the keys at hand. Keys
//! that a token itself carries or points at (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_crypto::{JwsAlgorithm, JwsKey, SecretBytes};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Number, Value};
use thiserror::Error;

use crate::client_signature::oidc_nonce;
use crate::engine::jwt::Parts;
use crate::engine::model::IndexKey;
use crate::wire::Timestamp;

/// Why a token or a key set was refused.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum OidcError {
    /// Not a JWT in compact form, too long, a claim of another type, or a critical extension.
    #[error("OIDC token is malformed")]
    Malformed,
    /// `none`, an algorithm with a shared secret, any other unknown one, or one that is not the key's.
    #[error("OIDC token has a signature algorithm that is not allowed")]
    AlgorithmNotAllowed,
    /// No key of the set has the token's key id; or it has none, and there is not exactly one key to try.
    #[error("OIDC token is signed by an unknown key")]
    UnknownKey,
    /// Not the key's signature.
    #[error("OIDC token has an invalid signature")]
    InvalidSignature,
    /// Its time is over.
    #[error("OIDC token has expired")]
    Expired,
    /// It was issued, or begins to be valid, in the future.
    #[error("OIDC token is not valid yet")]
    NotYetValid,
    /// A claim that has to be there is absent or empty.
    #[error("OIDC token has no {0}")]
    MissingClaim(&'static str),
    /// Not a JSON object with a list of keys, or too long.
    #[error("OIDC key set is malformed")]
    InvalidKeySet,
    /// More keys than any provider has.
    #[error("OIDC key set has too many keys")]
    TooManyKeys,
}

/// The issuer that a token claims. Nothing is verified: only to know whose keys to fetch.
pub fn peek_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let Claims { iss } = Parts::split(token, MAX_TOKEN)?.claims()?;
    Some(iss).filter(|issuer| !issuer.is_empty())
}

/// What the account that a token claims to be of is looked up by, for each of its audiences. Nothing is
/// verified: only to know whether there is such an account.
pub fn claimed_keys(token: &str) -> Option<Vec<IndexKey>> {
    let claims: Claims = Parts::split(token, MAX_TOKEN)?.claims()?;
    let (issuer, subject) = (claims.iss?, claims.sub?);
    let audiences = match claims.aud? {
        Audience::One(audience) => vec![audience],
        Audience::Several(audiences) => audiences,
    };
    // Nothing that is registered holds the character that parts the claims.
    let is_plain = |claim: &String| !claim.is_empty() && !claim.contains('\u{0}');
    let all_plain = [&issuer, &subject].into_iter().chain(&audiences).all(is_plain);
    if !all_plain || audiences.is_empty() || audiences.len() > MAX_AUDIENCES {
        return None;
    }
    let keys = audiences.iter().map(|audience| IndexKey::identity(&issuer, audience, &subject));
    Some(keys.collect())
}

/// A provider's public keys, as far as they can be used to verify signatures.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<JwsAlgorithm>,
    public: JwsKey,
}

impl KeySet {
    /// Reads a JWK set.
    ///
    /// Keys of an unknown type, curve, use or algorithm are left out, and so are keys that are not valid or
    /// too weak: none of them makes the others unusable.
    ///
    /// # Errors
    ///
    /// [`OidcError::InvalidKeySet`] for another form or more than 256 KiB, [`OidcError::TooManyKeys`] for more
    /// than 64 keys, usable or not.
    ///
    /// Source: RFC 7517 §5.
    pub fn parse(json: &[u8]) -> Result<Self, OidcError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        if json.len() > MAX_KEY_SET || !json.trim_ascii_start().starts_with(b"{") {
            return Err(OidcError::InvalidKeySet);
        }
        let Set { keys } = serde_json::from_slice(json).map_err(|_| OidcError::InvalidKeySet)?;
        if keys.len() > MAX_KEYS {
            return Err(OidcError::TooManyKeys);
        }
        Ok(Self(keys.iter().filter_map(read_key).collect()))
    }

    /// How many usable keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key is usable.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that may have signed a token with this header.
    fn candidates(
        &self,
        id: Option<&str>,
        algorithm: JwsAlgorithm,
    ) -> Result<Vec<&JwsKey>, OidcError> {
        let may_be = |key: &&Key| match id {
            Some(id) => key.id.as_deref() == Some(id),
            None => key.public.fits(algorithm),
        };
        let named: Vec<&Key> = self.0.iter().filter(may_be).collect();
        if named.is_empty() || (id.is_none() && named.len() > 1) {
            return Err(OidcError::UnknownKey);
        }
        let allowed: Vec<&JwsKey> = named
            .into_iter()
            .filter(|key| key.algorithm.is_none_or(|its| its == algorithm))
            .map(|key| &key.public)
            .filter(|key| key.fits(algorithm))
            .collect();
        if allowed.is_empty() { Err(OidcError::AlgorithmNotAllowed) } else { Ok(allowed) }
    }
}

/// An identity token that has been verified against its issuer's keys.
///
/// Whether the issuer, the audience and the subject are somebody's is not decided here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdToken {
    /// `iss`, never empty.
    pub issuer: String,
    /// `sub`, never empty.
    pub subject: String,
    /// `aud`, never empty.
    pub audiences: Vec<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `tknonce`: stands in where a provider does not let clients choose the nonce.
    pub tknonce: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// Whether the issuer says that the address is the subject's: `email_verified` is true, or `"true"`.
    pub email_verified: bool,
    /// `exp`.
    pub expires_at: Timestamp,
}

impl IdToken {
    /// Whether the token was asked for by somebody who meant it for this key: one of the two nonces is
    /// the hash of the key's text, as sent or in lower case. Compared in constant time.
    ///
    /// Source: `nonce` = lower-case hex of SHA-256 over the hex text of the public key.
    pub fn binds(&self, public_key_text: &str) -> bool {
        let lower = public_key_text.to_ascii_lowercase();
        let mut bound = false;
        for text in [public_key_text, &lower] {
            let hash = SecretBytes::new(oidc_nonce(text).into_bytes());
            for nonce in [&self.nonce, &self.tknonce].into_iter().flatten() {
                bound |= hash.matches(nonce.as_bytes());
            }
        }
        bound
    }
}

/// Verifies a token with its issuer's keys. All times have a leeway of 60 seconds.
///
/// A token that names a key is verified with keys of that name only; one that doesn't, with the only key
/// of the type its algorithm needs.
///
/// # Errors
///
/// What is wrong with it, by [`OidcError`]'s variants. After [`OidcError::UnknownKey`] it is worth fetching
/// the keys again, once.
///
/// Source: RFC 7519 §7.2, RFC 8725 §3, `OpenID` Connect Core 1.0 §3.1.3.7.
pub fn verify(token: &str, keys: &KeySet, now: Timestamp) -> Result<IdToken, OidcError> {
    let parts = Parts::split(token, MAX_TOKEN).ok_or(OidcError::Malformed)?;
    let header: Header = parts.header().ok_or(OidcError::Malformed)?;
    if header.crit.is_some() {
        return Err(OidcError::Malformed);
    }
    let algorithm = JwsAlgorithm::from_name(&header.alg).ok_or(OidcError::AlgorithmNotAllowed)?;
    let signature = parts.signature().ok_or(OidcError::Malformed)?;
    let input = parts.signing_input.as_bytes();
    let mut candidates = keys.candidates(header.kid.as_deref(), algorithm)?.into_iter();
    if !candidates.any(|key| key.verify(algorithm, input, &signature)) {
        return Err(OidcError::InvalidSignature);
    }
    parts.claims::<Claims>().ok_or(OidcError::Malformed)?.judge(now)
}

const MAX_TOKEN: usize = 16 * 1024;
const MAX_KEY_SET: usize = 256 * 1024;
const MAX_KEYS: usize = 64;
const MAX_AUDIENCES: usize = 16;
const LEEWAY_SECONDS: u64 = 60;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Present with any value, `null` included, it means something that is not understood here.
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<IgnoredAny>, D::Error> {
    IgnoredAny::deserialize(value).map(Some)
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<Number>,
    iat: Option<Number>,
    nbf: Option<Number>,
    nonce: Option<String>,
    tknonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    fn judge(self, now: Timestamp) -> Result<IdToken, OidcError> {
        let text = |claim: Option<String>, name| {
            claim.filter(|text| !text.is_empty()).ok_or(OidcError::MissingClaim(name))
        };
        let expires_at = instant(&self.exp.ok_or(OidcError::MissingClaim("exp"))?)?;
        if expires_at.plus_seconds(LEEWAY_SECONDS) <= now {
            return Err(OidcError::Expired);
        }
        for begins in [&self.iat, &self.nbf].into_iter().flatten() {
            if instant(begins)? > now.plus_seconds(LEEWAY_SECONDS) {
                return Err(OidcError::NotYetValid);
            }
        }
        let mut audiences = match self.aud {
            None => Vec::new(),
            Some(Audience::One(audience)) => vec![audience],
            Some(Audience::Several(audiences)) => audiences,
        };
        audiences.retain(|audience| !audience.is_empty());
        if audiences.is_empty() {
            return Err(OidcError::MissingClaim("aud"));
        }
        let verified = self.email_verified;
        Ok(IdToken {
            issuer: text(self.iss, "iss")?,
            subject: text(self.sub, "sub")?,
            audiences,
            nonce: self.nonce,
            tknonce: self.tknonce,
            email: self.email,
            email_verified: verified.is_some_and(|it| it == true || it == "true"),
            expires_at,
        })
    }
}

/// A number of seconds, perhaps with a fraction, which is dropped. Source: `NumericDate` of RFC 7519 §2.
fn instant(number: &Number) -> Result<Timestamp, OidcError> {
    let text = number.to_string();
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    if text.contains(['e', 'E']) {
        return Err(OidcError::Malformed);
    }
    let seconds = whole.parse().map_err(|_| OidcError::Malformed)?;
    Ok(Timestamp::from_millis(0).plus_seconds(seconds))
}

/// A key that signatures can be verified with; `None` for anything else.
fn read_key(jwk: &Value) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    if jwk.get("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let verifies = |operations: &Value| {
        operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"))
    };
    if !jwk.get("key_ops").is_none_or(verifies) {
        return None;
    }
    let algorithm = match jwk.get("alg") {
        None => None,
        Some(name) => Some(JwsAlgorithm::from_name(name.as_str()?)?),
    };
    let public = match (text("kty")?, text("crv")) {
        ("RSA", _) => JwsKey::rsa(&bytes("n")?, &bytes("e")?),
        ("EC", Some("P-256")) => JwsKey::p256(&bytes("x")?, &bytes("y")?),
        ("EC", Some("P-384")) => JwsKey::p384(&bytes("x")?, &bytes("y")?),
        ("OKP", Some("Ed25519")) => JwsKey::ed25519(&bytes("x")?),
        _ => return None,
    };
    Some(Key { id: text("kid").map(str::to_owned), algorithm, public: public.ok()? })
}

#[cfg(test)]
mod tests {
    use keyward_crypto::{Ed25519PrivateKey, P256PrivateKey, RsaPrivateKey, SeededRng, sha256};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::engine::jwt::{jwk, sign_es256, thumbprint};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn key(seed: u8) -> P256PrivateKey {
        P256PrivateKey::generate(&mut SeededRng::from_seed([seed; 32]))
    }

    fn set(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn claims() -> Value {
        let exp = NOW.as_seconds() + 300;
        json!({ "iss": "https://i", "sub": "s", "aud": "a", "exp": exp, "iat": NOW.as_seconds() })
    }

    fn ours(claims: &Value) -> Result<IdToken, OidcError> {
        let keys = set(&[jwk(&key(1).public_key(), "k")]);
        verify(&sign_es256(Some("k"), &claims.to_string(), &key(1)), &keys, NOW)
    }

    fn with_header(header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(header), encode(&claims()));
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(sign(input.as_bytes())))
    }

    fn p256_signed(header: &Value) -> String {
        with_header(header, |input| key(1).sign(input).to_bytes().to_vec())
    }

    #[test]
    fn reads_what_a_token_says() {
        let mut all = claims();
        all["nonce"] = json!("n");
        all["tknonce"] = json!("t");
        all["email"] = json!("a@b");
        all["email_verified"] = json!("true");
        all["exp"] = json!(1_700_000_300.75);
        all["jku"] = json!("https://evil");
        let token = ours(&all).unwrap();
        assert_eq!((token.issuer.as_str(), token.subject.as_str()), ("https://i", "s"));
        assert_eq!(token.audiences, ["a"]);
        assert_eq!((token.nonce.as_deref(), token.tknonce.as_deref()), (Some("n"), Some("t")));
        assert!(token.email_verified);
        assert_eq!(token.expires_at, NOW.plus_seconds(300));
        let signed = sign_es256(None, &all.to_string(), &key(1));
        assert_eq!(peek_issuer(&signed).as_deref(), Some("https://i"));
        for (value, verified) in
            [(json!(true), true), (json!(false), false), (json!("false"), false), (json!(1), false)]
        {
            all["email_verified"] = value;
            assert_eq!(ours(&all).unwrap().email_verified, verified);
        }
        all["aud"] = json!(["a", "b"]);
        assert_eq!(ours(&all).unwrap().audiences, ["a", "b"]);
    }

    #[test]
    fn says_what_is_wrong_with_the_claims() {
        let now = NOW.as_seconds();
        for (name, value, error) in [
            ("iss", Value::Null, OidcError::MissingClaim("iss")),
            ("iss", json!(""), OidcError::MissingClaim("iss")),
            ("sub", Value::Null, OidcError::MissingClaim("sub")),
            ("sub", json!(""), OidcError::MissingClaim("sub")),
            ("aud", Value::Null, OidcError::MissingClaim("aud")),
            ("aud", json!([]), OidcError::MissingClaim("aud")),
            ("exp", Value::Null, OidcError::MissingClaim("exp")),
            ("exp", json!(now - 60), OidcError::Expired),
            ("exp", json!("4102444800"), OidcError::Malformed),
            ("exp", json!(-1), OidcError::Malformed),
            ("exp", json!(1e300), OidcError::Malformed),
            ("iat", json!(now + 61), OidcError::NotYetValid),
            ("nbf", json!(now + 61), OidcError::NotYetValid),
            ("aud", json!([1]), OidcError::Malformed),
            ("sub", json!(1), OidcError::Malformed),
        ] {
            let mut claims = claims();
            claims[name] = value;
            assert_eq!(ours(&claims), Err(error), "{claims}");
        }
        for (name, value) in [("exp", now - 59), ("iat", now + 60), ("nbf", now + 60)] {
            let mut claims = claims();
            claims[name] = json!(value);
            assert!(ours(&claims).is_ok(), "{claims}");
        }
    }

    #[test]
    fn no_algorithm_but_the_keys_own_is_allowed() {
        let keys = set(&[jwk(&key(1).public_key(), "k")]);
        for alg in ["none", "None", "HS256", "HS384", "HS512", "PS256", "ES512", "ES256K", ""] {
            let token = p256_signed(&json!({ "alg": alg, "kid": "k" }));
            assert_eq!(verify(&token, &keys, NOW), Err(OidcError::AlgorithmNotAllowed), "{alg}");
        }
        // A MAC under the public key, which everybody knows; and a token without signature.
        let public = key(1).public_key().uncompressed();
        let token = with_header(&json!({ "alg": "HS256", "kid": "k" }), |input| {
            keyward_crypto::hmac_sha256(&public, input).to_vec()
        });
        assert_eq!(verify(&token, &keys, NOW), Err(OidcError::AlgorithmNotAllowed));
        let token = with_header(&json!({ "alg": "none" }), |_| Vec::new());
        assert_eq!(verify(&token, &keys, NOW), Err(OidcError::AlgorithmNotAllowed));
        // Allowed as such, but not with this key.
        for alg in ["RS256", "ES384", "EdDSA"] {
            let token = p256_signed(&json!({ "alg": alg, "kid": "k" }));
            assert_eq!(verify(&token, &keys, NOW), Err(OidcError::AlgorithmNotAllowed), "{alg}");
        }
        // The key says that it is for something else than its type allows.
        let mut other = jwk(&key(1).public_key(), "k");
        other["alg"] = json!("RS256");
        let token = p256_signed(&json!({ "alg": "ES256", "kid": "k" }));
        assert_eq!(verify(&token, &set(&[other]), NOW), Err(OidcError::AlgorithmNotAllowed));
    }

    #[test]
    fn a_named_key_is_the_only_one_tried() {
        let (one, two) = (jwk(&key(1).public_key(), "1"), jwk(&key(2).public_key(), "2"));
        let keys = set(&[one.clone(), two.clone()]);
        let signed = |header: Value| p256_signed(&header);
        let check = |header: Value, keys: &KeySet| verify(&signed(header), keys, NOW).map(|_| ());
        assert_eq!(check(json!({ "alg": "ES256", "kid": "1" }), &keys), Ok(()));
        assert_eq!(
            check(json!({ "alg": "ES256", "kid": "2" }), &keys),
            Err(OidcError::InvalidSignature)
        );
        assert_eq!(check(json!({ "alg": "ES256", "kid": "3" }), &keys), Err(OidcError::UnknownKey));
        assert_eq!(check(json!({ "alg": "ES256" }), &keys), Err(OidcError::UnknownKey));
        assert_eq!(
            check(json!({ "alg": "ES256" }), &KeySet::default()),
            Err(OidcError::UnknownKey)
        );
        let rsa = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 256]), "e": "AQAB" });
        assert_eq!(check(json!({ "alg": "ES256" }), &set(&[rsa.clone(), one.clone()])), Ok(()));
        assert_eq!(check(json!({ "alg": "ES256" }), &set(&[rsa])), Err(OidcError::UnknownKey));
        // What the token itself offers is not looked at.
        let header = json!({ "alg": "ES256", "kid": "2", "jwk": one, "jku": "https://evil" });
        assert_eq!(check(header, &keys), Err(OidcError::InvalidSignature));
        for crit in [json!(["b64"]), json!([]), Value::Null] {
            let header = json!({ "alg": "ES256", "kid": "1", "crit": crit });
            assert_eq!(check(header, &keys), Err(OidcError::Malformed));
        }
    }

    #[test]
    fn verifies_every_kind_of_key_that_can_be_made_here() {
        let rsa = RsaPrivateKey::generate();
        let edwards = Ed25519PrivateKey::from_bytes(&[7; 32]).unwrap();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let keys = set(&[
            json!({ "kty": "RSA", "kid": "r", "n": encode(&rsa.modulus()), "e": "AQAB", "use": "sig" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": "e",
                    "x": encode(&edwards.public_key().to_bytes()), "key_ops": ["verify"] }),
        ]);
        assert_eq!(keys.len(), 2);
        let token = with_header(&json!({ "alg": "RS256", "kid": "r" }), |input| {
            rsa.sign_pkcs1_sha256(input)
        });
        assert!(verify(&token, &keys, NOW).is_ok());
        let token = with_header(&json!({ "alg": "EdDSA" }), |input| edwards.sign(input).to_vec());
        assert!(verify(&token, &keys, NOW).is_ok());
    }

    #[test]
    fn leaves_out_keys_that_it_cannot_use() {
        let good = jwk(&key(1).public_key(), "k");
        let with = |name: &str, value: Value| {
            let mut key = good.clone();
            key[name] = value;
            key
        };
        let keys = set(&[
            good.clone(),
            with("kty", json!("oct")),
            with("kty", json!(1)),
            with("crv", json!("secp256k1")),
            with("use", json!("enc")),
            with("alg", json!("ECDH-ES")),
            with("key_ops", json!(["sign"])),
            with("x", json!("AA")),
            with("x", json!("!")),
            json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB" }),
            json!(1),
            Value::Null,
        ]);
        assert_eq!(keys.len(), 1);
        assert!(!keys.is_empty());
        let parse = |json: Value| KeySet::parse(json.to_string().as_bytes()).map(|set| set.len());
        assert_eq!(parse(json!({ "keys": vec![good.clone(); 64] })), Ok(64));
        assert_eq!(parse(json!({ "keys": vec![good; 65] })), Err(OidcError::TooManyKeys));
        for bad in [json!([]), json!({}), json!({ "keys": 1 }), json!([[]]), json!("keys")] {
            assert_eq!(parse(bad), Err(OidcError::InvalidKeySet));
        }
        assert_eq!(
            KeySet::parse(&vec![b' '; MAX_KEY_SET + 1]).map(|_| ()),
            Err(OidcError::InvalidKeySet)
        );
    }

    #[test]
    fn binds_the_key_whose_text_was_hashed() {
        let text = "02ABcd";
        let mut token = ours(&claims()).unwrap();
        assert!(!token.binds(text));
        for hashed in [text, "02abcd"] {
            let nonce = hex::encode(sha256(hashed.as_bytes()));
            token.nonce = Some(nonce.clone());
            token.tknonce = None;
            assert!(token.binds(text), "{hashed}");
            assert!(!token.binds("02abce"));
            token.nonce = Some("other".to_owned());
            assert!(!token.binds(text));
            token.tknonce = Some(nonce);
            assert!(token.binds(text));
        }
    }

    #[test]
    fn our_own_key_is_found_by_its_thumbprint() {
        let public = key(1).public_key();
        let keys = set(&[jwk(&public, &thumbprint(&public))]);
        let token = sign_es256(Some(&thumbprint(&public)), &claims().to_string(), &key(1));
        assert!(verify(&token, &keys, NOW).is_ok());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".*") {
            let _ = KeySet::parse(&bytes);
            let _ = KeySet::parse(text.as_bytes());
            let _ = peek_issuer(&text);
            let keys = set(&[jwk(&key(1).public_key(), "k")]);
            prop_assert!(verify(&text, &keys, NOW).is_err());
            let part = URL_SAFE_NO_PAD.encode(&bytes);
            let token = [part.as_str(); 3].join(".");
            prop_assert!(verify(&token, &keys, NOW).is_err());
        }

        #[test]
        fn one_altered_byte_is_refused(at in 0..200_usize) {
            let keys = set(&[jwk(&key(1).public_key(), "k")]);
            let token = sign_es256(Some("k"), &claims().to_string(), &key(1));
            let mut altered = token.clone().into_bytes();
            let at = at % altered.len();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            prop_assert!(verify(&altered, &keys, NOW).is_err());
        }
    }
}
