//! The one thread that writes: it collects what is waiting, runs each piece in a savepoint of its own, and
//! commits them together. One synchronous write serves them all; one that fails is undone alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::super::{StoreError, Stored, Work};
use super::lock;
use super::writing::{Memory, SqliteWriting};

/// The most requests in one commit.
const GROUP: usize = 256;

struct Job {
    work: Work,
    done: SyncSender<Stored<()>>,
}

pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start(connection: Arc<Mutex<Connection>>) -> Stored<Self> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("relay-writer".into())
            .spawn(move || run(&connection, &waiting))
            .map_err(|e| StoreError::Io(e.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    pub fn write(&self, work: Work) -> Stored<()> {
        let (done, answer) = sync_channel(1);
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { work, done }).map_err(|_| StoreError::Closed)?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    /// What was handed over is still written.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(connection: &Mutex<Connection>, waiting: &Receiver<Job>) {
    let mut memory = Memory::default();
    while let Ok(first) = waiting.recv() {
        let connection = lock(connection);
        let mut answers: Vec<(SyncSender<Stored<()>>, Stored<()>)> = Vec::new();
        let mut next = Some(first);
        let begun = execute(&connection, "BEGIN IMMEDIATE");
        while let Some(job) = next {
            let result = match &begun {
                Ok(()) => in_savepoint(&connection, &mut memory, job.work),
                Err(error) => Err(error.clone()),
            };
            answers.push((job.done, result));
            next = if answers.len() < GROUP { waiting.try_recv().ok() } else { None };
        }
        if begun.is_ok()
            && let Err(error) = execute(&connection, "COMMIT")
        {
            memory.forget_all();
            // After some errors SQLite has rolled back by itself.
            let _ = connection.execute_batch("ROLLBACK");
            for (_, result) in &mut answers {
                *result = Err(error.clone());
            }
        }
        drop(connection);
        for (done, result) in answers {
            // Who asked may have gone away; what is stored is stored.
            let _ = done.send(result);
        }
    }
}

fn in_savepoint(connection: &Connection, memory: &mut Memory, work: Work) -> Stored<()> {
    execute(connection, "SAVEPOINT request")?;
    let mut writing = SqliteWriting::new(connection, memory);
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut writing)))
        .unwrap_or_else(|_| Err(StoreError::Io("a request's work panicked".into())));
    if result.is_err() {
        writing.forget_touched();
        execute(connection, "ROLLBACK TO request")?;
    }
    execute(connection, "RELEASE request")?;
    result
}

fn execute(connection: &Connection, sql: &str) -> Stored<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
