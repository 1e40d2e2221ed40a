//! Somebody else's server, inside a test.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};

use crate::config::OidcConfig;
use crate::serve::serve;

/// What a site was asked.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a site answers.
#[derive(Clone)]
pub(crate) enum Reply {
    Body(u16, String),
    Redirect(String),
    /// A body that does not say how long it is, and never ends.
    Endless,
    /// No answer until the site is gone.
    Never,
    /// Status 404, but not before being told.
    Held(Arc<Notify>),
}

impl Reply {
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::Body(200, value.to_string())
    }
}

type Rule = dyn Fn(&str) -> Reply + Send + Sync;

/// A site on a free port of the loopback interface that ends when dropped.
pub(crate) struct Site {
    /// `http://127.0.0.1:<port>`.
    pub(crate) url: String,
    pub(crate) port: u16,
    asked: Arc<Mutex<VecDeque<Asked>>>,
    pub(crate) count: watch::Receiver<usize>,
    _end: oneshot::Sender<()>,
}

impl Site {
    /// Answers each path as `rule` says; it is given the site's URL first.
    pub(crate) async fn start<R: Fn(&str) -> Reply + Send + Sync + 'static>(
        rule: impl FnOnce(String) -> R,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let rule: Arc<Rule> = Arc::new(rule(url.clone()));
        let asked = Arc::new(Mutex::new(VecDeque::new()));
        let (counter, count) = watch::channel(0);
        let counter = Arc::new(counter);
        let log = asked.clone();
        let router = axum::Router::new().fallback(move |request: Request| {
            let (rule, log, counter) = (rule.clone(), log.clone(), counter.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let path = head.uri.path().to_owned();
                log.lock().unwrap().push_back(note(&head, &body));
                counter.send_modify(|count| *count += 1);
                answer(rule(&path)).await
            }
        });
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(serve(listener, router, async move {
            let _ = ended.await;
        }));
        Self { url, port, asked, count, _end: end }
    }

    /// A configuration in which this site may be asked.
    pub(crate) fn config(&self) -> OidcConfig {
        OidcConfig {
            private_issuers: vec![self.url.clone().try_into().unwrap()],
            ..OidcConfig::default()
        }
    }

    /// What it was asked first and has not been told yet.
    pub(crate) fn next(&self) -> Option<Asked> {
        self.asked.lock().unwrap().pop_front()
    }

    /// How many requests came in so far.
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }
}

fn note(head: &Parts, body: &Bytes) -> Asked {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Asked {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value.as_bytes())))
            .collect(),
        body: text(body),
    }
}

async fn answer(reply: Reply) -> Response {
    let mut response = Response::new(Body::empty());
    match reply {
        Reply::Body(status, body) => {
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            *response.body_mut() = body.into();
        }
        Reply::Redirect(to) => {
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(LOCATION, to.parse().unwrap());
        }
        Reply::Endless => *response.body_mut() = Body::new(Endless),
        Reply::Never => std::future::pending().await,
        Reply::Held(told) => {
            told.notified().await;
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
    }
    response
}

struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        let frame = hyper::body::Frame::data(Bytes::from_static(&[b' '; 4096]));
        std::task::Poll::Ready(Some(Ok(frame)))
    }
}
