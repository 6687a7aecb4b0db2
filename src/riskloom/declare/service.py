"""FeatureService: the features that one decision reads, in training and in scoring."""

from __future__ import annotations

import re
from dataclasses import dataclass

from riskloom.errors import DeclarationError

_SERVICE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_v[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureService:
    """The contract of a model: a named, versioned list of features.

    Attributes:
        name: ``<decision>_v<N>``.
        features: ``view`` for all features of a view, ``view:feature`` for one.
        full_feature_names: Name the columns ``view__feature``, as Feast does; needed where two views share a name.
        description: One line for people.
        owner: Who answers for the service.

    Example:
        >>> service = FeatureService(name="login_risk_v1", features=("user_logins", "address_logins:events_count_1h"))
        >>> service.references
        (('user_logins', None), ('address_logins', 'events_count_1h'))
    """

    name: str
    features: tuple[str, ...]
    full_feature_names: bool = False
    description: str = ""
    owner: str = ""

    def __post_init__(self) -> None:
        """Check the name and the form of each reference."""
        place = f"service {self.name!r}"
        if not _SERVICE.fullmatch(self.name):
            raise DeclarationError.invalid(place, "a service is named <decision>_v<N>, such as login_risk_v1.")
        if not self.features:
            raise DeclarationError.invalid(place, "it has no features. Give a view or view:feature at least.")
        if len(set(self.features)) != len(self.features):
            raise DeclarationError.invalid(place, "it names a feature twice. Remove one.")

    @property
    def references(self) -> tuple[tuple[str, str | None], ...]:
        """Pairs of view and feature; None for all features of the view."""
        return tuple((view, feature or None) for view, _, feature in (text.partition(":") for text in self.features))
