"""What may be done with the data, as an ODRL 2.2 offer: built from the boxes that people tick. No engine decides on it.

Source: ODRL Information Model 2.2 and ODRL Vocabulary 2.2, W3C Recommendations of 15 February 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdflib import ODRL2, RDF, BNode, Graph, URIRef
from rdflib.term import Node

from ckanext.communitydata import vocabularies

PERMITTED = {"open": ("use", "distribute", "derive"), "limited": ("use",)}
#: What each box that is ticked forbids or asks for: kind of rule, act, purpose that the act is limited to.
Rule = tuple[str, str, str | None]
RULES: dict[str, Rule] = {
    "non-commercial": ("prohibition", "odrl:commercialize", None),
    "no-reidentification": ("prohibition", "cdg:reidentify", None),
    "no-enforcement": ("prohibition", "odrl:use", "cdg:enforcement"),
    "report-back": ("duty", "cdg:reportBack", None),
}


def add_offer(graph: Graph, subject: URIRef, record: Mapping[str, Any], namespace: str) -> None:
    """Attach an offer to a dataset that says what is allowed; a dataset that does not say gets none."""
    allowed = record.get("allowed_use") or []
    decision = record.get("release_decision")
    if not allowed and decision not in PERMITTED:
        return
    offer = URIRef(f"{subject}#policy")
    graph.add((subject, ODRL2.hasPolicy, offer))
    graph.add((offer, RDF.type, ODRL2.Offer))
    graph.add((offer, ODRL2.uid, offer))
    rules = [RULES[token] for token in allowed if token in RULES]
    duties = [_rule(graph, rule, namespace) for rule in rules if rule[0] == "duty"]
    if decision == "limited":
        duties.append(_rule(graph, ("duty", "odrl:obtainConsent", None), namespace))
    for act in PERMITTED.get(decision or "open", ("use",)):
        permission = _rule(graph, ("permission", f"odrl:{act}", None), namespace)
        graph.add((permission, ODRL2.target, subject))
        graph.add((offer, ODRL2.permission, permission))
        for duty in duties:
            graph.add((permission, ODRL2.duty, duty))
    for rule in rules:
        if rule[0] == "prohibition":
            prohibition = _rule(graph, rule, namespace)
            graph.add((prohibition, ODRL2.target, subject))
            graph.add((offer, ODRL2.prohibition, prohibition))


def _rule(graph: Graph, given: Rule, namespace: str) -> Node:
    kind, act, purpose = given
    rule = BNode()
    graph.add((rule, RDF.type, ODRL2[kind.capitalize()]))
    graph.add((rule, ODRL2.action, URIRef(vocabularies.expand(act, namespace))))
    if purpose:
        limit = BNode()
        graph.add((rule, ODRL2.constraint, limit))
        graph.add((limit, RDF.type, ODRL2.Constraint))
        graph.add((limit, ODRL2.leftOperand, ODRL2.purpose))
        graph.add((limit, ODRL2.operator, ODRL2.eq))
        graph.add((limit, ODRL2.rightOperand, URIRef(vocabularies.expand(purpose, namespace))))
    return rule
