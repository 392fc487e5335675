//! Tasks as the extension `io.modelcontextprotocol/tasks` has them: the server decides that a request becomes
//! one and answers with `resultType` `task`; the client polls `tasks/get`, which also brings questions and the
//! result.

use serde_json::{Map, Value};

use super::TaskStatus;
use crate::decode::{DecodeError, Member};
use crate::input::{InputRequests, InputResponses};
use crate::jsonrpc::{EmptyResult, ErrorObject};
use crate::macros::{message, tagged_union};
use crate::meta::Meta;
use crate::method::{ResultBody, methods, notifications, result_body};
use crate::subscription::SubscriptionFilter;

/// The identifier under which both sides declare the extension.
pub const IDENTIFIER: &str = "io.modelcontextprotocol/tasks";

methods! {
    /// Asks where a task is; brings its questions, result or error.
    GetTask = "tasks/get" (TaskRequestParams) -> DetailedTask;
    /// Answers the questions of a task.
    UpdateTask = "tasks/update" (UpdateTaskRequestParams) -> EmptyResult;
    /// Ends a task.
    CancelTask = "tasks/cancel" (TaskRequestParams) -> EmptyResult;
}

notifications! {
    /// A task changed; on a subscription that asked for it.
    TaskChanged = "notifications/tasks" (DetailedTask);
}

message! {
    /// What a side declares: that it speaks the extension, without settings.
    pub struct TasksExtensionCapability {}
}

/// A table of the states of a task: each has the members of all, and some of its own.
macro_rules! tasks {
    ($(
        $(#[$attr:meta])*
        $name:ident($($status:literal)?) {
            $($(#[$doc:meta])* $field:ident: $type:ty = $key:literal,)*
        }
    )+) => {
        $(message! {
            $(#[$attr])*
            pub struct $name {
                $(tag "status" = $status;)?
                new {
                    /// What tells it from others of the server.
                    task_id: String = "taskId",
                    /// When it was created, in ISO 8601.
                    created_at: String = "createdAt",
                    /// When it last changed, in ISO 8601.
                    last_updated_at: String = "lastUpdatedAt",
                    /// For how many milliseconds it is kept from its creation; `None` for ever.
                    ttl_ms: Option<u64> as is = "ttlMs",
                    $($(#[$doc])* $field: $type = $key,)*
                }
                optional {
                    /// More on where it is, in words for people.
                    status_message: String = "statusMessage",
                    /// How many milliseconds to wait between polls.
                    poll_interval_ms: u64 as is = "pollIntervalMs",
                    /// Protocol metadata.
                    meta: Meta = "_meta",
                }
                envelope "resultType";
            }
        })+

        result_body!($($name),+);
    };
}

tasks! {
    /// A task in any state. Also the first answer to a request that became one.
    Task() {
        /// Where it is.
        status: TaskStatus = "status",
    }
    /// A task that runs.
    WorkingTask("working") {}
    /// A task that waits for answers.
    InputRequiredTask("input_required") {
        /// The questions, by keys that the server chose.
        input_requests: InputRequests = "inputRequests",
    }
    /// A task that is done.
    CompletedTask("completed") {
        /// The result of the request that became the task.
        result: Map<String, Value> = "result",
    }
    /// A task that failed.
    FailedTask("failed") {
        /// The error of the request that became the task.
        error: ErrorObject = "error",
    }
    /// A task that was ended before it was done.
    CancelledTask("cancelled") {}
}

tagged_union! {
    /// A task with what its state brings. The answer to `tasks/get`, and the parameters of
    /// `notifications/tasks`.
    pub enum DetailedTask by "status" {
        /// It runs.
        Working(WorkingTask) = "working",
        /// It waits for answers.
        InputRequired(InputRequiredTask) = "input_required",
        /// It is done.
        Completed(CompletedTask) = "completed",
        /// It failed.
        Failed(FailedTask) = "failed",
        /// It was ended before it was done.
        Cancelled(CancelledTask) = "cancelled",
    }
}

impl ResultBody for DetailedTask {
    fn take_meta(&mut self) -> Option<Meta> {
        match self {
            Self::Working(task) => task.take_meta(),
            Self::InputRequired(task) => task.take_meta(),
            Self::Completed(task) => task.take_meta(),
            Self::Failed(task) => task.take_meta(),
            Self::Cancelled(task) => task.take_meta(),
            Self::Other(task) => Meta::from_value(task.remove("_meta")?).ok(),
        }
    }
}

message! {
    /// Parameters of `tasks/get` and `tasks/cancel`.
    pub struct TaskRequestParams {
        new {
            /// The task.
            task_id: String = "taskId",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of `tasks/update`.
    pub struct UpdateTaskRequestParams {
        new {
            /// The task.
            task_id: String = "taskId",
            /// Answers by the keys of its questions.
            input_responses: InputResponses = "inputResponses",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The members that the extension adds to a [`SubscriptionFilter`], asked for and acknowledged.
    pub struct TaskSubscriptionNotifications {
        optional {
            /// The tasks to hear of.
            task_ids: Vec<String> = "taskIds",
        }
    }
}

impl TaskSubscriptionNotifications {
    /// What a filter has of them.
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn of(filter: &SubscriptionFilter) -> Result<Self, DecodeError> {
        let task_ids = filter.extra.get("taskIds").cloned().map(Member::from_value).transpose();
        let task_ids = task_ids.map_err(|error: DecodeError| error.in_member("taskIds"))?;
        Ok(Self { task_ids, ..Self::new() })
    }
}
