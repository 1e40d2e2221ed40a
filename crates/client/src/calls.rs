//! Everything that can be asked of the server, typed: a method for each activity and each query.

use std::sync::Arc;

use keyward_protocol::activities::{Activity, current_type};
use keyward_protocol::queries::Query;
use keyward_protocol::wire::Namespace;
use keyward_protocol::{for_each_activity, for_each_query};
use serde_json::Value;

use crate::client::{self, Call, Client};
use crate::error::ClientError;
use crate::stamper::Stamper;
use crate::{json, outcome};

/// Who asks, and about which organization.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    who: Who,
    /// Another organization than the caller's own.
    organization_id: Option<String>,
}

#[derive(Clone)]
enum Who {
    /// A session, the active one for `None`.
    Session(Option<String>),
    /// Somebody with a stamper.
    Stamper(Arc<dyn Stamper>),
}

impl Client {
    /// Asks as the active session, whichever that is when it is asked.
    pub fn as_active(&self) -> Caller {
        Caller { client: self.clone(), who: Who::Session(None), organization_id: None }
    }

    /// Asks as the session of that name.
    pub fn named(&self, name: &str) -> Caller {
        let who = Who::Session(Some(name.to_owned()));
        Caller { client: self.clone(), who, organization_id: None }
    }

    /// Asks as somebody with a stamper, about the application's organization: a parent's API key, which reads
    /// all sub-organizations (see [`Caller::in_organization`]), a passkey, a wallet.
    pub fn stamped_by(&self, stamper: Arc<dyn Stamper>) -> Caller {
        Caller { client: self.clone(), who: Who::Stamper(stamper), organization_id: None }
    }
}

impl Caller {
    /// The same, about this organization.
    #[must_use]
    pub fn in_organization(mut self, organization_id: &str) -> Self {
        self.organization_id = Some(organization_id.to_owned());
        self
    }

    /// Asks a query. An `organization_id` that is empty becomes the caller's.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn query<Q: Query>(&self, query: &Q) -> Result<Q::Response, ClientError> {
        let parameters = to_value(query)?;
        let path = path(Q::NAMESPACE, "query", Q::ROUTE);
        json::typed(json::read(&self.send(&Call { path, kind: None, parameters }).await?)?)
    }

    /// Submits an activity of the current version, and returns its result.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; [`ClientError::ReadOnly`] before anything is sent when the session only reads.
    pub async fn submit<A: Activity>(&self, intent: &A::Intent) -> Result<A::Output, ClientError> {
        let answer = self.send(&submission::<A>(intent)?).await?;
        json::typed(outcome::read(&answer)?)
    }

    /// Asks what `route` names with JSON, and returns JSON: the result of an activity, the answer to a query.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a route there is not and parameters that are no object.
    pub async fn call(&self, route: &str, parameters: Value) -> Result<Value, ClientError> {
        let known = routes().find(|known| known.route == route);
        let known = known.ok_or_else(|| ClientError::InvalidInput(format!("no route {route}")))?;
        if !parameters.is_object() {
            return Err(ClientError::InvalidInput("parameters are an object".to_owned()));
        }
        let action = if known.kind.is_some() { "submit" } else { "query" };
        let path = path(known.namespace, action, route);
        let answer = self.send(&Call { path, kind: known.kind, parameters }).await?;
        if known.kind.is_some() { outcome::read(&answer) } else { json::read(&answer) }
    }

    async fn send(&self, call: &Call<'_>) -> Result<Vec<u8>, ClientError> {
        let organization_id = self.organization_id.as_deref();
        match &self.who {
            Who::Session(name) => {
                self.client.send_as_session(call, name.as_deref(), organization_id).await
            }
            Who::Stamper(stamper) => {
                let own = &self.client.inner.config.organization_id;
                let sent = self.client.send(call, organization_id.unwrap_or(own), &**stamper).await;
                sent.map_err(client::Failed::without_session)
            }
        }
    }
}

/// What can be asked, by the last segment of its path.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The last segment.
    pub route: &'static str,
    /// The first ones.
    pub namespace: Namespace,
    /// `ACTIVITY_TYPE_…` of an activity; `None` for a query.
    pub kind: Option<&'static str>,
}

macro_rules! activities {
    ($($module:ident::$activity:ident,)+) => {
        const ACTIVITIES: &[Route] = &[$({
            type A = keyward_protocol::activities::$module::$activity;
            Route { route: A::ROUTE, namespace: A::NAMESPACE, kind: Some(current_type::<A>()) }
        }),+];

        impl Caller {$(
            #[doc = concat!("Submits [`", stringify!($activity), "`](keyward_protocol::activities::", stringify!($module), ").")]
            pub async fn $module(
                &self,
                intent: &<keyward_protocol::activities::$module::$activity as Activity>::Intent,
            ) -> Result<<keyward_protocol::activities::$module::$activity as Activity>::Output, ClientError> {
                self.submit::<keyward_protocol::activities::$module::$activity>(intent).await
            }
        )+}
    };
}

macro_rules! queries {
    ($($module:ident::$query:ident,)+) => {
        const QUERIES: &[Route] = &[$({
            type Q = keyward_protocol::queries::$module::$query;
            Route { route: Q::ROUTE, namespace: Q::NAMESPACE, kind: None }
        }),+];

        impl Caller {$(
            #[doc = concat!("Asks [`", stringify!($query), "`](keyward_protocol::queries::", stringify!($module), ").")]
            pub async fn $module(
                &self,
                query: &keyward_protocol::queries::$module::$query,
            ) -> Result<<keyward_protocol::queries::$module::$query as Query>::Response, ClientError> {
                self.query(query).await
            }
        )+}
    };
}

for_each_activity!(activities);
for_each_query!(queries);

/// Everything that can be asked.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ACTIVITIES.iter().chain(QUERIES)
}

/// A submission of the current version.
pub(crate) fn submission<A: Activity>(intent: &A::Intent) -> Result<Call<'static>, ClientError> {
    let path = path(A::NAMESPACE, "submit", A::ROUTE);
    Ok(Call { path, kind: Some(const { current_type::<A>() }), parameters: to_value(intent)? })
}

fn to_value(value: &impl serde::Serialize) -> Result<Value, ClientError> {
    serde_json::to_value(value).map_err(|source| ClientError::InvalidInput(source.to_string()))
}

fn path(namespace: Namespace, action: &str, route: &str) -> String {
    format!("/{}/{action}/{route}", namespace.as_str())
}
