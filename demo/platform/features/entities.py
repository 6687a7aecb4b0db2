"""Whom and what the features describe."""

from __future__ import annotations

from riskloom import Entity

account = Entity.of("account", account_id="string", description="Account of the platform.")
address = Entity.of("address", ip="string", description="Network address that something comes from.")
device = Entity.of("device", device_id="string", description="Phone or computer.")
card = Entity.of("card", card_id="string", description="Payment card, by its token.")
staff_member = Entity.of("staff_member", staff_id="string", description="Someone who works for the platform.")
