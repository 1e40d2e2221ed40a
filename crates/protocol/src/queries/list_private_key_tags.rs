//! `list_private_key_tags`: the tags that private keys carry.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Query;
#[cfg(feature = "engine")]
use {
    super::{Answer, Found, View},
    crate::engine::view,
    crate::wire::RequestError,
    crate::wire::enums::TagType,
};

use crate::wire::objects::Tag;

/// As it travels.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrivateKeyTags {
    /// The organization.
    pub organization_id: String,
}

/// What it answers.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListPrivateKeyTagsResponse {
    /// Oldest first.
    pub private_key_tags: Vec<Tag>,
}

impl Query for ListPrivateKeyTags {
    const ROUTE: &'static str = "list_private_key_tags";
    type Response = ListPrivateKeyTagsResponse;
}

#[cfg(feature = "engine")]
impl Answer for ListPrivateKeyTags {
    fn answer(self, view: &View<'_>, _: Found) -> Result<ListPrivateKeyTagsResponse, RequestError> {
        let tags = view.organization.tags.iter().filter(|tag| tag.kind == TagType::PrivateKey);
        Ok(ListPrivateKeyTagsResponse { private_key_tags: tags.map(view::tag).collect() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::model::Tag;
    use crate::engine::testing::World;
    use crate::wire::enums::TagType;
    use crate::wire::id::TagId;

    #[test]
    fn shows_the_tags_of_this_kind() {
        let mut world = World::new();
        let (root, now) = (world.root(), world.now);
        for (name, kind) in
            [("a", TagType::PrivateKey), ("b", TagType::User), ("c", TagType::PrivateKey)]
        {
            let id = TagId::generate(now, &mut world.rng);
            let tag = Tag { id, name: name.to_owned(), kind, created_at: now, updated_at: now };
            world.edit(root.organization).tags.push(tag);
        }
        let shown = world.query(&root, world.parent(), "list_private_key_tags", json!({})).unwrap();
        let tags = shown["privateKeyTags"].as_array().unwrap();
        assert_eq!(tags.iter().map(|tag| &tag["tagName"]).collect::<Vec<_>>(), ["a", "c"]);
        assert!(tags.iter().all(|tag| tag["tagType"] == "TAG_TYPE_PRIVATE_KEY"));
    }
}
