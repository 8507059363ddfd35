//! Commands that are executed all together or not at all. Creating an item also claims its SKU.

use app::problem::Problem;
use domain::Sku;
use domain::inventory_item::CreateInventoryItem;
use event_store::handler::{Accepted, TransactError, Transacted, transact};
use event_store::{AggregateId, StoreError, TOGETHER};
use uuid::Uuid;

use super::FrontDesk;
use crate::kinds::{DeskPart, Order};
use crate::problems;

/// The reason why none of several commands was executed.
#[derive(Debug)]
pub(super) enum Declined {
    /// One command was refused.
    One { index: usize, problem: Problem },
    /// No command in particular was refused.
    All(Problem),
}

impl From<Problem> for Declined {
    fn from(problem: Problem) -> Self {
        Self::All(problem)
    }
}

/// The role of a transaction's part for the command of this index.
#[derive(Clone, Copy, Debug)]
enum Place {
    Own(usize),
    Claim(usize),
}

/// The SKU that the command at `index` claims is taken: by the earlier command at `by`, or by an
/// existing item.
struct SkuTaken {
    index: usize,
    by: Option<usize>,
}

/// The item that a command creates, unless it exists already.
struct Creation {
    item: CreateInventoryItem,
    /// The id of the aggregate at which its SKU is claimed.
    claim: Uuid,
}

/// The creation of each command that creates an item.
type Creations = Vec<Option<Creation>>;

impl FrontDesk {
    /// Executes one command together with the claim of its SKU.
    pub(super) async fn take_with_claim(&self, order: Order) -> Result<Accepted, Problem> {
        match self.take_together(&[order]).await {
            Ok(accepted) => accepted.into_iter().next().ok_or_else(|| lost("its command")),
            Err(Declined::One { problem, .. } | Declined::All(problem)) => Err(problem),
        }
    }

    /// Executes commands on different aggregates, all of them or none.
    ///
    /// The answer of the item itself takes precedence over that of its SKU. So when a claim is
    /// refused and the item exists, the claim is left out: nothing is created then, and the item
    /// says why not, or that the command is a repeat.
    pub(super) async fn take_together(&self, orders: &[Order]) -> Result<Vec<Accepted>, Declined> {
        let mut creations = Creations::with_capacity(orders.len());
        for order in orders {
            creations.push(match order.creation() {
                Some(item) => Some(Creation { claim: self.place_of(&item.sku).await?, item }),
                None => None,
            });
        }
        loop {
            match self.try_together(orders, &creations).await? {
                Ok(accepted) => return Ok(accepted),
                Err(taken) => self.leave_out_or_refuse(orders, &mut creations, &taken).await?,
            }
        }
    }

    /// Returns the id of the aggregate at which to claim a SKU: [`Sku::id`], unless an older claim
    /// exists at a [`Sku::former_id`]. Older claims are looked up under this spelling, and under
    /// the spelling of each listed item whose SKU reads the same. While the lists are being
    /// rebuilt, only this spelling is checked, because creations do not wait for lists.
    async fn place_of(&self, sku: &str) -> Result<Uuid, Problem> {
        let own = Sku::id(sku);
        let alike = self.lists.skus_alike(sku).await;
        for written in alike.iter().map(String::as_str).chain([sku]) {
            let former = Sku::former_id(written);
            if former != own && self.kinds.sku.exists(former).await? {
                return Ok(former);
            }
        }
        Ok(own)
    }

    /// Executes the commands with the claims of these creations, unless a claimed SKU is taken. The
    /// caller reports commands in doubt to the lists.
    async fn try_together(
        &self,
        orders: &[Order],
        creations: &Creations,
    ) -> Result<Result<Vec<Accepted>, SkuTaken>, Declined> {
        let (places, parts) = self.parts(orders, creations)?;
        let place = |part: usize| places.get(part).copied().ok_or_else(|| lost("a part"));
        match transact(parts).await {
            Ok(Transacted::Accepted(accepted)) => Ok(Ok(self.own(&places, accepted))),
            Ok(Transacted::Refused { index: part, refusal: problem }) => match place(part)? {
                Place::Own(index) => Err(Declined::One { index, problem }),
                Place::Claim(index) => Ok(Err(SkuTaken { index, by: None })),
            },
            Err(TransactError::SameAggregate { aggregate, first, second }) => {
                match (place(first)?, place(second)?) {
                    (Place::Claim(by), Place::Claim(index)) => {
                        Ok(Err(SkuTaken { index, by: Some(by) }))
                    }
                    (first, second) => Err(named_twice(&aggregate, first, second)),
                }
            }
            Err(TransactError::Store(error)) => Err(self.failed(creations, &error).into()),
            Err(other) => Err(problems::defect(&other).into()),
        }
    }

    /// Returns the outcomes of the commands themselves. The lists learn of every change set, an
    /// item before its claim. They learn of a repeat, too: its first outcome may have been lost on
    /// them as well as on the sender.
    fn own(&self, places: &[Place], accepted: Vec<Accepted>) -> Vec<Accepted> {
        let mut own = Vec::with_capacity(accepted.len());
        for (place, accepted) in places.iter().zip(accepted) {
            self.lists.commit(&accepted.change_set);
            own.extend(matches!(place, Place::Own(_)).then_some(accepted));
        }
        own
    }

    fn failed(&self, creations: &Creations, error: &StoreError) -> Problem {
        let problem = problems::of_store(error);
        if problem.is_unknown_outcome() {
            for creation in creations.iter().flatten() {
                self.lists.doubt(&AggregateId::of::<Sku>(creation.claim));
            }
        }
        problem
    }

    /// Returns the part of each command, directly followed by that of its claim.
    fn parts(
        &self,
        orders: &[Order],
        creations: &Creations,
    ) -> Result<(Vec<Place>, Vec<DeskPart>), Declined> {
        let (mut places, mut parts) = (Vec::new(), Vec::new());
        for (index, (order, creation)) in orders.iter().zip(creations).enumerate() {
            let kind = self.kinds.open(&order.request.aggregate.kind);
            let own = kind.and_then(|kind| kind.part(order.clone()));
            parts.push(own.map_err(|problem| Declined::One { index, problem })?);
            places.push(Place::Own(index));
            if let Some(creation) = creation {
                parts.push(self.kinds.claim(creation.claim, &creation.item.sku, order));
                places.push(Place::Claim(index));
            }
        }
        if parts.len() > TOGETHER {
            return Err(too_many(parts.len()).into());
        }
        Ok((places, parts))
    }

    async fn leave_out_or_refuse(
        &self,
        orders: &[Order],
        creations: &mut Creations,
        taken: &SkuTaken,
    ) -> Result<(), Declined> {
        let SkuTaken { index, by } = *taken;
        for index in by.into_iter().chain([index]) {
            let order = orders.get(index).ok_or_else(|| lost("a command"))?;
            if self.kinds.inventory_item.exists(order.request.aggregate.id).await? {
                if let Some(creation) = creations.get_mut(index) {
                    *creation = None;
                }
                return Ok(());
            }
        }
        let creation = |index: usize| creations.get(index).and_then(Option::as_ref);
        let wanted = creation(index).ok_or_else(|| lost("a claim"))?;
        let problem = match by.and_then(|by| Some((creation(by)?, orders.get(by)?))) {
            Some((creation, order)) => {
                let (sku, name) = (creation.item.sku.trim(), creation.item.name.trim());
                problems::sku_taken(sku, order.request.aggregate.id, Some(name))
            }
            None => self.taken_by_an_item(wanted.claim).await?,
        };
        Err(Declined::One { index, problem })
    }

    async fn taken_by_an_item(&self, claim: Uuid) -> Result<Problem, Problem> {
        let Sku { sku, item } = self.kinds.sku.state_of(claim, None).await?.state;
        let item = item.ok_or_else(|| lost("the item of a SKU"))?;
        // The SKU is taken even if its holder's name cannot be read.
        let holder = self.kinds.inventory_item.state_of(item, None).await.ok();
        let name = holder.map(|holder| holder.state.name);
        Ok(problems::sku_taken(&sku, item, name.as_deref()))
    }
}

fn named_twice(aggregate: &AggregateId, first: Place, second: Place) -> Declined {
    let (Place::Own(first) | Place::Claim(first)) = first;
    let (Place::Own(index) | Place::Claim(index)) = second;
    let detail = format!(
        "names {aggregate}, as /commands/{first} does: an atomic batch may name each aggregate once; \
         send the commands with \"atomic\": false, or one after the other"
    );
    Declined::One { index, problem: problems::malformed("/aggregate", detail) }
}

fn too_many(parts: usize) -> Problem {
    let detail = format!(
        "an atomic batch writes at most {TOGETHER} change sets, of which a new item takes two, its own \
         and that of its SKU; this one would write {parts}: send fewer, or with \"atomic\": false"
    );
    problems::malformed("/commands", detail)
}

fn lost(what: &str) -> Problem {
    problems::defect(&format!("{what} is not in the transaction"))
}
