//! Commands that are executed all together or not at all. Creating an item also claims its SKU.

use std::collections::HashMap;

use api::Problem;
use domain::Sku;
use domain::sku::Claim;
use event_store::handler::{Accepted, TransactError, Transacted, transact};
use event_store::{AggregateId, StoreError, TOGETHER};

use super::FrontDesk;
use crate::aggregates::{DeskPart, PlannedPart, ReceivedCommand, Refused};
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

/// A command of a transaction.
struct Planned {
    received: ReceivedCommand,
    /// The claim that is made with it, if the command creates an item that does not exist yet.
    claim: Option<Claim>,
}

impl FrontDesk {
    /// Executes one command together with the claim of its SKU.
    pub(super) async fn take_with_claim(
        &self,
        received: ReceivedCommand,
    ) -> Result<Accepted, Problem> {
        match self.take_together(vec![received]).await {
            Ok(accepted) => accepted
                .into_iter()
                .next()
                .ok_or_else(|| problems::defect(&"a transaction of one command has no outcome")),
            Err(Declined::One { problem, .. } | Declined::All(problem)) => Err(problem),
        }
    }

    /// Executes commands on different aggregates, all of them or none.
    ///
    /// The answer of the item itself takes precedence over that of its SKU. So when a claim is
    /// refused and the item exists, the claim is left out: nothing is created then, and the item
    /// says why not, or that the command is a repeat.
    pub(super) async fn take_together(
        &self,
        received: Vec<ReceivedCommand>,
    ) -> Result<Vec<Accepted>, Declined> {
        let mut plan = self.plan(received).await?;
        loop {
            let parts = self.parts(&plan)?;
            if let Some((first, index, second)) = claimed_twice(&plan) {
                let existing = self.existing([&first, &second]).await?;
                match existing {
                    Some(claim) => leave_out(&mut plan, &claim),
                    None => {
                        let (sku, name) = (first.sku.trim(), first.name.trim());
                        let problem = problems::sku_taken(sku, first.item, Some(name));
                        return Err(Declined::One { index, problem });
                    }
                }
                continue;
            }
            match transact(parts).await {
                Ok(Transacted::Accepted(accepted)) => return Ok(self.own(&plan, accepted)),
                Ok(Transacted::Refused { refusal, .. }) => match refusal {
                    Refused { part: PlannedPart::Command(index), problem } => {
                        return Err(Declined::One { index, problem });
                    }
                    Refused { part: PlannedPart::Claim(index, claim), .. } => {
                        match self.existing([&claim]).await? {
                            Some(claim) => leave_out(&mut plan, &claim),
                            None => {
                                let problem = self.kinds.sku_taken(&claim).await?;
                                return Err(Declined::One { index, problem });
                            }
                        }
                    }
                },
                Err(TransactError::Store(error)) => return Err(self.failed(&plan, &error).into()),
                Err(other) => return Err(problems::defect(&other).into()),
            }
        }
    }

    /// Plans each command, with the claim of its SKU if it creates an item. The records that it
    /// refers to must exist before the transaction.
    async fn plan(&self, received: Vec<ReceivedCommand>) -> Result<Vec<Planned>, Declined> {
        let mut plan = Vec::with_capacity(received.len());
        for (index, received) in received.into_iter().enumerate() {
            let kind = self.kinds.named(&received.request.aggregate.kind).ok();
            if let Some(kind) = &kind {
                let admitted = self.check_references(&**kind, &received).await;
                admitted.map_err(|problem| Declined::One { index, problem })?;
            }
            let claim = match kind.and_then(|kind| kind.claim(&received.request)) {
                Some(claim) => Some(self.where_claimed(claim).await?),
                None => None,
            };
            plan.push(Planned { received, claim });
        }
        Ok(plan)
    }

    /// Moves a claim to the aggregate of an older claim of the same SKU, if one exists at a
    /// [`Sku::former_id`]. Older claims are looked up under this spelling, and under the spelling
    /// of each listed item whose SKU reads the same. While the lists are being rebuilt, only this
    /// spelling is checked, because creations do not wait for lists.
    async fn where_claimed(&self, claim: Claim) -> Result<Claim, Problem> {
        let alike = self.lists.skus_alike(&claim.sku).await;
        let spellings = alike.iter().chain([&claim.sku]);
        let formers: Vec<_> = spellings.map(|spelling| Sku::former_id(spelling)).collect();
        for at in formers {
            if at != claim.at && self.kinds.sku.exists(at).await? {
                return Ok(Claim { at, ..claim });
            }
        }
        Ok(claim)
    }

    /// Returns the part of each command, directly followed by that of its claim.
    fn parts(&self, plan: &[Planned]) -> Result<Vec<DeskPart>, Declined> {
        let mut parts = Vec::new();
        for (index, Planned { received, claim }) in plan.iter().enumerate() {
            let kind = self.kinds.accepting_commands(&received.request.aggregate.kind);
            let own = kind.and_then(|kind| kind.part(received, PlannedPart::Command(index)));
            parts.push(own.map_err(|problem| Declined::One { index, problem })?);
            parts.extend(claim.as_ref().map(|claim| self.kinds.claim(index, received, claim)));
        }
        if parts.len() > TOGETHER {
            return Err(too_many(parts.len()).into());
        }
        named_once(plan)?;
        Ok(parts)
    }

    /// Returns the first of these claims whose item exists.
    async fn existing<const N: usize>(
        &self,
        claims: [&Claim; N],
    ) -> Result<Option<Claim>, Problem> {
        for claim in claims {
            if self.kinds.inventory_item.exists(claim.item).await? {
                return Ok(Some(claim.clone()));
            }
        }
        Ok(None)
    }

    /// Returns the outcomes of the commands themselves. The lists learn of every change set, an
    /// item before its claim. They learn of a repeat, too: its first outcome may have been lost on
    /// them as well as on the sender.
    fn own(&self, plan: &[Planned], accepted: Vec<Accepted>) -> Vec<Accepted> {
        for accepted in &accepted {
            self.lists.commit(&accepted.change_set);
        }
        let mut accepted = accepted.into_iter();
        let mut own = Vec::with_capacity(plan.len());
        for planned in plan {
            own.extend(accepted.next());
            if planned.claim.is_some() {
                accepted.next();
            }
        }
        own
    }

    /// Returns the problem of a failed store. The lists learn of the claims whose outcome is
    /// unknown; the caller reports the commands.
    fn failed(&self, plan: &[Planned], error: &StoreError) -> Problem {
        let problem = problems::of_store(error);
        if problem.is_unknown_outcome() {
            for claim in plan.iter().filter_map(|planned| planned.claim.as_ref()) {
                self.lists.doubt(&AggregateId::of::<Sku>(claim.at));
            }
        }
        problem
    }
}

/// Executes the command without this claim.
fn leave_out(plan: &mut [Planned], claim: &Claim) {
    for planned in plan {
        planned.claim.take_if(|planned| planned.item == claim.item);
    }
}

/// Returns two claims of one SKU, with the index of the second.
fn claimed_twice(plan: &[Planned]) -> Option<(Claim, usize, Claim)> {
    let mut claims = HashMap::new();
    plan.iter().enumerate().find_map(|(index, planned)| {
        let claim = planned.claim.as_ref()?;
        let first: &Claim = claims.insert(claim.at, claim)?;
        Some((first.clone(), index, claim.clone()))
    })
}

/// Checks that no two commands address one aggregate: the second would have to be decided on a
/// state that the first has not made yet.
fn named_once(plan: &[Planned]) -> Result<(), Declined> {
    let mut named = HashMap::new();
    for (index, planned) in plan.iter().enumerate() {
        let aggregate = &planned.received.request.aggregate;
        if let Some(first) = named.insert(aggregate, index) {
            let detail = format!(
                "names {aggregate}, as /commands/{first} does: an atomic batch may name each aggregate once; \
                 send the commands with \"atomic\": false, or one after the other"
            );
            let problem = problems::malformed("/aggregate", detail);
            return Err(Declined::One { index, problem });
        }
    }
    Ok(())
}

fn too_many(parts: usize) -> Problem {
    let detail = format!(
        "an atomic batch writes at most {TOGETHER} change sets, of which a new item takes two, its own \
         and that of its SKU; this one would write {parts}: send fewer, or with \"atomic\": false"
    );
    problems::malformed("/commands", detail)
}
