"""The invented customers of the demo: organizations, people and sites. Any likeness is chance; no address exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SUPERUSER: Final = ("admin@patchboard.example", "Patchboard Admin")


@dataclass(frozen=True, slots=True)
class Place:
    """One organization: `people` are (name, role); `sites` are (name, host below the domain, or a host of its own).

    The first of `teams` has the repository, in which the `developers` write besides the first member; they have no account.
    """

    name: str
    domain: str
    description: str
    people: tuple[tuple[str, str], ...]
    sites: tuple[tuple[str, str], ...]
    custom: str
    teams: tuple[str, str]
    developers: tuple[str, ...]

    @property
    def repository(self) -> str:
        return f"https://git.{self.domain}/web/{self.custom}-platform"

    def host(self, site: str) -> str:
        return site if site.endswith(".example") else f"{site}.{self.domain}"

    def email(self, name: str) -> str:
        return f"{'.'.join(name.lower().split())}@{self.domain}"


UNIVERSITY: Final = Place(
    "Aldermoor University",
    "aldermoor.example",
    "A university with a web team of four and a site for everything.",
    (("Ruth Okonedo", "admin"), ("Tomas Lindgren", "member"), ("Priya Raman", "viewer")),
    (
        ("Aldermoor University", "www"),
        ("Admissions", "apply"),
        ("University Library", "library"),
        ("Faculty of Engineering", "engineering"),
        ("School of Medicine", "medicine"),
        ("Research portal", "research"),
        ("Alumni network", "alumni"),
        ("Staff intranet", "intranet"),
        ("Faculty of Law", "law"),
        ("Careers service", "careers"),
        ("Student union", "union"),
        ("Events calendar", "events"),
        ("International office", "international"),
        ("Graduate school", "graduate"),
        ("Botanic garden", "garden"),
        ("Press office", "press"),
        ("Observatory", "observatory"),
        ("Summer school", "summer"),
        ("Sports centre", "sports"),
        ("Continuing education", "continuing"),
    ),
    "aldermoor",
    ("Web platform", "Faculty sites"),
    ("Sofia Marchetti", "Idris Bellamy", "Hanna Virtanen"),
)
COUNCIL: Final = Place(
    "Port Callis City Council",
    "portcallis.example",
    "A harbour city's public sites, kept by its digital service.",
    (("Ewan Baptiste", "admin"), ("Marta Kowalczyk", "member"), ("Deborah Nkemelu", "viewer")),
    (
        ("Port Callis", "www"),
        ("Planning portal", "planning"),
        ("Libraries", "libraries"),
        ("Visit Port Callis", "visit"),
        ("Waste and recycling", "recycling"),
        ("Jobs", "jobs"),
        ("Housing", "housing"),
        ("Adult social care", "care"),
        ("Council meetings", "meetings"),
        ("Museums", "museums"),
        ("Schools", "schools"),
        ("Harbour authority", "harbour"),
        ("Parking", "parking"),
        ("Consultations", "consultations"),
        ("Open data", "data"),
        ("Newsroom", "news"),
        ("Parks and gardens", "parks"),
        ("Registry office", "registry"),
        ("Leisure centres", "leisure"),
        ("Business support", "business"),
    ),
    "callis",
    ("Digital service", "Resident services"),
    ("Gwen Abara", "Lucas Ferreira", "Noor Haddad"),
)
AGENCY: Final = Place(
    "Tern & Harbour",
    "ternharbour.example",
    "An agency that builds sites and keeps them for its clients.",
    (("Ines Valcourt", "admin"), ("Jonas Feld", "member"), ("Aiko Marsden", "viewer")),
    (
        ("Brackwater Museum", "www.brackwatermuseum.example"),
        ("Hollins Foundation", "www.hollinsfoundation.example"),
        ("Lindqvist Chamber Orchestra", "www.lindqvistorchestra.example"),
        ("Fenwick Brewing", "www.fenwickbrewing.example"),
        ("Oakhurst Hospice", "www.oakhursthospice.example"),
        ("Silverline Ferries", "www.silverlineferries.example"),
        ("Marlow Seeds", "shop.marlowseeds.example"),
        ("Caldera Coffee", "www.calderacoffee.example"),
        ("Northern Ramblers", "www.northernramblers.example"),
        ("Tern & Harbour", "www"),
        ("Vesper Theatre", "www.vespertheatre.example"),
        ("Pellworth Housing Trust", "www.pellworthtrust.example"),
        ("Sable Instruments", "www.sableinstruments.example"),
        ("Greyfriars School", "www.greyfriarsschool.example"),
        ("Institute of Tides", "www.instituteoftides.example"),
        ("Kittiwake Bank", "www.kittiwakebank.example"),
        ("Larkfield Festival", "www.larkfieldfestival.example"),
        ("Dunmore Clinics", "www.dunmoreclinics.example"),
        ("Association of Cartographers", "www.cartographers.example"),
        ("Client handbook", "handbook"),
    ),
    "ternharbour",
    ("Care and maintenance", "Client projects"),
    ("Mikkel Sand", "Rosa Delgado", "Tim Okafor", "Yuki Arai"),
)
PLACES: Final = (UNIVERSITY, COUNCIL, AGENCY)


def site_of(number: int) -> tuple[Place, str, str]:
    """The organization, name and host of the demo's n-th site, from 0; past the sixtieth they come again, numbered."""
    place = PLACES[number % len(PLACES)]
    turn, which = divmod(number // len(PLACES), len(place.sites))
    name, host = place.sites[which]
    if turn:
        return place, f"{name} {turn + 1}", f"site{turn + 1}.{place.host(host).removeprefix('www.')}"
    return place, name, place.host(host)
