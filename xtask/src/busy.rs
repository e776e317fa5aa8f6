//! Keeps the cores busy while the tests or the demo run: what fails only then is a defect.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction};

const LOOPS_PER_CORE: usize = 2;

/// The option `--busy` of a task.
pub fn option() -> Arg {
    Arg::new("busy").long("busy").action(ArgAction::SetTrue).help("Run beside two endless loops per core")
}

/// Endless loops, two per core, until this value is dropped.
pub struct BusyCores {
    stop: Arc<AtomicBool>,
    loops: Vec<JoinHandle<()>>,
}

impl BusyCores {
    /// Starts the loops.
    pub fn start() -> Result<Self> {
        let cores = thread::available_parallelism().context("counting the cores")?.get();
        let stop = Arc::new(AtomicBool::new(false));
        let loops = (0..cores * LOOPS_PER_CORE).map(|_| {
            let stop = stop.clone();
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            })
        });
        Ok(BusyCores { loops: loops.collect(), stop })
    }
}

impl Drop for BusyCores {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for finished in self.loops.drain(..) {
            let _ = finished.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loops_run_until_they_are_dropped() {
        let busy = BusyCores::start().unwrap();
        let (stop, loops) = (busy.stop.clone(), busy.loops.len());
        assert_eq!(loops, thread::available_parallelism().unwrap().get() * 2);
        assert!(busy.loops.iter().all(|running| !running.is_finished()));
        drop(busy);
        assert!(stop.load(Ordering::Relaxed));
        assert_eq!(Arc::strong_count(&stop), 1, "no loop is left");
    }
}
