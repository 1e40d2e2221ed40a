//! What the server counts, for Prometheus.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::delivery::Channel;

/// A request, as it is counted. Every value comes from a list that is known beforehand.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Request {
    kind: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Message {
    channel: &'static str,
    outcome: &'static str,
}

/// How a try to send a message ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It was passed on.
    Sent,
    /// It is tried again later.
    Retried,
    /// It is not tried again.
    GivenUp,
}

/// Counts of the messages that were sent, or not. Clones count together.
#[derive(Clone, Default)]
pub struct MessageCounts(Family<Message, Counter>);

impl MessageCounts {
    pub(crate) fn count(&self, channel: Channel, outcome: Outcome) {
        self.counter(channel.name(), outcome).inc();
    }

    pub(crate) fn count_webhook(&self, outcome: Outcome) {
        self.counter("webhook", outcome).inc();
    }

    #[cfg(test)]
    pub(crate) fn value(&self, channel: Channel, outcome: Outcome) -> u64 {
        self.counter(channel.name(), outcome).get()
    }

    fn counter(&self, channel: &'static str, outcome: Outcome) -> Counter {
        let outcome = match outcome {
            Outcome::Sent => "sent",
            Outcome::Retried => "retried",
            Outcome::GivenUp => "given_up",
        };
        self.0.get_or_create_owned(&Message { channel, outcome })
    }
}

/// The counters.
pub(crate) struct Metrics {
    /// Of messages.
    pub(crate) messages: MessageCounts,
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Kind, Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<Request, Counter>::default();
        let durations = Family::<Kind, Histogram>::new_with_constructor(|| {
            Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0])
        });
        let mut registry = Registry::with_prefix("keyward");
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from the head of a request to its answer",
            Unit::Seconds,
            durations.clone(),
        );
        let messages = MessageCounts::default();
        registry.register(
            "messages",
            "Tries to send a message to a person, a transaction to a chain, or an event to a webhook",
            messages.0.clone(),
        );
        Self { messages, registry, requests, durations }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub(crate) fn count(
        &self,
        kind: &'static str,
        route: &'static str,
        status: u16,
        took: Duration,
    ) {
        self.requests.get_or_create(&Request { kind, route, status }).inc();
        self.durations.get_or_create(&Kind { kind }).observe(took.as_secs_f64());
    }

    /// Everything counted so far, in the `OpenMetrics` text format.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_channel_and_outcome() {
        let metrics = Metrics::default();
        metrics.messages.count(Channel::Sms, Outcome::GivenUp);
        let line = "keyward_messages_total{channel=\"sms\",outcome=\"given_up\"} 1\n";
        assert!(metrics.to_text().contains(line), "{}", metrics.to_text());
    }
}
