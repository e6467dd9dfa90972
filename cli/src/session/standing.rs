//! Queries and views whose changes are shown as they come.

use std::io::Write;

use deltaq::{Outcome, Subscription};

use super::{Result, Session};
use crate::arguments::Emit;
use crate::failure::{Failure, Origin};
use crate::script;

/// A view whose changes are shown.
pub struct Standing {
    /// The view.
    pub view: String,
    /// The view was made for this alone.
    own: bool,
    /// Its changes are said to be its own.
    named: bool,
    /// It was asked for by EMIT CHANGES, written or implied.
    emits: bool,
    changes: Subscription,
}

impl Session {
    /// `SELECT … EMIT CHANGES`: shows the rows now, and every change from now on.
    pub(super) fn stand(&mut self, query: &str, origin: Origin) -> Result<()> {
        let taken: Vec<String> = self.engine.tables().into_iter().map(|t| t.name).collect();
        let view = loop {
            self.queries += 1;
            let name = format!("query_{}", self.queries);
            if !taken.contains(&name) {
                break name;
            }
        };
        let head = format!("CREATE VIEW {view} AS ");
        let origin = Origin { skip: head.len(), ..origin };
        let failure = |e: deltaq::Error| super::failure(&e, query, origin);
        self.engine.execute(&(head + query)).map_err(failure)?;
        let changes = match self.engine.subscribe(&view) {
            Ok(changes) => changes,
            Err(error) => {
                self.engine.execute(&format!("DROP VIEW {view}"))?;
                return Err(failure(error));
            }
        };
        if self.interactive {
            writeln!(self.out, "Changes of this query are shown as those of {view}, until .unwatch {view}.")?;
        }
        // Of a script that comes statement by statement nobody knows what follows.
        let named = self.named || self.standing.iter().any(|s| s.emits);
        self.standing.push(Standing { view, own: true, named, emits: true, changes });
        Ok(())
    }

    /// `.watch VIEW`: shows every change from now on; with `content` the rows now as well; `named` says whether its name is shown.
    pub(super) fn watch(&mut self, view: &str, content: bool, named: bool) -> Result<()> {
        if self.standing.iter().any(|s| s.view == view) {
            return Ok(());
        }
        let changes = self.engine.subscribe(view)?;
        if !content {
            changes.poll()?;
        }
        if self.interactive {
            writeln!(self.out, "Changes of {view} are shown from now on, until .unwatch {view}.")?;
        }
        self.standing.push(Standing { view: view.to_string(), own: false, named, emits: content, changes });
        Ok(())
    }

    /// `.unwatch VIEW`
    pub(super) fn unwatch(&mut self, view: &str) -> Result<()> {
        let Some(at) = self.standing.iter().position(|s| s.view == view) else {
            return Err(Failure::Message(format!("{view} is not watched")));
        };
        let standing = self.standing.remove(at);
        drop(standing.changes);
        if standing.own {
            self.engine.execute(&format!("DROP VIEW {}", standing.view))?;
        }
        Ok(())
    }

    /// The views that are watched.
    pub(super) fn watched(&self) -> Vec<String> {
        self.standing.iter().map(|s| s.view.clone()).collect()
    }

    /// Shows what has changed since the last time.
    pub(super) fn show_changes(&mut self) -> Result<()> {
        let mut ended = Vec::new();
        let mut written = false;
        let limits = self.limits();
        for standing in &self.standing {
            let changes = match standing.changes.poll() {
                Ok(changes) => changes,
                Err(e) if e.is_unknown_relation() => {
                    self.progress.suspend(|| eprintln!("warning: {} is watched no longer: {e}", standing.view));
                    ended.push(standing.view.clone());
                    continue;
                }
                Err(e) => return Err(e.into()),
            };
            if !self.changes {
                continue;
            }
            let view = standing.named.then_some(standing.view.as_str());
            let mode = if standing.emits { self.stream_mode } else { self.mode };
            for change in changes {
                let (fields, out, stream) = (standing.changes.schema(), &mut self.out, &mut self.stream);
                self.progress.suspend(|| stream.write(out, mode, limits, view, fields, &change))?;
                written = true;
            }
        }
        self.standing.retain(|s| !ended.contains(&s.view));
        if written {
            self.out.flush()?;
        }
        Ok(())
    }

    /// Views that no other view reads.
    pub fn outermost(&self) -> Vec<String> {
        let relations = self.engine.tables();
        let read = |name: &String| relations.iter().any(|r| r.reads.contains(name));
        let own = |name: &str| self.standing.iter().any(|s| s.own && s.view == name);
        relations
            .iter()
            .filter(|r| r.sql.is_some() && !read(&r.name) && !own(&r.name))
            .map(|r| r.name.clone())
            .collect()
    }

    /// Shows the outermost views: rows now and changes from now on, or the rows once all sources have ended.
    pub fn emit_views(&mut self, emit: Emit) -> Result<()> {
        let views = self.outermost();
        match emit {
            Emit::Changes => {
                let named = views.len() > 1;
                views.iter().try_for_each(|view| self.watch(view, true, named))?;
                self.show_changes()
            }
            Emit::Final => {
                self.load()?;
                for view in views {
                    let rows = self.engine.query(&format!("SELECT * FROM {}", script::quoted(&view)))?;
                    self.show(Outcome::Rows(rows))?;
                }
                Ok(())
            }
        }
    }
}
