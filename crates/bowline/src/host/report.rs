//! How the host stands, put together.

use super::shared::Shared;
use super::status::{
    Fault, InstanceStatus, Readiness, ServerKind, ServerState, ServerStatus, Status,
};
use super::upstream::{Instance, Upstream};
#[cfg(feature = "http")]
use super::{Host, admin::Reports};
use crate::client::State;
#[cfg(feature = "http")]
use std::pin::Pin;
use std::time::Duration;

impl Shared {
    /// How it stands, and how each of its servers does.
    pub(super) fn status(&self) -> Status {
        let mut status = Status::new(self.born.elapsed());
        status.usage = self.monitor.ourselves();
        status.servers = self.all().iter().map(|upstream| server(upstream)).collect();
        status
    }

    /// Whether all servers can be used, and which cannot.
    pub(super) fn readiness(&self) -> Readiness {
        let mut readiness = Readiness::default();
        for upstream in self.all() {
            if upstream.offer().is_none() {
                readiness = readiness
                    .because(format!("server `{}` is not there", upstream.name().escape_debug()));
            }
        }
        readiness
    }
}

#[cfg(feature = "http")]
impl Reports for Host {
    fn status(&self) -> Pin<Box<dyn Future<Output = Status> + Send + '_>> {
        Box::pin(async move {
            self.0.shared.monitor.look().await;
            self.0.shared.status()
        })
    }

    fn ready(&self) -> Readiness {
        self.0.shared.readiness()
    }
}

fn server(upstream: &Upstream) -> ServerStatus {
    let standing = upstream.standing();
    let mut status = ServerStatus::new(&**upstream.name(), kind(upstream));
    let instances = upstream.instances();
    status.instances = instances.iter().map(|(_, one)| instance(one)).collect();
    status.last_error =
        standing.last_error.as_ref().map(|(error, at)| Fault::new(error, at.elapsed(), []));
    status.restarts = standing.starts.saturating_sub(1);
    status.calls = standing.past;
    for one in &status.instances {
        status.calls.add(one.calls);
    }
    status.calls.waiting += u64::try_from(upstream.waiting()).unwrap_or(u64::MAX);
    status.state = if upstream.is_leaving() {
        ServerState::Draining
    } else if upstream.is_starting() && instances.is_empty() {
        ServerState::Starting
    } else if let Some(best) = status.instances.iter().map(|one| one.state).min() {
        best
    } else if upstream.offer().is_some() {
        ServerState::Idle
    } else {
        ServerState::Failed
    };
    status
}

fn instance(instance: &Instance) -> InstanceStatus {
    let now = instance.client.state().borrow().clone();
    let state = match &now {
        State::Ready { .. } => ServerState::Ready,
        State::Connecting => ServerState::Starting,
        State::Reconnecting { .. } => ServerState::Reconnecting,
        State::Closed { .. } => ServerState::Stopped,
    };
    let mut status = InstanceStatus::new(instance.number, state, instance.age());
    status.protocol_version = match now {
        State::Ready { protocol_version } => Some(protocol_version),
        _ => None,
    };
    if let State::Reconnecting { last_error, .. } = &now {
        status.last_error = Some(Fault::new(last_error, Duration::ZERO, []));
    }
    status.restarts = instance.client.connections().saturating_sub(1);
    status.calls = instance.meter.calls();
    status.latency = instance.meter.latency();
    status.usage = instance.watched.usage();
    status
}

fn kind(upstream: &Upstream) -> ServerKind {
    match upstream.plan.target.transport() {
        "stdio" => ServerKind::Stdio,
        "http" => ServerKind::Http,
        "unix" => ServerKind::Unix,
        "memory" => ServerKind::Memory,
        _ => ServerKind::Custom,
    }
}
