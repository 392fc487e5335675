//! Tasks as they were in the core of 2025-11-25: either side asks for one by the member `task` of its
//! parameters, then polls, then fetches the result.

use serde_json::{Map, Value};

use super::TaskStatus;
use crate::List;
use crate::jsonrpc::PaginatedRequestParams;
use crate::macros::message;
use crate::meta::Meta;
use crate::method::{methods, notifications, result_body};

methods! {
    /// Asks where a task is.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#getting-tasks)
    GetTask = "tasks/get" (TaskRequestParams) -> Task;
    /// Waits for the end of a task and gets its result.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#retrieving-task-results)
    GetTaskPayload = "tasks/result" (TaskRequestParams) -> GetTaskPayloadResult;
    /// Lists tasks.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#listing-tasks)
    ListTasks = "tasks/list" (PaginatedRequestParams) -> ListTasksResult;
    /// Ends a task.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#cancelling-tasks)
    CancelTask = "tasks/cancel" (TaskRequestParams) -> Task;
}

notifications! {
    /// A task changed.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#task-status-notification)
    TaskStatusChanged = "notifications/tasks/status" (Task);
}

message! {
    /// A task. Also the answer to `tasks/get` and `tasks/cancel`, and the parameters of
    /// `notifications/tasks/status`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#task)
    pub struct Task {
        new {
            /// What tells it from others of the receiver.
            task_id: String = "taskId",
            /// Where it is.
            status: TaskStatus = "status",
            /// When it was created, in ISO 8601.
            created_at: String = "createdAt",
            /// When it last changed, in ISO 8601.
            last_updated_at: String = "lastUpdatedAt",
            /// For how many milliseconds it is kept from its creation; `None` for ever.
            ttl: Option<u64> as is = "ttl",
        }
        optional {
            /// More on where it is, in words for people.
            status_message: String = "statusMessage",
            /// How many milliseconds to wait between polls.
            poll_interval: u64 as is = "pollInterval",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The first answer to a request that became a task.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#createtaskresult)
    pub struct CreateTaskResult {
        new {
            /// The task.
            task: Task = "task",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of `tasks/get`, `tasks/result` and `tasks/cancel`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskrequest)
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
    /// The answer to `tasks/result`: that of the request which became the task, whose members are in `extra`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskpayloadresult)
    pub struct GetTaskPayloadResult {
        optional {
            /// Protocol metadata; names the task.
            meta: Meta = "_meta",
        }
    }
}

impl From<Map<String, Value>> for GetTaskPayloadResult {
    /// A result without metadata of its own.
    fn from(members: Map<String, Value>) -> Self {
        Self { meta: None, extra: members.into() }
    }
}

message! {
    /// The answer to `tasks/list`: one page.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#listtasksresult)
    pub struct ListTasksResult {
        new {
            /// The tasks.
            tasks: List<Task> = "tasks",
        }
        optional {
            /// The cursor of the next page; absent on the last.
            next_cursor: String = "nextCursor",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

result_body!(Task, CreateTaskResult, GetTaskPayloadResult, ListTasksResult);
