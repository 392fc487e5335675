//! Subscriptions: one long request on which a server tells what changed. Since 2026-07-28.

use crate::decode::DecodeError;
use crate::jsonrpc::Id;
use crate::macros::message;
use crate::meta::Meta;

message! {
    /// Parameters of `subscriptions/listen`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions#opening-a-stream)
    pub struct SubscriptionsListenRequestParams {
        new {
            /// What the client wants to hear of; nothing else may be sent.
            notifications: SubscriptionFilter = "notifications",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Kinds of changes. Extensions add members of their own; those are in `extra`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions#notification-filter)
    pub struct SubscriptionFilter {
        optional {
            /// The list of tools.
            tools_list_changed: bool = "toolsListChanged",
            /// The list of prompts.
            prompts_list_changed: bool = "promptsListChanged",
            /// The list of resources.
            resources_list_changed: bool = "resourcesListChanged",
            /// The resources at these URIs.
            resource_subscriptions: Vec<String> = "resourceSubscriptions",
        }
    }
}

message! {
    /// Parameters of `notifications/subscriptions/acknowledged`, the first message of a subscription.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions#acknowledgment)
    pub struct SubscriptionsAcknowledgedNotificationParams {
        new {
            /// The part of what was asked for that the server agreed to.
            notifications: SubscriptionFilter = "notifications",
        }
        optional {
            /// Protocol metadata; names the subscription.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The answer to `subscriptions/listen`, sent when the server ends the subscription in good order.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions#graceful-closure)
    pub struct SubscriptionsListenResult {
        new {
            /// Protocol metadata; names the subscription.
            meta: Meta = "_meta",
        }
        envelope "resultType";
        check names_the_subscription;
    }
}

impl SubscriptionsListenResult {
    /// The end of the subscription that the request `id` opened.
    pub fn of(id: impl Into<Id>) -> Self {
        let mut meta = Meta::new();
        meta.set_subscription_id(id);
        Self::new(meta)
    }
}

fn names_the_subscription(result: &SubscriptionsListenResult) -> Result<(), DecodeError> {
    match result.meta.subscription_id() {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(DecodeError::missing(Meta::SUBSCRIPTION_ID).in_member("_meta")),
        Err(error) => Err(error.in_member("_meta")),
    }
}
