//! Makes random queries, weighted towards what is hard to keep up to date.

use super::query::{Body, Expr, Select, Source, Top};
use super::{Dice, KINDS, Kind};

/// A relation that may be read: name and columns.
pub type Relation = (String, Vec<(String, Kind)>);

/// What a query may use.
#[derive(Clone, Debug)]
pub struct Taste {
    /// Kinds of values.
    pub kinds: Vec<Kind>,
    /// Extreme values, divisions and casts that may fail.
    pub wild: bool,
    /// Every order is total.
    pub total: bool,
    /// Queries of one table each, without subqueries: where each row fails or not by itself.
    pub flat: bool,
}

impl Taste {
    /// Everything whose results do not fail.
    pub fn tame() -> Taste {
        Taste { kinds: KINDS.to_vec(), wild: false, total: false, flat: false }
    }

    /// Everything, failures included.
    pub fn wild() -> Taste {
        Taste { wild: true, ..Taste::tame() }
    }

    /// What PostgreSQL computes and prints alike.
    pub fn portable() -> Taste {
        let kinds = KINDS.into_iter().filter(|k| *k != Kind::Double).collect();
        Taste { kinds, total: true, ..Taste::tame() }
    }

    /// One table a query, with failures: which rows fail is then told by the definition alone.
    pub fn flat() -> Taste {
        Taste { flat: true, ..Taste::wild() }
    }
}

/// Makes queries over `relations`.
pub struct Maker<'a> {
    pub(super) dice: &'a mut Dice,
    pub(super) taste: &'a Taste,
    relations: &'a [Relation],
    aliases: usize,
}

type Scope = Vec<Relation>;

/// What an expression may refer to.
#[derive(Clone, Copy)]
pub(super) struct Reach<'a> {
    /// Relations of the query itself.
    pub(super) scope: &'a [Relation],
    /// Whether subqueries may stand here.
    pub(super) queries: bool,
}

impl<'a> Maker<'a> {
    /// A maker of queries over `relations`.
    pub fn new(dice: &'a mut Dice, taste: &'a Taste, relations: &'a [Relation]) -> Maker<'a> {
        Maker { dice, taste, relations, aliases: 0 }
    }

    /// A query, for a view.
    pub fn body(&mut self) -> Body {
        if self.taste.flat {
            let mut select = self.select(0, None);
            (select.distinct, select.top) = (false, None);
            return Body::Select(Box::new(select));
        }
        self.make_body(2, None)
    }

    /// A query without grouping, distinct or order, and the same where a condition is true, false and NULL: its ternary partition.
    pub fn partition(&mut self) -> [Body; 4] {
        let mut whole = self.select(1, None);
        while whole.group.is_some() || whole.distinct || whole.top.is_some() {
            whole = self.select(1, None);
        }
        let scope = whole.from.iter().flat_map(Source::relations).collect::<Vec<_>>();
        let condition = self.condition(Reach { scope: &scope, queries: false }, 2);
        let part = |text: &'static str| {
            let test = Expr::Form { text, parts: vec![condition.clone()], kind: Kind::Boolean };
            let filter = match whole.filter.clone() {
                Some(filter) => Expr::Form { text: "({} AND {})", parts: vec![filter, test], kind: Kind::Boolean },
                None => test,
            };
            Body::Select(Box::new(Select { filter: Some(filter), ..whole.clone() }))
        };
        let parts = [part("{}"), part("(NOT {})"), part("({} IS NULL)")];
        let [yes, no, unknown] = parts;
        [Body::Select(Box::new(whole)), yes, no, unknown]
    }

    fn make_body(&mut self, depth: usize, wanted: Option<&[Kind]>) -> Body {
        if depth > 0 && self.dice.chance(22) {
            let left = self.make_body(depth - 1, wanted);
            let right = self.make_body(depth - 1, Some(&left.kinds()));
            let words = ["UNION ALL", "UNION", "EXCEPT ALL", "EXCEPT", "INTERSECT ALL", "INTERSECT"];
            let word = words[self.dice.weighted(&[2, 2, 5, 2, 2, 1])];
            return Body::Set { word, left: Box::new(left), right: Box::new(right) };
        }
        Body::Select(Box::new(self.select(depth, wanted)))
    }

    fn select(&mut self, depth: usize, wanted: Option<&[Kind]>) -> Select {
        let from = self.source(depth);
        let scope = from.relations();
        let reach = Reach { scope: &scope, queries: depth > 0 };
        let filter = self.dice.chance(50).then(|| self.condition(reach, 2));
        let wanted: Vec<Kind> = match wanted {
            Some(kinds) => kinds.to_vec(),
            None => (0..self.dice.between(1, 3)).map(|_| self.kind()).collect(),
        };
        let mut select = Select {
            distinct: self.dice.chance(12),
            items: Vec::new(),
            from: Some(from),
            filter,
            group: None,
            having: None,
            top: None,
        };
        if self.dice.chance(40) {
            let keys: Vec<Expr> = (0..self.dice.weighted(&[2, 5, 2])).map(|_| self.key(reach)).collect();
            select.items = wanted.iter().map(|kind| self.grouped_item(*kind, &keys, reach)).collect();
            select.having = self.dice.chance(20).then(|| self.having(reach));
            select.group = Some(keys);
        } else {
            select.items = wanted.iter().map(|kind| self.item(*kind, reach)).collect();
        }
        // Some rows of an order. Floats do not sort the same −0.0 and 0.0 in every database, so they are no keys.
        if self.dice.chance(15) {
            let keys = (0..self.dice.below(3))
                .map(|_| (self.dice.below(wanted.len()), self.dice.chance(50), self.dice.chance(50)))
                .collect();
            let total = self.taste.total || self.dice.chance(30);
            select.top =
                Some(Top { keys, total, limit: self.dice.between(1, 4), offset: self.dice.weighted(&[4, 1, 1]) });
        }
        select
    }

    pub(super) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("r{}", self.aliases)
    }

    fn source(&mut self, depth: usize) -> Source {
        let mut source = self.relation(depth);
        for _ in 0..self.dice.weighted(if self.taste.flat { &[1] } else { &[5, 5, 2] }) {
            let right = self.relation(depth);
            let words = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"];
            let mut word = words[self.dice.weighted(&[4, 5, 2, 3, 1])];
            let scope: Scope = source.relations().into_iter().chain(right.relations()).collect();
            let on = if word == "CROSS JOIN" { None } else { Some(self.join_condition(&source, &right, &scope)) };
            if word == "FULL JOIN" && !matches!(&on, Some(Expr::Form { text: "({} = {})", .. })) {
                // Elsewhere a FULL JOIN needs an equality.
                word = "LEFT JOIN";
            }
            source = Source::Join { word, left: Box::new(source), right: Box::new(right), on };
        }
        source
    }

    fn relation(&mut self, depth: usize) -> Source {
        if depth > 0 && self.dice.chance(15) {
            let body = Box::new(self.make_body(depth - 1, None));
            return Source::Sub { body, alias: self.alias() };
        }
        // Later relations are views over views: more of them.
        let place = self.dice.below(self.relations.len()).max(self.dice.below(self.relations.len()));
        let (name, columns) = self.relations[place].clone();
        Source::Named { name, alias: self.alias(), columns }
    }

    fn join_condition(&mut self, left: &Source, right: &Source, scope: &[Relation]) -> Expr {
        let (left, right) = (left.relations(), right.relations());
        let mut condition = None;
        for _ in 0..2 {
            let kind = self.kind();
            let (l, r) = (self.columns(&left, kind), self.columns(&right, kind));
            if condition.is_none() && !l.is_empty() && !r.is_empty() {
                let parts = vec![self.dice.pick(&l).clone(), self.dice.pick(&r).clone()];
                let text = if self.dice.chance(10) { "({} IS NOT DISTINCT FROM {})" } else { "({} = {})" };
                condition = Some(Expr::Form { text, parts, kind: Kind::Boolean });
            }
        }
        let reach = Reach { scope, queries: false };
        match condition {
            None => self.condition(reach, 1),
            Some(equality) if self.dice.chance(25) => {
                let parts = vec![equality, self.condition(reach, 1)];
                Expr::Form { text: "({} AND {})", parts, kind: Kind::Boolean }
            }
            Some(equality) => equality,
        }
    }

    pub(super) fn kind(&mut self) -> Kind {
        *self.dice.pick(&self.taste.kinds)
    }

    pub(super) fn columns(&self, scope: &[Relation], kind: Kind) -> Vec<Expr> {
        let column = |alias: &String, (name, kind): &(String, Kind)| Expr::Column {
            alias: alias.clone(),
            name: name.clone(),
            kind: *kind,
        };
        scope
            .iter()
            .flat_map(|(alias, columns)| columns.iter().map(move |c| column(alias, c)))
            .filter(|c| c.kind() == kind)
            .collect()
    }

    /// A grouping key: mostly a column as it is.
    fn key(&mut self, reach: Reach) -> Expr {
        let kind = self.kind();
        let columns = self.columns(reach.scope, kind);
        if !columns.is_empty() && self.dice.chance(80) {
            return self.dice.pick(&columns).clone();
        }
        self.form(kind, Reach { queries: false, ..reach }, 1)
    }

    fn item(&mut self, kind: Kind, reach: Reach) -> Expr {
        if reach.queries && self.dice.chance(8) {
            return self.scalar_query(kind, reach);
        }
        self.expr(kind, reach, 2)
    }

    fn grouped_item(&mut self, kind: Kind, keys: &[Expr], reach: Reach) -> Expr {
        let fitting: Vec<usize> = (0..keys.len()).filter(|k| keys[*k].kind() == kind).collect();
        if !fitting.is_empty() && self.dice.chance(60) {
            return Expr::Key(*self.dice.pick(&fitting), kind);
        }
        self.aggregate(kind, Reach { queries: false, ..reach })
    }

    fn aggregate(&mut self, kind: Kind, reach: Reach) -> Expr {
        // What yields this kind, of an argument of which kind. A kind without aggregate of its own takes an extremum.
        let choices: &[(&'static str, Option<Kind>)] = match kind {
            Kind::BigInt => &[
                ("COUNT(*)", None),
                ("COUNT({})", Some(Kind::Text)),
                ("COUNT(DISTINCT {})", Some(Kind::Int)),
                ("SUM({})", Some(Kind::Int)),
                ("SUM(DISTINCT {})", Some(Kind::Int)),
                ("MAX({})", Some(Kind::BigInt)),
                ("COUNT(DISTINCT {})", Some(Kind::Text)),
            ],
            Kind::Int => &[
                ("MIN({})", Some(Kind::Int)),
                ("MAX({})", Some(Kind::Int)),
                ("PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY {} DESC)", Some(Kind::Int)),
            ],
            Kind::Decimal => &[
                ("SUM({})", Some(Kind::Decimal)),
                ("SUM({})", Some(Kind::BigInt)),
                ("AVG({})", Some(Kind::Int)),
                ("AVG(DISTINCT {})", Some(Kind::Decimal)),
                ("MIN({})", Some(Kind::Decimal)),
                ("VAR_POP({})", Some(Kind::Int)),
                ("VAR_SAMP({})", Some(Kind::Decimal)),
                ("STDDEV({})", Some(Kind::BigInt)),
                ("STDDEV_POP(DISTINCT {})", Some(Kind::Decimal)),
            ],
            Kind::Double => &[
                ("SUM({})", Some(Kind::Double)),
                ("AVG({})", Some(Kind::Double)),
                ("MIN({})", Some(Kind::Double)),
                ("SUM(DISTINCT {})", Some(Kind::Double)),
                ("MAX({})", Some(Kind::Double)),
                ("PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY {})", Some(Kind::Int)),
                ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY {} DESC)", Some(Kind::Decimal)),
                ("PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY {})", Some(Kind::Double)),
            ],
            Kind::Boolean => &[("BOOL_AND({})", Some(Kind::Boolean)), ("BOOL_OR({})", Some(Kind::Boolean))],
            Kind::Text => &[
                ("MIN({})", Some(Kind::Text)),
                ("MAX({})", Some(Kind::Text)),
                ("STRING_AGG(DISTINCT {}, '-')", Some(Kind::Text)),
                ("MODE() WITHIN GROUP (ORDER BY CAST({} AS TEXT) DESC)", Some(Kind::Text)),
            ],
            Kind::Date => &[
                ("MIN({})", Some(Kind::Date)),
                ("MAX({})", Some(Kind::Date)),
                ("MODE() WITHIN GROUP (ORDER BY {})", Some(Kind::Date)),
            ],
            Kind::Timestamp => &[("MIN({})", Some(Kind::Timestamp)), ("MAX({})", Some(Kind::Timestamp))],
        };
        let (text, of) = *self.dice.pick(choices);
        let arg = of.map(|of| Box::new(self.expr(of, reach, 1)));
        let filter = self.dice.chance(20).then(|| Box::new(self.condition(reach, 1)));
        Expr::Aggregate { text, arg, filter, kind }
    }

    fn having(&mut self, reach: Reach) -> Expr {
        let kind = if self.dice.chance(70) { Kind::BigInt } else { self.kind() };
        let aggregate = self.aggregate(kind, Reach { queries: false, ..reach });
        self.comparison(aggregate, kind)
    }

    fn comparison(&mut self, with: Expr, kind: Kind) -> Expr {
        let text = *self.dice.pick(&["({} = {})", "({} <> {})", "({} < {})", "({} >= {})", "({} IS DISTINCT FROM {})"]);
        let parts = vec![with, self.literal(kind)];
        Expr::Form { text, parts, kind: Kind::Boolean }
    }

    fn literal(&mut self, kind: Kind) -> Expr {
        let nullable = self.dice.chance(20);
        Expr::Literal(kind.value(self.dice, self.taste.wild, nullable), kind)
    }

    /// A boolean.
    fn condition(&mut self, reach: Reach, depth: usize) -> Expr {
        if reach.queries && self.dice.chance(25) {
            return self.query_condition(reach);
        }
        self.expr(Kind::Boolean, reach, depth)
    }

    pub(super) fn expr(&mut self, kind: Kind, reach: Reach, depth: usize) -> Expr {
        let columns = self.columns(reach.scope, kind);
        let form = if kind == Kind::Boolean { 75 } else { 30 };
        if depth > 0 && self.dice.chance(form) {
            return self.form(kind, reach, depth);
        }
        if !columns.is_empty() && self.dice.chance(85) {
            return self.dice.pick(&columns).clone();
        }
        self.literal(kind)
    }

    fn form(&mut self, kind: Kind, reach: Reach, depth: usize) -> Expr {
        let any = self.kind();
        let number = *self.dice.pick(&[Kind::Int, Kind::BigInt, Kind::Decimal]);
        let boolean = Kind::Boolean;
        // Products and sums of what is already computed may run over: only of columns and constants.
        let leaf = |kind: Kind| (kind, 0);
        let deep = |kind: Kind| (kind, depth - 1);
        let general: [(&'static str, Vec<(Kind, usize)>); 4] = [
            ("CASE WHEN {} THEN {} ELSE {} END", vec![deep(boolean), deep(kind), deep(kind)]),
            ("CASE WHEN {} THEN {} END", vec![deep(boolean), deep(kind)]),
            ("COALESCE({}, {})", vec![deep(kind), deep(kind)]),
            ("NULLIF({}, {})", vec![deep(kind), leaf(kind)]),
        ];
        let mut choices: Vec<(&'static str, Vec<(Kind, usize)>)> = match kind {
            Kind::Boolean => vec![
                ("({} = {})", vec![deep(any), deep(any)]),
                ("({} = {})", vec![leaf(any), leaf(any)]),
                ("({} <> {})", vec![leaf(any), leaf(any)]),
                ("({} < {})", vec![deep(any), leaf(any)]),
                ("({} >= {})", vec![leaf(any), leaf(any)]),
                ("({} IS DISTINCT FROM {})", vec![leaf(any), leaf(any)]),
                ("({} IS NULL)", vec![leaf(any)]),
                ("({} IS NOT NULL)", vec![leaf(any)]),
                ("({} AND {})", vec![deep(boolean), deep(boolean)]),
                ("({} OR {})", vec![deep(boolean), deep(boolean)]),
                ("(NOT {})", vec![deep(boolean)]),
                ("({} IS TRUE)", vec![deep(boolean)]),
                ("({} IN ({}, {}))", vec![deep(any), leaf(any), leaf(any)]),
                ("({} NOT IN ({}, {}))", vec![deep(any), leaf(any), leaf(any)]),
                ("({} BETWEEN {} AND {})", vec![leaf(any), leaf(any), leaf(any)]),
                ("({} NOT BETWEEN {} AND {})", vec![leaf(any), leaf(any), leaf(any)]),
                ("({} LIKE '%a%')", vec![deep(Kind::Text)]),
                ("({} NOT LIKE 'a_')", vec![leaf(Kind::Text)]),
                ("({} LIKE {})", vec![leaf(Kind::Text), leaf(Kind::Text)]),
            ],
            Kind::Int => vec![
                ("({} + {})", vec![leaf(kind), leaf(kind)]),
                ("({} - {})", vec![leaf(kind), leaf(kind)]),
                ("({} % NULLIF({}, 0))", vec![deep(kind), leaf(kind)]),
                ("LENGTH({})", vec![deep(Kind::Text)]),
                ("({} - {})", vec![leaf(Kind::Date), leaf(Kind::Date)]),
                ("CAST({} AS INT)", vec![leaf(Kind::Boolean)]),
            ],
            Kind::BigInt => vec![
                ("({} + {})", vec![leaf(kind), leaf(kind)]),
                ("({} * {})", vec![leaf(Kind::BigInt), leaf(Kind::Int)]),
                ("CAST({} AS BIGINT)", vec![deep(Kind::Int)]),
                ("(- {})", vec![leaf(kind)]),
            ],
            Kind::Decimal => vec![
                ("({} + {})", vec![leaf(kind), leaf(number)]),
                ("({} - {})", vec![leaf(kind), leaf(number)]),
                ("CAST({} AS DECIMAL(12,2))", vec![leaf(Kind::Int)]),
            ],
            Kind::Double => vec![
                ("CAST({} AS DOUBLE PRECISION)", vec![deep(Kind::Int)]),
                ("CAST({} AS DOUBLE PRECISION)", vec![leaf(Kind::Decimal)]),
                ("(- {})", vec![deep(kind)]),
            ],
            Kind::Text => vec![
                ("({} || {})", vec![deep(kind), deep(kind)]),
                ("UPPER({})", vec![deep(kind)]),
                ("CAST({} AS TEXT)", vec![leaf(Kind::Int)]),
                ("CAST({} AS TEXT)", vec![leaf(Kind::Date)]),
                ("CAST({} AS TEXT)", vec![leaf(Kind::Double)]),
            ],
            Kind::Date => vec![("CAST({} AS DATE)", vec![leaf(Kind::Timestamp)])],
            Kind::Timestamp => vec![("CAST({} AS TIMESTAMP)", vec![leaf(Kind::Date)])],
        };
        if self.taste.wild {
            choices.extend(match kind {
                Kind::Int => vec![
                    ("({} / {})", vec![deep(kind), leaf(kind)]),
                    ("({} * {})", vec![deep(kind), deep(kind)]),
                    ("CAST({} AS INT)", vec![leaf(Kind::Text)]),
                    ("CAST({} AS INT)", vec![leaf(Kind::BigInt)]),
                    ("CAST({} AS INT)", vec![leaf(Kind::Double)]),
                ],
                Kind::BigInt => {
                    vec![("({} * {})", vec![deep(kind), deep(kind)]), ("({} % {})", vec![leaf(kind), leaf(kind)])]
                }
                Kind::Decimal => vec![
                    ("({} / {})", vec![leaf(kind), leaf(number)]),
                    ("CAST({} AS DECIMAL(3,1))", vec![leaf(kind)]),
                    ("({} * {})", vec![leaf(kind), leaf(kind)]),
                ],
                Kind::Double => vec![
                    ("({} + {})", vec![leaf(kind), leaf(kind)]),
                    ("({} * {})", vec![leaf(kind), leaf(kind)]),
                    ("({} / {})", vec![leaf(kind), leaf(kind)]),
                ],
                _ => vec![],
            });
        }
        let allowed = |parts: &[(Kind, usize)]| parts.iter().all(|(kind, _)| self.taste.kinds.contains(kind));
        choices.retain(|(_, parts)| allowed(parts));
        let general: Vec<_> = general.into_iter().filter(|(_, parts)| allowed(parts)).collect();
        let (text, parts) = if choices.is_empty() || self.dice.chance(if kind == boolean { 10 } else { 40 }) {
            self.dice.pick(&general).clone()
        } else {
            self.dice.pick(&choices).clone()
        };
        let reach = Reach { queries: reach.queries && kind == boolean, ..reach };
        let parts = parts
            .into_iter()
            .map(
                |(part, depth)| {
                    if part == boolean { self.condition(reach, depth) } else { self.expr(part, reach, depth) }
                },
            )
            .collect();
        Expr::Form { text, parts, kind }
    }

    /// EXISTS, IN or a comparison with a scalar subquery.
    fn query_condition(&mut self, reach: Reach) -> Expr {
        let kind = self.kind();
        match self.dice.weighted(&[3, 3, 2]) {
            0 => {
                let text = if self.dice.chance(50) { "EXISTS" } else { "NOT EXISTS" };
                Expr::Query { text, arg: None, body: Box::new(self.inner(&[kind], reach)), kind: Kind::Boolean }
            }
            1 => {
                let text = if self.dice.chance(50) { "{} IN" } else { "{} NOT IN" };
                let arg = Some(Box::new(self.expr(kind, Reach { queries: false, ..reach }, 1)));
                let body =
                    if self.dice.chance(60) { self.make_body(0, Some(&[kind])) } else { self.inner(&[kind], reach) };
                Expr::Query { text, arg, body: Box::new(body), kind: Kind::Boolean }
            }
            _ => {
                let left = self.expr(kind, Reach { queries: false, ..reach }, 1);
                let text = *self.dice.pick(&["({} = {})", "({} > {})", "({} IS DISTINCT FROM {})"]);
                let parts = vec![left, self.scalar_query(kind, reach)];
                Expr::Form { text, parts, kind: Kind::Boolean }
            }
        }
    }

    /// A subquery of one row: an aggregate over everything, often correlated.
    fn scalar_query(&mut self, kind: Kind, reach: Reach) -> Expr {
        let from = self.relation(0);
        let scope = from.relations();
        let inside = Reach { scope: &scope, queries: false };
        let items = vec![self.aggregate(kind, inside)];
        let filter = if self.dice.chance(60) { self.correlation(&scope, reach) } else { None };
        let select = Select {
            distinct: false,
            items,
            from: Some(from),
            filter,
            group: Some(Vec::new()),
            having: None,
            top: None,
        };
        Expr::Query { text: "", arg: None, body: Box::new(Body::Select(Box::new(select))), kind }
    }

    /// A plain query, correlated if it can be.
    fn inner(&mut self, wanted: &[Kind], reach: Reach) -> Body {
        let from = self.relation(0);
        let scope = from.relations();
        let inside = Reach { scope: &scope, queries: false };
        let items = wanted.iter().map(|kind| self.expr(*kind, inside, 1)).collect();
        let mut filter = self.correlation(&scope, reach);
        if self.dice.chance(30) {
            let more = self.condition(inside, 1);
            filter = Some(match filter {
                Some(filter) => Expr::Form { text: "({} AND {})", parts: vec![filter, more], kind: Kind::Boolean },
                None => more,
            });
        }
        Body::Select(Box::new(Select {
            distinct: false,
            items,
            from: Some(from),
            filter,
            group: None,
            having: None,
            top: None,
        }))
    }

    /// An equality between a column of `inside` and one of the query around.
    fn correlation(&mut self, inside: &[Relation], around: Reach) -> Option<Expr> {
        let pairs: Vec<(Expr, Expr)> = KINDS
            .into_iter()
            .flat_map(|kind| {
                let outer = self.columns(around.scope, kind);
                let inner = self.columns(inside, kind);
                inner.into_iter().flat_map(move |i| outer.clone().into_iter().map(move |o| (i.clone(), o)))
            })
            .collect();
        if pairs.is_empty() {
            return None;
        }
        let (inner, outer) = self.dice.pick(&pairs).clone();
        Some(Expr::Form { text: "({} = {})", parts: vec![inner, outer], kind: Kind::Boolean })
    }
}
