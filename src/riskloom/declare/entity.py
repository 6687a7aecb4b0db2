"""Entity: whom or what a feature describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from riskloom.declare.names import check_name, check_types
from riskloom.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Entity:
    """Whom or what a feature describes, by one key column or several.

    Attributes:
        name: Name of the entity.
        keys: Pairs of key column and type, in the order of a composite key.
        description: One line for people.

    Example:
        >>> Entity.of("customer", customer_id="string").key_columns
        ('customer_id',)
        >>> Entity.of("device_account", device_id="string", account_id="int64").key_columns
        ('device_id', 'account_id')
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    description: str = ""

    def __post_init__(self) -> None:
        """Check the names and types."""
        check_name("entity", self.name)
        if not self.keys:
            raise DeclarationError.invalid(
                f"entity {self.name!r}", "it has no key. Give one column and its type at least."
            )
        check_types(f"entity {self.name!r}", self.keys)
        for column, dtype in self.keys:
            if dtype == "float64":
                wanted = ("string", "int64", "bool", "timestamp")
                raise DeclarationError.wrong_type(f"entity {self.name!r}", column, dtype, wanted)

    @classmethod
    def of(cls, name: str, *, description: str = "", **keys: str) -> Self:
        """Build an entity from keyword arguments of key column and type."""
        return cls(name, tuple(keys.items()), description)

    @classmethod
    def from_mapping(cls, name: str, keys: Mapping[str, str], description: str = "") -> Self:
        """Build an entity from a mapping of key column to type."""
        return cls(name, tuple(keys.items()), description)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Names of the key columns."""
        return tuple(column for column, _ in self.keys)
