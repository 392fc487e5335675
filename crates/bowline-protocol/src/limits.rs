//! Every bound that a Bowline server, client or host obeys, in one place.
//!
//! A figure here is a ceiling that protects this process, not a promise to a peer.
//! Sizes are bytes, counts are items, times are [`Duration`] values.
//! Start from a preset and change what you must:
//!
//! ```
//! use bowline_protocol::limits::Limits;
//!
//! let limits = Limits::public().body_bytes(1024 * 1024).sessions(500);
//! assert_eq!(limits.body_bytes, 1024 * 1024);
//! ```

use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use core::time::Duration;

/// The code of an error that says: too much at once, try again later.
///
/// Neither JSON-RPC nor the protocol has one, so it lies outside the range they reserve. Over HTTP it goes with
/// status 429 (too much for this caller) or 503 (too much for this server).
pub const BUSY: ErrorCode = ErrorCode(-31_000);

/// The error that says so.
#[must_use]
pub fn busy(running: usize) -> ErrorObject {
    ErrorObject::new(BUSY, format!("{running} calls are running already; try again later"))
}

/// Writes the struct, its three presets and one setter per field from one table.
///
/// A row is `name: Type = local, public, trusted;`.
macro_rules! limits {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $local:expr, $public:expr, $trusted:expr;)+) => {
        /// The bounds of one process; see the [module](self) for how to choose them.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Limits {
            $($(#[$doc])+ pub $name: $type,)+
        }

        impl Limits {
            /// For a server or client on the user's own machine; the default.
            #[must_use]
            pub const fn local() -> Self {
                Self { $($name: $local,)+ }
            }

            /// For a listener that strangers can reach: fewer calls for each of them, more connections in total.
            #[must_use]
            pub const fn public() -> Self {
                Self { $($name: $public,)+ }
            }

            /// For a private network whose every peer is known: large messages, long calls, many at once.
            #[must_use]
            pub const fn trusted() -> Self {
                Self { $($name: $trusted,)+ }
            }

            $(
                $(#[$doc])+
                #[must_use]
                pub const fn $name(mut self, value: $type) -> Self {
                    self.$name = value;
                    self
                }
            )+
        }

        #[cfg(test)]
        impl Limits {
            fn rows(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name), format!("{:?}", self.$name)),)+]
            }
        }
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::local()
    }
}

limits! {
    // Messages.
    /// Largest HTTP request body a server reads, in bytes.
    body_bytes: usize = 4 * MIB, 4 * MIB, 64 * MIB;
    /// Largest HTTP response body a client reads, in bytes.
    response_bytes: usize = 16 * MIB, 16 * MIB, 256 * MIB;
    /// Longest line a server reads from a byte stream, in bytes without the line ending.
    server_line_bytes: usize = 4 * MIB, 4 * MIB, 64 * MIB;
    /// Longest line a client reads from a byte stream, in bytes without the line ending.
    client_line_bytes: usize = 16 * MIB, 16 * MIB, 256 * MIB;
    /// Largest server-sent event a client reads, in bytes.
    event_bytes: usize = 16 * MIB, 16 * MIB, 256 * MIB;
    /// Deepest nesting of arrays and objects in a message.
    json_depth: usize = 128, 128, 128;

    // HTTP connections.
    /// Open connections of one listener.
    connections: usize = 1_024, 16_384, 65_536;
    /// All request header lines together, in bytes.
    headers_bytes: usize = 32 * KIB, 32 * KIB, 64 * KIB;
    /// Number of request header lines.
    headers: usize = 100, 100, 200;
    /// One request header line, in bytes.
    header_bytes: usize = 8 * KIB, 8 * KIB, 32 * KIB;
    /// The value of one `Mcp-*` header, in bytes.
    mcp_header_bytes: usize = 4 * KIB, 4 * KIB, 8 * KIB;
    /// Time to receive all request headers.
    header_timeout: Duration = seconds(10), seconds(10), seconds(30);
    /// Time between two pieces of a request body.
    body_idle_timeout: Duration = seconds(15), seconds(15), seconds(60);
    /// Time to receive a whole request body.
    body_timeout: Duration = seconds(60), seconds(60), seconds(600);
    /// Time before a response without an answer yet becomes an event stream.
    stream_grace: Duration = seconds(1), seconds(1), seconds(1);
    /// Time between two comments that keep an idle event stream open, before jitter of ± 20 %.
    keep_alive: Duration = seconds(15), seconds(15), seconds(15);

    // Calls.
    /// Calls running at once on one byte stream or connection.
    running_per_link: usize = 128, 128, 1_024;
    /// Calls running at once for one principal.
    running_per_principal: usize = 1_024, 256, 8_192;
    /// Calls running at once in this process.
    running: usize = 16_384, 16_384, 65_536;
    /// Calls of one link that wait for an answer of the peer; they do not count as running.
    waiting_per_link: usize = 16, 16, 128;
    /// Bytes read ahead from a byte stream while no further call may start.
    read_ahead_bytes: usize = MIB, MIB, 16 * MIB;
    /// Time without an answer or progress after which a call of ours is given up.
    call_idle_timeout: Duration = seconds(60), seconds(60), minutes(10);
    /// Time after which a call of ours is given up whatever its progress.
    call_timeout: Duration = minutes(10), minutes(10), hours(2);
    /// Time a person has to answer a question.
    person_timeout: Duration = minutes(10), minutes(10), hours(1);

    // What waits to be written.
    /// Messages waiting for one reader.
    outbox_messages: usize = 256, 256, 4_096;
    /// Bytes waiting for one reader.
    outbox_bytes: usize = MIB, MIB, 16 * MIB;
    /// Time a reader may take nothing while something waits for it.
    stalled_timeout: Duration = seconds(30), seconds(30), seconds(120);

    // Subscriptions.
    /// Resource URIs named by one `subscriptions/listen`.
    listen_uris: usize = 1_024, 1_024, 16_384;
    /// Open `subscriptions/listen` calls of one principal.
    listens_per_principal: usize = 64, 64, 1_024;

    // Multi-round-trip requests.
    /// Sealed `requestState`, in bytes.
    request_state_bytes: usize = 64 * KIB, 64 * KIB, 64 * KIB;
    /// Rounds of one chain of questions.
    rounds: u32 = 10, 10, 10;
    /// Time a `requestState` stays valid.
    request_state_ttl: Duration = minutes(10), minutes(10), hours(1);
    /// Suspended calls kept for one principal.
    parks_per_principal: usize = 64, 16, 1_024;
    /// Time a suspended call is kept.
    park_ttl: Duration = minutes(10), minutes(10), hours(1);

    // Sessions of peers that open one.
    /// Live sessions.
    sessions: usize = 10_000, 10_000, 100_000;
    /// Live sessions of one principal.
    sessions_per_principal: usize = 64, 64, 10_000;
    /// Time without a call or an open stream after which a session ends.
    session_idle: Duration = minutes(30), minutes(30), hours(24);
    /// Time after which a session ends in any case.
    session_ttl: Duration = hours(24), hours(24), hours(7 * 24);
    /// Time between opening a session and its first message.
    session_init_timeout: Duration = seconds(10), seconds(10), seconds(60);
    /// Events of one session kept for a reconnecting reader.
    replay_events: usize = 256, 256, 4_096;
    /// Bytes of one session kept for a reconnecting reader.
    replay_bytes: usize = MIB, MIB, 16 * MIB;
    /// Time an event is kept for a reconnecting reader.
    replay_ttl: Duration = minutes(5), minutes(5), hours(1);

    // Tasks.
    /// Tasks kept for one principal.
    tasks_per_principal: usize = 256, 256, 4_096;
    /// Time a task is kept when its caller asked for none.
    task_ttl: Duration = hours(1), hours(1), hours(24);
    /// Longest time a caller may ask a task to be kept.
    task_ttl_max: Duration = hours(24), hours(24), hours(7 * 24);

    // URI templates.
    /// A URI template, in bytes.
    template_bytes: usize = 8 * KIB, 8 * KIB, 8 * KIB;
    /// Variables of one URI template.
    template_variables: usize = 256, 256, 256;
    /// A URI, in bytes.
    uri_bytes: usize = 64 * KIB, 64 * KIB, 64 * KIB;

    // What a client follows.
    /// Pages of one list.
    pages: usize = 64, 64, 1_024;
    /// Cached responses.
    cache_entries: usize = 512, 512, 16_384;
    /// Cached responses, in bytes.
    cache_bytes: usize = 8 * MIB, 8 * MIB, 256 * MIB;
    /// Longest time a response is cached, whatever its hint says.
    cache_ttl: Duration = hours(24), hours(24), hours(24);
    /// Attempts to open a broken connection again.
    reconnects: u32 = 8, 8, 64;
    /// Longest wait before the first of those attempts; it doubles each time.
    reconnect_delay: Duration = Duration::from_millis(500), Duration::from_millis(500), Duration::from_millis(500);
    /// Longest wait before any of those attempts.
    reconnect_delay_max: Duration = seconds(30), seconds(30), seconds(30);
    /// Shortest wait that the `retry` field of an event stream can ask for.
    retry_min: Duration = Duration::from_millis(100), Duration::from_millis(100), Duration::from_millis(100);
    /// A response of an authorization server, in bytes.
    oauth_bytes: usize = 256 * KIB, 256 * KIB, 256 * KIB;
    /// Redirects followed to an authorization server, all within one https origin.
    oauth_redirects: u32 = 3, 3, 3;

    // Child processes.
    /// Time a child has to exit after its input was closed.
    child_eof_grace: Duration = seconds(2), seconds(2), seconds(10);
    /// Time a child has to exit after it was asked to terminate.
    child_term_grace: Duration = seconds(2), seconds(2), seconds(10);
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn minutes(count: u64) -> Duration {
    seconds(60 * count)
}

const fn hours(count: u64) -> Duration {
    minutes(60 * count)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use expect_test::expect;

    use super::Limits;

    #[test]
    fn presets_are_these_figures() {
        let (local, public, trusted) =
            (Limits::local().rows(), Limits::public().rows(), Limits::trusted().rows());
        let mut table = String::new();
        for ((name, local), ((_, public), (_, trusted))) in
            local.iter().zip(public.iter().zip(&trusted))
        {
            table += &format!("{name:24} {local:>10} {public:>10} {trusted:>10}\n");
        }
        expect![[r#"
            body_bytes                  4194304    4194304   67108864
            response_bytes             16777216   16777216  268435456
            server_line_bytes           4194304    4194304   67108864
            client_line_bytes          16777216   16777216  268435456
            event_bytes                16777216   16777216  268435456
            json_depth                      128        128        128
            connections                    1024      16384      65536
            headers_bytes                 32768      32768      65536
            headers                         100        100        200
            header_bytes                   8192       8192      32768
            mcp_header_bytes               4096       4096       8192
            header_timeout                  10s        10s        30s
            body_idle_timeout               15s        15s        60s
            body_timeout                    60s        60s       600s
            stream_grace                     1s         1s         1s
            keep_alive                      15s        15s        15s
            running_per_link                128        128       1024
            running_per_principal          1024        256       8192
            running                       16384      16384      65536
            waiting_per_link                 16         16        128
            read_ahead_bytes            1048576    1048576   16777216
            call_idle_timeout               60s        60s       600s
            call_timeout                   600s       600s      7200s
            person_timeout                 600s       600s      3600s
            outbox_messages                 256        256       4096
            outbox_bytes                1048576    1048576   16777216
            stalled_timeout                 30s        30s       120s
            listen_uris                    1024       1024      16384
            listens_per_principal            64         64       1024
            request_state_bytes           65536      65536      65536
            rounds                           10         10         10
            request_state_ttl              600s       600s      3600s
            parks_per_principal              64         16       1024
            park_ttl                       600s       600s      3600s
            sessions                      10000      10000     100000
            sessions_per_principal           64         64      10000
            session_idle                  1800s      1800s     86400s
            session_ttl                  86400s     86400s    604800s
            session_init_timeout            10s        10s        60s
            replay_events                   256        256       4096
            replay_bytes                1048576    1048576   16777216
            replay_ttl                     300s       300s      3600s
            tasks_per_principal             256        256       4096
            task_ttl                      3600s      3600s     86400s
            task_ttl_max                 86400s     86400s    604800s
            template_bytes                 8192       8192       8192
            template_variables              256        256        256
            uri_bytes                     65536      65536      65536
            pages                            64         64       1024
            cache_entries                   512        512      16384
            cache_bytes                 8388608    8388608  268435456
            cache_ttl                    86400s     86400s     86400s
            reconnects                        8          8         64
            reconnect_delay               500ms      500ms      500ms
            reconnect_delay_max             30s        30s        30s
            retry_min                     100ms      100ms      100ms
            oauth_bytes                  262144     262144     262144
            oauth_redirects                   3          3          3
            child_eof_grace                  2s         2s        10s
            child_term_grace                 2s         2s        10s
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn the_default_is_local() {
        assert_eq!(Limits::default(), Limits::local());
    }

    #[test]
    fn a_setter_changes_only_its_field() {
        let limits = Limits::local().pages(3).header_timeout(Duration::from_millis(7));
        let before = Limits::local().rows();
        let changed: Vec<_> =
            limits.rows().into_iter().filter(|row| !before.contains(row)).collect();
        expect![[r#"
            [
                (
                    "header_timeout",
                    "7ms",
                ),
                (
                    "pages",
                    "3",
                ),
            ]
        "#]]
        .assert_debug_eq(&changed);
    }
}
