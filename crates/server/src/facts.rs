//! What activities and stamps need to know beside the organization, fetched before they are judged.

use keyward_protocol::activities::Request;
use keyward_protocol::engine::authorize::reads_request;
use keyward_protocol::engine::budgets::{self, Account, Opening};
use keyward_protocol::engine::context::{Exchanged, Proofs};
use keyward_protocol::engine::imports::{ImportFacts, SecretTarget, Targets};
use keyward_protocol::engine::items::{Concerns, Subjects};
use keyward_protocol::engine::model::IndexKey;
use keyward_protocol::engine::oidc::claimed_keys;
use keyward_protocol::engine::one_time::{Contact, Otp, OtpFacts, TokenUse};
use keyward_protocol::engine::proofs::{self, ProofFacts};
use keyward_protocol::engine::record::Record;
use keyward_protocol::engine::sending::{Nonces, spell};
use keyward_protocol::engine::verification_token::peek_id;
use keyward_protocol::engine::{Caller, Facts, Needs, Stamped, VoteRecord};
use keyward_protocol::parameters::SignWith;
use keyward_protocol::stamp::{AttestedScheme, Presented};
use keyward_protocol::wire::enums::OtpType;
use keyward_protocol::wire::id::OrganizationId;
use keyward_protocol::wire::{InvalidRequest, Page, RequestError, Timestamp};
use keyward_store::Opened;

use crate::app::App;
use crate::fetch::Url;
use crate::submit::{Loaded, with_parent};

/// Fetches what an activity needs.
pub(crate) async fn facts(
    app: &App,
    opened: &Opened,
    needs: Needs,
    fetched: &mut Fetched,
    now: Timestamp,
) -> Result<Facts, RequestError> {
    let store = &app.store;
    let organization = opened.organization.id;
    Ok(match needs {
        Needs::Nothing => Facts::Nothing,
        Needs::Signer(sign_with) => {
            Facts::Signer(store.signer(opened, &sign_with).await.map_err(RequestError::internal)?)
        }
        Needs::Mnemonic(wallet) => {
            Facts::Mnemonic(store.mnemonic(opened, wallet).await.map_err(RequestError::internal)?)
        }
        Needs::Accounts(ids) => {
            let mut accounts = Vec::with_capacity(ids.len());
            for id in ids {
                accounts.extend(store.account(opened, id).await.map_err(RequestError::internal)?);
            }
            Facts::Accounts(accounts)
        }
        Needs::Contact { kind, contact, identifier } => Facts::Contact {
            contact: sent_to(app, organization, kind, &contact).await?,
            requests: match identifier {
                None => None,
                Some(identifier) => {
                    let key = store.record_key(organization, "otp requests", &identifier);
                    Some(store.record(key).await.map_err(RequestError::internal)?)
                }
            },
        },
        Needs::Otp(id) => {
            let otp: Record<Otp> =
                store.record(Otp::key(organization, id)).await.map_err(RequestError::internal)?;
            let kind = otp.value.kind.unwrap_or(OtpType::Email);
            let contact = sent_to(app, organization, kind, &otp.value.contact).await?;
            Facts::Otp(Box::new(OtpFacts { otp, contact }))
        }
        Needs::Proofs(proofs) => Facts::Proofs(proof_facts(app, &proofs, now).await?),
        Needs::Exchange(exchange) => {
            // The provider takes a code once, however often the commit is tried.
            if fetched.exchanged.is_none() {
                fetched.exchanged = Some(app.identities.exchange(app, opened, exchange).await);
            }
            match &fetched.exchanged {
                Some(Ok(exchanged)) => Facts::Exchanged(Ok(exchanged.copy())),
                Some(Err(refusal)) => return Err(refusal.clone().into()),
                None => Facts::Nothing,
            }
        }
        Needs::Account(address) => {
            let found = store.account_key(opened, &address).await;
            Facts::Account(found.map_err(RequestError::internal)?.map(Box::new))
        }
        Needs::Import { kind, user, compares } => {
            let key = Targets::key(organization, kind, user);
            let targets = store.record(key).await.map_err(RequestError::internal)?;
            let mut phrases = Vec::new();
            for wallet in opened.organization.wallets.iter().filter(|_| compares) {
                let phrase = store.mnemonic(opened, wallet.id).await;
                let phrase = phrase.map_err(RequestError::internal)?.ok_or(RequestError::Busy)?;
                phrases.push((wallet.id, phrase));
            }
            Facts::Import(Box::new(ImportFacts { targets, phrases }))
        }
        Needs::SecretTargets(keys) => {
            let mut targets = Vec::with_capacity(keys.len());
            for key in &keys {
                let target = store.record(SecretTarget::key(organization, key)).await;
                targets.push(target.map_err(RequestError::internal)?);
            }
            Facts::SecretTargets(targets)
        }
        Needs::Secrets(ids) => {
            let mut secrets = Vec::with_capacity(ids.len());
            for id in ids {
                secrets.push(store.secret(opened, id).await.map_err(RequestError::internal)?);
            }
            Facts::Secrets(secrets)
        }
        Needs::Secret(id) => {
            Facts::Secret(store.secret(opened, id).await.map_err(RequestError::internal)?)
        }
        Needs::Destination(url) => {
            let checked = Url::parse(&url).and_then(|url| app.webhooks.admits(&url));
            let refusal = |error| InvalidRequest::new(format!("invalid url: {error}"));
            Facts::Destination(checked.map_err(refusal))
        }
        Needs::Signers(all) => {
            let mut signers = Vec::with_capacity(all.len());
            for with in all {
                signers.push(store.signer(opened, &with).await.map_err(RequestError::internal)?);
            }
            Facts::Signers(signers)
        }
        Needs::Sender { with, chain, from } => {
            let signer = store.signer(opened, &with).await.map_err(RequestError::internal)?;
            let key = Nonces::key(organization, &chain, &spell(from));
            let nonces = store.record(key).await.map_err(RequestError::internal)?;
            Facts::Sender(signer, nonces)
        }
        Needs::Broadcast { chain, transaction } => {
            // However often the commit is tried.
            if !fetched.is_broadcast {
                app.chains.send_raw(&chain, &transaction).await?;
                fetched.is_broadcast = true;
            }
            Facts::Broadcast
        }
    })
}

/// The budgets that a request may draw on, as they stand.
pub(crate) async fn accounts(
    app: &App,
    loaded: &Loaded,
    proposer: &Caller,
    votes: &[VoteRecord],
) -> Result<Vec<Account>, RequestError> {
    let organization = &loaded.opened.organization;
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    let mut accounts = Vec::new();
    for Opening { owner, budget, key } in budgets::of_request(organization, parent, proposer, votes)
    {
        let ledger = app.store.record(key).await.map_err(RequestError::internal)?;
        accounts.push(Account { owner, budget, ledger });
    }
    Ok(accounts)
}

/// The wallet accounts that a request is about, where anything will look at them.
pub(crate) async fn subjects(
    app: &App,
    loaded: &Loaded,
    by: &Caller,
    request: &Request,
    votes: &[VoteRecord],
) -> Result<Subjects, RequestError> {
    let organization = &loaded.opened.organization;
    let parent = loaded.parent.as_ref().map(|parent| &*parent.organization);
    if reads_request(organization, parent, by, votes) {
        subjects_of(app, &loaded.opened, request).await
    } else {
        Ok(Subjects::new())
    }
}

/// The wallet accounts that a request is about, as far as they are there.
pub(crate) async fn subjects_of(
    app: &App,
    opened: &Opened,
    request: &Request,
) -> Result<Subjects, RequestError> {
    let mut subjects = Subjects::new();
    match request.concerns() {
        concerns @ (Concerns::Signing { .. } | Concerns::SigningTogether { .. }) => {
            for with in concerns.signers() {
                let found = app.store.account_signing(opened, with).await;
                subjects.extend(found.map_err(RequestError::internal)?);
            }
        }
        Concerns::Account(address) => {
            let named = SignWith::Address(address.to_owned());
            let found = app.store.account_signing(opened, &named).await;
            subjects.extend(found.map_err(RequestError::internal)?);
        }
        Concerns::Accounts(ids) => {
            for id in ids {
                let found = app.store.account(opened, *id).await;
                subjects.extend(found.map_err(RequestError::internal)?);
            }
        }
        _ => {}
    }
    Ok(subjects)
}

/// What outlives an attempt, because it can be had only once.
#[derive(Default)]
pub(crate) struct Fetched {
    exchanged: Option<Result<Exchanged, InvalidRequest>>,
    /// Whether the message that is sent was counted.
    pub(crate) is_counted: bool,
    /// Whether a chain's node has the transaction.
    is_broadcast: bool,
}

/// What was sent to a contact.
async fn sent_to(
    app: &App,
    organization: OrganizationId,
    kind: OtpType,
    contact: &str,
) -> Result<Record<Contact>, RequestError> {
    let key = app.store.record_key(organization, kind.as_str(), &contact.to_ascii_lowercase());
    app.store.record(key).await.map_err(RequestError::internal)
}

/// What the tokens of a request can be checked with.
pub(crate) async fn proof_facts(
    app: &App,
    proofs: &Proofs,
    now: Timestamp,
) -> Result<ProofFacts, RequestError> {
    let token = proofs.verification_token.as_deref().and_then(peek_id);
    let token_use = match token {
        None => None,
        Some(id) => {
            let record = app.store.record(TokenUse::key(id)).await;
            Some(record.map_err(RequestError::internal)?)
        }
    };
    let mut issuers = Vec::with_capacity(proofs.id_tokens.len());
    for token in &proofs.id_tokens {
        issuers.push(app.identities.keys_for(app, token, now).await);
    }
    Ok(ProofFacts { token_use, issuers })
}

/// Checks an attested stamp before its sender is looked for.
///
/// The keys of an identity provider are asked for only where the account is one that is registered:
/// strangers don't choose whom the server asks.
pub(crate) async fn attest(
    app: &App,
    stamped: &mut Stamped,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<(), RequestError> {
    let Presented::Attested(stamp) = &stamped.presented else { return Ok(()) };
    app.limits.log_in(stamped.client.address.as_deref(), now)?;
    // The signature first: it costs less than what the token asks for.
    stamp.verify(&stamped.body)?;
    let token = stamp.token.clone();
    let proofs = match stamp.scheme {
        AttestedScheme::VerificationToken => {
            Proofs { verification_token: Some(token), id_tokens: Vec::new() }
        }
        AttestedScheme::Oidc if is_registered(app, organization, &token).await? => {
            Proofs { verification_token: None, id_tokens: vec![token] }
        }
        AttestedScheme::Oidc => {
            let what = "oauth provider";
            return Err(RequestError::AttestedNotFound { what, organization });
        }
    };
    let facts = proof_facts(app, &proofs, now).await?;
    let attested = proofs::attest(stamp, &stamped.body, &facts, &app.keys, now)?;
    stamped.attested = Some(attested);
    Ok(())
}

/// Whether the account that an ID token claims to be of is one of a user of the organization, of its
/// parent or of a sub-organization.
async fn is_registered(
    app: &App,
    organization: OrganizationId,
    token: &str,
) -> Result<bool, RequestError> {
    let keys = claimed_keys(token)
        .ok_or_else(|| RequestError::InvalidOidcToken("it names no account".into()))?;
    let opened = app.store.organization(organization).await.map_err(RequestError::internal)?;
    let Some(opened) = opened else { return Ok(false) };
    let loaded = with_parent(app, opened, false).await?;
    let here = [Some(&loaded.opened), loaded.parent.as_ref()];
    let is_here = here.into_iter().flatten().any(|opened| {
        opened.organization.users.iter().flat_map(|user| &user.oauth_providers).any(|known| {
            keys.contains(&IndexKey::identity(&known.issuer, &known.audience, &known.subject))
        })
    });
    if is_here {
        return Ok(true);
    }
    for key in &keys {
        let found = app.store.sub_organizations(organization, Some(key), Page::ALL).await;
        if !found.map_err(RequestError::internal)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
