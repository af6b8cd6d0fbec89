"""Whether one answer of a portal may be believed when it leaves records out.

A feed that is empty, capped, cut off or an error page with status 200 looks like a mass deletion. Each doubt is one
sentence for the report. Where the answer has gaps nothing is counted as missing; where it is whole but leaves out much
at once, what it leaves out is shown as missing, and waits for a person's word before anything comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ckanext.privacy.engine.sentences import say, to_say

#: Portals cut their feeds at round numbers: 1,000 was ArcGIS Hub's cap until 2019.
ROUND_CAPS = frozenset({100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 100_000})

#: Where search engines stop counting what they found.
_COUNTED_TO = 10_000

#: A handful of records may go at once without it being a sign of trouble, unless so large a part of all goes with them.
SMALL_LOSS = 5
SMALL_LOSS_SHARE = 1 / 3


@dataclass(frozen=True)
class Answer:
    """What a portal delivered: records seen, how many it announced (if it said), and why reading stopped early."""

    seen: int
    announced: int | None = None
    stopped: str | None = None


def gaps(answer: Answer, *, missing: int) -> list[str]:
    """Reasons to think that the portal did not show all it has. Empty: it was read to its end.

    :param missing: datasets whose record is not in this answer and was in the last one
    """
    found = []
    if answer.stopped:
        found.append(say("Reading stopped before the end: {reason}", reason=answer.stopped))
    elif answer.seen == 0:
        found.append(say("The portal answered with no records at all."))
    if answer.announced is not None and answer.seen < answer.announced:
        template = to_say("The portal announced {announced} records but delivered {count}.")
        found.append(say(template, announced=answer.announced, count=answer.seen))
    if missing and answer.seen in ROUND_CAPS and not _counted(answer):
        found.append(say("The portal delivered exactly {count} records, which looks like a limit.", count=answer.seen))
    return found


def _counted(answer: Answer) -> bool:
    """Whether the portal counted its records itself, and they came; search engines count no further than a limit."""
    return answer.announced is not None and answer.announced <= answer.seen < _COUNTED_TO


def mass_loss(known: int, missing: int, threshold: float) -> str | None:
    """What to say when so much is gone at once that a person must confirm it.

    :param missing: datasets whose record was in the last answer and is not in this one
    :param threshold: share of the known datasets (0..1) above which a loss needs a person's word
    """
    if _is_small(known, missing) or missing <= known * threshold:
        return None
    return say(
        "{missing} of {known} datasets are not in this answer, more than {share}. They count as missing, and "
        "none of them is withdrawn before the source is run once with the loss accepted.",
        missing=missing,
        known=known,
        share=f"{threshold:.0%}",
    )


def _is_small(known: int, missing: int) -> bool:
    """Whether so little is gone that it is no sign of trouble. One record of few is just removed."""
    return missing <= 1 or (missing <= SMALL_LOSS and missing < known * SMALL_LOSS_SHARE)


def still_missing(count: int) -> str:
    """What to say while datasets that went missing at once wait for a person's word."""
    return say(
        "{count} datasets that went missing at once in an earlier answer are still not listed. None of them is "
        "withdrawn before the source is run once with the loss accepted.",
        count=count,
    )
