use domain::inventory_item::{
    AdjustStock, CheckInItems, RemovalReason, RemoveItems, TransferItems,
};
use event_store::Timestamp;
use time::Date;
use uuid::Uuid;

use super::books::Occasion;
use super::calendar::at;
use super::days::Company;
use super::people::{MECHANIC, OWNER, SHOP, STOCKROOM};

/// What the mechanic has in the van, and how many of each.
const VAN_LOAD: [(&str, i64); 5] =
    [("TUBE-28-AV", 4), ("TUBE-26-AV", 2), ("CHAIN-9", 1), ("CABLE-BR", 3), ("PAD-RIM", 2)];

/// The move to locations. It comes after everything else, because a plan that an older release has
/// carried out in part has to go on as it began.
impl Company {
    /// Assigns all stock to a shop, a back room and a van, and works there for a day.
    pub(super) fn move_in(&mut self, day: Date) {
        let register = |company: &mut Self, minutes, code, name| {
            let entry = Occasion { at: at(day, minutes), actor: OWNER, part_of: None };
            company.books.register(entry, code, name)
        };
        let shop = register(self, 8 * 60 + 4, "SHOP", "Shop");
        let back = register(self, 8 * 60 + 5, "BACK", "Back room");
        let van = register(self, 8 * 60 + 7, "VAN", "Service van");

        let mut moment = self.assign(at(day, 8 * 60 + 20), shop, back);
        moment = self.load_van(moment, back, van);
        self.trade(moment, shop, back, van);
    }

    /// Puts a third of each item on the shelves of the shop, and the rest in the back room.
    fn assign(&mut self, moment: Timestamp, shop: Uuid, back: Uuid) -> Timestamp {
        let part_of = Some(self.books.piece_of_work(moment));
        let mut at = moment;
        for place in 0..self.books.accounts().len() {
            let on_hand = self.on_hand(place);
            let shelved = (on_hand + 2) / 3;
            for (to, quantity) in [(shop, shelved), (back, on_hand - shelved)] {
                at = self.a_while_after(at, 20, 60);
                let entry = Occasion { at, actor: STOCKROOM, part_of };
                let transfer = TransferItems { from: None, to: Some(to), quantity };
                self.books.write(entry, place, transfer);
            }
        }
        at
    }

    fn load_van(&mut self, moment: Timestamp, back: Uuid, van: Uuid) -> Timestamp {
        let part_of = Some(self.books.piece_of_work(moment));
        let mut at = moment;
        for (sku, quantity) in VAN_LOAD {
            let Some(place) = self.books.find(sku) else { continue };
            at = self.a_while_after(at, 30, 90);
            let transfer = TransferItems { from: Some(back), to: Some(van), quantity };
            self.books.write(Occasion { at, actor: MECHANIC, part_of }, place, transfer);
        }
        at
    }

    /// Sells in the shop, refills its shelves, takes a delivery into the back room, and counts in
    /// the van.
    fn trade(&mut self, moment: Timestamp, shop: Uuid, back: Uuid, van: Uuid) {
        let mut at = moment;
        for _ in 0..8 {
            at = self.a_while_after(at, 120, 500);
            let place = self.chance.index(self.books.accounts().len());
            let entry = Occasion { at, actor: SHOP, part_of: None };
            let (location, reason) = (Some(shop), RemovalReason::Sold);
            self.books.write(entry, place, RemoveItems { quantity: 1, location, reason });
            if self.books.accounts()[place].item.balances.at(Some(shop)) < 2 {
                at = self.a_while_after(at, 60, 200);
                let entry = Occasion { at, actor: STOCKROOM, part_of: None };
                let refill = TransferItems { from: Some(back), to: Some(shop), quantity: 2 };
                self.books.write(entry, place, refill);
            }
        }
        if let Some(place) = self.books.find("TUBE-28-AV") {
            at = self.a_while_after(at, 200, 400);
            self.last_order += 1;
            let check_in = CheckInItems {
                quantity: 20,
                location: Some(back),
                reference: Some(format!("PO {}", self.last_order)),
                unit_cost: Some(self.books.accounts()[place].article.unit_cost),
            };
            self.books.write(Occasion { at, actor: STOCKROOM, part_of: None }, place, check_in);
            at = self.a_while_after(at, 200, 400);
            let loaded = self.books.accounts()[place].item.balances.at(Some(van));
            let count = AdjustStock {
                counted: (loaded - 1).max(0),
                location: Some(van),
                reason: "Used on a call-out without being booked".to_owned(),
            };
            self.books.write(Occasion { at, actor: MECHANIC, part_of: None }, place, count);
        }
    }
}
