"""The kinds a dossier and its documents can be of. Values are what the API and the database say."""

from enum import StrEnum

from pki.registration.kinds import ActKind


class DossierKind(StrEnum):
    """What is asked for (RGC, decree 2-18-577, art. 1-5)."""

    CONSTRUIRE = "construire"
    LOTIR = "lotir"
    GROUPE_HABITATIONS = "groupe_habitations"
    MORCELER = "morceler"
    REFECTION = "refection"
    DEMOLITION = "demolition"
    REGULARISATION = "regularisation"


class Track(StrEnum):
    """The three tracks of RGC art. 17."""

    BIG = "big"
    SMALL = "small"
    REFECTION = "refection"


class DocumentKind(StrEnum):
    """The documents that are signed here."""

    OPINION = "opinion"
    MINUTES = "minutes"
    LICENCE = "licence"
    REFUSAL = "refusal"
    KEY_ACCEPTANCE = "key_acceptance"
    DELEGATION = "delegation"

    @property
    def act(self) -> ActKind:
        """The act that signing such a document is, for the question of entitlement."""
        return ActKind(self.value)


class DocumentState(StrEnum):
    """`draft` until every field is signed; `superseded` when a later draft took its place, never undone."""

    DRAFT = "draft"
    SIGNED = "signed"
    SUPERSEDED = "superseded"


class OpinionValue(StrEnum):
    """What a member answers."""

    FAVOURABLE = "favourable"
    WITH_RESERVATIONS = "with_reservations"
    UNFAVOURABLE = "unfavourable"


class MemberState(StrEnum):
    """What the minutes say of one required member: his opinion, or that he gave none."""

    FAVOURABLE = "favourable"
    WITH_RESERVATIONS = "with_reservations"
    UNFAVOURABLE = "unfavourable"
    NONE = "none"


class LicenceStatusKind(StrEnum):
    """What ends the force of a licence, by a recorded act."""

    WITHDRAWN = "withdrawn"
    ANNULLED = "annulled"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"


class Level(StrEnum):
    """The level a revision reached (EN 319 142-1); `none` while nothing is signed."""

    NONE = "none"
    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"
