//! Lambda's Runtime API, for one process: starts it, hands it events and takes its replies, and notes when.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hyper::{Method, StatusCode, header::HeaderValue};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::timeout,
};

use crate::http::{Answer, Handler, Request, Server, answer};

/// Longer than any function here takes for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the process did, and when.
#[derive(Debug)]
enum Heard {
    Ready(Instant),
    Replied(Instant, Bytes),
    Failed(String, Bytes),
}

#[derive(Debug)]
struct Api {
    heard: mpsc::UnboundedSender<Heard>,
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    served: AtomicU64,
}

impl Handler for Api {
    async fn handle(&self, request: Request) -> Answer {
        let now = Instant::now();
        let path = request
            .path
            .strip_prefix("/2018-06-01/runtime/")
            .unwrap_or_default();
        match (&request.method, path.rsplit('/').next()) {
            (&Method::GET, Some("next")) => {
                // Nobody listens any more when the process is being ended.
                let _ = self.heard.send(Heard::Ready(now));
                let Some(event) = self.events.lock().await.recv().await else {
                    return answer(StatusCode::GONE, Bytes::new());
                };
                self.next(event)
            }
            (&Method::POST, Some("response")) => {
                let _ = self.heard.send(Heard::Replied(now, request.body));
                answer(StatusCode::ACCEPTED, Bytes::new())
            }
            (&Method::POST, Some("error")) => {
                let _ = self
                    .heard
                    .send(Heard::Failed(path.to_owned(), request.body));
                answer(StatusCode::ACCEPTED, Bytes::new())
            }
            _ => answer(StatusCode::NOT_FOUND, Bytes::new()),
        }
    }
}

impl Api {
    fn next(&self, event: Bytes) -> Answer {
        let id = self.served.fetch_add(1, Ordering::Relaxed);
        let deadline = SystemTime::now() + PATIENCE;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut answer = answer(StatusCode::OK, event);
        let headers = answer.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        if let Ok(id) = HeaderValue::from_str(&format!("8476a536-e9f4-11e8-9739-{id:012x}")) {
            headers.insert("lambda-runtime-aws-request-id", id);
        }
        if let Ok(ms) = u64::try_from(deadline.as_millis()) {
            headers.insert("lambda-runtime-deadline-ms", HeaderValue::from(ms));
        }
        headers.insert(
            "lambda-runtime-invoked-function-arn",
            HeaderValue::from_static("arn:aws:lambda:us-east-1:000000000000:function:bench"),
        );
        headers.insert(
            "lambda-runtime-trace-id",
            HeaderValue::from_static("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"),
        );
        answer
    }
}

/// A function's process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    heard: mpsc::UnboundedReceiver<Heard>,
    events: mpsc::UnboundedSender<Bytes>,
    /// Comes when stderr closes, which is when the process ends.
    log: oneshot::Receiver<String>,
    _api: Server,
    /// From starting the process to its first call for an event.
    pub(crate) start: Duration,
    /// Whether it is waiting for an event already.
    ready: bool,
}

/// What is left when a process has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The most memory it ever held, in bytes; only Linux tells.
    pub(crate) peak_memory: Option<u64>,
    /// Its stderr.
    pub(crate) log: String,
}

impl Process {
    /// Starts `binary` with these variables and nothing else, and waits until it asks for an event.
    pub(crate) async fn start(binary: &Path, variables: &[(String, String)]) -> Result<Self> {
        let (say, heard) = mpsc::unbounded_channel();
        let (events, take) = mpsc::unbounded_channel();
        let api = Api {
            heard: say,
            events: Mutex::new(take),
            served: AtomicU64::new(0),
        };
        let api = Server::start(Arc::new(api)).await?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut stderr = child.stderr.take().context("no stderr")?;
        let (ended, log) = oneshot::channel();
        std::thread::spawn(move || {
            let mut log = Vec::new();
            // What was read before an error is still worth having.
            let _ = stderr.read_to_end(&mut log);
            let _ = ended.send(String::from_utf8_lossy(&log).into_owned());
        });
        let mut process = Self {
            child,
            heard,
            events,
            log,
            _api: api,
            start: Duration::ZERO,
            ready: true,
        };
        match process.hear().await {
            Ok(Heard::Ready(at)) => process.start = at - began,
            Ok(Heard::Failed(what, why)) => {
                return Err(process.post_mortem(&told(&what, &why)).await);
            }
            Ok(Heard::Replied(..)) => {
                return Err(process.post_mortem("it replied before it asked").await);
            }
            Err(error) => return Err(process.post_mortem(&error.to_string()).await),
        }
        Ok(process)
    }

    /// Hands over an event that the process is waiting for. The time until its reply, and the reply.
    pub(crate) async fn invoke(&mut self, event: &Bytes) -> Result<(Duration, Bytes)> {
        if !self.ready {
            match self.hear().await? {
                Heard::Ready(_) => {}
                _ => bail!("it replied twice"),
            }
        }
        self.ready = false;
        let handed = Instant::now();
        self.events
            .send(event.clone())
            .context("the Runtime API has ended")?;
        match self.hear().await? {
            Heard::Replied(at, reply) => Ok((at - handed, reply)),
            Heard::Failed(what, why) => bail!("{}", told(&what, &why)),
            Heard::Ready(_) => bail!("it asked for another event without a reply"),
        }
    }

    async fn hear(&mut self) -> Result<Heard> {
        let last = Duration::from_millis(50);
        tokio::select! {
            biased;
            heard = timeout(PATIENCE, self.heard.recv()) => {
                heard.context("nothing was heard of it in time")?.context("the Runtime API has ended")
            }
            log = &mut self.log => {
                // What it said last may still be on its way.
                if let Ok(Some(heard)) = timeout(last, self.heard.recv()).await {
                    return Ok(heard);
                }
                bail!("the process ended: {}", log.unwrap_or_default())
            }
        }
    }

    /// The processor's time that it has used, of all its threads; only Linux tells.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        used_time(&stat)
    }

    /// Ends the process.
    pub(crate) async fn end(mut self) -> Result<Ended> {
        let peak_memory = peak_memory(self.child.id());
        self.child.kill()?;
        // Nothing if it has ended before and its log has been told, or if a process that it started lives on
        // and keeps stderr open.
        let log = if self.log.is_terminated() {
            String::new()
        } else {
            let log = timeout(Duration::from_secs(5), &mut self.log).await;
            log.ok().and_then(Result::ok).unwrap_or_default()
        };
        Ok(Ended { peak_memory, log })
    }

    /// Ends the process and says what went wrong, with its last words.
    pub(crate) async fn post_mortem(self, problem: &str) -> anyhow::Error {
        let log = self.end().await.map(|ended| ended.log).unwrap_or_default();
        let last: Vec<_> = log.lines().rev().take(8).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        anyhow::anyhow!(
            "{problem}\n    its last words:\n    {}",
            last.join("\n    ")
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn told(what: &str, why: &Bytes) -> String {
    format!(
        "it reported an error ({what}): {}",
        String::from_utf8_lossy(why)
    )
}

/// The kernel's high-water mark of resident memory.
fn peak_memory(pid: u32) -> Option<u64> {
    high_water_mark(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// `utime` and `stime` of `/proc/<pid>/stat`, which Linux counts in hundredths of a second (proc(5), `USER_HZ`).
fn used_time(stat: &str) -> Option<Duration> {
    // The second field is a name, which may hold blanks and brackets.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_time_is_that_of_the_program_and_of_the_kernel_for_it() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 4 0 5000";
        assert_eq!(used_time(stat), Some(Duration::from_millis(420)));
        assert_eq!(used_time("7 (a) S 1"), None);
    }

    #[test]
    fn the_high_water_mark_is_read_in_bytes() {
        let status = "Name:\tbootstrap\nVmPeak:\t  123 kB\nVmHWM:\t    5432 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(high_water_mark(status), Some(5432 * 1024));
        assert_eq!(high_water_mark("Name:\tbootstrap\n"), None);
    }

    #[tokio::test]
    async fn a_process_that_ends_at_once_is_an_error_and_not_a_wait() {
        let error = Process::start(Path::new("/bin/sh"), &[]).await.unwrap_err();
        assert!(error.to_string().contains("the process ended"), "{error}");
    }

    #[tokio::test]
    async fn a_binary_that_is_not_there_is_named() {
        let error = Process::start(Path::new("/nowhere/bootstrap"), &[])
            .await
            .unwrap_err();
        assert!(error.to_string().contains("/nowhere/bootstrap"), "{error}");
    }
}
