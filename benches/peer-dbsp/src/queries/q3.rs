//! q3, local item suggestion. Published: the same, from a stream of all events, with states in upper case.
//!
//! ```text
//! auctions ── category 10, by seller ──┐
//!                                      ⋈ ── output
//! persons ─── three states, by id ─────┘
//! ```

use dbsp::utils::{Tup3, Tup4};
use deltaq_nexmark::RowText;

use super::{Rows, Tables};
use crate::output::Output;
use crate::tables::Text;

type Row = Tup4<Text, Text, Text, i64>;

pub fn q3(tables: &mut Tables) -> Rows<Row> {
    let by_seller =
        tables.auctions().flat_map_index(|auction| (auction.category == 10).then_some((auction.seller, auction.id)));
    let by_id = tables.persons().flat_map_index(|person| {
        let wanted = matches!(&*person.state, "or" | "id" | "ca");
        wanted.then(|| (person.id, Tup3(person.name.clone(), person.city.clone(), person.state.clone())))
    });
    by_seller
        .join(&by_id, |_, auction, Tup3(name, city, state)| Tup4(name.clone(), city.clone(), state.clone(), *auction))
}

impl Output for Row {
    fn write(&self, text: &mut RowText) {
        text.string(&self.0).string(&self.1).string(&self.2).integer(self.3.into());
    }
}
