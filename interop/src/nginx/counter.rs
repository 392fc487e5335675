//! A passage for bytes that counts the connections it carries.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Stands between nginx and the server; its threads end with the connections they carry, or with this program.
pub(crate) struct Counter {
    pub(crate) address: SocketAddr,
    count: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

impl Counter {
    /// Carries to `target` what comes to the new address.
    pub(crate) fn start(target: SocketAddr) -> Result<Self, String> {
        let bound = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr().map(|address| (listener, address)));
        let (listener, address) = bound.map_err(|error| format!("cannot listen: {error}"))?;
        let count = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(AtomicUsize::new(0));
        let (counted, opened) = (count.clone(), open.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::Relaxed);
                let Ok(other) = TcpStream::connect(target) else { continue };
                let (Ok(answers), Ok(asker)) = (other.try_clone(), stream.try_clone()) else {
                    continue;
                };
                thread::spawn(move || carry(answers, asker));
                opened.fetch_add(1, Ordering::Relaxed);
                let opened = opened.clone();
                thread::spawn(move || {
                    carry(stream, other);
                    opened.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Ok(Self { address, count, open })
    }

    /// Connections that nginx has not closed yet.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections so far.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // The other direction may have ended it already.
    let _ = to.shutdown(Shutdown::Write);
}
