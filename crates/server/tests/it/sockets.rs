//! The server behind a real socket, with clients that are no clients.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use keyward_protocol::stamp::make;
use keyward_server::TestServer;
use serde_json::{Value, json};

/// Sends a request, which asks for the connection to be closed, and reads the answer.
async fn talk(server: &TestServer, bytes: Vec<u8>) -> String {
    exchange(server, bytes, false).await
}

/// Sends bytes and reads all that the server has to say, perhaps without waiting for it to begin.
async fn exchange(server: &TestServer, bytes: Vec<u8>, hangs_up: bool) -> String {
    let address = server.base_url.strip_prefix("http://").unwrap().to_owned();
    let talking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        // Who is refused in the middle may not get rid of the rest.
        let _ = stream.write_all(&bytes);
        if hangs_up {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    talking.await.unwrap()
}

fn whoami(server: &TestServer) -> String {
    json!({ "organizationId": server.root.organization.to_string() }).to_string()
}

/// A request with these headers more.
fn request(server: &TestServer, path: &str, more: &str, body: &str) -> Vec<u8> {
    let stamp = make::p256(&server.root.api_key, body.as_bytes());
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: keyward\r\nConnection: close\r\nX-Stamp: {stamp}\r\n\
         Content-Length: {length}\r\n{more}\r\n{body}"
    )
    .into_bytes()
}

async fn assert_alive(server: &TestServer) {
    let body = whoami(server);
    let answer = talk(server, request(server, "/public/v1/query/whoami", "", &body)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn answers_a_path_with_two_slashes() {
    let server = TestServer::start().await;
    let body = whoami(&server);
    let answer = talk(&server, request(&server, "//public/v1/query/whoami", "", &body)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn the_only_date_on_the_wire_is_the_servers() {
    let server = TestServer::start().await;
    let year = |answer: &str| -> u32 {
        let dates = answer.lines().filter_map(|line| line.strip_prefix("date: "));
        let [date] = dates.collect::<Vec<_>>()[..] else { panic!("not one date: {answer}") };
        date.split(' ').nth(3).unwrap().parse().unwrap()
    };
    let body = whoami(&server);
    let asked = request(&server, "/public/v1/query/whoami", "", &body);
    let before = year(&talk(&server, asked.clone()).await);
    server.advance(2 * 366 * 24 * 3600);
    assert!((2..=3).contains(&(year(&talk(&server, asked.clone()).await) - before)));
    let answer = talk(&server, request(&server, "/dev/reset", "", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(year(&answer) - before <= 1);
    assert_alive(&server).await;
}

#[tokio::test]
async fn header_names_have_no_case() {
    let server = TestServer::start().await;
    let body = whoami(&server);
    let request = request(&server, "/public/v1/query/whoami", "", &body);
    let request = String::from_utf8(request).unwrap().replace("X-Stamp", "x-sTAMP");
    let answer = talk(&server, request.into_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_its_refusal() {
    let server = TestServer::start().await;
    let body = format!("{}{}", whoami(&server), " ".repeat(3 * 1024 * 1024));
    let answer = talk(&server, request(&server, "/public/v1/query/whoami", "", &body)).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("content-type: application/json\r\n"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["message"], "bad request body: larger than 2097152 bytes");
}

#[tokio::test]
async fn survives_what_is_no_http() {
    let server = TestServer::start().await;
    let body = whoami(&server);
    let path = "/public/v1/query/whoami";
    let mut unfinished = request(&server, path, "", &body);
    unfinished.pop();
    let long = format!("X-Client-Version: {}\r\n", "x".repeat(2 * 1024 * 1024));
    let many = "X-More: x\r\n".repeat(10_000);
    let chunks = format!(
        "POST {path} HTTP/1.1\r\nHost: keyward\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n"
    );
    for bytes in [
        Vec::new(),
        b"\r\n\r\n".to_vec(),
        vec![0; 10_000],
        b"GET".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00".to_vec(),
        b"POST /publ".to_vec(),
        unfinished,
        request(&server, path, &long, &body),
        request(&server, path, &many, &body),
        request(&server, path, "Content-Length: 5\r\n", &body),
        request(&server, &"x".repeat(100_000), "", &body),
        chunks.into_bytes(),
    ] {
        let start = format!("{} bytes, ending {:?}", bytes.len(), bytes.last_chunk::<8>());
        let answer = exchange(&server, bytes, true).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{start}: {answer}");
        assert_alive(&server).await;
    }
}
