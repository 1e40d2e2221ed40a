//! An identity provider on this machine.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use keyward_crypto::P256PrivateKey;
use keyward_protocol::engine::jwt;
use keyward_server::{Config, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::proof::{nonce, public};
use crate::server::Server;

/// Who the tokens are for.
pub(crate) const AUDIENCE: &str = "wonderland.apps.example";

/// A running issuer, which ends when dropped.
pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    _end: oneshot::Sender<()>,
}

struct State {
    keys: Value,
    is_gone: bool,
    asked: usize,
}

impl Issuer {
    /// One with these keys, by their ids.
    pub(crate) async fn start(keys: &[(&str, &P256PrivateKey)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { keys: key_set(keys), is_gone: false, asked: 0 };
        let state = Arc::new(Mutex::new(state));
        let (known, base) = (state.clone(), url.clone());
        let router = Router::new().fallback(move |request: Request| {
            let answer = answer(&mut known.lock().unwrap(), &base, request.uri().path());
            async move { answer }
        });
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(serve::serve(listener, router, async move {
            // Its sender being gone is the end.
            let _ = ended.await;
        }));
        Self { url, state, _end: end }
    }

    /// A configuration in which it may be asked.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        config.oidc.private_issuers = vec![self.url.clone().try_into().unwrap()];
        config
    }

    /// Changes its keys.
    pub(crate) fn publish(&self, keys: &[(&str, &P256PrivateKey)]) {
        self.state().keys = key_set(keys);
    }

    /// Publishes something else.
    pub(crate) fn publish_raw(&self, keys: Value) {
        self.state().keys = keys;
    }

    /// Whether it answers.
    pub(crate) fn set_gone(&self, is_gone: bool) {
        self.state().is_gone = is_gone;
    }

    /// How often it was asked for its keys.
    pub(crate) fn asked(&self) -> usize {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What it says of a subject to the holder of a key.
    pub(crate) fn claims(&self, server: &Server, subject: &str, public_key: &str) -> Value {
        let now = server.now() / 1000;
        json!({
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + 600,
            "nonce": nonce(public_key),
        })
    }

    /// A good token for the holder of a key.
    pub(crate) fn token(
        &self,
        server: &Server,
        (kid, signer): (&str, &P256PrivateKey),
        subject: &str,
        holder: &P256PrivateKey,
    ) -> String {
        let claims = self.claims(server, subject, &public(holder));
        jwt::sign_es256(Some(kid), &claims.to_string(), signer)
    }
}

fn key_set(keys: &[(&str, &P256PrivateKey)]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|(kid, key)| jwt::jwk(&key.public_key(), kid)).collect();
    json!({ "keys": keys })
}

fn answer(state: &mut State, url: &str, path: &str) -> Response<Body> {
    let body = match path {
        _ if state.is_gone => None,
        "/.well-known/openid-configuration" => {
            Some(json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }))
        }
        "/keys" => {
            state.asked += 1;
            Some(state.keys.clone())
        }
        _ => None,
    };
    let mut response = Response::new(Body::empty());
    match body {
        Some(body) => *response.body_mut() = body.to_string().into(),
        None => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
    }
    response
}
