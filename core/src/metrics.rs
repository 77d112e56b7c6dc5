//! Figures for whoever watches the server, for Prometheus and its kin.
//!
//! Invariants: no user, no name and no address of anybody is in a figure or a label; every label has a handful of values, all known
//! when this was compiled. To add one: a field, its line in [`Metrics::default`], a method that counts, a line in the README.

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use syncline_domain::sync::{CalendarResult, JobStatus, ProviderKind, Trigger};

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct JobLabels {
    provider: &'static str,
    trigger: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ChangeLabels {
    provider: &'static str,
    change: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    provider: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProviderLabel {
    provider: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

type Times = Family<ProviderLabel, Histogram, fn() -> Histogram>;

/// The figures of a process. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    jobs: Family<JobLabels, Counter>,
    job_seconds: Times,
    events: Family<ChangeLabels, Counter>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Times,
    rate_limited: Family<ProviderLabel, Counter>,
    waited: Family<ProviderLabel, Counter<f64, AtomicU64>>,
    fullest: Family<ProviderLabel, Gauge<f64, AtomicU64>>,
    connections: Family<StateLabel, Gauge>,
    due: Gauge,
    open: Gauge,
}

/// Every state that a connection may be in, so that one that nobody is in is told as 0.
const STATES: [&str; 6] = ["ok", "new", "stale", "failing", "needs_reconnecting", "disabled"];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("syncline");
        let times = || Family::new_with_constructor((|| Histogram::new(exponential_buckets(0.05, 2.0, 14))) as fn() -> Histogram);
        let (jobs, job_seconds, events) = (Family::default(), times(), Family::default());
        let (requests, request_seconds, rate_limited) = (Family::default(), times(), Family::default());
        let (waited, fullest) = (Family::default(), Family::default());
        let (connections, due, open) = (Family::default(), Gauge::default(), Gauge::default());
        registry.register("sync_jobs", "Sync jobs that ended", Family::clone(&jobs));
        registry.register_with_unit("sync_job_duration", "Time from start to end of a sync job", Unit::Seconds, Times::clone(&job_seconds));
        registry.register("events_applied", "Events that syncs stored, changed or removed", Family::clone(&events));
        registry.register("provider_requests", "Requests to providers by class of the answer's status", Family::clone(&requests));
        registry.register_with_unit(
            "provider_request_duration",
            "Time to the headers of a provider's answer",
            Unit::Seconds,
            Times::clone(&request_seconds),
        );
        registry.register("provider_rate_limited", "Answers with status 429", Family::clone(&rate_limited));
        registry.register_with_unit(
            "provider_quota_wait",
            "Time that requests waited so that a limit is kept",
            Unit::Seconds,
            Family::clone(&waited),
        );
        registry.register(
            "provider_quota_used_max",
            "The largest part of a provider's limit that one connection has used",
            Family::clone(&fullest),
        );
        registry.register("connections", "Connections by state; `stale` had no success for three intervals", Family::clone(&connections));
        registry.register("connections_due", "Connections that wait for the scheduler", Gauge::clone(&due));
        registry.register("sync_jobs_open", "Sync jobs that have not ended, of all processes", Gauge::clone(&open));
        Self(Arc::new(Inner {
            registry,
            jobs,
            job_seconds,
            events,
            requests,
            request_seconds,
            rate_limited,
            waited,
            fullest,
            connections,
            due,
            open,
        }))
    }
}

impl Metrics {
    /// A job has ended.
    pub(crate) fn job(&self, provider: ProviderKind, trigger: Trigger, outcome: JobStatus, took: Duration) {
        let provider = provider.as_str();
        self.0.jobs.get_or_create(&JobLabels { provider, trigger: trigger.as_str(), outcome: outcome.as_str() }).inc();
        self.0.job_seconds.get_or_create(&ProviderLabel { provider }).observe(took.as_secs_f64());
    }

    /// What a job did to a calendar.
    pub(crate) fn applied(&self, provider: ProviderKind, result: &CalendarResult) {
        let provider = provider.as_str();
        let counts = result.counts;
        for (change, number) in [("new", counts.synced), ("changed", counts.updated), ("gone", counts.deleted)] {
            if number > 0 {
                self.0.events.get_or_create(&ChangeLabels { provider, change }).inc_by(number);
            }
        }
    }

    /// A request was answered, or not (`None`). `what` names the operation, the provider's name first.
    pub(crate) fn request(&self, what: &'static str, status: Option<u16>, took: Duration) {
        let provider = what.split('.').next().unwrap_or(what);
        let class = match status {
            None => "none",
            Some(100..300) => "2xx",
            Some(300..400) => "3xx",
            Some(400..500) => "4xx",
            Some(_) => "5xx",
        };
        self.0.requests.get_or_create(&RequestLabels { provider, status: class }).inc();
        self.0.request_seconds.get_or_create(&ProviderLabel { provider }).observe(took.as_secs_f64());
        if status == Some(429) {
            self.0.rate_limited.get_or_create(&ProviderLabel { provider }).inc();
        }
    }

    /// A request waited so that a limit is kept.
    pub(crate) fn waited(&self, provider: ProviderKind, time: Duration) {
        if !time.is_zero() {
            self.0.waited.get_or_create(&ProviderLabel { provider: provider.as_str() }).inc_by(time.as_secs_f64());
        }
    }

    /// All figures as text; those of the database and of the quotas are given.
    pub(crate) fn text(&self, states: &[(String, i64)], due: i64, open: i64, fullest: &HashMap<&'static str, f64>) -> String {
        for provider in ["google", "microsoft", "calendly"] {
            self.0.fullest.get_or_create(&ProviderLabel { provider }).set(fullest.get(provider).copied().unwrap_or(0.0));
        }
        for state in STATES {
            let number = states.iter().find(|(name, _)| name == state).map_or(0, |(_, number)| *number);
            self.0.connections.get_or_create(&StateLabel { state }).set(number);
        }
        self.0.due.set(due);
        self.0.open.set(open);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_by_provider_and_outcome() {
        let metrics = Metrics::default();
        metrics.job(ProviderKind::Google, Trigger::Webhook, JobStatus::Completed, Duration::from_millis(60));
        metrics.job(ProviderKind::Google, Trigger::Webhook, JobStatus::Completed, Duration::from_millis(60));
        metrics.request("google.pull", Some(200), Duration::from_millis(5));
        metrics.request("google.list", Some(429), Duration::from_millis(5));
        metrics.request("calendly.list", None, Duration::from_secs(10));
        let text = metrics.text(&[("stale".to_owned(), 3)], 4, 1, &HashMap::from([("google", 0.25)]));
        for line in [
            r#"syncline_sync_jobs_total{provider="google",trigger="webhook",outcome="completed"} 2"#,
            r#"syncline_sync_job_duration_seconds_count{provider="google"} 2"#,
            r#"syncline_sync_job_duration_seconds_bucket{le="0.05",provider="google"} 0"#,
            r#"syncline_sync_job_duration_seconds_bucket{le="0.1",provider="google"} 2"#,
            r#"syncline_provider_requests_total{provider="google",status="4xx"} 1"#,
            r#"syncline_provider_requests_total{provider="calendly",status="none"} 1"#,
            r#"syncline_provider_rate_limited_total{provider="google"} 1"#,
            r#"syncline_connections{state="stale"} 3"#,
            r#"syncline_connections{state="ok"} 0"#,
            "syncline_connections_due 4",
            r#"syncline_provider_quota_used_max{provider="google"} 0.25"#,
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn a_state_that_nobody_is_in_any_more_is_told_as_none() {
        let metrics = Metrics::default();
        assert!(metrics.text(&[("failing".to_owned(), 2)], 0, 0, &HashMap::new()).contains("{state=\"failing\"} 2"));
        assert!(metrics.text(&[("ok".to_owned(), 2)], 0, 0, &HashMap::new()).contains("{state=\"failing\"} 0"));
    }
}
