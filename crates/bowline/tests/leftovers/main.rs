//! What is left of clients and hosts when they are gone: tasks, descriptors, processes. In a program of its own, since all of it
//! is counted for the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    dead_code,
    reason = "a test that cannot go on panics, and not all of its helpers are needed here"
)]

#[path = "../client/honest.rs"]
mod honest;
#[cfg(all(feature = "http", not(modern_only)))]
#[path = "../client/old.rs"]
mod old;
#[path = "../client/script.rs"]
mod script;
#[cfg(feature = "http")]
#[path = "../client/web.rs"]
mod web;

#[cfg(all(target_os = "linux", feature = "http", feature = "host", not(modern_only)))]
mod counted {
    use crate::honest::{LEGACY, MODERN};
    use crate::old;
    use crate::script::Script;
    use crate::web::Web;
    use bowline::client::Target;
    use bowline::transport::child::Command;
    use bowline::{Client, Host, Result};
    use std::fs;
    use std::time::Duration;
    use tokio::runtime::Handle;

    /// Answers `server/discover`, says that it has a tool `good`, and answers calls of it.
    const CHILD: &str = r#"
        good='"result":{"resultType":"complete","content":[{"type":"text","text":"good"}]}}'
        found='"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}}'
        list='"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"good","inputSchema":{"type":"object"}}]}}'
        while read -r line; do
            id=${line#*\"id\":}; id=${id%%,*}
            case $line in
                *server/discover*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$found" ;;
                *tools/list*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$list" ;;
                *'"good"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$good" ;;
            esac
        done
    "#;

    /// How a client comes to its end, or a host.
    #[derive(Clone, Copy, Debug)]
    enum Way {
        Close,
        /// With a call under way.
        CloseUnder,
        Drop,
        /// With a call under way, which is dropped before.
        DropUnder,
        CloseHost,
        DropHost,
    }

    const WAYS: [Way; 6] =
        [Way::Close, Way::CloseUnder, Way::Drop, Way::DropUnder, Way::CloseHost, Way::DropHost];

    type Reach = Box<dyn Fn() -> Result<Target>>;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Count {
        tasks: usize,
        descriptors: usize,
        children: usize,
    }

    impl Count {
        fn now() -> Self {
            let tasks = fs::read_dir("/proc/self/task").unwrap();
            let children = tasks.flatten().map(|thread| {
                let children = fs::read_to_string(thread.path().join("children"));
                children.map_or(0, |children| children.split_whitespace().count())
            });
            Self {
                tasks: Handle::current().metrics().num_alive_tasks(),
                descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
                children: children.sum(),
            }
        }

        fn exceeds(self, other: Self) -> bool {
            self.tasks > other.tasks
                || self.descriptors > other.descriptors
                || self.children > other.children
        }
    }

    #[tokio::test]
    async fn nothing_is_left_over_any_transport_however_it_ends() {
        let stream = Script::new(|mut peer| async move {
            loop {
                peer.until_call("silent").await;
            }
        });
        let session = stream.clone().speaking(LEGACY);
        let newest = silent(MODERN).await;
        let with_session = silent(LEGACY).await;
        let oldest = old::server(old::OPENING, |message, stream| async move {
            if message["params"]["name"] != "silent" {
                stream.honestly(&message);
            }
        })
        .await;
        let targets: [(&str, Reach); 6] = [
            ("a stream", Box::new(move || Ok(Target::custom(stream.clone())))),
            ("a session on a stream", Box::new(move || Ok(Target::custom(session.clone())))),
            ("HTTP", Box::new(move || Target::url(&newest.url()))),
            ("a session over HTTP", Box::new(move || Target::url(&with_session.url()))),
            ("HTTP+SSE", Box::new(move || Target::url(&oldest.url()))),
            ("a process", Box::new(|| Ok(Target::command(Command::new("sh").args(["-c", CHILD]))))),
        ];
        for (name, target) in &targets {
            // Whatever is made once, such as roots of certificates, is made by the first.
            end(target().unwrap(), Way::Close).await;
            let before = settled(None).await;
            for way in WAYS {
                for _ in 0..5 {
                    end(target().unwrap(), way).await;
                }
                let after = settled(Some(before)).await;
                assert!(!after.exceeds(before), "{name}, {way:?}: {before:?}, then {after:?}");
            }
        }
    }

    async fn silent(version: &'static str) -> Web {
        Web::new(move |mut exchange| async move {
            if exchange.heard.calls("silent") {
                exchange.hung_up().await;
                return exchange;
            }
            exchange.honestly(version).await
        })
        .await
    }

    async fn end(target: Target, way: Way) {
        match way {
            Way::CloseHost => hosted(target).await.close().await,
            Way::DropHost => drop(hosted(target).await),
            Way::Close | Way::CloseUnder | Way::Drop | Way::DropUnder => {
                end_client(target, way).await;
            }
        }
    }

    /// A host that has handed a call on.
    async fn hosted(target: Target) -> Host {
        let host = Host::builder().server("one", target).start().await.unwrap();
        host.call("one__good", serde_json::json!({})).await.unwrap();
        host
    }

    async fn end_client(target: Target, way: Way) {
        let client = Client::connect(target).await.unwrap();
        client.call_tool("good", ()).await.unwrap();
        let call = client.call_tool("silent", ()).into_future();
        let soon = Duration::from_millis(20);
        match way {
            Way::Close => client.close().await,
            Way::CloseUnder => {
                let call = tokio::spawn(call);
                tokio::time::sleep(soon).await;
                client.close().await;
                assert!(call.await.unwrap().unwrap_err().is_closed());
            }
            Way::Drop | Way::CloseHost | Way::DropHost => {}
            Way::DropUnder => assert!(tokio::time::timeout(soon, call).await.is_err()),
        }
    }

    /// What is there once it is no more than it was, or does not get less.
    async fn settled(before: Option<Count>) -> Count {
        let mut steady = 0;
        let mut last = Count::now();
        for _ in 0..2_000 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = Count::now();
            steady = if now == last { steady + 1 } else { 0 };
            last = now;
            let enough = before.map_or(steady >= 40, |before| !now.exceeds(before));
            if enough {
                break;
            }
        }
        last
    }
}
