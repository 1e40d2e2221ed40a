//! The behaviour suite on the stores of a browser.

use std::sync::Arc;

use async_trait::async_trait;
use js_sys::Function;
use keyward_client::Ports;
use keyward_client::stories::{self, Server, Stage};
use serde::Deserialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::convert::{from_js, to_js};
use crate::error::thrown;
use crate::platform::Platform;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerOptions {
    base_url: String,
    organization_id: String,
    api_private_key: String,
    auth_proxy_config_id: String,
}

/// Opens a platform for each ground.
struct BrowserStage {
    open: Function,
}

#[async_trait(?Send)]
impl Stage for BrowserStage {
    async fn open(&self, ground: &str) -> Result<Ports, String> {
        let failed = |thrown: JsValue| format!("{thrown:?}");
        let opening = self.open.call1(&JsValue::UNDEFINED, &ground.into()).map_err(failed)?;
        let opened = JsFuture::from(js_sys::Promise::resolve(&opening)).await.map_err(failed)?;
        Ok(opened.unchecked_into::<Platform>().ports())
    }
}

/// Every story.
#[wasm_bindgen(js_name = "storyNames")]
pub fn story_names() -> JsValue {
    to_js(&stories::names().collect::<Vec<_>>())
}

/// Plays a story; throws a text when a promise was not kept.
#[wasm_bindgen(js_name = "playStory")]
pub async fn play_story(name: String, server: JsValue, open: Function) -> Result<(), JsValue> {
    let ServerOptions { base_url, organization_id, api_private_key, auth_proxy_config_id } =
        from_js(&server).map_err(thrown)?;
    let server = Server { base_url, organization_id, api_private_key, auth_proxy_config_id };
    let stage = Arc::new(BrowserStage { open });
    stories::play(&name, &server, stage).await.map_err(|reason| JsValue::from_str(&reason))
}
