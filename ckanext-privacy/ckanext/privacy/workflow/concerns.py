"""Concerns about public datasets: anybody reports one, a steward answers by a named day, and can close at once.

What people write and how they can be reached is for the organisation's stewards alone. It goes into no log, no e-mail,
no activity and no answer to anybody else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from redis.exceptions import RedisError

from ckanext.privacy import config
from ckanext.privacy.engine.deadlines import working_days_after
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.model import Concern, Release, Steward
from ckanext.privacy.model.columns import new_id, now
from ckanext.privacy.model.concern import OPEN, RESOLVED
from ckanext.privacy.workflow import audit, deciding, hourly, links, notify, people
from ckanext.privacy.workflow.transitions import State

log = logging.getLogger(__name__)

#: What can come of a concern: the dataset stays, was put right, or is taken down.
KEPT, CORRECTED, TAKEN_DOWN = "kept", "corrected", "taken_down"
OUTCOMES = (KEPT, CORRECTED, TAKEN_DOWN)
#: What the register says of the step. The answer itself is between the steward and whoever sent the concern.
WHY_TAKEN_DOWN = say("Somebody reported a concern; a steward looked into it and took the dataset down.")
WHY_SHOWN_AGAIN = say("Somebody reported a concern; a steward looked into it and shows the dataset again.")
#: Where addresses cannot be told apart, this many times the limit is taken from everyone together: without Redis, and
#: behind a proxy that nobody told the site of.
_TOGETHER = 20


class TooManyError(tk.ValidationError):
    """Raised when one address reports more than a person would."""


def create(package_id: str, text: str, contact: str | None, address: str | None) -> tuple[Concern, str]:
    """Take a concern about a public dataset, or one on hold, and commit; return it and the secret of its receipt."""
    release = Release.standing(package_id)
    if release is None:
        raise tk.ObjectNotFound(tk._("There is no such dataset."))
    _count(address)
    token = secrets.token_urlsafe(18)
    moment, settings = now(), config.policy().time
    concern = Concern(
        id=new_id(),
        package_id=package_id,
        owner_org=release.owner_org,
        text=text,
        contact=contact,
        state=OPEN,
        token_sha256=token_hash(token),
        created=moment,
        due=working_days_after(moment, settings.concern_days, settings),
    )
    model.Session.add(concern)
    audit.record("concern.create", "concern", concern.id, {"package": package_id, "release": release.id}, None)
    model.Session.commit()
    notify.concern_came(concern.id)
    return concern, token


def token_hash(token: str) -> str:
    """Return what is kept of the secret on a receipt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _count(address: str | None) -> None:
    """Refuse an address that has sent its share of this hour; no address is stored, only a count under a keyed hash."""
    limit = config.concerns_per_hour()
    try:
        used = hourly.count("concerns", address or "unknown")
        limit *= 1 if _is_a_visitors(address) else _TOGETHER
    except (RedisError, OSError) as error:
        log.warning("Concerns are counted without Redis (%s).", type(error).__name__)
        used, limit = _last_hour(), limit * _TOGETHER
    if used > limit:
        sentence = tk._("Many concerns came from your address just now. Please wait an hour, or call the organization.")
        raise TooManyError({"message": [sentence]})


def _is_a_visitors(address: str | None) -> bool:
    """Say whether an address may be one visitor's; those of the own network stand for all who come through it."""
    try:
        return ipaddress.ip_address(address or "").is_global
    except ValueError:
        return False


def _last_hour() -> int:
    query = sa.select(sa.func.count()).select_from(Concern).where(Concern.created > now() - dt.timedelta(hours=1))
    return (model.Session.scalar(query) or 0) + 1


@dataclass(frozen=True)
class Answer:
    """How a steward settles a concern; ``erase`` removes what was released for good, where it is taken down.

    ``reason`` is for whoever sent the concern, and goes nowhere else.
    """

    outcome: str
    reason: str
    erase: bool = False

    @property
    def erases(self) -> bool:
        """Say whether everything that was released is to be gone."""
        return self.erase and self.outcome == TAKEN_DOWN


def resolve(concern_id: str, answer: Answer, user: model.User) -> tuple[Concern, str | None]:
    """Settle a concern: take the dataset down, or end the hold on it; then the concern is closed.

    Returns it, and a sentence about what could not be erased where that was asked for. Erased is also what was down
    already, by another concern, a withdrawn agreement or its end date. A concern whose data could not be erased stays
    open.
    """
    concern = _open(concern_id)
    _refuse_others(concern, user)
    package_id = concern.package_id
    _act_on(concern, answer, user)
    message = _erase(package_id, user) if answer.erases else None
    _close(concern_id, answer, user)
    return _get(concern_id), message


def _act_on(concern: Concern, answer: Answer, user: model.User) -> None:
    """Take the step that the answer means for the public. The register gives a reason that is the same for all."""
    standing = Release.standing(concern.package_id)
    if standing and answer.outcome == TAKEN_DOWN:
        deciding.withdraw(standing.id, WHY_TAKEN_DOWN, user)
    elif standing and standing.state == State.HELD and not (_others(concern) or links.changed_under(standing)):
        deciding.resume(standing.id, WHY_SHOWN_AGAIN, user)


def _erase(package_id: str, user: model.User) -> str | None:
    ended = Release.last_ended(package_id)
    return deciding.erase(ended.id, user, WHY_TAKEN_DOWN) if ended else None


def _close(concern_id: str, answer: Answer, user: model.User) -> None:
    concern = Concern.get(concern_id, for_update=True)
    if concern is None or concern.state != OPEN:
        model.Session.rollback()
        raise _settled()
    concern.state, concern.resolved, concern.resolved_by = RESOLVED, now(), user.id
    concern.outcome, concern.answer = answer.outcome, answer.reason
    # Whoever sent it reads the answer by the receipt: nothing else is needed of them any more.
    concern.contact = None
    if answer.erases:
        concern.text = ""
    data = {"package": concern.package_id, "outcome": answer.outcome, "role": people.role(user, concern.owner_org)}
    audit.record("concern.resolve", "concern", concern.id, data, user.id)
    model.Session.commit()


def _others(concern: Concern) -> bool:
    """Say whether another concern about the same dataset is open: then a hold stays."""
    query = sa.select(Concern.id).where(
        Concern.package_id == concern.package_id, Concern.state == OPEN, Concern.id != concern.id
    )
    return model.Session.execute(query).first() is not None


def _refuse_others(concern: Concern, user: model.User) -> None:
    if people.is_steward(user, concern.owner_org):
        return
    why_not = tk._("Only a steward of the dataset's organization can settle this concern.")
    concern_id = concern.id
    model.Session.rollback()
    audit.record_denied("concern.resolve", concern_id, why_not, user.id)
    raise people.MayNot(why_not)


def _open(concern_id: str) -> Concern:
    concern = _get(concern_id)
    if concern.state != OPEN:
        raise _settled()
    return concern


def _settled() -> tk.ValidationError:
    return tk.ValidationError({"message": [tk._("This concern was settled already.")]})


def _get(concern_id: str) -> Concern:
    concern = Concern.get(concern_id)
    if concern is None:
        raise tk.ObjectNotFound(tk._("There is no such concern."))
    return concern


# What is told ---------------------------------------------------------------------------------------------------


def for_reporter(concern: Concern) -> dict[str, Any]:
    """Return what whoever has the receipt may know: where it stands, until when they hear, what the answer was."""
    return {
        "id": concern.id,
        "dataset": concern.package_id,
        "state": concern.state,
        "created": concern.created.isoformat(),
        "due": concern.due.isoformat(),
        "on_hold": _on_hold(concern),
        "resolved": concern.resolved.isoformat() if concern.resolved else None,
        "outcome": concern.outcome,
        "answer": concern.answer,
    }


def for_steward(concern: Concern) -> dict[str, Any]:
    """Return a concern with what was written, and the release it is about."""
    standing = Release.standing(concern.package_id)
    latest = standing or Release.latest(concern.package_id)
    package: Mapping[str, Any] = (latest.snapshot if latest else {}).get("package", {})
    return {
        **for_reporter(concern),
        "text": concern.text,
        "contact": concern.contact,
        "overdue": concern.state == OPEN and concern.due < now(),
        "release_id": standing.id if standing else None,
        "title": package.get("title") or package.get("name") or concern.package_id,
        "organization": concern.owner_org,
    }


def _on_hold(concern: Concern) -> bool:
    standing = Release.standing(concern.package_id)
    return standing is not None and standing.state == State.HELD


def listing(user: model.User, filters: Mapping[str, str | None], limit: int, offset: int) -> dict[str, Any]:
    """Return ``{count, results}``: the concerns a steward decides about, open ones first, those due soonest first."""
    conditions: list[sa.ColumnElement[bool]] = []
    if not user.sysadmin:
        conditions.append(Concern.owner_org.in_(Steward.organizations(user.id)))
    names = {"state": Concern.state, "dataset": Concern.package_id, "organization": Concern.owner_org}
    conditions += [column == filters[name] for name, column in names.items() if filters.get(name)]
    count = sa.select(sa.func.count()).select_from(Concern).where(*conditions)
    query = sa.select(Concern).where(*conditions).order_by(Concern.state, Concern.due, Concern.id)
    found = model.Session.scalars(query.limit(limit).offset(offset))
    return {"count": model.Session.scalar(count) or 0, "results": [for_steward(each) for each in found]}
