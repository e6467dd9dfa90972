//! Cases whose views are the first rows of partitions of a join, of which one side has one row a partition.

use super::change::{Table, change};
use super::maker::{Maker, Reach, Relation, Taste};
use super::query::{Body, Expr, Select, Source};
use super::{Case, Dice, Kind};

/// What numbers rows: by a key; by a key and something else.
const NUMBERS: [&str; 4] = [
    "ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {})",
    "ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {} DESC)",
    "ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {} DESC NULLS LAST, {})",
    "ROW_NUMBER() OVER (PARTITION BY {}, {} ORDER BY {})",
];

impl Case {
    /// The case of a seed whose views number the rows of a join by a key of one side and take the first.
    pub fn ranked(seed: u64, taste: &Taste) -> Case {
        let mut dice = Dice::new(seed);
        let key = *dice.pick(&[Kind::Int, Kind::Text, Kind::Date]);
        let mut table = |index: usize, keyed: bool| {
            let columns = ["a", "b", "c", "d"].into_iter().enumerate().map(|(column, name)| {
                let kind = match column {
                    0 => key,
                    1 => Kind::Text,
                    _ => *dice.pick(&taste.kinds),
                };
                (name.to_string(), kind, (column > 0 || !keyed) && dice.chance(80))
            });
            Table { name: format!("t{index}"), columns: columns.collect(), keyed }
        };
        let tables = vec![table(0, true), table(1, false)];
        let mut relations: Vec<Relation> = tables.iter().map(super::case::relation_of_table).collect();
        let groups = Maker::new(&mut dice, taste, &relations).groups(&relations[1]);
        relations.push(("v0".into(), groups.columns()));
        let mut views = vec![groups];
        for one in [0, 0, 2] {
            let many = if dice.chance(15) { one } else { 1 };
            views.push(Maker::new(&mut dice, taste, &relations).first_rows(&relations[one], &relations[many]));
        }
        let epochs = (0..dice.between(2, 6))
            .map(|_| {
                let changes = (0..dice.between(1, 8)).map(|_| {
                    let place = dice.weighted(&[2, 3]);
                    (place, change(&tables[place], &mut dice, taste.wild))
                });
                changes.collect()
            })
            .collect();
        Case { tables, views, epochs }
    }
}

impl Maker<'_> {
    /// A query with one row a value of the first column of `of`, NULL among them.
    fn groups(&mut self, of: &Relation) -> Body {
        let from = self.named(of);
        let scope = from.relations();
        let texts = ["MIN({})", "MAX({})"].map(|text| {
            let arg = self.expr(Kind::Text, Reach { scope: &scope, queries: false }, 1);
            Expr::Aggregate { text, arg: Some(Box::new(arg)), filter: None, kind: Kind::Text }
        });
        let keys = vec![first_column(&from)];
        let items = [Expr::Key(0, keys[0].kind())].into_iter().chain(texts).collect();
        Body::Select(Box::new(Select { group: Some(keys), ..plain(items, from) }))
    }

    /// The first rows of each partition of `one` joined to `many` by their first columns.
    fn first_rows(&mut self, one: &Relation, many: &Relation) -> Body {
        let sides = [self.named(one), self.named(many)];
        let keys = [first_column(&sides[0]), first_column(&sides[1])];
        let scope: Vec<Relation> = sides.iter().flat_map(Source::relations).collect();
        let reach = Reach { scope: &scope, queries: false };
        let equal = if self.dice.chance(20) { "({} IS NOT DISTINCT FROM {})" } else { "({} = {})" };
        let mut on = Expr::Form { text: equal, parts: keys.to_vec(), kind: Kind::Boolean };
        if self.dice.chance(50) {
            let parts = vec![on, self.expr(Kind::Boolean, reach, 1)];
            on = Expr::Form { text: "({} AND {})", parts, kind: Kind::Boolean };
        }
        let mut items: Vec<Expr> = Vec::new();
        for (name, columns) in &scope {
            for (column, kind) in columns {
                if self.dice.chance(75) {
                    items.push(Expr::Column { alias: name.clone(), name: column.clone(), kind: *kind });
                }
            }
        }
        // Of both sides, or of the one alone, whose columns are determined.
        for scope in [&scope[..], &scope[..1]] {
            items.extend((0..self.dice.below(3)).map(|_| {
                let kind = self.kind();
                self.expr(kind, Reach { scope, queries: false }, 2)
            }));
        }
        if self.taste.wild && self.dice.chance(60) {
            let texts = self.columns(&scope[..1], Kind::Text);
            let parts = vec![self.dice.pick(&texts).clone()];
            items.push(Expr::Form { text: "(1 / LENGTH({}))", parts, kind: Kind::Int });
        }
        let [left, right] = sides;
        let (left, right) = if self.dice.chance(50) { (left, right) } else { (right, left) };
        let from = Source::Join { word: "JOIN", left: Box::new(left), right: Box::new(right), on: Some(on) };
        let filter = self.dice.chance(30).then(|| self.expr(Kind::Boolean, reach, 1));
        if self.dice.chance(40) {
            let number = self.number(&keys, reach);
            items.push(number);
            return self.some_first(Select { filter, ..plain(items, from) });
        }
        // What is computed of the pairs is computed before they are numbered.
        let items = keys.into_iter().chain(items).collect();
        let body = Box::new(Body::Select(Box::new(Select { filter, ..plain(items, from) })));
        let from = Source::Sub { body, alias: self.alias() };
        let scope = from.relations();
        let (alias, columns) = &scope[0];
        let column =
            |(name, kind): &(String, Kind)| Expr::Column { alias: alias.clone(), name: name.clone(), kind: *kind };
        let all: Vec<Expr> = columns.iter().map(column).collect();
        let number = self.number(&all[..2], Reach { scope: &scope, queries: false });
        self.some_first(plain(all.into_iter().skip(1).chain([number]).collect(), from))
    }

    /// A number within partitions by one of `keys`.
    fn number(&mut self, keys: &[Expr], reach: Reach) -> Expr {
        let text = *self.dice.pick(&NUMBERS);
        let mut parts = vec![self.dice.pick(keys).clone()];
        parts.extend((1..text.matches("{}").count()).map(|_| {
            let kind = self.kind();
            self.column_or(kind, reach)
        }));
        Expr::Form { text, parts, kind: Kind::BigInt }
    }

    /// Some columns of the rows of `numbered` whose last column is small.
    fn some_first(&mut self, numbered: Select) -> Body {
        let body = Body::Select(Box::new(numbered));
        let (columns, alias) = (body.columns(), self.alias());
        let column =
            |(name, kind): &(String, Kind)| Expr::Column { alias: alias.clone(), name: name.clone(), kind: *kind };
        let (number, rest) = columns.split_last().unwrap_or_else(|| panic!("rows are numbered"));
        let text = *self.dice.pick(&["({} <= 1)", "({} <= 1)", "({} <= 2)", "({} < 4)", "({} = 2)"]);
        let filter = Expr::Form { text, parts: vec![column(number)], kind: Kind::Boolean };
        let all = self.dice.chance(60);
        let mut items: Vec<Expr> = rest.iter().filter(|_| all || self.dice.chance(50)).map(column).collect();
        if items.is_empty() || self.dice.chance(30) {
            items.push(column(number));
        }
        let from = Source::Sub { body: Box::new(body), alias };
        Body::Select(Box::new(Select { filter: Some(filter), ..plain(items, from) }))
    }

    fn named(&mut self, (name, columns): &Relation) -> Source {
        Source::Named { name: name.clone(), alias: self.alias(), columns: columns.clone() }
    }

    /// A column of this kind where there is one.
    fn column_or(&mut self, kind: Kind, reach: Reach) -> Expr {
        let columns = self.columns(reach.scope, kind);
        if columns.is_empty() { self.expr(kind, reach, 1) } else { self.dice.pick(&columns).clone() }
    }
}

fn first_column(source: &Source) -> Expr {
    let relations = source.relations();
    let (alias, columns) = &relations[0];
    let (name, kind) = columns[0].clone();
    Expr::Column { alias: alias.clone(), name, kind }
}

fn plain(items: Vec<Expr>, from: Source) -> Select {
    Select { distinct: false, items, from: Some(from), filter: None, group: None, having: None, top: None }
}
