//! Log messages of a server.

use serde_json::Value;

use crate::macros::{closed_enum, message};
use crate::meta::Meta;

closed_enum! {
    /// How severe a log message is (RFC 5424), the least severe first. Another value is refused.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging#log-levels)
    pub enum LoggingLevel, "log level" {
        /// Details for finding faults.
        Debug = "debug",
        /// What happens in good order.
        Info = "info",
        /// Normal but significant.
        Notice = "notice",
        /// May lead to a fault.
        Warning = "warning",
        /// A fault.
        Error = "error",
        /// A part failed.
        Critical = "critical",
        /// Somebody must act at once.
        Alert = "alert",
        /// The system cannot be used.
        Emergency = "emergency",
    }
}

message! {
    /// Parameters of `notifications/message`: one log message.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging#log-message-notifications)
    pub struct LoggingMessageNotificationParams {
        new {
            /// How severe it is.
            level: LoggingLevel = "level",
            /// What is logged: any JSON.
            data: Value = "data",
        }
        optional {
            /// The part of the server that logs.
            logger: String = "logger",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}
