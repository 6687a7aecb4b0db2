"""Whom and what the features describe."""

from __future__ import annotations

from riskloom import Entity

client_address = Entity.of("client_address", client_address="string", description="Network address of a web client.")
source_address = Entity.of(
    "source_address", source_address="string", description="Network address that a login comes from."
)
user_name = Entity.of(
    "user_name", user_name="string", description="Name that a login asks for, whether it exists or not."
)
customer = Entity.of("customer", customer_id="string", description="Customer of the shop.")
