//! TLS for requests to other servers: it trusts whom the system trusts, an operator's own authority
//! included.

use std::sync::Arc;

use rustls_native_certs::load_native_certs;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub use rustls_native_certs::Error;

/// A client's side of TLS.
///
/// # Errors
///
/// When the system's certificates can't be read.
pub fn client() -> Result<TlsConfig, Error> {
    let mut loaded = load_native_certs();
    if loaded.certs.is_empty()
        && let Some(error) = loaded.errors.pop()
    {
        return Err(error);
    }
    let trusted: Vec<Certificate<'static>> = loaded
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    Ok(trusting(&trusted))
}

/// One that trusts nobody else.
pub(crate) fn trusting(trusted: &[Certificate<'static>]) -> TlsConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(trusted))
        .unversioned_rustls_crypto_provider(provider)
        .build()
}
