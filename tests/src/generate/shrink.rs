//! Smaller cases that are still cases. Every candidate differs from its origin by one cut; the large cuts come first.

use deltaq_operators::Scalar;

use super::Kind;
use super::case::Case;
use super::change::Change;
use super::query::{Body, Expr, Select, Source, Top};

/// All cases that are one cut smaller.
pub fn smaller(case: &Case) -> Vec<Case> {
    let mut out = Vec::new();
    for index in (0..case.views.len()).rev() {
        if let Some(views) = without_view(&case.views, index) {
            out.push(Case { views, ..case.clone() });
        }
    }
    for index in (0..case.tables.len()).rev() {
        out.extend(without_table(case, index));
    }
    let epochs = case.epochs.len();
    if epochs > 1 {
        out.push(Case { epochs: case.epochs[..epochs / 2].to_vec(), ..case.clone() });
        out.push(Case { epochs: case.epochs[epochs / 2..].to_vec(), ..case.clone() });
    }
    for index in 0..epochs {
        let mut fewer = case.clone();
        fewer.epochs.remove(index);
        out.push(fewer);
    }
    for index in 1..epochs {
        let mut merged = case.clone();
        let later = merged.epochs.remove(index);
        merged.epochs[index - 1].extend(later);
        out.push(merged);
    }
    for (index, view) in case.views.iter().enumerate() {
        for body in bodies(view) {
            let mut views = case.views.clone();
            // Columns may only go where no later view counts on them.
            if body.kinds() == views[index].kinds()
                || !views[index + 1..].iter().any(|v| mentions(v, &Case::view_name(index)))
            {
                views[index] = body;
                out.push(Case { views, ..case.clone() });
            }
        }
    }
    for (epoch, changes) in case.epochs.iter().enumerate() {
        for index in 0..changes.len() {
            let mut fewer = case.clone();
            fewer.epochs[epoch].remove(index);
            out.push(fewer);
        }
    }
    for (epoch, changes) in case.epochs.iter().enumerate() {
        for (index, (table, change)) in changes.iter().enumerate() {
            for simpler in simpler_changes(change, case, *table) {
                let mut other = case.clone();
                other.epochs[epoch][index].1 = simpler;
                out.push(other);
            }
        }
    }
    out.retain(|candidate| candidate != case && candidate.views.iter().all(is_valid));
    out
}

fn without_view(views: &[Body], index: usize) -> Option<Vec<Body>> {
    if views.len() == 1 || views[index + 1..].iter().any(|v| mentions(v, &Case::view_name(index))) {
        return None;
    }
    // The names of the later ones move down; only a view that nobody reads can be last in line for that.
    let mut rest = views.to_vec();
    rest.remove(index);
    for later in index..rest.len() {
        let (old, new) = (Case::view_name(later + 1), Case::view_name(later));
        rest = rest.into_iter().map(|body| renamed(body, &old, &new)).collect();
    }
    Some(rest)
}

fn without_table(case: &Case, index: usize) -> Option<Case> {
    if case.tables.len() == 1 || case.views.iter().any(|v| mentions(v, &case.tables[index].name)) {
        return None;
    }
    let mut fewer = case.clone();
    fewer.tables.remove(index);
    for changes in &mut fewer.epochs {
        changes.retain(|(table, _)| *table != index);
        changes.iter_mut().filter(|(table, _)| *table > index).for_each(|(table, _)| *table -= 1);
    }
    Some(fewer)
}

fn mentions(body: &Body, name: &str) -> bool {
    let mut found = false;
    sources(body, &mut |source| found |= matches!(source, Source::Named { name: n, .. } if n == name));
    found
}

fn renamed(body: Body, old: &str, new: &str) -> Body {
    let mut body = body;
    rename_body(&mut body, old, new);
    body
}

fn rename_body(body: &mut Body, old: &str, new: &str) {
    match body {
        Body::Set { left, right, .. } => {
            rename_body(left, old, new);
            rename_body(right, old, new);
        }
        Body::Select(select) => {
            if let Some(from) = &mut select.from {
                rename_source(from, old, new);
            }
            for expr in select.exprs_mut() {
                rename_expr(expr, old, new);
            }
        }
    }
}

fn rename_source(source: &mut Source, old: &str, new: &str) {
    match source {
        Source::Named { name, .. } if name == old => *name = new.to_string(),
        Source::Named { .. } => {}
        Source::Sub { body, .. } => rename_body(body, old, new),
        Source::Join { left, right, on, .. } => {
            rename_source(left, old, new);
            rename_source(right, old, new);
            if let Some(on) = on {
                rename_expr(on, old, new);
            }
        }
    }
}

fn rename_expr(expr: &mut Expr, old: &str, new: &str) {
    match expr {
        Expr::Column { .. } | Expr::Literal(..) | Expr::Key(..) => {}
        Expr::Form { parts, .. } => parts.iter_mut().for_each(|p| rename_expr(p, old, new)),
        Expr::Aggregate { arg, filter, .. } => {
            for part in arg.iter_mut().chain(filter) {
                rename_expr(part, old, new);
            }
        }
        Expr::Query { arg, body, .. } => {
            if let Some(arg) = arg {
                rename_expr(arg, old, new);
            }
            rename_body(body, old, new);
        }
    }
}

impl Select {
    fn exprs_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.items.iter_mut().chain(&mut self.filter).chain(self.group.iter_mut().flatten()).chain(&mut self.having)
    }

    fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.items.iter().chain(&self.filter).chain(self.group.iter().flatten()).chain(&self.having)
    }
}

/// Calls `visit` with each source in a query, subqueries included.
fn sources(body: &Body, visit: &mut impl FnMut(&Source)) {
    fn of_source(source: &Source, visit: &mut impl FnMut(&Source)) {
        visit(source);
        match source {
            Source::Named { .. } => {}
            Source::Sub { body, .. } => sources(body, visit),
            Source::Join { left, right, on, .. } => {
                of_source(left, visit);
                of_source(right, visit);
                on.iter().for_each(|on| of_expr(on, visit));
            }
        }
    }
    fn of_expr(expr: &Expr, visit: &mut impl FnMut(&Source)) {
        match expr {
            Expr::Column { .. } | Expr::Literal(..) | Expr::Key(..) => {}
            Expr::Form { parts, .. } => parts.iter().for_each(|p| of_expr(p, visit)),
            Expr::Aggregate { arg, filter, .. } => arg.iter().chain(filter).for_each(|p| of_expr(p, visit)),
            Expr::Query { arg, body, .. } => {
                arg.iter().for_each(|p| of_expr(p, visit));
                sources(body, visit);
            }
        }
    }
    match body {
        Body::Set { left, right, .. } => {
            sources(left, visit);
            sources(right, visit);
        }
        Body::Select(select) => {
            select.from.iter().for_each(|from| of_source(from, visit));
            select.exprs().for_each(|e| of_expr(e, visit));
        }
    }
}

/// Whether every column that is named is in reach.
fn is_valid(body: &Body) -> bool {
    check_body(body, &mut Vec::new())
}

type Names = Vec<(String, Vec<(String, Kind)>)>;

fn check_body(body: &Body, around: &mut Names) -> bool {
    match body {
        Body::Set { left, right, .. } => {
            left.kinds() == right.kinds() && check_body(left, around) && check_body(right, around)
        }
        Body::Select(select) => {
            let depth = around.len();
            if !select.from.as_ref().is_none_or(check_source) {
                return false;
            }
            around.extend(select.from.iter().flat_map(Source::relations));
            let top = select.top.as_ref().is_none_or(|t| t.keys.iter().all(|(k, ..)| *k < select.items.len()));
            let fine = top && !select.items.is_empty() && select.exprs().all(|e| check_expr(e, around));
            around.truncate(depth);
            fine
        }
    }
}

fn check_source(source: &Source) -> bool {
    match source {
        Source::Named { .. } => true,
        // No LATERAL: a subquery here sees nothing of what is around.
        Source::Sub { body, .. } => check_body(body, &mut Vec::new()),
        Source::Join { left, right, on, .. } => {
            let mut names: Names = left.relations().into_iter().chain(right.relations()).collect();
            check_source(left) && check_source(right) && on.as_ref().is_none_or(|on| check_expr(on, &mut names))
        }
    }
}

fn check_expr(expr: &Expr, names: &mut Names) -> bool {
    match expr {
        Expr::Column { alias, name, kind } => {
            names.iter().any(|(a, columns)| a == alias && columns.iter().any(|(n, k)| n == name && k == kind))
        }
        Expr::Literal(..) | Expr::Key(..) => true,
        Expr::Form { parts, .. } => parts.iter().all(|p| check_expr(p, names)),
        Expr::Aggregate { arg, filter, .. } => arg.iter().chain(filter).all(|p| check_expr(p, names)),
        Expr::Query { arg, body, .. } => arg.iter().all(|p| check_expr(p, names)) && check_body(body, names),
    }
}

/// Queries that are one cut smaller than `body`.
fn bodies(body: &Body) -> Vec<Body> {
    match body {
        Body::Set { word, left, right } => {
            let mut out = vec![(**left).clone(), (**right).clone()];
            let with = |left: Body, right: Body| Body::Set { word, left: Box::new(left), right: Box::new(right) };
            out.extend(bodies(left).into_iter().map(|l| with(l, (**right).clone())));
            out.extend(bodies(right).into_iter().map(|r| with((**left).clone(), r)));
            out
        }
        Body::Select(select) => selects(select).into_iter().map(|s| Body::Select(Box::new(s))).collect(),
    }
}

fn selects(select: &Select) -> Vec<Select> {
    let mut out = Vec::new();
    let mut with = |change: &dyn Fn(&mut Select)| {
        let mut other = select.clone();
        change(&mut other);
        out.push(other);
    };
    with(&|s| s.filter = None);
    with(&|s| s.having = None);
    with(&|s| s.top = None);
    with(&|s| s.distinct = false);
    if select.items.len() > 1 {
        for index in 0..select.items.len() {
            with(&|s| {
                s.items.remove(index);
                // An order by what is gone is no order.
                s.top = s.top.take().map(|t| Top { keys: Vec::new(), ..t });
            });
        }
    }
    for from in select.from.iter().flat_map(source_cuts) {
        with(&|s| s.from = Some(from.clone()));
    }
    if let Some(top) = &select.top {
        for index in 0..top.keys.len() {
            with(&|s| {
                s.top.iter_mut().for_each(|t| {
                    t.keys.remove(index);
                })
            });
        }
        with(&|s| s.top.iter_mut().for_each(|t| t.offset = 0));
        with(&|s| s.top.iter_mut().for_each(|t| t.limit = 1));
    }
    for (index, item) in select.items.iter().enumerate() {
        for simpler in expr_cuts(item) {
            with(&|s| s.items[index] = simpler.clone());
        }
    }
    for simpler in select.filter.iter().flat_map(expr_cuts) {
        with(&|s| s.filter = Some(simpler.clone()));
    }
    for (index, key) in select.group.iter().flatten().enumerate() {
        // A bare constant is no key: an integer would be the place of a column.
        for simpler in expr_cuts(key).into_iter().filter(|e| !matches!(e, Expr::Literal(..))) {
            with(&|s| s.group.iter_mut().for_each(|g| g[index] = simpler.clone()));
        }
        // A key that nothing refers to.
        if index + 1 == select.group.as_ref().map_or(0, Vec::len) && !select.exprs().any(|e| uses_key(e, index)) {
            with(&|s| {
                s.group.iter_mut().for_each(|g| {
                    g.pop();
                })
            });
        }
    }
    for simpler in select.having.iter().flat_map(expr_cuts) {
        with(&|s| s.having = Some(simpler.clone()));
    }
    out
}

fn uses_key(expr: &Expr, key: usize) -> bool {
    match expr {
        Expr::Key(index, _) => *index == key,
        Expr::Form { parts, .. } => parts.iter().any(|p| uses_key(p, key)),
        Expr::Query { arg, .. } => arg.iter().any(|p| uses_key(p, key)),
        Expr::Column { .. } | Expr::Literal(..) | Expr::Aggregate { .. } => false,
    }
}

fn source_cuts(source: &Source) -> Vec<Source> {
    match source {
        Source::Named { .. } => Vec::new(),
        Source::Sub { body, alias } => {
            let sub = |body: Body| Source::Sub { body: Box::new(body), alias: alias.clone() };
            bodies(body).into_iter().map(sub).collect()
        }
        Source::Join { word, left, right, on } => {
            let join = |word, left: Source, right: Source, on| Source::Join {
                word,
                left: Box::new(left),
                right: Box::new(right),
                on,
            };
            let mut out = vec![(**left).clone(), (**right).clone()];
            if *word != "JOIN" && *word != "CROSS JOIN" {
                out.push(join("JOIN", (**left).clone(), (**right).clone(), on.clone()));
            }
            out.extend(source_cuts(left).into_iter().map(|l| join(word, l, (**right).clone(), on.clone())));
            out.extend(source_cuts(right).into_iter().map(|r| join(word, (**left).clone(), r, on.clone())));
            for on in on.iter().flat_map(expr_cuts) {
                out.push(join(word, (**left).clone(), (**right).clone(), Some(on)));
            }
            out
        }
    }
}

/// Simpler expressions of the same kind. In a grouped query, columns may only stand in aggregates.
fn expr_cuts(expr: &Expr) -> Vec<Expr> {
    let kind = expr.kind();
    let mut out = Vec::new();
    let mut constants = || {
        let simplest = kind.pool(false).remove(0);
        if *expr != Expr::Literal(simplest.clone(), kind) {
            out.push(Expr::Literal(simplest, kind));
            if !matches!(expr, Expr::Literal(..)) {
                out.push(Expr::Literal(Scalar::Null, kind));
            }
        }
    };
    match expr {
        Expr::Column { .. } | Expr::Key(..) => {}
        Expr::Literal(..) => constants(),
        Expr::Form { text, parts, .. } => {
            constants();
            out.extend(parts.iter().filter(|p| p.kind() == kind).cloned());
            for (index, part) in parts.iter().enumerate() {
                for simpler in expr_cuts(part) {
                    let mut parts = parts.clone();
                    parts[index] = simpler;
                    out.push(Expr::Form { text, parts, kind });
                }
            }
        }
        Expr::Aggregate { text, arg, filter, .. } => {
            let with = |arg, filter| Expr::Aggregate { text, arg, filter, kind };
            if filter.is_some() {
                out.push(with(arg.clone(), None));
            }
            for simpler in arg.iter().flat_map(|a| expr_cuts(a)) {
                out.push(with(Some(Box::new(simpler)), filter.clone()));
            }
            for simpler in filter.iter().flat_map(|f| expr_cuts(f)) {
                out.push(with(arg.clone(), Some(Box::new(simpler))));
            }
        }
        Expr::Query { text, arg, body, .. } => {
            constants();
            let scalar = text.is_empty();
            for simpler in bodies(body).into_iter().filter(|b| b.kinds() == body.kinds()) {
                // A scalar subquery stays an aggregate over everything, or it may yield many rows.
                let one_row = matches!(&simpler, Body::Select(s) if s.group.is_some());
                if !scalar || one_row {
                    out.push(Expr::Query { text, arg: arg.clone(), body: Box::new(simpler), kind });
                }
            }
            for simpler in arg.iter().flat_map(|a| expr_cuts(a)) {
                out.push(Expr::Query { text, arg: Some(Box::new(simpler)), body: body.clone(), kind });
            }
        }
    }
    out
}

fn simpler_changes(change: &Change, case: &Case, table: usize) -> Vec<Change> {
    let rows = |row: &Vec<Scalar>| {
        let mut out = Vec::new();
        for (index, (_, kind, nullable)) in case.tables[table].columns.iter().enumerate() {
            let mut choices = vec![kind.pool(false).remove(0)];
            if *nullable {
                choices.push(Scalar::Null);
            }
            // Towards the simplest value only, or it would go round in circles.
            if !choices.contains(&row[index]) {
                for choice in choices {
                    let mut row = row.clone();
                    row[index] = choice;
                    out.push(row);
                }
            }
        }
        out
    };
    match change {
        Change::Insert(row) => rows(row).into_iter().map(Change::Insert).collect(),
        Change::Update(place, row) => {
            let mut out = vec![Change::Delete(*place), Change::Insert(row.clone())];
            out.extend(rows(row).into_iter().map(|row| Change::Update(*place, row)));
            out
        }
        Change::Wipe => vec![Change::Delete(0)],
        Change::Flash(row) => rows(row).into_iter().map(Change::Flash).collect(),
        Change::Delete(place) if *place > 0 => vec![Change::Delete(0)],
        Change::Same(place) if *place > 0 => vec![Change::Same(0)],
        Change::Again(place) if *place > 0 => vec![Change::Again(0)],
        _ => Vec::new(),
    }
}
