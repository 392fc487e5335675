//! Calls over the bridge: callers and servers of every protocol version in memory, and time that is a number.

mod callers;
mod cancel;
mod gate;
mod pairs;
mod parks;
mod scripted;
mod served;
mod servers;
mod states;
