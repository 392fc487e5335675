//! The connection: made, lost, made anew.

use super::builder::Builder;
use super::call::Options;
use super::state::State;
use super::target::Target;
use super::wire::Wire;
use crate::error::{Error, Result};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Body;
use bowline_protocol::scan::Raw;
use bowline_types::List;
use bowline_types::discover::DiscoverResult;
use bowline_types::input::Root;
use bowline_types::log::LoggingLevel;
use bowline_types::tool::Tool;
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Core {}

#[derive(Debug)]
pub(super) struct Live {
    wire: Arc<dyn Wire>,
}

impl Core {
    pub(super) async fn connect(_builder: Builder, _target: Target) -> Result<Arc<Self>> {
        todo!()
    }
    pub(super) fn state(&self) -> watch::Receiver<State> {
        todo!()
    }
    pub(super) async fn close(&self) {
        todo!()
    }
    pub(super) fn protocol_version(&self) -> &'static str {
        todo!()
    }
    pub(super) fn server(&self) -> Arc<DiscoverResult> {
        todo!()
    }
    pub(super) async fn ping(&self) -> Result<()> {
        todo!()
    }
    pub(super) async fn discover(&self) -> Result<Arc<DiscoverResult>> {
        todo!()
    }
    pub(super) async fn notify(&self, _message: Raw) -> Result<()> {
        todo!()
    }
    pub(super) async fn set_log_level(&self, _level: Option<LoggingLevel>) -> Result<()> {
        todo!()
    }
    pub(super) async fn set_roots(&self, _roots: Vec<Root>) -> Result<()> {
        todo!()
    }
    pub(super) fn stderr(&self) -> String {
        todo!()
    }
    pub(super) fn limits(&self) -> &Limits {
        todo!()
    }
    pub(super) fn fault(&self, _error: &Error) {
        todo!()
    }
    pub(super) fn accept(&self, _tools: List<Tool>) -> Vec<Tool> {
        todo!()
    }
    pub(super) async fn exchange(
        &self,
        _method: &'static str,
        _params: Body,
        _options: Options,
    ) -> Result<Raw> {
        todo!()
    }
}
