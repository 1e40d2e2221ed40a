//! From which addresses the users of a parent organization may ask.
//!
//! The organization's list counts for all its users; an API key that has rules of its own goes by those instead, as
//! long as the organization's list is enabled. Users of sub-organizations and the auth proxy are not asked.

use std::net::IpAddr;

use ipnet::IpNet;

use super::authenticate::{Caller, Client, Home};
use super::model::{CredentialId, IpAllowlist, Organization};
use crate::wire::{Denial, InvalidRequest, RequestError};

/// Rules of one address family that a list may have. Source: the protocol's limits.
const MOST_RULES: usize = 10;
/// The widest IPv4 block.
const WIDEST_V4: u8 = 20;
/// The widest IPv6 block.
const WIDEST_V6: u8 = 48;

/// Checks where a request comes from.
///
/// # Errors
///
/// [`RequestError::Denied`] where the caller's organization has an allowlist and the address is not on it.
pub fn check(
    organization: &Organization,
    parent: Option<&Organization>,
    caller: &Caller,
    client: &Client,
) -> Result<(), RequestError> {
    let home = match (caller.home, parent) {
        (Home::Parent, Some(parent)) => parent,
        _ => organization,
    };
    let Some(list) = list_for(home, caller) else { return Ok(()) };
    let address = client.address.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
    let passes = address.map_or(list.allows_unknown, |address| {
        let address = address.to_canonical();
        let mut blocks = list.rules.iter().filter_map(|rule| rule.cidr.parse::<IpNet>().ok());
        blocks.any(|block| block.contains(&address))
    });
    if passes {
        return Ok(());
    }
    let message = "The request comes from an address that is not on the IP allowlist".to_owned();
    Err(RequestError::Denied(Box::new(Denial { message, ..Denial::default() })))
}

/// Refuses a change after which the one who makes it would not get in.
///
/// # Errors
///
/// [`InvalidRequest`].
pub fn check_own(
    organization: &Organization,
    caller: &Caller,
    client: &Client,
) -> Result<(), InvalidRequest> {
    check(organization, None, caller, client).map_err(|_| {
        InvalidRequest::new("this would shut out the address that the request comes from")
    })
}

/// The list that a caller goes by.
fn list_for<'a>(home: &'a Organization, caller: &Caller) -> Option<&'a IpAllowlist> {
    if !home.is_parent() || home.is_auth_proxy(caller.user) {
        return None;
    }
    let own = find(home, None).filter(|list| list.enabled)?;
    let key = home.user(caller.user).ok().and_then(|user| {
        let mut keys = user.api_keys.iter();
        keys.find(|key| caller.credential.id == CredentialId::ApiKey(key.id))
    });
    let keys = key.and_then(|key| find(home, Some(&key.public_key)));
    Some(keys.filter(|list| list.enabled && !list.rules.is_empty()).unwrap_or(own))
}

/// The list for an API key, or of the organization.
pub fn find<'a>(
    organization: &'a Organization,
    public_key: Option<&str>,
) -> Option<&'a IpAllowlist> {
    organization.ip_allowlists.iter().find(|list| list.public_key.as_deref() == public_key)
}

/// Reads a block as it is kept: normalized to its network address.
///
/// # Errors
///
/// What is no block in CIDR notation, and one that is too wide.
pub fn block(text: &str) -> Result<IpNet, InvalidRequest> {
    let refusal =
        |rule: String| InvalidRequest::new(format!("invalid cidr: {rule}")).at("cidr", rule);
    let block: IpNet = text
        .trim()
        .parse()
        .map_err(|_| refusal("must be a block such as 192.0.2.0/24 or 2001:db8::/64".to_owned()))?;
    let widest = match block {
        IpNet::V4(_) => WIDEST_V4,
        IpNet::V6(block) if block.addr().to_ipv4_mapped().is_some() => {
            return Err(refusal("write IPv4 blocks as such".to_owned()));
        }
        IpNet::V6(_) => WIDEST_V6,
    };
    if block.prefix_len() < widest {
        return Err(refusal(format!("must not be wider than /{widest}")));
    }
    Ok(block.trunc())
}

/// Refuses more rules than a list may have.
///
/// # Errors
///
/// [`InvalidRequest`].
pub fn check_count(blocks: impl Iterator<Item = IpNet>) -> Result<(), InvalidRequest> {
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = blocks.partition(|block| block.addr().is_ipv4());
    if v4.len() > MOST_RULES || v6.len() > MOST_RULES {
        let text =
            format!("an IP allowlist has at most {MOST_RULES} IPv4 and {MOST_RULES} IPv6 rules");
        return Err(InvalidRequest::new(text));
    }
    Ok(())
}
