//! Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static HEARD: AtomicBool = AtomicBool::new(false);
static PROMPT: AtomicBool = AtomicBool::new(false);

/// Takes over Ctrl-C. While somebody [listens](listen) the first one only asks to stop. Otherwise it ends the program,
/// at a prompt the second time only: a statement that runs cannot be stopped half-way.
pub fn install(prompt: bool) {
    PROMPT.store(prompt, Ordering::Relaxed);
    // Without a handler Ctrl-C just ends the program, which is as good.
    let _ = ctrlc::set_handler(|| {
        let before = ASKED.swap(true, Ordering::Relaxed);
        if HEARD.load(Ordering::Relaxed) && !before {
            return;
        }
        if PROMPT.load(Ordering::Relaxed) && !before {
            eprintln!("\nThe statement is still running; Ctrl-C again ends deltaq.");
            return;
        }
        std::process::exit(130);
    });
}

/// Until the value is dropped, whoever holds it asks [`Listening::asked`] now and then.
pub fn listen() -> Listening {
    ASKED.store(false, Ordering::Relaxed);
    HEARD.store(true, Ordering::Relaxed);
    Listening
}

/// Forgets a Ctrl-C that nobody listened to.
pub fn forget() {
    ASKED.store(false, Ordering::Relaxed);
}

/// See [`listen`].
pub struct Listening;

impl Listening {
    /// Whether Ctrl-C was pressed.
    pub fn asked(&self) -> bool {
        ASKED.load(Ordering::Relaxed)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        HEARD.store(false, Ordering::Relaxed);
    }
}
