"""Cobertura's coverage report: the lines that its root counts, else those that it lists, each line of a file once."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from webapp.insights.formats import Reading, format_of, lines, moment, whole


@format_of("cobertura", is_xml=True)
class Cobertura:
    @staticmethod
    def recognises(document: Element) -> bool:
        return document.tag == "coverage" and (document.get("line-rate") is not None or document.find("packages") is not None)

    @staticmethod
    def read(document: Element) -> Reading:
        covered, valid = whole(document.get("lines-covered")), whole(document.get("lines-valid"))
        if covered is None or valid is None:
            covered, valid = _listed(document)
        return {**lines(covered, valid), "measured_at": moment(document.get("timestamp"))}


def _listed(document: Element) -> tuple[int, int]:
    hits: dict[tuple[str | None, str | None], int] = {}
    for each in document.iter("class"):
        for line in each.iterfind("lines/line"):
            key = each.get("filename"), line.get("number")
            hits[key] = max(hits.get(key, 0), whole(line.get("hits")) or 0)
    return sum(1 for count in hits.values() if count), len(hits)
