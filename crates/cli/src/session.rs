//! `keyward session`: who is logged in, logging in, and logging out.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keyward_crypto::os_rng;
use keyward_protocol::activities::revoke_session::{RevokeSession, RevokeSessionIntent};
use keyward_protocol::activities::revoke_sessions::{RevokeSessions, RevokeSessionsIntent};
use keyward_protocol::activities::stamp_login::{StampLogin, StampLoginIntent};
use keyward_protocol::queries::list_sessions::{self, ListSessions};
use keyward_protocol::queries::session_token::SessionToken;
use keyward_protocol::wire::enums::SessionType;
use keyward_protocol::wire::{Timestamp, WireTime};
use serde_json::json;

use crate::connection::{Connection, ConnectionOptions, EnvFile};
use crate::data_directory::write_private;
use crate::failure::Failure;
use crate::key::{Curve, KeyPair};
use crate::output;
use crate::request::{query, submit};

/// List, open, refresh and revoke sessions
#[derive(Args)]
pub(crate) struct Session {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Revoke(Revoke),
    Refresh(Refresh),
    Login(Login),
}

/// Show the sessions that are open
///
/// Root users see those of the whole organization, other users their own. The session that asks has an
/// asterisk.
#[derive(Args)]
struct List {
    /// Only those of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Also those that have ended and are still kept
    #[arg(long)]
    expired: bool,
    #[command(flatten)]
    connection: ConnectionOptions,
}

/// End sessions, from the next request on
#[derive(Args)]
struct Revoke {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    connection: ConnectionOptions,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// This session
    id: Option<String>,
    /// All of one's own
    #[arg(long)]
    all: bool,
    /// All of one's own but the one that asks, and the read-only ones it opened
    #[arg(long)]
    all_but_this: bool,
    /// All of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// All of everybody in the organization
    #[arg(long)]
    all_users: bool,
}

/// Go on from a session with a new key, before it ends
///
/// The API key that is given must be that of a session. It stays valid until its session ends.
#[derive(Args)]
struct Refresh {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    connection: ConnectionOptions,
}

/// Open a session for a new key, from an API key that lasts
#[derive(Args)]
struct Login {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    connection: ConnectionOptions,
}

#[derive(Args)]
struct Opening {
    /// How long the session lives; the server may allow less [default: 900]
    #[arg(long, value_name = "SECONDS")]
    expires: Option<u64>,
    /// Write the session to this env file instead of printing it; its other lines stay
    #[arg(long, value_name = "FILE")]
    write_env: Option<PathBuf>,
}

impl Session {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::List(list) => list.run(),
            Command::Revoke(revoke) => revoke.run(),
            Command::Refresh(refresh) => refresh.run(),
            Command::Login(login) => login.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        let answer = query(
            &connection,
            &ListSessions {
                organization_id: connection.organization_id()?.to_owned(),
                user_id: self.user,
                include_expired: self.expired.then_some(true),
            },
        )?;
        if is_for_machines {
            return output::answer(&answer, true);
        }
        let known: list_sessions::ListSessionsResponse =
            serde_json::from_str(&answer).map_err(Failure::Answer)?;
        output::text(&table(&known.sessions))
    }
}

impl Revoke {
    fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        let Which { id, all: _, all_but_this, user, all_users } = self.which;
        let ended = if let Some(session_id) = id {
            let intent = RevokeSessionIntent { session_id };
            vec![submit::<RevokeSession>(&connection, &intent)?.result.session_id]
        } else {
            let intent = RevokeSessionsIntent {
                user_id: user,
                all_users: all_users.then_some(true),
                except_current: all_but_this.then_some(true),
            };
            submit::<RevokeSessions>(&connection, &intent)?.result.session_ids
        };
        if is_for_machines {
            return output::json(&json!({ "sessionIds": ended }));
        }
        if !ended.is_empty() {
            output::text(&format!("{}\n", ended.join("\n")))?;
        }
        output::note(&match ended.len() {
            0 => "No session was open.".to_owned(),
            1 => "1 session ended.".to_owned(),
            count => format!("{count} sessions ended."),
        });
        Ok(())
    }
}

impl Refresh {
    fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        let connection = self.connection.connect()?;
        // Refused unless the key is a session's: another key would log in, and begin a new chain.
        let organization_id = connection.organization_id()?.to_owned();
        query(&connection, &SessionToken { organization_id })?;
        self.opening.open(&connection, is_for_machines)
    }
}

impl Login {
    fn run(self) -> Result<(), Failure> {
        let is_for_machines = self.connection.json;
        self.opening.open(&self.connection.connect()?, is_for_machines)
    }
}

impl Opening {
    fn open(self, connection: &Connection, is_for_machines: bool) -> Result<(), Failure> {
        let key = KeyPair::generate(Curve::P256, &mut os_rng());
        let public_key = key.public_key();
        let intent = StampLoginIntent {
            public_key: public_key.clone(),
            expiration_seconds: self.expires.map(|seconds| seconds.to_string()),
            invalidate_existing: None,
            session_profile_id: None,
        };
        let opened = submit::<StampLogin>(connection, &intent)?;
        let (organization_id, token) = (opened.organization_id, opened.result.session);
        let private_key = key.private_key();
        if let Some(path) = self.write_env {
            let lines = [
                ("BASE_URL", connection.base_url()),
                ("ORGANIZATION_ID", &organization_id),
                ("API_PUBLIC_KEY", &public_key),
                ("API_PRIVATE_KEY", &private_key),
            ];
            write_env(&path, &lines)?;
            if is_for_machines {
                return output::json(&json!({
                    "organizationId": organization_id,
                    "apiPublicKey": public_key,
                    "session": token,
                    "envFile": path,
                }));
            }
            output::note(&format!("The session is in {}.", path.display()));
            return Ok(());
        }
        if is_for_machines {
            return output::json(&json!({
                "organizationId": organization_id,
                "apiPublicKey": public_key,
                "apiPrivateKey": private_key,
                "session": token,
            }));
        }
        output::text(&format!(
            "BASE_URL={}\nORGANIZATION_ID={organization_id}\nAPI_PUBLIC_KEY={public_key}\n\
             API_PRIVATE_KEY={private_key}\n",
            connection.base_url()
        ))
    }
}

/// Puts lines into an env file, or makes it. Whoever reads it sees the old session or the new one.
fn write_env(path: &Path, lines: &[(&str, &str)]) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let path = std::path::absolute(path).map_err(failed)?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(failed(source)),
    };
    write_private(&path, &EnvFile::with(&text, lines))
}

/// Sessions as a table, its columns as wide as they need to be.
fn table(sessions: &[list_sessions::Session]) -> String {
    let head = ["", "SESSION", "KIND", "USER", "METHOD", "LABEL", "LAST USED", "ENDS"];
    let rows = sessions.iter().map(row);
    let rows: Vec<[String; 8]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(session: &list_sessions::Session) -> [String; 8] {
    let ends = match &session.idle_expires_at {
        Some(idle) if seconds(idle) < seconds(&session.expires_at) => idle,
        _ => &session.expires_at,
    };
    [
        if session.current { "*" } else { "" }.to_owned(),
        session.session_id.clone(),
        match session.kind {
            SessionType::ReadOnly => "read-only",
            SessionType::ReadWrite => "read-write",
        }
        .to_owned(),
        session.user_id.clone(),
        session.method.map_or_else(dash, |method| {
            let name = method.as_str().trim_start_matches("AUTHENTICATION_TYPE_");
            name.to_ascii_lowercase().replace('_', "-")
        }),
        session.label.clone().unwrap_or_else(dash),
        session.last_used_at.as_ref().map_or_else(dash, time),
        time(ends),
    ]
}

fn dash() -> String {
    "-".to_owned()
}

fn seconds(at: &WireTime) -> u64 {
    at.seconds.parse().unwrap_or_default()
}

fn time(at: &WireTime) -> String {
    Timestamp::from_millis(seconds(at).saturating_mul(1000)).to_rfc3339()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn session(label: Option<&str>, current: bool) -> list_sessions::Session {
        let time = |seconds: &str| json!({ "seconds": seconds, "nanos": "0" });
        serde_json::from_value(json!({
            "sessionId": "s",
            "kind": "SESSION_TYPE_READ_WRITE",
            "userId": "u",
            "organizationId": "o",
            "method": "AUTHENTICATION_TYPE_EMAIL_OTP",
            "label": label,
            "createdAt": time("1767225600"),
            "loggedInAt": time("1767225600"),
            "expiresAt": time("1767226500"),
            "idleExpiresAt": time("1767225660"),
            "current": current,
        }))
        .unwrap()
    }

    #[test]
    fn a_table_has_a_line_each_and_names_the_first_end() {
        let expected = "   SESSION  KIND        USER  METHOD     LABEL  LAST USED  ENDS\n\
                        *  s        read-write  u     email-otp  phone  -          2026-01-01T00:01:00Z\n   \
                        s        read-write  u     email-otp  -      -          2026-01-01T00:01:00Z\n";
        assert_eq!(table(&[session(Some("phone"), true), session(None, false)]), expected);
    }

    #[test]
    fn an_env_file_is_written_over_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.env");
        write_env(&path, &[("A", "1"), ("B", "2")]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        write_env(&path, &[("B", "3")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "A=1\nB=3\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
