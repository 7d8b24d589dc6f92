//! Data of [`life_cycle`](super): words of statuses and of the columns of events.
//!
//! Ranks order events as in most businesses; a list that is in the order of its steps overrides them.

use super::{Branch, Event};

/// A step: its rank, the statuses after it (`shipped`), and the nouns for it in names of columns (`shipment date`).
const fn step(rank: u8, done: &'static [&'static str], nouns: &'static [&'static str]) -> Event {
    Event { rank, done, nouns, branch: None, terminal: false }
}

/// A step that ends every life cycle, also those on a branch.
const fn terminal(done: &'static [&'static str], nouns: &'static [&'static str]) -> Event {
    Event { rank: 80, done, nouns, branch: None, terminal: true }
}

/// A branch without a return to the steps.
const fn branch(
    from: u8,
    to: u8,
    instead: &'static [&'static str],
    weight: u32,
    done: &'static [&'static str],
    nouns: &'static [&'static str],
) -> Event {
    Event { rank: from, done, nouns, branch: Some(Branch { from, to, instead, weight, ends: true }), terminal: false }
}

/// A branch from which a row may return to the steps.
const fn pause(from: u8, to: u8, weight: u32, done: &'static [&'static str], nouns: &'static [&'static str]) -> Event {
    let branch = Branch { from, to, instead: &[], weight, ends: false };
    Event { rank: from, done, nouns, branch: Some(branch), terminal: false }
}

const GRANTED: &[&str] = &["approved", "accepted", "confirmed", "published", "hired", "granted", "verified"];
const DONE: &[&str] = &[
    "completed",
    "complete",
    "succeeded",
    "success",
    "successful",
    "paid",
    "sent",
    "delivered",
    "done",
    "finished",
    "processed",
    "passed",
    "captured",
    "settled",
    "resolved",
];

pub(super) const EVENTS: &[Event] = &[
    step(4, &["invited"], &["invitation"]),
    step(5, &["registered", "joined"], &[]),
    step(9, &["requested"], &[]),
    step(10, &["submitted", "filed", "lodged", "applied"], &["submission"]),
    step(10, &["placed", "ordered"], &[]),
    step(10, &["reported", "raised"], &[]),
    step(10, &["queued", "enqueued"], &[]),
    step(10, &["opened"], &[]),
    step(12, &["scheduled", "booked", "reserved"], &[]),
    step(14, &["assigned", "claimed"], &["assignment"]),
    step(15, &["acknowledged"], &["acknowledgement"]),
    step(15, &["triaged"], &["triage"]),
    step(17, &["decided"], &["decision"]),
    step(16, &["reviewed", "screened", "inspected"], &["review", "inspection"]),
    step(18, &["interviewed"], &["interview"]),
    step(20, &["confirmed"], &["confirmation"]),
    step(20, &["verified", "validated"], &["verification", "validation"]),
    step(20, &["approved", "granted"], &["approval"]),
    step(20, &["accepted"], &["acceptance"]),
    step(21, &["signed"], &["signature"]),
    step(22, &["authorized", "authorised"], &["authorization", "authorisation"]),
    step(25, &["admitted"], &["admission"]),
    step(25, &["enrolled", "enroled"], &["enrollment", "enrolment"]),
    step(25, &["checked in", "boarded"], &["check in", "checkin"]),
    step(25, &["hired", "onboarded"], &["hire"]),
    step(26, &["borrowed", "loaned", "rented", "lent", "checked out"], &["checkout", "check out"]),
    step(27, &["started", "begun", "began", "commenced"], &[]),
    step(27, &["activated", "launched"], &["activation", "launch"]),
    step(30, &["paid"], &["payment"]),
    step(31, &["captured"], &["capture"]),
    step(42, &["picked", "packed", "prepared"], &[]),
    step(45, &["produced", "manufactured", "built", "printed"], &[]),
    step(48, &["issued"], &["issue"]),
    step(50, &["sent", "mailed"], &[]),
    step(50, &["shipped", "dispatched"], &["shipment", "ship", "dispatch", "tracking"]),
    step(50, &["departed"], &[]),
    step(50, &["published", "released"], &["publication", "publish"]),
    step(55, &["picked up", "collected"], &["pickup"]),
    step(55, &["landed"], &[]),
    step(60, &["delivered"], &["delivery"]),
    step(60, &["received"], &[]),
    step(60, &["arrived"], &[]),
    step(62, &["viewed", "seen", "read"], &[]),
    step(64, &["clicked"], &[]),
    step(65, &["processed", "handled"], &[]),
    step(66, &["invoiced", "billed"], &[]),
    step(68, &["resulted", "graded", "evaluated"], &["result"]),
    step(70, &["completed", "complete", "done", "took place"], &["completion"]),
    step(70, &["resolved", "solved", "fixed"], &["resolution"]),
    step(70, &["fulfilled"], &["fulfillment", "fulfilment"]),
    step(70, &["settled", "cleared", "posted"], &["settlement"]),
    step(70, &["discharged"], &["discharge"]),
    step(70, &["graduated"], &["graduation"]),
    step(70, &["converted"], &["conversion"]),
    step(70, &["redeemed", "used"], &["redemption"]),
    step(70, &["won", "succeeded", "passed", "hit"], &[]),
    step(70, &["sold"], &[]),
    step(70, &["recovered", "cured", "healed"], &["recovery"]),
    terminal(&["closed"], &["closing", "closure", "close"]),
    terminal(&["ended", "finished", "stopped"], &[]),
    branch(2, 30, &[], 70, &["cancelled", "canceled"], &["cancellation", "cancelation", "cancel"]),
    branch(27, 69, &[], 20, &["aborted", "interrupted"], &["abort"]),
    branch(40, 90, &[], 60, &["dropped", "dropped out"], &["drop out"]),
    branch(30, 90, &[], 28, &["refunded"], &["refund"]),
    branch(60, 90, &[], 30, &["returned"], &["return"]),
    branch(60, 90, &[], 12, &["exchanged"], &[]),
    branch(
        17,
        19,
        GRANTED,
        70,
        &["rejected", "declined", "denied", "refused", "disapproved"],
        &["rejection", "reject", "decline", "denial"],
    ),
    branch(29, 29, DONE, 35, &["failed", "errored"], &["failure", "error", "fail", "exception"]),
    branch(
        10,
        19,
        &["accepted", "used", "redeemed", "completed", "paid", "renewed", "confirmed"],
        45,
        &["expired", "lapsed"],
        &[],
    ),
    branch(2, 29, &["paid"], 12, &["voided", "void"], &["void"]),
    branch(27, 29, &["paid"], 8, &["uncollectible", "written off"], &["write off"]),
    branch(27, 90, &["won"], 180, &["lost"], &["loss"]),
    branch(5, 12, &["converted", "ordered", "completed"], 320, &["abandoned"], &["abandonment"]),
    branch(5, 19, &[], 30, &["withdrawn"], &[]),
    branch(50, 59, &["delivered"], 20, &["bounced"], &["bounce"]),
    branch(21, 24, &["checked in", "attended", "completed", "arrived"], 30, &["no show", "noshow", "missed"], &[]),
    branch(5, 26, &[], 20, &["skipped"], &[]),
    branch(30, 60, &[], 8, &["disputed", "charged back"], &["dispute", "chargeback"]),
    branch(31, 90, &[], 8, &["reversed"], &["reversal"]),
    branch(40, 90, &[], 25, &["terminated", "dismissed", "fired"], &["termination", "dismissal"]),
    branch(40, 90, &[], 30, &["resigned"], &["resignation"]),
    branch(40, 90, &[], 25, &["retired", "decommissioned"], &["retirement"]),
    branch(40, 90, &[], 40, &["archived"], &["archival"]),
    branch(40, 90, &[], 22, &["deleted", "removed", "erased"], &["deletion", "removal"]),
    branch(40, 90, &[], 18, &["revoked"], &["revocation"]),
    branch(40, 90, &[], 30, &["deprecated", "discontinued"], &[]),
    branch(40, 90, &[], 12, &["damaged", "stolen", "scrapped"], &["damage"]),
    branch(40, 90, &[], 12, &["destroyed", "demolished", "disposed"], &["destruction", "demolition", "disposal"]),
    branch(40, 90, &[], 15, &["died", "dead", "deceased"], &["death"]),
    branch(40, 90, &[], 20, &["culled", "slaughtered", "euthanized", "euthanised"], &["slaughter"]),
    branch(40, 90, &[], 50, &["unsubscribed", "churned", "left"], &["churn"]),
    branch(40, 90, &[], 30, &["exited", "gone", "moved out", "moved away", "ported out", "migrated"], &["exit"]),
    branch(40, 90, &[], 30, &["transferred", "transferred out"], &["transfer"]),
    branch(10, 69, &[], 20, &["withheld"], &[]),
    branch(40, 90, &[], 10, &["merged", "replaced", "superseded"], &[]),
    pause(20, 60, 22, &["suspended"], &["suspension"]),
    pause(20, 60, 10, &["banned", "blacklisted"], &["ban"]),
    pause(20, 60, 15, &["blocked", "locked", "frozen"], &["block", "lock"]),
    pause(20, 60, 60, &["deactivated", "disabled"], &["deactivation"]),
    pause(20, 60, 22, &["paused", "held"], &["pause", "hold"]),
    pause(14, 60, 15, &["escalated"], &["escalation"]),
    pause(60, 90, 12, &["reopened"], &[]),
    pause(5, 60, 15, &["flagged"], &[]),
];

/// Statuses that are not an event, with their rank.
pub(super) const STATES: &[(&[&str], u8)] = &[
    (&["draft", "drafting"], 0),
    (&["new", "created", "lead", "initial", "planned", "planning", "pipeline", "upcoming", "announced"], 3),
    (&["backlog", "todo", "to do", "idea", "prospect", "proposed"], 5),
    (&["pending", "waiting", "awaiting", "unconfirmed", "unverified", "received order"], 8),
    (&["open", "requesting", "on sale"], 10),
    (&["out", "on loan"], 26),
    (&["trial", "trialing", "trialling", "probation", "onboarding"], 12),
    (&["in review", "under review", "reviewing", "qualified"], 15),
    (&["running", "in progress", "ongoing", "doing", "wip", "building", "in treatment", "negotiation"], 28),
    (&["processing", "preparing", "picking", "packing"], 40),
    (&["in transit", "out for delivery", "en route", "on the way", "shipping"], 55),
    (&["success", "successful", "ok", "healthy"], 70),
];

/// Steady states, in which rows stay without a last step.
pub(super) const STEADY: &[&str] = &[
    "active",
    "enabled",
    "live",
    "online",
    "up",
    "available",
    "valid",
    "current",
    "in use",
    "in service",
    "in stock",
    "working",
    "operational",
    "in operation",
    "in force",
    "on air",
    "employed",
    "normal",
    "good",
    "published",
    "customer",
    "subscribed",
    "visible",
    "public",
    "on",
    "occupied",
    "registered",
    "confirmed member",
];

/// The ranks `from` and `to` of [`Branch`], and rows in a thousand.
type BranchRange = (u8, u8, u32);

/// Statuses on a branch that are not an event.
pub(super) const BRANCH_STATES: &[(&[&str], BranchRange)] = &[
    (&["past due", "overdue", "late", "delinquent"], (27, 29, 45)),
    (&["unpaid"], (27, 29, 30)),
    (&["on hold", "hold", "stalled"], (14, 40, 25)),
    (&["inactive", "dormant", "disabled"], (40, 60, 110)),
    (&["offline", "down", "unreachable", "disconnected"], (40, 60, 120)),
    (&["maintenance", "under maintenance", "in maintenance", "repair", "in repair"], (40, 60, 35)),
    (&["error", "faulty", "broken", "crashed", "timeout", "timed out"], (28, 29, 25)),
    (&["out of stock", "sold out", "unavailable", "reserved out"], (40, 60, 60)),
    (&["spam", "trash", "hidden"], (10, 60, 40)),
    (&["relapsed", "recurred"], (40, 90, 30)),
    (&["stopped"], (27, 69, 30)),
    (&["on leave", "sick", "vacation"], (40, 60, 40)),
    (&["partial", "partially paid", "partially refunded", "partially shipped"], (27, 60, 30)),
    (&["degraded", "warning"], (40, 60, 40)),
    (&["unknown", "other", "none"], (0, 60, 15)),
    (&["defaulted", "in default", "bankrupt", "in arrears", "foreclosed"], (27, 90, 25)),
    (&["recalled", "returned to sender", "bounced back"], (50, 90, 12)),
    (&["out of order", "out of service", "defective", "under repair"], (40, 60, 30)),
    (&["expelled", "barred", "disqualified", "forfeited", "invalidated"], (40, 90, 12)),
    (&["diverted", "rerouted", "misrouted"], (40, 60, 12)),
    (&["postponed", "deferred", "rescheduled", "adjourned"], (10, 40, 35)),
    (&["waived", "forgiven"], (10, 60, 15)),
    (&["resold", "relisted"], (30, 90, 30)),
    (&["in storage", "mothballed", "grounded"], (40, 60, 40)),
    (&["injured", "ill"], (40, 60, 60)),
    (&["delayed"], (14, 40, 60)),
    (&["notice", "under notice", "notice given"], (40, 60, 40)),
    (&["renovation", "in renovation", "under renovation", "refurbishment"], (40, 60, 30)),
    (&["free agent", "unattached", "on loan out"], (40, 60, 40)),
    (&["obsolete", "outdated"], (50, 90, 120)),
];

/// Statuses in other languages, and the English ones.
pub(super) const TRANSLATED: &[(&[&str], &str)] = &[
    (&["entwurf", "brouillon", "borrador", "rascunho", "bozza", "concept", "taslak"], "draft"),
    (&["neu", "nouveau", "nuevo", "novo", "nuovo", "nieuw"], "new"),
    (&["offen", "ouvert", "abierto", "aberto", "aperto"], "open"),
    (&["ausstehend", "wartend", "en attente", "pendiente", "pendente", "in attesa"], "pending"),
    (&["beantragt", "angefragt", "demande", "solicitado", "richiesto"], "requested"),
    (&["bestaetigt", "bestätigt", "confirme", "confirmé", "confirmado", "confermato"], "confirmed"),
    (&["genehmigt", "approuve", "approuvé", "aprobado", "aprovado", "approvato"], "approved"),
    (&["abgelehnt", "refuse", "refusé", "rechazado", "rejeitado", "rifiutato"], "rejected"),
    (&["in bearbeitung", "en cours", "en proceso", "em andamento", "in corso"], "in progress"),
    (&["aktiv", "actif", "activo", "ativo", "attivo", "actief"], "active"),
    (&["inaktiv", "inactif", "inactivo", "inativo", "inattivo"], "inactive"),
    (&["bezahlt", "paye", "payé", "pagado", "pago", "pagato", "betaald"], "paid"),
    (&["gemahnt", "ueberfaellig", "überfällig", "en retard", "vencido", "vencida", "scaduto"], "overdue"),
    (&["versendet", "versandt", "expedie", "expédié", "enviado", "spedito", "verzonden"], "shipped"),
    (&["geliefert", "zugestellt", "livre", "livré", "entregado", "entregue", "consegnato"], "delivered"),
    (
        &["erledigt", "abgeschlossen", "fertig", "termine", "terminé", "completado", "concluido", "completato"],
        "completed",
    ),
    (
        &["storniert", "gekuendigt", "gekündigt", "abgebrochen", "annule", "annulé", "cancelado", "annullato"],
        "cancelled",
    ),
    (&["beendet"], "ended"),
    (&["geschlossen", "ferme", "fermé", "cerrado", "fechado", "chiuso"], "closed"),
    (&["zurueckgegeben", "retourniert", "retourne", "devuelto", "devolvido", "reso"], "returned"),
];

/// States in the middle of what lasts: an open shop, a running contract.
pub(super) const RUNNING: &[&str] = &[
    "open",
    "running",
    "in progress",
    "ongoing",
    "signed",
    "issued",
    "enrolled",
    "hired",
    "deployed",
    "installed",
    "connected",
];

/// Statuses of an occasion that has yet to be `held`.
pub(super) const TO_COME: &[&str] = &["planned", "scheduled", "announced", "upcoming", "on sale", "open", "tentative"];

/// States after which a row is not `stopped` before its end.
pub(super) const ENDED: &[&str] = &["finished", "completed", "complete", "ended", "done"];

/// Events that end an employment or a membership, and the states after them.
pub(super) const LEAVING: &[&str] = &["terminated", "resigned", "left", "exited"];
pub(super) const OVER: &[&str] = &["inactive", "former", "ended", "dormant"];

/// Nouns of events, as names of columns with what was said then.
pub(super) const SAID: &[(&str, &str)] =
    &[("response", "responded"), ("reply", "replied"), ("answer", "answered"), ("decision", "decided")];

/// Words after the event's in the names of columns that belong to it.
pub(super) const STAMPS: &[&str] = &["at", "on", "date", "time", "by", "datetime", "timestamp"];
/// The same for branches only, whose rows alone use such columns.
pub(super) const DETAILS: &[&str] = &[
    "reason",
    "code",
    "message",
    "note",
    "comment",
    "amount",
    "detail",
    "description",
    "explanation",
    "text",
    "fee",
    "number",
    "url",
    "id",
    "status",
    "feedback",
    "trace",
    "stack",
    "output",
];

/// Words for a planned, requested or other time than the event's.
pub(super) const NOT_THE_EVENT: &[&str] = &[
    "expected",
    "estimated",
    "planned",
    "promised",
    "due",
    "target",
    "requested",
    "desired",
    "preferred",
    "scheduled",
    "next",
    "last",
    "first",
    "max",
    "min",
    "until",
    "after",
    "before",
    "auto",
];

/// Statuses by the table's name, for schemas that list none.
pub(super) const STATUSES_BY_TABLE: &[(&[&str], &[&str])] = &[
    (
        &["order", "purchase order", "sale order"],
        &["pending", "processing", "shipped", "delivered", "cancelled", "returned"],
    ),
    (&["payment", "transaction", "charge", "payout", "transfer"], &["pending", "completed", "failed", "refunded"]),
    (&["invoice", "bill"], &["draft", "sent", "paid", "overdue", "void"]),
    (&["shipment", "delivery", "parcel", "package"], &["pending", "in_transit", "delivered", "returned", "lost"]),
    (&["return", "rma"], &["requested", "approved", "received", "refunded", "rejected"]),
    (&["refund"], &["pending", "approved", "completed", "rejected"]),
    (&["subscription", "membership"], &["trialing", "active", "past_due", "cancelled", "expired"]),
    (&["cart", "basket"], &["active", "converted", "abandoned"]),
    (&["product", "item", "listing", "offer", "course"], &["active", "draft", "archived"]),
    (&["post", "article", "page", "story", "document", "video"], &["draft", "published", "archived"]),
    (&["comment", "review", "rating"], &["pending", "approved", "rejected", "spam"]),
    (&["ticket", "issue", "case", "incident", "complaint"], &["open", "in_progress", "resolved", "closed"]),
    (&["task", "todo", "work item", "story"], &["todo", "in_progress", "done", "cancelled"]),
    (&["project", "campaign", "plan"], &["planned", "active", "completed", "on_hold", "cancelled"]),
    (
        &["job", "run", "execution", "batch", "import", "export", "build", "backup", "sync"],
        &["queued", "running", "completed", "failed"],
    ),
    (
        &["appointment", "booking", "reservation", "visit", "meeting"],
        &["scheduled", "confirmed", "completed", "cancelled", "no_show"],
    ),
    (
        &["application", "request", "claim", "approval"],
        &["submitted", "in_review", "approved", "rejected", "withdrawn"],
    ),
    (&["lead", "deal", "opportunity"], &["new", "qualified", "won", "lost"]),
    (
        &["email", "message", "notification", "sms", "mail", "newsletter"],
        &["queued", "sent", "delivered", "failed", "bounced"],
    ),
    (&["loan", "rental", "borrowing"], &["borrowed", "returned", "overdue", "lost"]),
    (
        &["user", "account", "customer", "member", "tenant", "client", "organization", "company", "supplier", "vendor"],
        &["active", "inactive", "suspended"],
    ),
    (&["employee", "staff", "driver", "teacher", "doctor"], &["active", "on_leave", "terminated"]),
    (&["device", "server", "host", "machine", "sensor", "node"], &["online", "offline", "maintenance", "retired"]),
    (&["vehicle", "asset", "equipment", "room", "bed"], &["available", "in_use", "maintenance", "retired"]),
    (&["enrollment", "registration", "participant"], &["enrolled", "completed", "withdrawn"]),
    (&["invitation", "invite", "friendship", "friend request"], &["pending", "accepted", "declined", "expired"]),
    (&["contract", "policy", "lease", "agreement"], &["draft", "active", "expired", "terminated"]),
];

/// Statuses for tables of other names.
pub(super) const DEFAULT_STATUSES: &[&str] = &["active", "inactive", "pending"];

/// Words for amounts.
pub(super) const AMOUNTS: &[&str] = &["amount", "total", "sum", "value", "fee", "cent"];

/// Statuses that imply a recent contact.
pub(super) const ONLINE: &[&str] = &["online", "up", "connected", "live", "reachable", "healthy"];

/// Words beside a status in the name of a number that belongs to it: `minutes_late`.
pub(super) const UNITS_OF_STATES: &[&str] = &["minute", "min", "hour", "hours", "day"];

/// Last steps in which few rows are beside those in a steady state.
pub(super) const ENDINGS: &[&str] =
    &["closed", "ended", "stopped", "graduated", "paid off", "repaid", "matured", "alumni", "inactive"];
