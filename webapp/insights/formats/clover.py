"""Clover's coverage report, as PHPUnit and OpenClover write it: statements of the project, else those of its files added up."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from webapp.insights.formats import Reading, format_of, lines, moment, whole


@format_of("clover", is_xml=True)
class Clover:
    @staticmethod
    def recognises(document: Element) -> bool:
        return document.tag == "coverage" and document.find("project") is not None

    @staticmethod
    def read(document: Element) -> Reading:
        project = document.find("project")
        assert project is not None
        found = project.find("metrics")
        metrics = [found] if found is not None else [each for each in map(_metrics, project.iter("file")) if each is not None]
        covered, statements = (_sum(metrics, name) for name in ("coveredstatements", "statements"))
        return {**lines(covered, statements), "measured_at": moment(document.get("generated")) or moment(project.get("timestamp"))}


def _metrics(file: Element) -> Element | None:
    return file.find("metrics")


def _sum(metrics: list[Element], name: str) -> int | None:
    counts = [whole(each.get(name)) for each in metrics]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
